"""Rates per client for pages open to the world. Counted in the memory of each process: cheap, and never a write."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]


def client(request: HttpRequest) -> str:
    """Who asks, as a salted hash: the address itself is kept nowhere.

    Behind a trusted proxy (``trusted_proxies`` > 0) it is the entry that the outermost trusted proxy wrote.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops: int = getattr(settings, "TRUSTED_PROXIES", 0)
    if hops:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(forwarded) >= hops:
            address = forwarded[-hops]
    return hashlib.sha256(f"{settings.SECRET_KEY}{address}".encode()).hexdigest()[:24]


def exceeded(request: HttpRequest, name: str, limit: int, seconds: int) -> int:
    """Count one request of this client; 0 while inside the limit, else the seconds to wait."""
    return counted(f"{name}:{client(request)}", limit, seconds)


def counted(name: str, limit: int, seconds: int) -> int:
    """Count one use of a name, such as a token's; 0 while inside the limit, else the seconds to wait."""
    window, into = divmod(int(time.time()), seconds)
    key = f"rate:{name}:{window}"
    cache = caches["memory"]
    cache.add(key, 0, timeout=seconds * 2)
    try:
        count = cache.incr(key)
    except ValueError:  # evicted between add and incr
        return 0
    return seconds - into if count > limit else 0


def rate_limited(name: str, *, limit: int = 60, seconds: int = 60) -> Callable[[View], View]:
    """Refuse with 429 beyond ``limit`` requests in ``seconds`` from one client."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            wait = exceeded(request, name, limit, seconds)
            if not wait:
                return view(request, *args, **kwargs)
            response = render(request, "web/too_many.html", {"wait": wait}, status=429)
            response["Retry-After"] = str(wait)
            return response

        return wrapper

    return decorate


def public_page(name: str, *, limit: int = 60, seconds: int = 60) -> Callable[[View], View]:
    """A view that needs no login, and is therefore limited per client. The only way to open a page to the world."""

    def decorate(view: View) -> View:
        wrapped = login_not_required(rate_limited(name, limit=limit, seconds=seconds)(view))
        wrapped.public_page = name  # type: ignore[attr-defined]
        return wrapped

    return decorate
