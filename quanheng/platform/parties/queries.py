"""Who may do what on a day: people by licence, institutes by authorised item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, Region, User
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.parties.models import Authorisation, InstituteRule, Licence

# How many pieces of a norm an institute has on a day already; the app that schedules says.
LOAD: Registry[Callable[[Organisation, Norm, dt.date], int]] = Registry("institute_load")


# Authorised items that an institute entered and no regulator has confirmed.
WAITING = Q(confirmed_at=None, withdrawn_on=None)


def in_force(on: dt.date) -> Q:
    """Valid that day and not withdrawn by then."""
    return Q(valid_from__lte=on, valid_until__gte=on) & (Q(withdrawn_on=None) | Q(withdrawn_on__gt=on))


def authorised_on(on: dt.date) -> Q:
    """Authorised items that count that day: in force and confirmed by a regulator."""
    return in_force(on) & Q(confirmed_at__isnull=False)


def licence_for(user: User, organisation: Organisation, duty: str, norm: Norm, on: dt.date) -> Decision:
    """Whether the person holds a licence of that duty for the norm at the institute that day."""
    return licences_for([(user, duty, on)], organisation, norm)[0]


def licences_for(asked: Sequence[tuple[User, str, dt.date]], organisation: Organisation, norm: Norm) -> list[Decision]:
    """``licence_for`` for each person, duty and day, with one question to the database."""
    held = Licence.objects.filter(
        organisation=organisation, norm=norm, user__in={user.pk for user, _duty, _on in asked}
    )
    rows = list(held.values_list("user_id", "duty", "valid_from", "valid_until", "withdrawn_on"))
    return [_licensed(user, norm, on, [r[2:] for r in rows if r[:2] == (user.pk, duty)]) for user, duty, on in asked]


def _licensed(user: User, norm: Norm, on: dt.date, held: list[tuple[Any, ...]]) -> Decision:
    if any(begins <= on <= ends and (withdrawn is None or withdrawn > on) for begins, ends, withdrawn in held):
        return Allowed()
    words = {"name": user.name, "norm": norm.number, "day": on.isoformat()}
    if held:
        return Denied(_("%(name)s 的 %(norm)s 资格在 %(day)s 无效") % words)
    return Denied(_("%(name)s 没有 %(norm)s 的资格") % words)


def authorised(organisation: Organisation, norm: Norm, on: dt.date) -> Decision:
    """Whether the institute is authorised for the norm that day."""
    held = Authorisation.objects.filter(in_force(on), organisation=organisation, norm=norm)
    confirmed = [at is not None for at in held.values_list("confirmed_at", flat=True)]
    if any(confirmed):
        return Allowed()
    words = {"norm": norm.number, "day": on.isoformat()}
    if confirmed:
        return Denied(_("%(norm)s 的授权尚待监管部门确认") % words)
    return Denied(_("%(norm)s 在 %(day)s 不在本机构授权项目内") % words)


def rule_holds(organisation: Organisation, key: str, on: dt.date) -> bool:
    """Whether a dated rule of the institute holds that day."""
    rules = InstituteRule.objects.filter(organisation=organisation, key=key, valid_from__lte=on)
    return rules.filter(Q(valid_until=None) | Q(valid_until__gte=on)).exists()


def institutes_for(norm: Norm, region: Region, on: dt.date) -> QuerySet[Organisation]:
    """Institutes authorised for the norm that day: those of the region first, then of the regions above it."""
    held = Authorisation.objects.filter(authorised_on(on), norm=norm).values("organisation_id")
    return nearest_first(Organisation.objects.filter(kind=OrganisationKind.INSTITUTE, active=True, pk__in=held), region)


def nearest_first(rows: QuerySet[Organisation], region: Region | None) -> QuerySet[Organisation]:
    """Organisations of the region, then of those above it, then all others; by name within each."""
    if region is None:
        return rows.order_by("name")
    codes = [region.code, f"{region.code[:4]}00", f"{region.code[:2]}0000"]
    nearness = Case(
        *(When(region__code=code, then=Value(n)) for n, code in enumerate(dict.fromkeys(codes))),
        default=Value(9),
        output_field=IntegerField(),
    )
    return rows.annotate(nearness=nearness).order_by("nearness", "name")


def capacity_left(organisation: Organisation, norm: Norm, day: dt.date) -> int:
    """How many more pieces of the norm the institute can take that day; none where it is not authorised."""
    held = Authorisation.objects.filter(authorised_on(day), organisation=organisation, norm=norm)
    capacity = sum(held.values_list("capacity_per_day", flat=True))
    return max(0, capacity - sum(load(organisation, norm, day) for load in LOAD.values()))


def unconfirmed(viewer: Actor) -> QuerySet[Authorisation]:
    """Items that wait for the viewer, a regulator of the institute's region, to confirm them."""
    rows = authorisations(viewer).filter(WAITING)
    return rows.filter(scope_q(viewer, region="organisation__region_id"))


def _rights(viewer: Actor) -> Q:
    if viewer.has(Role.SYSTEM_ADMIN):
        return Q()
    return scope_q(viewer, owner="organisation", region="organisation__region_id", roles=tuple(INSTITUTE_ROLES))


def licences(viewer: Actor) -> QuerySet[Licence]:
    """Licences of the viewer's institute, for regulators those of the region, for the system's administrators all."""
    scope = _rights(viewer)
    return Licence.objects.filter(scope).select_related("user", "organisation", "norm")


def authorisations(viewer: Actor) -> QuerySet[Authorisation]:
    """Authorised items of the viewer's institute, for regulators of the region, for the system's administrators all."""
    scope = _rights(viewer)
    return Authorisation.objects.filter(scope).select_related("organisation", "norm")
