"""From a signed-in user to the actor of a request; organisations in subtrees."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor, Grant, region_prefix
from quanheng.platform.kernel.models import Organisation, Region, RoleGrant, User
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, require
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role


def actor_of(user: User) -> Actor:
    """The actor with every grant in force today. Unknown roles are dropped."""
    rows = (
        grants_on(clock.today())
        .filter(user=user, role__in=Role.values)
        .values_list("role", "organisation_id", "organisation__path", "organisation__region_id")
    )
    grants = tuple(
        Grant(role, org, path, region_prefix(region) if role == Role.REGULATOR else "")
        for role, org, path, region in rows
    )
    return Actor(user_id=user.pk, name=user.name or user.username, grants=grants)


def grants_on(day: dt.date) -> QuerySet[RoleGrant]:
    """Grants in force that day, in organisations that are active."""
    begun, not_over = Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_until=None) | Q(valid_until__gte=day)
    return RoleGrant.objects.filter(begun, not_over, organisation__active=True)


def may_administer(actor: Actor, organisation: Organisation | None) -> Decision:
    """System administrators everywhere; lab managers inside their own organisation."""
    if actor.has(Role.SYSTEM_ADMIN):
        return Allowed()
    if organisation is not None and actor.acts_for(organisation.path, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有系统管理员或本机构管理员可以维护机构和人员"))


@transaction.atomic
def add_organisation(*, actor: Actor, parent: Organisation | None = None, **fields: Any) -> Organisation:
    """Create an organisation under an optional parent."""
    require(may_administer(actor, parent))
    organisation = Organisation(parent=parent, **fields)
    organisation.path = f"{parent.path if parent else '/'}{organisation.id.hex[:12]}/"
    organisation.save(force_insert=True)
    events.record(
        actor, "kernel.organisation_added", organisation, after={"name": organisation.name, "kind": organisation.kind}
    )
    return organisation


@transaction.atomic
def add_region(*, actor: Actor, code: str, name: str, parent: Region | None) -> Region:
    """Enter an administrative division; its code must lie inside its parent's."""
    require(may_administer(actor, None))
    prefix = region_prefix(code)
    if len(code) != 6 or not code.isdigit() or (parent is not None and not prefix.startswith(parent.prefix)):
        raise InputError("region_code", "a region has six digits that begin with those of the region above", code)
    if Region.objects.filter(pk=code).exists():
        raise InputError("region_taken", "there is a region of that code already", code)
    region = Region.objects.create(code=code, name=name, prefix=prefix, parent=parent)
    events.record(actor, "kernel.region_added", region, region_code=code, after={"name": name})
    return region


def may_grant(actor: Actor, role: str, organisation: Organisation) -> Decision:
    """System administrators any role; lab managers only the roles of an institute's own work, within it."""
    if actor.has(Role.SYSTEM_ADMIN) or role in {*INSTITUTE_ROLES, Role.ENTERPRISE}:
        return may_administer(actor, organisation)
    return Denied(_("只有系统管理员可以授予管理和监管角色"))


@transaction.atomic
def grant_role(*, actor: Actor, user: User, role: str, organisation: Organisation, **dates: Any) -> RoleGrant:
    """Give a person a role on an organisation's subtree."""
    require(may_grant(actor, role, organisation))
    if role not in Role.values:
        require(Denied(_("没有名为“%(role)s”的角色") % {"role": role}))
    grant, _created = RoleGrant.objects.update_or_create(
        user=user, role=role, organisation=organisation, defaults=dates
    )
    events.record(actor, "kernel.role_granted", user, organisation_id=organisation.pk, after={"role": role, **dates})
    return grant


def scope_q(actor: Actor, *, owner: str = "", region: str = "", roles: tuple[str, ...] = ()) -> Q:
    """Rows of the actor's own organisations (``owner`` = lookup of the organisation) or supervised regions.

    ``owner`` and ``region`` are lookup prefixes such as ``"organisation"`` and ``"region_id"``.
    Nothing granted: nothing seen.
    """
    if actor.system:
        return Q()
    q = Q(pk__in=[])
    if owner:
        for path in actor.paths(*roles):
            q |= Q(**{f"{owner}__path__startswith": path})
    if region:
        column = region.removesuffix("_id") + "__code"  # Django compares text with the column itself, without a join
        for prefix in actor.regions():
            q |= Q(**{f"{column}__startswith": prefix})
    return q


def organisations_of(actor: Actor, *roles: str) -> QuerySet[Organisation]:
    """Active organisations in the subtrees on which one of the roles (any, if none named) was granted."""
    rows = Organisation.objects.filter(active=True).select_related("region").order_by("path")
    if actor.system:
        return rows
    within = Q(pk__in=[])
    for path in actor.paths(*roles):
        within |= Q(path__startswith=path)
    return rows.filter(within)


def region_named(code: str) -> Region | None:
    """The region of that code, if it exists."""
    return Region.objects.filter(pk=code).first()


def user_named(user_id: uuid.UUID) -> User | None:
    """The user of that id, if there is one."""
    return User.objects.filter(pk=user_id).first()


def organisation_named(text: str) -> Organisation:
    """The one active organisation of that credit code, name or id; without a text, the only one there is."""
    rows = Organisation.objects.filter(active=True).select_related("region")
    if text:
        q = Q(credit_code=text) | Q(name=text)
        if len(text.replace("-", "")) == 32 and set(text.lower()) <= set("0123456789abcdef-"):
            q |= Q(pk=text)
        rows = rows.filter(q)
    found = list(rows[:2])
    if len(found) == 1:
        return found[0]
    message = "several organisations match" if found else "no organisation matches"
    raise InputError("organisation", f"{message}; name one by its credit code with --organisation", text)
