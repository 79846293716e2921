"""Reads of applications and tasks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import calendar, clock, people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, Region, User
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.parties import queries as rights
from quanheng.platform.parties.models import Authorisation, Duty, Licence
from quanheng.platform.verification.models import Application, Task

OPEN_TASKS = ("waiting", "assigned", "working", "checking", "signing")


def applications(viewer: Actor) -> QuerySet[Application]:
    """Applications of the viewer's organisation, to the viewer's institute, or in the supervised region."""
    q = people.scope_q(viewer, owner="organisation", region="region_id", roles=(Role.ENTERPRISE, Role.LAB_MANAGER))
    q |= people.scope_q(viewer, owner="institute", roles=tuple(INSTITUTE_ROLES)) & ~Q(state="draft")
    return Application.objects.filter(q).select_related("organisation", "institute", "region")


def tasks(viewer: Actor) -> QuerySet[Task]:
    """Tasks of the viewer's institute, of the viewer's own instruments, or in the supervised region."""
    q = people.scope_q(viewer, owner="organisation", roles=tuple(INSTITUTE_ROLES)) & ~Q(application__state="draft")
    q |= people.scope_q(
        viewer, owner="instrument__organisation", region="instrument__region_id", roles=(Role.ENTERPRISE,)
    )
    return Task.objects.filter(q).select_related(
        "instrument", "instrument__organisation", "application", "norm", "verifier", "organisation"
    )


def institutes_for(norms: Sequence[Norm], on: dt.date, region: Region | None = None) -> QuerySet[Organisation]:
    """Institutes authorised that day for every one of the norms, those nearest to the region first."""
    rows = Organisation.objects.filter(kind=OrganisationKind.INSTITUTE, active=True)
    for norm in norms:
        held = Authorisation.objects.filter(rights.authorised_on(on), norm=norm)
        rows = rows.filter(pk__in=held.values("organisation_id"))
    return rights.nearest_first(rows, region)


def verifiers_for(institute: Organisation, norms: Sequence[Norm], on: dt.date) -> QuerySet[User]:
    """People of the institute licensed that day to verify by every one of the norms."""
    rows = User.objects.filter(is_active=True, organisation=institute)
    for norm in norms:
        held = Licence.objects.filter(rights.in_force(on), organisation=institute, duty=Duty.VERIFY, norm=norm)
        rows = rows.filter(pk__in=held.values("user_id"))
    return rows.order_by("name")


def worked_on(viewer: Actor) -> Q:
    """Instruments that the viewer's institute has to verify or has verified: as far as its tasks go."""
    mine = people.scope_q(viewer, owner="organisation", roles=tuple(INSTITUTE_ROLES))
    rows = Task.objects.filter(mine).exclude(state="cancelled").exclude(application__state__in=("draft", "withdrawn"))
    return Q(pk__in=rows.values("instrument_id"))


@dataclass(frozen=True)
class Day:
    """One day of an institute's schedule: how much of which norm, against the capacity."""

    day: dt.date
    tasks: Sequence[Task]
    loads: Sequence[tuple[str, int, int]]
    off: bool = False


def schedule(viewer: Actor, institute: Organisation, start: dt.date, days: int = 7) -> list[Day]:
    """The institute's days from ``start`` on, each with its tasks and its load by norm."""
    rows = tasks(viewer).filter(
        organisation=institute, scheduled_on__gte=start, scheduled_on__lt=start + dt.timedelta(days=days)
    )
    by_day: dict[dt.date, list[Task]] = defaultdict(list)
    for task in rows.exclude(state="cancelled").order_by("scheduled_on", "verifier__name", "instrument__name"):
        if task.scheduled_on is not None:
            by_day[task.scheduled_on].append(task)
    capacity = dict(
        Authorisation.objects.filter(rights.authorised_on(start), organisation=institute).values_list(
            "norm__number", "capacity_per_day"
        )
    )
    return [_day(start + dt.timedelta(days=i), by_day, capacity) for i in range(days)]


def _day(day: dt.date, by_day: dict[dt.date, list[Task]], capacity: dict[str, int]) -> Day:
    counts: dict[str, int] = defaultdict(int)
    for task in by_day[day]:
        counts[task.norm.number if task.norm else ""] += 1
    loads = [(norm, n, capacity.get(norm, 0)) for norm, n in sorted(counts.items())]
    return Day(day, by_day[day], loads, off=not calendar.working_days().is_working(day))


def counts(rows: QuerySet[Application] | QuerySet[Task]) -> dict[str, int]:
    """How many in each state."""
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


def overdue(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Open tasks past their due date."""
    return rows.filter(state__in=OPEN_TASKS, due_on__lt=clock.today())
