"""Evaluation runs: requested by a person, worked off by the worker, kept as versions that never change."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import polars as pl
from django.db import transaction
from django.utils.translation import gettext as _
from django_tasks import task

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor, system
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.surveillance import levels, policies, sealing
from quanheng.platform.surveillance.models import Area, AreaMeter, Evaluation, EvaluationRun, MeterVerdict, Verdict
from quanheng.platform.surveillance.store import listed, store
from quanheng.telemetry.fleets import AreaReport, FleetResult, evaluate, load_profile
from quanheng.telemetry.fleets.profiles import Profile, rule_for
from quanheng.telemetry.quality import daily_balance, quality

TOGETHER = 50  # areas judged with one prior and written in one transaction
LONGEST = 400
USUAL_DAYS = 90  # of a window


@transaction.atomic
def request_run(*, actor: Actor, organisation: Organisation, since: dt.date, until: dt.date) -> EvaluationRun:
    """Have all areas of a utility judged over a window of days. Two runs of one utility never go on at once."""
    run = EvaluationRun(
        organisation=organisation, region=organisation.region, since=since, until=until,
        requested_by=actor.user_id, requested_name=actor.name,
    )  # fmt: skip
    require(policies.may_order(actor, run))
    if not since <= until or (until - since).days > LONGEST or until > clock.today():
        raise Refused(_("时段须在 400 天以内,且不晚于今天"), code="window", place="until")
    if EvaluationRun.objects.filter(organisation=organisation, state__in=["queued", "running"]).exists():
        raise Refused(_("这个单位已有一次评价正在进行"), code="conflict")
    run.total = Area.objects.filter(organisation=organisation).count()
    if not run.total:
        raise Refused(_("这个单位还没有台区"), code="empty")
    run.save(force_insert=True)
    events.record(actor, "surveillance.run_requested", run, after={"since": since, "until": until, "areas": run.total})
    key = str(run.pk)
    transaction.on_commit(lambda: work_off.enqueue(key))
    return run


@task()
def work_off(run_id: str) -> None:
    """The job: judge every area of the run, some at a time."""
    run = EvaluationRun.objects.select_related("organisation").filter(pk=uuid.UUID(run_id)).first()
    if run is None or run.state == EvaluationRun.State.DONE:
        return
    EvaluationRun.objects.filter(pk=run.pk).update(state=EvaluationRun.State.RUNNING)
    actor = system("quanheng worker")
    try:
        judge_all(run, actor)
    except Exception as error:
        words = error.message if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        _finish(run, EvaluationRun.State.FAILED, words)
        raise
    _finish(run, EvaluationRun.State.DONE, "")


def _finish(run: EvaluationRun, state: str, message: str) -> None:
    run.state, run.message, run.finished_at = state, message[:400], clock.now()
    run.save(update_fields=["state", "message", "finished_at"])


def judge_all(run: EvaluationRun, actor: Actor) -> None:
    """Areas already judged in this run (before a stop of the worker) are not judged again."""
    store().settle()
    done = set(Evaluation.objects.filter(run=run).values_list("area_id", flat=True))
    waiting = [
        a for a in Area.objects.filter(organisation=run.organisation).order_by("profile", "code") if a.pk not in done
    ]
    EvaluationRun.objects.filter(pk=run.pk).update(done=len(done))
    for kind in sorted({(a.profile, rule_of(a)) for a in waiting}):
        group = [a for a in waiting if (a.profile, rule_of(a)) == kind]
        for start in range(0, len(group), TOGETHER):
            judge(run, group[start : start + TOGETHER], actor)


def rule_of(area: Area) -> str:
    """The regional rules an area is judged by: those chosen for it, else those of its province."""
    return area.rule or rule_for(area.profile, area.region_id)


def readings_of(areas: Sequence[Area], since: dt.date, until: dt.date) -> pl.DataFrame:
    """Valid readings of some areas over civil days."""
    low, high = clock.start_of(since), clock.start_of(until + dt.timedelta(days=1))
    rows = store().read(
        regions={a.region_id for a in areas},
        since=low.astimezone(dt.UTC).date(),
        until=high.astimezone(dt.UTC).date(),
        areas=[a.code for a in areas],
    )
    return rows.filter((pl.col("ts") >= low) & (pl.col("ts") < high))


def judge(run: EvaluationRun, areas: Sequence[Area], actor: Actor) -> None:
    """Judge some areas of one profile and keep what was found."""
    rows = readings_of(areas, run.since, run.until)
    meters = listed(area__in=[a.pk for a in areas], since=run.since)
    chosen = load_profile(areas[0].profile, rule=rule_of(areas[0]))
    usual = rows.filter(pl.col("seconds") == pl.col("seconds").mode().first()) if rows.height else rows
    result = evaluate(usual, meters, profile=chosen)
    reports = {r.area_id: r for r in result.areas}
    with transaction.atomic():
        for area in areas:
            report = reports.get(area.code)
            if report is not None:
                here = rows.filter(pl.col("area_id") == area.code)
                own = meters.filter(pl.col("area_id") == area.code)
                _keep(run, area, report, result, here, own, usual_limit(chosen, own))
        EvaluationRun.objects.filter(pk=run.pk).update(done=Evaluation.objects.filter(run=run).count())
        events.record(actor, "surveillance.areas_judged", run, after={"areas": [a.code for a in areas]})


def usual_limit(profile: Profile, meters: pl.DataFrame) -> float:
    """The limit of most of an area's meters; each is judged by the one of its own class."""
    limits = Counter(profile.limit_for(c or "") for c in meters.filter(pl.col("role") == "sub")["accuracy_class"])
    return limits.most_common(1)[0][0] if limits else profile.limit


def _keep(
    run: EvaluationRun, area: Area, report: AreaReport, result: FleetResult, rows: pl.DataFrame, meters: pl.DataFrame,
    limit: float,
) -> None:  # fmt: skip
    found = result.verdicts.filter(pl.col("area_id") == area.code)
    last = area.evaluations.order_by("-version").values_list("version", flat=True).first() or 0
    evidence = {
        **_plain(result.evidence),
        "area": area.code,
        "readings_sha256": _sha(rows.select("meter_id", "ts", "seconds", "kwh", "kwh_export", "batch")),
        "meters_sha256": _sha(meters),
        "verdicts_sha256": _sha(found),
    }
    made = Evaluation.objects.create(
        area=area, run=run, version=last + 1, since=run.since, until=run.until, fit=report.fit, cause=report.cause,
        rows_used=report.rows_used, sigma=_number(report.sigma), loss_rate=_number(report.loss_rate),
        acquisition=_number(report.acquisition), limit=limit, report=_plain(report.to_dict()),
        curve=daily_balance(rows, found, str(clock.CIVIL)), quality=_plain(quality(rows, meters).to_dicts()),
        evidence=evidence,
        evidence_sha256=hashlib.sha256(json.dumps(evidence, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
    )  # fmt: skip
    members = {m.meter_id: m for m in AreaMeter.objects.filter(area=area)}
    verdicts = [
        MeterVerdict(
            evaluation=made, meter=members[v["meter_id"]], error=_number(v["error"]), u=_number(v["u"]),
            p_exceed=_number(v["p_exceed"]), informativeness=_number(v["informativeness"]), verdict=v["verdict"],
            reason=str(v["reason"] or "")[:400],
        )
        for v in found.iter_rows(named=True)
        if v["meter_id"] in members
    ]  # fmt: skip
    MeterVerdict.objects.bulk_create(verdicts, batch_size=500)
    sealing.seal(made, verdicts)
    if supersedes(made, area.standing):
        _note(area, made, verdicts)


def supersedes(made: Evaluation, standing: Evaluation | None) -> bool:
    """Whether an area stands by a new evaluation from now on: its data reach as far, and it is no glimpse.

    An older window, or a short one that tells of fewer meters, is kept as a version and changes nothing: else whoever
    is watched could wipe an alarm by asking for a window that tells nothing.
    """
    if standing is None:
        return True
    days, before = (made.until - made.since).days, (standing.until - standing.since).days
    glimpse = days < min(before, USUAL_DAYS) and _told(made) < _told(standing)
    return made.until >= standing.until and not glimpse


def _told(evaluation: Evaluation) -> int:
    return evaluation.verdicts.exclude(verdict=Verdict.UNDETERMINABLE).count()


def _note(area: Area, made: Evaluation, verdicts: Sequence[MeterVerdict]) -> None:
    """How the area and its meters stand now."""
    area.standing, area.fit, area.cause, area.evaluated_at = made, made.fit, made.cause, made.made_at
    area.loss_rate, area.acquisition = made.loss_rate, made.acquisition
    for one in verdicts:
        meter = one.meter
        meter.verdict, meter.error, meter.u, meter.p_exceed = one.verdict, one.error, one.u, one.p_exceed
        meter.evaluated_at = made.made_at
    AreaMeter.objects.bulk_update(
        [v.meter for v in verdicts], ["verdict", "error", "u", "p_exceed", "evaluated_at"], batch_size=200
    )
    levels.recount(area)


def _sha(table: pl.DataFrame) -> str:
    """SHA-256 of the rows as sorted CSV: whoever has the readings computes it with any tool."""
    return hashlib.sha256(table.sort(table.columns).write_csv(float_precision=9).encode()).hexdigest()


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """JSON without NaN and without types of numpy."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if hasattr(value, "item"):
        return _plain(value.item())
    return _number(value) if isinstance(value, float) else str(value)
