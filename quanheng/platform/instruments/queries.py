"""Reads of the instrument ledger. Nothing is seen without a role on the owner or a region."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Substr
from django.utils.translation import gettext as _

from quanheng.platform.instruments.codes import read_code
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.registries import AT_WORK, PENDING
from quanheng.platform.instruments.status import (
    STATUSES,
    has_status,
    in_force,
    is_ended,
    status_case,
    status_ranges,
    with_status,
)
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import Region
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.trace.queries import prove_many
from quanheng.platform.trace.words import chain_status
from quanheng.platform.web.components import Status as ComponentStatus
from quanheng.platform.web.tables import CAP

# PostgreSQL puts rows without a date last by itself, SQLite first; both serve this order from the index.
DUE_FIRST = F("valid_until").asc(nulls_last=True)


def visible(viewer: Actor) -> QuerySet[Instrument]:
    """Instruments of the viewer's own organisations, and for regulators those filed or in filing in the region.

    A regulator does not see drafts: until it is handed in, a ledger is its owner's own business.
    """
    if viewer.system:
        return Instrument.objects.all()
    own = scope_q(viewer, owner="organisation", roles=(Role.ENTERPRISE, *INSTITUTE_ROLES))
    region = scope_q(viewer, region="region_id") & ~Q(state="draft")
    return Instrument.objects.filter(own | region)


def instruments(viewer: Actor) -> QuerySet[Instrument]:
    """The ledger with what a list shows."""
    rows = with_status(visible(viewer), clock.today())
    return rows.select_related("organisation", "category", "region")


def worked_on(viewer: Actor) -> QuerySet[Instrument]:
    """Other people's instruments on which the viewer's institute works, as the apps above know."""
    at_work = Q(pk__in=[])
    for known in AT_WORK.values():
        at_work |= known(viewer)
    rows = with_status(Instrument.objects.filter(at_work), clock.today())
    return rows.select_related("organisation", "category", "region")


def instrument_for(viewer: Actor, pk: uuid.UUID) -> Instrument:
    """One instrument the viewer may see."""
    found = instruments(viewer).filter(pk=pk).first()
    if found is None:
        raise Refused(_("没有这台器具,或您无权查看"), code="not_found")
    return found


def ids_of_code(text: str) -> list[uuid.UUID]:
    """The instrument of that public code, as typed from a label."""
    return list(Instrument.objects.filter(code__in={text.strip(), read_code(text)} - {""}).values_list("pk", flat=True))


def chips(rows: QuerySet[Instrument], *, searched: bool = False) -> dict[str, int | None]:
    """How many of the rows each status has, and ``all``: exact up to the cap, cap + 1 beyond it.

    Where a search finds more than the cap the statuses are not counted: no index serves both at once.
    """
    today, rows = clock.today(), rows.order_by()
    found = rows[: CAP + 1].count()
    if found <= CAP:
        grouped = rows.values(status=status_case(today)).annotate(n=Count("pk")).values_list("status", "n")
        counts = dict(grouped)
        return {"all": found, **{key: counts.get(key, 0) for key in STATUSES}}
    if searched:
        return {"all": found, **dict.fromkeys(STATUSES)}
    return {"all": found, **{key: _capped(rows, status_ranges(key, today)) for key in STATUSES}}


def _capped(rows: QuerySet[Instrument], ranges: Iterable[Q]) -> int:
    """Rows of disjoint ranges, each served by the index, counted up to cap + 1."""
    found = 0
    for condition in ranges:
        found += rows.filter(condition)[: CAP + 1 - found].count()
    return found


def filings_waiting(viewer: Actor) -> QuerySet[Instrument]:
    """Filings that a county's regulator has to review, oldest first."""
    if not viewer.system and not viewer.has(Role.REGULATOR):
        return Instrument.objects.none()
    scope = scope_q(viewer, region="region_id")
    return instruments(viewer).filter(scope, state="filing").order_by("version", "created_at")


@dataclass(frozen=True)
class District:
    """Figures of one district; each is the count of a list that ``Filter`` opens."""

    region: Region
    mandatory: int
    verified: int
    overdue: int
    unverified: int
    filing: int

    @property
    def coverage(self) -> str:
        """受检率 by instrument: mandatory ones in use whose verification is in force, in percent."""
        return percent(self.verified, self.mandatory)


def percent(part: int, whole: int) -> str:
    """A share in percent with one decimal, as text; a dash where there is nothing to share.

    Neither 0 nor 100 is ever the work of rounding: one that is overdue among a million shows.
    """
    if not whole:
        return "—"
    share = (Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if 0 < part < whole:
        share = min(max(share, Decimal("0.1")), Decimal("99.9"))
    return str(share)


def applied_for() -> Q:
    """Instruments that wait for something already begun, such as a verification applied for."""
    found = Q(pk__in=[])
    for pending in PENDING.values():
        found |= pending()
    return found


def districts(viewer: Actor, *, digits: int = 6) -> list[District]:
    """Coverage, overdue and filings by district (``digits`` of the code), counted in instruments, lots by quantity."""
    today = clock.today()
    scope = Q() if viewer.system else scope_q(viewer, region="region_id")
    live = Q(mandatory=True, state="in_use")

    def total(condition: Q) -> Coalesce:
        return Coalesce(Sum("quantity", filter=condition), 0)

    rows = (
        Instrument.objects.filter(scope)
        .order_by()
        .annotate(place=Substr("region_id", 1, digits))
        .values("place")
        .annotate(
            mandatory_n=total(live),
            verified_n=total(live & in_force(today)),
            overdue_n=total(live & has_status("overdue", today)),
            unverified_n=total(live & has_status("unverified", today)),
            filing_n=total(Q(state="filing")),
        )
    )
    found = {row["place"]: row for row in rows}
    names = _regions(found)
    return [
        District(
            region=names[place],
            mandatory=row["mandatory_n"],
            verified=row["verified_n"],
            overdue=row["overdue_n"],
            unverified=row["unverified_n"],
            filing=row["filing_n"],
        )
        for place, row in sorted(found.items())
        if place in names
    ]


def overdue_districts(viewer: Actor, *, digits: int = 6) -> list[tuple[Region, int]]:
    """Where mandatory instruments in use are overdue, most first: the one figure a work list needs."""
    scope = Q() if viewer.system else scope_q(viewer, region="region_id")
    rows = (
        Instrument.objects.filter(scope, has_status("overdue", clock.today()), mandatory=True, state="in_use")
        .order_by()
        .annotate(place=Substr("region_id", 1, digits))
        .values("place")
        .annotate(n=Sum("quantity"))
        .order_by("-n", "place")
    )
    found = {row["place"]: row["n"] for row in rows}
    names = _regions(found)
    return [(names[place], n) for place, n in found.items() if place in names]


def _regions(places: Iterable[str]) -> dict[str, Region]:
    """Regions by the leading digits of their code."""
    codes = {place.ljust(6, "0"): place for place in places}
    return {codes[region.pk]: region for region in Region.objects.filter(pk__in=codes)}


def category_coverage(viewer: Actor) -> list[tuple[str, str, int, int]]:
    """By category: code, name, mandatory instruments in use, of them verified in force. A second, different measure."""
    today = clock.today()
    scope = Q() if viewer.system else scope_q(viewer, region="region_id")
    rows = (
        Instrument.objects.filter(scope, mandatory=True, state="in_use")
        .order_by()
        .values(kind=F("category__code"), item=F("category__item"), english=F("category__name_en"))
        .annotate(n=Sum("quantity"), ok=Coalesce(Sum("quantity", filter=in_force(today)), 0))
        .order_by("item")
    )
    english = in_english()
    return [(row["kind"], (english and row["english"]) or row["item"], row["n"], row["ok"]) for row in rows]


def chain_states(rows: Sequence[Instrument]) -> dict[uuid.UUID, ComponentStatus]:
    """How far the chain of each row holds today, for one page of a list; nothing for what hangs on none.

    That is what was rejected, moved, repaired or scrapped: its state says why.
    """
    answers = prove_many([row.pk for row in rows if not is_ended(row)], clock.today())
    return {pk: chain_status(answer) for pk, answer in answers.items()}


def chosen(viewer: Actor, ids: Iterable[uuid.UUID]) -> list[Instrument]:
    """The ticked rows of a list, as far as the viewer may see them."""
    return list(instruments(viewer).filter(pk__in=list(ids)[:2000]).order_by("name", "serial_number"))
