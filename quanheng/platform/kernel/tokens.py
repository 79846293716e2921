"""Tokens of organisations for the API: only the hash is kept, and a token can never do more than its person."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events, people
from quanheng.platform.kernel.actors import Actor, Grant, region_prefix
from quanheng.platform.kernel.models import ApiToken, Organisation, User
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, require
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PREFIX = "qh_"
LONGEST = dt.timedelta(days=731)
# The work a token may do. Administration is never done through one.
WORKING_ROLES = frozenset({Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES})
_USED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Scope:
    """A permission a token may carry. ``personal``: only the person themselves may give it to a token of theirs."""

    name: str
    label: str | StrPromise
    roles: frozenset[str]
    personal: bool = False


SCOPES: Registry[Scope] = Registry("token scopes")


def declare(name: str, label: str | StrPromise, *roles: str, personal: bool = False) -> Scope:
    """Register a scope and the roles it is of use to; called by the routers that ask for it."""
    return SCOPES.register(name, Scope(name, label, frozenset(roles), personal))


def digest(text: str) -> str:
    """What is stored of a token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def may_oversee(actor: Actor, organisation: Organisation) -> Decision:
    """Who sees and revokes every token of an organisation."""
    if actor.acts_for(organisation.path, Role.ENTERPRISE, Role.LAB_MANAGER) or actor.has(Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有本单位的管理人员可以管理接口令牌"))


def may_issue(actor: Actor, organisation: Organisation, user: User) -> Decision:
    """A person for themselves; an administrator for the people of the organisation."""
    if not user.is_active or not organisation.active:
        return Denied(_("该账户或机构已停用"))
    if not _grants(user, organisation):
        return Denied(_("该人员在此机构没有可用于接口的角色"))
    if user.pk == actor.user_id:
        return Allowed()
    inside = user.organisation is not None and user.organisation.path.startswith(organisation.path)
    if inside and people.may_administer(actor, organisation):
        return Allowed()
    return Denied(_("只能为自己或所管理机构的人员生成令牌"))


def offered(actor: Actor, organisation: Organisation, user: User) -> list[Scope]:
    """The scopes this actor may put into a token of that person for that organisation."""
    if not may_issue(actor, organisation, user):
        return []
    held = {g.role for g in _grants(user, organisation)}
    own = user.pk == actor.user_id
    return [s for s in SCOPES.values() if s.roles & held and (own or not s.personal)]


def visible(viewer: Actor) -> QuerySet[ApiToken]:
    """Own tokens, and those of the organisations one oversees."""
    rows = ApiToken.objects.select_related("organisation", "user")
    if viewer.has(Role.SYSTEM_ADMIN):
        return rows
    q = Q(user_id=viewer.person)
    for path in viewer.paths(Role.ENTERPRISE, Role.LAB_MANAGER):
        q |= Q(organisation__path__startswith=path)
    return rows.filter(q)


@transaction.atomic
def issue(
    *,
    actor: Actor,
    organisation: Organisation,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: dt.datetime,
) -> tuple[ApiToken, str]:
    """Make a token; its text is returned this once and can never be read again."""
    require(may_issue(actor, organisation, user))
    if not name.strip() or len(name) > 80:
        raise InputError("name", _("请为令牌起一个 80 字以内的名称"), "name")
    known = {s.name for s in offered(actor, organisation, user)}
    if not scopes or set(scopes) - known:
        raise Refused(_("请选择该人员角色所及的权限"), code="scope", place="scopes")
    if not clock.now() < expires_at <= clock.now() + LONGEST:
        raise InputError("expires_at", _("有效期须在将来,且不超过两年"), "expires_at")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        organisation=organisation,
        user=user,
        name=name.strip(),
        digest=digest(text),
        scopes=sorted(set(scopes)),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    after = {"name": token.name, "user": user.name, "scopes": token.scopes, "expires_at": expires_at}
    events.record(actor, "kernel.token_issued", token, after=after)
    return token, text


@transaction.atomic
def revoke(*, actor: Actor, token: ApiToken, reason: str) -> ApiToken:
    """End a token at once."""
    if token.user_id != actor.user_id:
        require(may_oversee(actor, token.organisation))
    if not reason.strip():
        raise InputError("reason_required", _("请写明原因"), "reason")
    moment = clock.now()
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=moment):
        raise Refused(_("该令牌已作废"), code="conflict")
    token.revoked_at = moment
    events.record(actor, "kernel.token_revoked", token, reason=reason, after={"name": token.name})
    return token


def state_of(token: ApiToken) -> str:
    """``active``, ``expired``, ``revoked`` or ``idle`` (its person or organisation is closed)."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None and token.expires_at <= clock.now():
        return "expired"
    return "active" if token.user.is_active and token.organisation.active else "idle"


def find(text: str) -> ApiToken | None:
    """The token of that text, whatever its state."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    return ApiToken.objects.select_related("user", "organisation__region").filter(digest=digest(text)).first()


def note_use(token: ApiToken) -> None:
    """Keep when it was used last, to the minute, so that reading stays reading."""
    moment = clock.now()
    if token.used_at is None or moment - token.used_at >= _USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=moment)


def actor_for(token: ApiToken) -> Actor:
    """The token's person, narrowed to the organisation's subtree, the working roles and the token's scopes."""
    return Actor(
        user_id=token.user_id,
        name=token.user.name or token.user.username,
        grants=tuple(_grants(token.user, token.organisation)),
        on_behalf_of=f"API:{token.name}",
        scopes=frozenset(token.scopes),
    )


def _grants(user: User, organisation: Organisation) -> list[Grant]:
    narrowed = (_narrow(g, organisation) for g in people.actor_of(user).grants if g.role in WORKING_ROLES)
    return [g for g in narrowed if g is not None]


def _narrow(grant: Grant, organisation: Organisation) -> Grant | None:
    """The part of a grant that lies inside the organisation's subtree."""
    if grant.organisation_path.startswith(organisation.path):
        return grant
    if not organisation.path.startswith(grant.organisation_path):
        return None
    region = region_prefix(organisation.region_id) if grant.role == Role.REGULATOR else ""
    return replace(grant, organisation_id=organisation.pk, organisation_path=organisation.path, region_prefix=region)
