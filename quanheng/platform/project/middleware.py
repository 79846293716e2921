"""Around every request: counted, signed in, not too old, with a second factor where the role asks for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import translation

from quanheng.platform.kernel.roles import SECOND_FACTOR_ROLES
from quanheng.platform.project import metrics
from quanheng.platform.web.http import actor_of

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("quanheng.request")
# Pages one may open before the second factor is set up.
_OPEN = ("/accounts/", "/i18n/", "/static/", "/healthz", "/readyz", "/metrics")
API = "/api/"


class Observe:
    """Counts the request and writes its one line of log: route, status, time; no address and no person."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - start
        route = "static" if request.path.startswith(settings.STATIC_URL) else "unmatched"
        if request.resolver_match is not None:
            route = request.resolver_match.route or "/"
        metrics.observe(str(request.method), route, response.status_code, seconds)
        if route != "static":
            log.info(
                "answered",
                extra={
                    "method": request.method,
                    "route": route,
                    "status": response.status_code,
                    "ms": round(seconds * 1000),
                },
            )
        return response


class Headers:
    """Headers that Django has no setting for; signed-in pages stay out of shared caches."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class LanguageParameter:
    """``?lang=en`` switches the language without script: for public pages and printed addresses."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("lang", "")
        if wanted not in dict(settings.LANGUAGES):
            return self.get_response(request)
        with translation.override(wanted):
            request.LANGUAGE_CODE = wanted
            response = self.get_response(request)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
        return response


class SessionAge:
    """Ends a session that was idle too long or has lasted too long."""

    step = 60

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            session = request.session
            started, seen = session.setdefault("started", now), session.get("seen", now)
            config = settings.QUANHENG
            if now - seen > config.idle_seconds or now - started > config.absolute_seconds:
                auth.logout(request)
                request.session["expired"] = True
            elif now - seen >= self.step or "seen" not in session:
                session["seen"] = now
        return self.get_response(request)


class LoginRequired(LoginRequiredMiddleware):
    """Every page needs a person, unless its view says otherwise. The API asks for its token and answers 401."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Nothing for a person or an open view; else the way to the login page."""
        if request.path.startswith(API):
            return None
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        if isinstance(answer, HttpResponseRedirect) and request.headers.get("HX-Request"):
            whole = HttpResponse(status=HTTPStatus.NO_CONTENT)  # a part of a page cannot hold the login page
            whole["HX-Redirect"] = answer.url
            return whole
        return answer


class SecondFactorRequired:
    """Signatories and administrators set up their second factor, and show who they are, before anything else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not request.path.startswith(_OPEN):
            if needs_second_factor(request):
                return redirect("project:second-factor")
            if request.user.awaiting_confirmation:
                return redirect("project:confirmation")
        return self.get_response(request)


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether a role of this person demands a second factor that is not there yet."""
    if request.session.get("second_factor"):
        return False
    if not actor_of(request).has(*SECOND_FACTOR_ROLES):
        return False
    if not is_mfa_enabled(request.user):
        return True
    request.session["second_factor"] = True
    return False
