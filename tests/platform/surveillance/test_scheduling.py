"""The worker begins an evaluation when the cycle of the rules has passed and readings came; else an alarm stays."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from quanheng.platform.kernel import clock, periodic
from quanheng.platform.kernel.models import JobRun
from quanheng.platform.kernel.work import queue
from quanheng.platform.surveillance import judging, scheduling
from quanheng.platform.surveillance.models import Area, EvaluationRun
from quanheng.platform.surveillance.store import store
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
JOB = "surveillance.evaluate"


def by_the_clock() -> str:
    """What the worker does when the hour has passed."""
    JobRun.objects.filter(name=JOB).delete()
    assert JOB in periodic.due()
    return periodic.run(JOB)


def worked_off() -> EvaluationRun:
    """The newest run, done by the worker."""
    run = EvaluationRun.objects.order_by("-created_at").first()
    judging.work_off.func(str(run.pk))
    run.refresh_from_db()
    return run


def more_readings(utility: steps.Utility, days: int) -> None:
    """The head-end goes on delivering."""
    rows = steps.make_fleet().readings
    later = rows.filter(pl.col("ts") >= pl.col("ts").max() - dt.timedelta(days=days)).with_columns(
        pl.col("ts") + dt.timedelta(days=days)
    )
    store().write(
        later, batch=f"more-{days}", recorded_at=clock.now(), source=f"{utility.organisation.pk}/sim",
        region=utility.organisation.region_id,
    )  # fmt: skip


def test_nothing_begins_before_the_cycle_has_passed():
    steps.judged()
    assert by_the_clock().startswith("0 evaluations begun")
    assert EvaluationRun.objects.count() == 1


def test_after_the_cycle_an_evaluation_begins_by_itself_and_ends_on_the_last_whole_day_of_readings():
    utility, _run = steps.judged()
    with clock.at(steps.TODAY + dt.timedelta(days=30)):
        more_readings(utility, 20)
        newest = store().read()["ts"].max().astimezone(clock.CIVIL).date()
        assert by_the_clock().startswith("1 evaluations begun")
        run = worked_off()
        assert (run.until, run.state) == (newest, "done")
        assert Area.objects.filter(standing__run=run).count() == 2
        assert by_the_clock().startswith("0 evaluations begun"), "and not again before the next cycle"


def test_areas_of_a_province_with_a_cycle_of_seven_days_are_judged_every_week():
    utility, _run = steps.judged()
    Area.objects.update(rule="JJF-JIANGXI-017-2020")
    with clock.at(steps.TODAY + dt.timedelta(days=6)):
        more_readings(utility, 5)
        assert by_the_clock().startswith("0 evaluations begun")
    with clock.at(steps.TODAY + dt.timedelta(days=7)):
        assert by_the_clock().startswith("1 evaluations begun")


def test_without_new_readings_no_alarm_is_wiped_and_somebody_is_told():
    utility, _run = steps.judged()
    with clock.at(steps.TODAY + dt.timedelta(days=30)):
        assert by_the_clock().startswith("1 evaluations begun"), "of the last day that came"
        worked_off()
    level = dict(Area.objects.values_list("code", "level"))
    with clock.at(steps.TODAY + dt.timedelta(days=90)):
        assert by_the_clock() == "0 evaluations begun, 1 owners wait for readings"
        waits = {g.key: g for g in queue(utility.actor("keeper"))}
        assert waits["surveillance.silent"].count == 1
        assert waits["surveillance.silent"].items[0].title == "衡川供电有限公司"
    assert dict(Area.objects.values_list("code", "level")) == level


def test_the_first_evaluation_begins_when_readings_fill_a_cycle():
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    assert by_the_clock() == "0 evaluations begun, 1 owners wait for readings"
    steps.bring_readings(utility, steps.make_fleet())
    assert by_the_clock().startswith("1 evaluations begun")


def test_a_run_that_failed_is_tried_again_the_next_day():
    _utility, run = steps.judged()
    EvaluationRun.objects.filter(pk=run.pk).update(state="failed")
    assert by_the_clock().startswith("0 evaluations begun")
    with clock.at(steps.TODAY + dt.timedelta(days=1, minutes=1)):
        assert by_the_clock().startswith("1 evaluations begun")


def test_the_page_of_the_utility_says_when_it_is_judged_next(client):
    utility, _run = steps.judged()
    client.force_login(utility.keeper)
    page = client.get(f"/surveillance/utilities/{utility.organisation.pk}/").content.decode()
    due = scheduling.standing_of(utility.organisation).due_on
    assert "下一次自动评价" in page
    assert due.isoformat() in page
