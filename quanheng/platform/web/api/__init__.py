"""What the routers of all apps share: who asks, problems, pages, writes that are done once."""

from quanheng.platform.web.api.access import Caller, caller
from quanheng.platform.web.api.paging import Cursor, Limit, PageOf, page_of
from quanheng.platform.web.api.routing import Router
from quanheng.platform.web.api.schemas import In, OrganisationRef, Out, found, get_or_404, upto

__all__ = [
    "Caller",
    "Cursor",
    "In",
    "Limit",
    "OrganisationRef",
    "Out",
    "PageOf",
    "Router",
    "caller",
    "found",
    "get_or_404",
    "page_of",
    "upto",
]
