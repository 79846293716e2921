"""The second factor at the moment of signing: asked again, whatever the session remembers."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.policies import Refused

Method = Literal["totp", "recovery_code"]
ATTEMPTS = 5
WINDOW = 300
TOO_MANY = gettext_noop("连续多次验证码错误,暂时不能签字")
_REUSE = 180  # longer than a code lives, tolerance included


def is_set_up(user: User) -> bool:
    """Whether the person has an authenticator app to sign with."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def closed_until(user: User) -> dt.datetime | None:
    """When signing is open again after too many wrong codes; None where it is open."""
    count, end = _failures(user)
    return end if count >= ATTEMPTS else None


def reopen(user: User) -> None:
    """Forget the wrong codes of a person."""
    cache.delete(_key(user))


def _key(user: User) -> str:
    return f"second-factor:{user.pk}"


def _failures(user: User) -> tuple[int, dt.datetime]:
    """How many codes were wrong, and when they are forgotten."""
    now = clock.now()
    count, end = cache.get(_key(user)) or (0, now)
    return (count, end) if end > now else (0, now)


def _count_failure(user: User) -> None:
    """Count a wrong code and put it on record, with the lock it may bring."""
    count = _failures(user)[0] + 1
    end = clock.now().replace(microsecond=0) + dt.timedelta(seconds=WINDOW)
    cache.set(_key(user), (count, end), timeout=WINDOW)
    actor = actor_of(user)
    events.record(actor, "kernel.signing_code_wrong", user, after={"count": count})
    if count == ATTEMPTS:
        events.record(actor, "kernel.signing_locked", user, reason=TOO_MANY, after={"until": end})


def _time_step(totp: Authenticator, code: str) -> int | None:
    """The time step (RFC 6238) whose code this is, by the one clock and within the tolerance."""
    if len(code) != app_settings.TOTP_DIGITS or not code.isascii() or not code.isdigit():
        return None
    secret = decrypt(totp.data["secret"])
    now = int(clock.now().timestamp()) // app_settings.TOTP_PERIOD
    near = range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1)
    matching = [n for n in near if constant_time_compare(code, format_hotp_value(hotp_value(secret, n)))]
    return matching[-1] if matching else None


def verify(user: User, code: str) -> Method:
    """Check a code and say which method it was; each code works once. Raises ``Refused`` with the reason.

    Five wrong codes in five minutes close the door for five minutes.
    """
    if user.awaiting_confirmation:
        raise Refused(_("您的账户尚待机构管理员当面确认,确认前不能签发"), code="keys_unconfirmed", place="code")
    with transaction.atomic():  # what is refused is answered outside, so that a wrong code stays counted
        method = _judged(User.objects.select_for_update(no_key=True).get(pk=user.pk), "".join(code.split()))
    if method is None:
        raise Refused(_("验证码不正确或已用过,请等待下一个验证码"), code="second_factor_wrong", place="code")
    return method


def _judged(user: User, code: str) -> Method | None:
    """What the code proves, a wrong one being counted. The caller holds the person's row: two at once are two."""
    if closed_until(user) is not None:
        raise Refused(_("验证码错误次数过多,请五分钟后再试"), code="second_factor_locked", place="code")
    found = {a.type: a for a in Authenticator.objects.filter(user=user)}
    totp, recovery = found.get(Authenticator.Type.TOTP), found.get(Authenticator.Type.RECOVERY_CODES)
    if totp is None:
        raise Refused(_("尚未设置第二因子,请先在“我的账户”中设置"), code="second_factor_missing", place="code")
    step = _time_step(totp, code)
    if step is not None and cache.add(f"second-factor-used:{user.pk}:{step}", True, timeout=_REUSE):
        return "totp"
    if recovery is not None and len(code) == 8 and RecoveryCodes(recovery).validate_code(code):
        return "recovery_code"
    _count_failure(user)
    return None
