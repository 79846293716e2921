"""The request as our views see it: with an actor, and an address that holds everything."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import ANONYMOUS, Actor

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199


def actor_of(request: HttpRequest) -> Actor:
    """The actor the middleware put on the request; nobody where there is none."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return actor


def address(request: HttpRequest, **changes: Any) -> str:
    """The present address with some parameters changed (None removes one); always forgets the page."""
    query = request.GET.copy()
    for name in ("page", *changes):
        query.pop(name, None)
    for name, value in changes.items():
        if value is not None and value != "":
            query[name] = str(value)
    text = query.urlencode()
    return f"{request.path}?{text}" if text else request.path


def day_of(text: str) -> dt.date | None:
    """A date as addresses and scripts write it; None for what is none, or too far off to be reckoned with."""
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def asked_day(request: HttpRequest, name: str, default: dt.date) -> dt.date:
    """A date from the address, or the default; one that cannot be read is not passed over in silence."""
    text = request.GET.get(name, "").strip()
    found = day_of(text)
    if text and found is None:
        messages.error(request, _("日期请写成 2026-05-20;现按 %(day)s 查看") % {"day": default.isoformat()})
    return found or default


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """Where to return to: a local address from ``next``, never a foreign one."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    good = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and good else default


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page (not a boosted or restored whole page)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and "HX-Boosted" not in headers
        and "HX-History-Restore-Request" not in headers
    )
