"""Writes of the administration of people: each asks its policy, runs in one transaction and leaves an event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events, people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, RoleGrant, User
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.roles import GUARDED_ROLES
from quanheng.platform.project.accounts import invitations, policies

ORGANISATION_FIELDS = (
    "name",
    "name_en",
    "kind",
    "credit_code",
    "region",
    "address",
    "phone",
    "authorisation",
    "active",
)


@transaction.atomic
def change_organisation(*, actor: Actor, organisation: Organisation, **fields: Any) -> Organisation:
    """Change what is known of an organisation."""
    require(may_administer(actor, organisation))
    before = {name: getattr(organisation, name) for name in ORGANISATION_FIELDS}
    changed = {name: value for name, value in fields.items() if before[name] != value}
    for name, value in changed.items():
        setattr(organisation, name, value)
    if changed:
        organisation.save(update_fields=list(changed))
        events.record(
            actor, "kernel.organisation_changed", organisation, before={n: before[n] for n in changed}, after=changed
        )
    return organisation


@transaction.atomic
def add_person(
    *, actor: Actor, organisation: Organisation, username: str, name: str, email: str = "", phone: str = ""
) -> User:
    """Create a person without a password; the invitation link lets them set it."""
    require(may_administer(actor, organisation))
    user = User(username=username, name=name, email=email.strip().lower(), phone=phone, organisation=organisation)
    user.set_unusable_password()
    if email and User.objects.filter(email__iexact=email.strip()).exists():
        raise InputError("email_taken", _("该邮箱已被使用"), "email")
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise InputError("username_taken", _("该登录名已被使用,请换一个"), "username") from error
    events.record(
        actor, "kernel.person_added", user, organisation_id=organisation.pk, after={"username": username, "name": name}
    )
    return user


@transaction.atomic
def rename_person(*, actor: Actor, user: User, name: str, reason: str) -> User:
    """Change the name that certificates print; never one's own, and both names stay on record."""
    require(policies.may_manage_person(actor, user))
    before, user.name = user.name, name.strip()
    if before != user.name:
        user.save(update_fields=["name"])
        events.record(
            actor,
            "kernel.person_renamed",
            user,
            organisation_id=user.organisation_id,
            reason=reason,
            before={"name": before},
            after={"name": user.name},
        )
    return user


@transaction.atomic
def change_contact(*, actor: Actor, user: User, email: str, phone: str) -> User:
    """Change one's own address and telephone; the old address is told."""
    before = {"email": user.email, "phone": user.phone}
    after = {"email": email, "phone": phone}
    if before == after:
        return user
    user.email, user.phone = email, phone
    user.save(update_fields=["email", "phone"])
    events.record(
        actor, "kernel.profile_changed", user, organisation_id=user.organisation_id, before=before, after=after
    )
    if before["email"] and before["email"] != email:
        text = _("%(name)s,您好:您账户的邮箱已由本地址改为 %(email)s。若不是您本人所为,请立即告知管理员。\n")
        words = text % {"name": user.name, "email": email or "—"}
        send_mail(_("权衡:账户邮箱已更改"), words, None, [before["email"]], fail_silently=True)
    return user


def invite(*, actor: Actor, user: User) -> tuple[str, bool]:
    """A one-time link and whether it was also sent by e-mail."""
    require(policies.may_send_link(actor, user))
    if not user.is_active:
        raise Refused(_("该账户已停用"), code="inactive")
    address = invitations.link(user)
    with transaction.atomic():
        events.record(actor, "kernel.person_invited", user, organisation_id=user.organisation_id)
    sent = False
    # An address that others typed and nobody confirmed by signing in must not carry the key of a signatory.
    if user.email and not (policies.holds_power(user) and user.password_set_at is None):
        text = _("%(name)s,您好:请打开以下链接设置登录密码,链接只能使用一次。\n\n%(link)s\n") % {
            "name": user.name,
            "link": address,
        }
        sent = bool(send_mail(_("权衡:设置您的登录密码"), text, None, [user.email], fail_silently=True))
    return address, sent


@transaction.atomic
def accept_invitation(*, user: User, password: str) -> User:
    """Set the first password; the link is used up by it."""
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if fresh.password != user.password:
        raise InputError("invitation_used", _("此链接已被使用"), "password")
    fresh.set_password(password)
    fresh.password_set_at = clock.now()
    fresh.awaiting_confirmation = policies.holds_power(fresh) and policies.link_was_handed_over(fresh)
    fresh.save(update_fields=["password", "password_set_at", "awaiting_confirmation"])
    actor = people.actor_of(fresh)
    events.record(actor, "kernel.password_set", fresh, organisation_id=fresh.organisation_id)
    return fresh


@transaction.atomic
def confirm_keys(*, actor: Actor, user: User, code: str) -> User:
    """Record that the person themself, met face to face, used the link: they alone can tell the code.

    Raises ``Refused`` where the code is another one; nothing changes then.
    """
    require(policies.may_confirm_keys(actor, user))
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if not constant_time_compare("".join(code.split()), invitations.confirmation_code(fresh)):
        raise Refused(
            _("确认码不对:请本人登录后当面出示。若本人并未使用过链接,说明链接落入他人之手,请停用该账户"),
            code="confirmation_wrong",
            place="code",
        )
    fresh.awaiting_confirmation = False
    fresh.save(update_fields=["awaiting_confirmation"])
    events.record(actor, "kernel.keys_confirmed", fresh, organisation_id=fresh.organisation_id)
    return fresh


@transaction.atomic
def give_role(
    *,
    actor: Actor,
    user: User,
    role: str,
    organisation: Organisation,
    valid_from: dt.date | None,
    valid_until: dt.date | None,
) -> RoleGrant:
    """Give a role that fits the organisation and does not exceed what the actor may give.

    Whoever begins to verify, check, sign or administer gets new keys: their manager may hold older ones.
    """
    require(policies.may_manage_person(actor, user))
    if role not in policies.grantable(actor, organisation):
        raise Refused(_("您不能在该机构授予此角色"), code="role_not_grantable", place="role")
    if valid_from and valid_until and valid_until < valid_from:
        raise InputError("dates", _("截止日期不能早于起始日期"), "valid_until")
    if role in GUARDED_ROLES and not policies.holds_power(user) and user.has_usable_password():
        _void_keys(actor, user)
    return people.grant_role(
        actor=actor, user=user, role=role, organisation=organisation, valid_from=valid_from, valid_until=valid_until
    )


def _void_keys(actor: Actor, user: User) -> None:
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    why = _("开始检定、核验、签发或管理:原密码和第二因子作废,由安全管理员重新发放")
    events.record(actor, "kernel.password_forgotten", user, organisation_id=user.organisation_id, reason=why)


@transaction.atomic
def end_role(*, actor: Actor, grant: RoleGrant, reason: str) -> None:
    """Take a role away from today on; the grant stays on record."""
    require(policies.may_manage_person(actor, grant.user))
    require(may_administer(actor, grant.organisation))
    before = grant.valid_until
    yesterday = clock.today() - dt.timedelta(days=1)
    grant.valid_until = yesterday
    grant.save(update_fields=["valid_until"])
    events.record(
        actor,
        "kernel.role_ended",
        grant.user,
        organisation_id=grant.organisation_id,
        reason=reason,
        before={"role": grant.role, "valid_until": before},
        after={"role": grant.role, "valid_until": yesterday},
    )


@transaction.atomic
def set_active(*, actor: Actor, user: User, active: bool, reason: str) -> None:
    """Close or reopen an account; closing ends every session at once."""
    require(policies.may_manage_person(actor, user))
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        end_sessions(user)
    verb = "kernel.account_reopened" if active else "kernel.account_closed"
    events.record(actor, verb, user, organisation_id=user.organisation_id, reason=reason)


@transaction.atomic
def reset_second_factor(*, actor: Actor, user: User, reason: str) -> int:
    """Remove a lost second factor after the person was identified; the role's duty to set one up remains."""
    require(policies.may_reset_second_factor(actor, user))
    count, _details = Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    events.record(actor, "kernel.second_factor_reset", user, organisation_id=user.organisation_id, reason=reason)
    return int(count)


def end_sessions(user: User) -> int:
    """Sign the person out everywhere."""
    mine = [
        s.pk
        for s in Session.objects.filter(expire_date__gt=clock.now())
        if s.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)


@transaction.atomic
def forget_password(*, actor: Actor, user: User) -> None:
    """Make the present password useless, so that only a new link opens the account."""
    require(policies.may_send_link(actor, user))
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user)
    events.record(actor, "kernel.password_forgotten", user, organisation_id=user.organisation_id)
