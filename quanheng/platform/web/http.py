"""The request as our views see it: with an actor, and an address that holds everything."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from quanheng.platform.kernel.actors import ANONYMOUS, Actor


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
