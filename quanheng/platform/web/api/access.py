"""Who asks: a token with its scopes, or a person's browser session with its CSRF token. Everybody else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ApiToken, User
from quanheng.platform.web import ratelimit
from quanheng.platform.web.api.problems import Stop
from quanheng.platform.web.http import actor_of

LIMIT = 600  # requests a minute of one token or person
WRONG = 30  # wrong tokens a minute from one address
BEARER = "Bearer "


@dataclass(frozen=True)
class Caller:
    """The one on whose account the request is answered."""

    actor: Actor
    owner: ApiToken | User


def caller(request: HttpRequest) -> Caller:
    """The caller of an operation that already passed its check."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Caller):
        raise Stop("unauthenticated", _("请提供令牌或先登录"))
    return found


def _limited(name: str) -> None:
    wait = ratelimit.counted(f"api:{name}", LIMIT, 60)
    if wait:
        raise Stop("too_many_requests", _("请求过于频繁,请稍后再试"), headers={"Retry-After": str(wait)})


def _wrong(request: HttpRequest, code: str, message: str) -> Stop:
    wait = ratelimit.exceeded(request, "api-wrong-token", WRONG, 60)
    if wait:
        return Stop("too_many_requests", _("错误的令牌过多,请稍后再试"), headers={"Retry-After": str(wait)})
    return Stop(code, message, headers={"WWW-Authenticate": 'Bearer realm="quanheng", error="invalid_token"'})


def _presented(request: HttpRequest) -> str | None:
    """The text of the Authorization header, if there is one."""
    return request.headers.get("Authorization")


class Token(HttpBearer):
    """``Authorization: Bearer qh_…``."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        presented = _presented(request)
        if presented is None:
            return None
        kind, _space, text = presented.partition(" ")
        return self.authenticate(request, text.strip() if kind.lower() == "bearer" else "")

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """The caller behind the token, if the token may do this."""
        found = tokens.find(token)
        if found is None:
            raise _wrong(request, "token_invalid", _("令牌无效"))
        state = tokens.state_of(found)
        if state != "active":
            code = {"expired": "token_expired", "revoked": "token_revoked"}.get(state, "token_invalid")
            raise _wrong(request, code, _("令牌已过期、已作废,或其人员已停用"))
        _limited(f"token:{found.pk}")
        tokens.note_use(found)
        if self.scope not in found.scopes:
            raise Stop("scope_missing", _("令牌没有权限 %(scope)s") % {"scope": self.scope}, place=self.scope)
        return Caller(tokens.actor_for(found), found)


class Session(APIKeyCookie):
    """A person signed in with a browser; a write needs the CSRF token in ``X-CSRFToken``."""

    param_name = "qh_session"

    def __call__(self, request: HttpRequest) -> Any:
        if _presented(request) is not None or not request.user.is_authenticated:
            return None
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller:
        """The signed-in person."""
        if check_csrf(request) is not None:
            raise Stop("csrf", _("缺少或错误的 CSRF 令牌,请在 X-CSRFToken 中提供"))
        user = cast(User, request.user)
        _limited(f"person:{user.pk}")
        return Caller(actor_of(request), user)


class Closed(HttpBearer):
    """The default of the API: an operation that names no scope is open to nobody."""

    def __call__(self, request: HttpRequest) -> Any:
        raise Stop("forbidden", _("此接口没有开放"))

    def authenticate(self, request: HttpRequest, token: str) -> None:
        """Nobody."""
