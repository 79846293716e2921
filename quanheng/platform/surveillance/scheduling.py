"""Evaluations that begin by themselves: by the cycle of the rules, where readings came since the last one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance.judging import USUAL_DAYS, request_run, rule_of
from quanheng.platform.surveillance.models import Area, EvaluationRun
from quanheng.platform.surveillance.store import store
from quanheng.telemetry.fleets import load_profile

_AGAIN = dt.timedelta(days=1)  # a failed run is tried again by the clock once a day


@dataclass(frozen=True)
class Standing:
    """When an owner's areas are to be judged again. ``due_on`` None: never yet, as soon as readings fill a cycle."""

    cycle: int
    last: EvaluationRun | None
    due_on: dt.date | None

    @property
    def passed(self) -> bool:
        """Whether a cycle has passed since the last evaluation."""
        return self.due_on is not None and self.due_on <= clock.today()


def standing_of(owner: Organisation) -> Standing | None:
    """The strictest cycle among the owner's areas, and the day on which it has passed; None without areas."""
    areas = Area.objects.filter(organisation=owner)
    kinds = {
        (profile, rule_of(Area(profile=profile, rule=rule, region_id=region)))
        for profile, rule, region in areas.order_by().values_list("profile", "rule", "region_id").distinct()
    }
    if not kinds:
        return None
    cycle = min(load_profile(profile, rule=rule).cycle_days for profile, rule in kinds)
    last = EvaluationRun.objects.filter(organisation=owner, state="done").order_by("-until", "-created_at").first()
    made = last.created_at.astimezone(clock.CIVIL).date() if last else None
    return Standing(cycle, last, made + dt.timedelta(days=cycle) if made else None)


def span_of(owner: Organisation, after: dt.date | None = None) -> tuple[dt.date, dt.date] | None:
    """First and last civil day of the owner's readings, of those after a day; None where there are none."""
    areas = Area.objects.filter(organisation=owner)
    low = clock.start_of(after + dt.timedelta(days=1)) if after else None
    rows = store().scan(
        regions=set(areas.values_list("region_id", flat=True)),
        since=low.astimezone(dt.UTC).date() if low else None,
        areas=list(areas.values_list("code", flat=True)),
    )
    today = clock.start_of(clock.today())
    inside = (pl.col("ts") < today) if low is None else (pl.col("ts") < today) & (pl.col("ts") >= low)
    first, final = rows.filter(inside).select(a=pl.col("ts").min(), b=pl.col("ts").max()).collect().row(0)
    return None if first is None else (first.astimezone(clock.CIVIL).date(), final.astimezone(clock.CIVIL).date())


def waits_for_readings(owner: Organisation, standing: Standing | None) -> bool:
    """Whether the cycle has passed and nothing can be judged, because no reading came since."""
    if standing is None or standing.last is None or not standing.passed:
        return False
    return span_of(owner, standing.last.until) is None


def begin_due() -> str:
    """Have every owner judged whose cycle has passed. Without new readings nothing begins: an alarm stays."""
    begun, waiting = 0, 0
    for owner in Organisation.objects.filter(areas__isnull=False).distinct().order_by("name"):
        standing = standing_of(owner)
        if standing is None or not _is_time(owner, standing):
            continue
        window = _window(owner, standing)
        if window is None:
            waiting += 1
            continue
        try:
            request_run(actor=system(str(_("按周期自动发起"))), organisation=owner, since=window[0], until=window[1])
        except Refused:  # somebody was faster
            continue
        begun += 1
    return f"{begun} evaluations begun, {waiting} owners wait for readings"


def _is_time(owner: Organisation, standing: Standing) -> bool:
    if standing.due_on is not None and not standing.passed:
        return False
    tried = EvaluationRun.objects.filter(organisation=owner).order_by("-created_at").first()
    return tried is None or (tried.state in ("done", "failed") and tried.created_at <= clock.now() - _AGAIN)


def _window(owner: Organisation, standing: Standing) -> tuple[dt.date, dt.date] | None:
    """Days to judge now; the first time as soon as readings fill a cycle."""
    span = span_of(owner, standing.last.until if standing.last else None)
    if span is None or (standing.last is None and (span[1] - span[0]).days + 1 < standing.cycle):
        return None
    return span[1] - dt.timedelta(days=USUAL_DAYS - 1), span[1]
