"""Reads of areas, meters, evaluations and checks. Nothing is seen without a role on the utility or a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.roles import INSTITUTE_ROLES
from quanheng.platform.surveillance.models import (
    Area,
    AreaMeter,
    CheckRequest,
    Evaluation,
    EvaluationRun,
    MeterVerdict,
    PeriodExtension,
    ReadingBatch,
    SiteCheck,
)
from quanheng.platform.surveillance.policies import visible_to


def areas(viewer: Actor) -> QuerySet[Area]:
    """Areas the viewer may see."""
    return Area.objects.filter(visible_to(viewer)).select_related("organisation", "region")


def owners(viewer: Actor) -> QuerySet[Organisation]:
    """Utilities whose areas the viewer sees."""
    seen = areas(viewer).order_by().values("organisation_id").distinct()
    return Organisation.objects.filter(pk__in=seen).order_by("name")


def meters(viewer: Actor) -> QuerySet[AreaMeter]:
    """Meters of those areas."""
    seen = visible_to(viewer, owner="area__organisation", region="area__region_id")
    return AreaMeter.objects.filter(seen).select_related("area", "area__organisation", "instrument")


def runs(viewer: Actor) -> QuerySet[EvaluationRun]:
    """Runs over the viewer's areas."""
    return EvaluationRun.objects.filter(visible_to(viewer)).select_related("organisation")


def checks(viewer: Actor) -> QuerySet[SiteCheck]:
    """Checks on site the viewer may see; the institute that verifies sees its own."""
    seen = visible_to(viewer)
    for path in viewer.paths(*INSTITUTE_ROLES):
        seen |= Q(application__institute__path__startswith=path)
    return SiteCheck.objects.filter(seen).select_related(
        "meter", "meter__area", "organisation", "verdict", "verdict__evaluation", "application"
    )


def requests(viewer: Actor) -> QuerySet[CheckRequest]:
    """What households asked."""
    return CheckRequest.objects.filter(visible_to(viewer)).select_related("meter", "meter__area", "check_order")


def batches(viewer: Actor) -> QuerySet[ReadingBatch]:
    """Files of readings of the viewer's utilities."""
    seen = visible_to(viewer, owner="source__organisation", region="source__organisation__region_id")
    return ReadingBatch.objects.filter(seen).select_related("source__organisation", "file")


def extensions(viewer: Actor) -> QuerySet[PeriodExtension]:
    """Lots that were proposed for longer use."""
    return PeriodExtension.objects.filter(visible_to(viewer)).select_related("organisation", "region")


def verdict_of(meter: AreaMeter) -> MeterVerdict | None:
    """What the standing evaluation says of a meter; of a meter that was replaced, what was last said."""
    found = MeterVerdict.objects.filter(meter=meter).select_related("evaluation")
    now = found.filter(evaluation=meter.area.standing_id).first()
    return now or found.order_by("-evaluation__until", "-evaluation__version").first()


def verdicts(evaluation: Evaluation) -> QuerySet[MeterVerdict]:
    """Its meters, the most suspicious first."""
    return evaluation.verdicts.select_related("meter").order_by("-p_exceed", "meter__meter_id")


@dataclass(frozen=True)
class Precision:
    """How often a check on site found what the data said."""

    confirmed: int
    refuted: int

    @property
    def text(self) -> str:
        """In percent with one decimal, or a dash."""
        whole = self.confirmed + self.refuted
        return f"{100 * self.confirmed / whole:.1f}" if whole else "—"


def precision(rows: QuerySet[SiteCheck]) -> Precision:
    """Over checks that came of a verdict ``check`` or ``suspect``; what households asked for does not count."""
    led = rows.filter(verdict__verdict__in=["check", "suspect"])
    return Precision(led.filter(state__in=["confirmed", "replaced"]).count(), led.filter(state="refuted").count())


def districts(viewer: Actor) -> list[dict[str, Any]]:
    """Figures by district and utility."""
    keys = ("region_id", "region__name", "organisation_id", "organisation__name")
    counted = (
        areas(viewer)
        .order_by()
        .values(*keys)
        .annotate(
            areas_n=Count("pk"),
            meters_n=Sum("meters"),
            alarm_n=Count("pk", filter=Q(level="alarm")),
            warning_n=Count("pk", filter=Q(level="warning")),
            unfit_n=Count("pk", filter=Q(fit="unfit")),
            judged_n=Count("pk", filter=Q(evaluated_at__isnull=False)),
            checks_n=Sum("checks"),
            suspects_n=Sum("suspects"),
            undeterminable_n=Sum("undeterminable"),
            passes_n=Sum("passes"),
        )
        .order_by("region_id", "organisation__name")
    )
    return [dict(row) for row in counted]


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The same over all districts."""
    names = [n for n in (rows[0] if rows else {}) if n.endswith("_n")]
    return {n: sum(r[n] or 0 for r in rows) for n in names}
