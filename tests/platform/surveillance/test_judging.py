"""From a list of areas and readings to versioned evaluations with the hash of their evidence."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest

from quanheng.platform.kernel import imports
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance import judging, queries
from quanheng.platform.surveillance.models import Area, AreaMeter, Evaluation, EvaluationRun, MeterVerdict
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def test_every_meter_of_every_area_gets_a_verdict_and_the_area_a_level():
    _utility, run = steps.judged()
    assert (run.state, run.done, run.total) == ("done", 2, 2)
    area = Area.objects.filter(fit="ok")[0]
    assert area.meters == 20 == area.checks + area.suspects + area.undeterminable + area.passes
    assert area.level in {"alarm", "warning", "notice", "normal"}
    assert MeterVerdict.objects.filter(evaluation__area=area).count() == 20
    assert area.loss_rate is not None
    assert 0 < area.loss_rate < 0.1


def test_the_meters_that_are_truly_wrong_are_the_most_suspicious():
    steps.judged()
    truth = steps.make_fleet().truth
    wrong = set(truth.filter(truth["error"].abs() > 0.04)["meter_id"])
    found = set(AreaMeter.objects.filter(p_exceed__gt=0.9).values_list("meter_id", flat=True))
    assert wrong
    assert wrong & found, "at least one of the grossly wrong meters is found"
    assert not {m for m in found if abs(truth.filter(truth["meter_id"] == m)["error"][0]) < 0.01}


def test_a_second_evaluation_is_a_new_version_and_leaves_the_first_as_it_was():
    utility, _run = steps.judged()
    first = Evaluation.objects.order_by("area__code").first()
    run = judging.request_run(
        actor=utility.actor("regulator"),
        organisation=utility.organisation,
        since=steps.SINCE,
        until=dt.date(2026, 2, 10),
    )
    judging.work_off.func(str(run.pk))
    assert list(first.area.evaluations.order_by("version").values_list("version", flat=True)) == [1, 2]
    again = Evaluation.objects.get(pk=first.pk)
    assert again.evidence_sha256 == first.evidence_sha256
    assert first.area.evaluations.get(version=2).evidence_sha256 != first.evidence_sha256


def test_the_hash_is_that_of_the_evidence_and_the_evidence_names_data_software_and_prior():
    steps.judged()
    made = Evaluation.objects.first()
    text = json.dumps(made.evidence, sort_keys=True, ensure_ascii=False)
    assert made.evidence_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert {"readings_sha256", "meters_sha256", "verdicts_sha256", "software", "prior", "profile"} <= set(made.evidence)


def test_a_run_that_was_stopped_half_way_judges_only_what_is_left():
    utility, run = steps.judged()
    Evaluation.objects.filter(area=Area.objects.order_by("code")[1]).first()
    kept = Evaluation.objects.get(area=Area.objects.order_by("code")[0])
    other = Evaluation.objects.get(area=Area.objects.order_by("code")[1])
    AreaMeter.objects.update(verdict="")
    Area.objects.update(standing=None)
    MeterVerdict.objects.filter(evaluation=other).delete()
    other.delete()
    EvaluationRun.objects.filter(pk=run.pk).update(state="running")
    judging.work_off.func(str(run.pk))
    assert Evaluation.objects.filter(run=run).count() == 2
    assert Evaluation.objects.filter(pk=kept.pk).exists()
    del utility


def test_an_area_without_readings_is_reported_and_accuses_nobody():
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
    )
    judging.work_off.func(str(run.pk))
    assert set(Area.objects.values_list("fit", flat=True)) == {"unfit"}
    assert set(MeterVerdict.objects.values_list("verdict", flat=True)) <= {"undeterminable"}
    assert set(Area.objects.values_list("checks", flat=True)) == {0}


@pytest.mark.parametrize("part", ["rival"])
def test_a_stranger_has_nothing_judged(part):
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    with pytest.raises(Refused):
        judging.request_run(
            actor=utility.actor(part), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
        )
    assert not EvaluationRun.objects.exists()


def test_a_window_in_the_future_or_too_long_is_refused():
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    for since, until in (
        (dt.date(2026, 2, 1), dt.date(2026, 3, 1)),
        (dt.date(2024, 1, 1), steps.UNTIL),
        (steps.UNTIL, steps.SINCE),
    ):
        with pytest.raises(Refused):
            judging.request_run(
                actor=utility.actor("keeper"), organisation=utility.organisation, since=since, until=until
            )


def test_a_utility_sees_its_own_areas_a_regulator_those_of_the_region_a_stranger_none():
    utility, run = steps.judged()
    for part, count in (("keeper", 2), ("regulator", 2), ("rival", 0)):
        viewer = utility.actor(part)
        assert queries.areas(viewer).count() == count
        assert queries.meters(viewer).count() == 21 * count
        assert queries.runs(viewer).count() == (1 if count else 0)
    assert AuditEvent.objects.filter(verb="surveillance.run_requested", subject_id=str(run.pk)).count() == 1


def test_an_import_is_undone_as_a_whole_until_its_meters_were_judged():
    utility = steps.make_utility()
    batch = steps.bring_areas(utility, steps.make_fleet())
    imports.undo(actor=utility.actor("keeper"), batch=batch)
    assert (Area.objects.count(), AreaMeter.objects.count()) == (0, 0)
    batch = steps.bring_areas(utility, steps.make_fleet())
    steps.bring_readings(utility, steps.make_fleet())
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
    )
    judging.work_off.func(str(run.pk))
    with pytest.raises(Refused):
        imports.undo(actor=utility.actor("keeper"), batch=batch)


def bring(rows: list[list[str]]):
    utility = steps.make_utility()
    from quanheng.platform.kernel.sheets import write_csv

    batch, _found = imports.preview(
        actor=utility.actor("keeper"), kind="areas", organisation=utility.organisation,
        data=write_csv(steps.HEADERS, rows), name="t.csv",
    )  # fmt: skip
    return batch


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["T1", "x", "总表", *[""] * 7], "role"),
        (["T1", "m0", "分表", *[""] * 7], "meter_id"),
        (["T1", "y", "旁表", *[""] * 7], "role"),
        (["T1", "y", "分表", "", "", "0/5", *[""] * 4], "ct_ratio"),
        (["T1", "y", "分表", "", "", "many", *[""] * 4], "ct_ratio"),
        (["T1", "y", "分表", *[""] * 6, "2027-01-01"], "installed_on"),
        (["", "y", "分表", *[""] * 7], "area_id"),
        (["T" * 65, "y", "分表", *[""] * 7], "area_id"),
    ],
)
def test_a_bad_row_of_the_list_is_told_by_its_column(row, column):
    batch = bring([["T1", "m0", "总表", *[""] * 7], row])
    assert [e["name"] for e in batch.errors] == [column]
    assert batch.accepted == 1


def test_a_ratio_may_be_written_as_a_fraction():
    batch = bring([["T1", "m0", "总表", "", "", "400/5", *[""] * 4]])
    assert not batch.errors
