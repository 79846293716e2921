"""Who knocked and was not let in: failed sign-ins and closed doors in the audit trail, and a door opened again by hand.

allauth counts the attempts in the cache; what is counted becomes events here, and the count of one person is read and
cleared here. Of the address only its network is kept, and a salted hash that tells two clients apart: enough to see
that one place tried many names, not where somebody sits.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import time
from collections.abc import Iterable
from typing import Any

from allauth.core.internal import ratelimit
from allauth.mfa.signals import authentication_failed
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import NOBODY, Actor
from quanheng.platform.kernel.models import AuditEvent, User
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.project.accounts import policies
from quanheng.platform.web import second_factor
from quanheng.platform.web.http import actor_of
from quanheng.platform.web.ratelimit import client

STRANGER = Actor(user_id=None, name=gettext_noop("未登录的访客"))
WRONG_PASSWORD = gettext_noop("密码不正确")
UNKNOWN_NAME = gettext_noop("没有这个登录名或邮箱")
CLOSED_ACCOUNT = gettext_noop("账户已停用")
WRONG_CODE = gettext_noop("登录验证码不正确")
TOO_MANY = gettext_noop("连续多次失败,暂时锁定")
ACTION = "login_failed"  # as allauth names what it counts
LOCKING = ("kernel.account_locked", "kernel.signing_locked")


def person_of(login: str) -> User | None:
    """Whose user name or e-mail was typed."""
    if not login:
        return None
    named = User.objects.filter(username__iexact=login).first()
    return named or User.objects.filter(email__iexact=login).first()


def attempts_key(user: User) -> str:
    """Under what the attempts of a person are counted, whichever of their names was typed."""
    return f"account:{user.pk}"


def source(request: HttpRequest) -> dict[str, str]:
    """From where, as far as privacy allows: the network (/24, /48), and a salted hash of the client."""
    found = {"client": client(request)[:12]}
    try:
        address = ipaddress.ip_address(ratelimit.get_ip(request))
    except (ValueError, PermissionDenied):
        return found
    width = 24 if address.version == 4 else 48
    return {"network": str(ipaddress.ip_network(f"{address}/{width}", strict=False)), **found}


def note_failure(request: HttpRequest, user: User | None, why: str) -> None:
    """Record one attempt that failed, and the door that it closed. What was typed is kept nowhere."""
    actor = actor_of(request) if request.user.is_authenticated else STRANGER
    subject = user or User(id=NOBODY)
    events.record(actor, "kernel.sign_in_failed", subject, reason=why, after=source(request))
    until = _doors(user) if user is not None else None
    if until is not None:
        events.record(actor, "kernel.account_locked", subject, reason=TOO_MANY, after={"until": until})
    closed = _latest((rate, _cache_key(rate, request=request)) for rate in _rates("ip"))
    if closed is not None:
        events.record(
            actor, "kernel.address_locked", User(id=NOBODY), reason=TOO_MANY, after={**source(request), "until": closed}
        )


def watch() -> None:
    """Hear of wrong codes at sign-in: allauth has no other place to be told."""
    authentication_failed.connect(_wrong_code, dispatch_uid="quanheng.locks")


def _wrong_code(*, request: HttpRequest, user: User, **_others: Any) -> None:
    note_failure(request, user, WRONG_CODE)


def note_success(request: HttpRequest, user: User) -> None:
    """Record who came in and from where."""
    events.record(
        Actor(user_id=user.pk, name=user.name or user.username), "kernel.signed_in", user, after=source(request)
    )


def locked_until(user: User) -> dt.datetime | None:
    """When the person may sign in, or sign, again by waiting; None where no door is closed."""
    ends = [end for end in (_doors(user), second_factor.closed_until(user)) if end is not None]
    return max(ends, default=None)


def locked(people: QuerySet[User]) -> QuerySet[User]:
    """Of these people, those whom a door is closed to now."""
    since = clock.now() - dt.timedelta(minutes=settings.LOCK_MINUTES, seconds=second_factor.WINDOW)
    lately = AuditEvent.objects.filter(verb__in=LOCKING, happened_at__gte=since)
    named = User.objects.filter(pk__in=set(lately.values_list("subject_id", flat=True)))
    return people.filter(pk__in=[user.pk for user in named if locked_until(user) is not None])


def release(*, actor: Actor, user: User, reason: str) -> None:
    """Let a locked person try again at once; password and second factor stay what they are."""
    require(policies.may_release_lock(actor, user))
    until = locked_until(user)
    if until is None:
        raise Refused(_("该账户没有被锁定"), code="not_locked")
    events.record(
        actor,
        "kernel.lock_released",
        user,
        organisation_id=user.organisation_id,
        reason=reason,
        before={"until": until},
    )
    for _rate, cache_key in _person_counts(user):
        cache.delete(cache_key)
    second_factor.reopen(user)


def _doors(user: User) -> dt.datetime | None:
    """The end of the lock on signing in, by wrong passwords or wrong codes."""
    return _latest(_person_counts(user))


def _person_counts(user: User) -> list[tuple[Any, str]]:
    # The second is what allauth counts wrong codes under.
    keys = (attempts_key(user), f"mfa-auth-user-{user.pk}")
    return [(rate, _cache_key(rate, key=key)) for rate in _rates("key") for key in keys]


def _rates(per: str) -> list[Any]:
    return [rate for rate in ratelimit.get_rates(app="allauth.account", action=ACTION) if rate.per == per]


def _cache_key(rate: Any, *, key: str | None = None, request: Any = None) -> str:
    return str(ratelimit.get_cache_key(request, app="allauth.account", action=ACTION, rate=rate, key=key))


def _latest(counts: Iterable[tuple[Any, str]]) -> dt.datetime | None:
    """When the last of the full counts has room again; None where none is full."""
    ends = (_end(rate, cache_key) for rate, cache_key in counts)
    return max((end for end in ends if end is not None), default=None)


def _end(rate: Any, cache_key: str) -> dt.datetime | None:
    """When a full count has room again; it is kept newest first, as seconds."""
    now = time.time()
    lately = [moment for moment in cache.get(cache_key, []) if moment > now - rate.duration]
    if len(lately) < rate.amount:
        return None
    return dt.datetime.fromtimestamp(lately[rate.amount - 1] + rate.duration, dt.UTC).replace(microsecond=0)
