"""What the routers of all apps share: who asks, problems, pages, writes that are done once."""

from quanheng.platform.web.api.access import Caller, caller
from quanheng.platform.web.api.paging import Cursor, Limit, PageOf, page_of
from quanheng.platform.web.api.routing import Router
from quanheng.platform.web.api.schemas import In, OrganisationRef, Out, Text, found, get_or_404

__all__ = [
    "Caller",
    "Cursor",
    "In",
    "Limit",
    "OrganisationRef",
    "Out",
    "PageOf",
    "Router",
    "Text",
    "caller",
    "found",
    "get_or_404",
    "page_of",
]
