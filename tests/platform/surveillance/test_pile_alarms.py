"""What is wrong with a pile becomes somebody's work without anybody opening a page, and ends when it is over."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.kernel import clock, periodic
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.work import queue
from quanheng.platform.surveillance.models import Area, PileAlarm
from tests.platform.surveillance import steps
from tests.platform.surveillance.test_charging import push, ready, values, window

pytestmark = pytest.mark.django_db
JOB = "surveillance.piles"


def waiting(utility: steps.Utility, part: str) -> int:
    return {g.key: g.count for g in queue(utility.actor(part))}.get(JOB, 0)


def sent_too_much() -> steps.Utility:
    """One pile reports 2 MW; the other never sent anything."""
    utility, _area, secret = ready()
    push(secret, "MeterValues", {"connectorId": 1, "meterValue": [values("2026-02-20T03:50:00Z", 1000, 2000.0)]})
    return utility


def test_the_worker_puts_an_alarm_into_the_queues_of_utility_and_regulator_and_of_nobody_else():
    utility = sent_too_much()
    assert periodic.run(JOB) == "1 alarms of piles raised, 0 over"
    assert [waiting(utility, part) for part in ("keeper", "regulator", "rival")] == [1, 1, 0]
    assert PileAlarm.objects.get().level == "alarm"
    assert periodic.run(JOB) == "0 alarms of piles raised, 0 over", "the same alarm is raised once"


def test_a_pile_that_falls_silent_is_off_line_until_it_speaks_again():
    utility, _area, secret = ready()
    push(secret, "MeterValues", {"connectorId": 1, "meterValue": [values("2026-02-20T03:50:00Z", 1000)]})
    assert periodic.run(JOB) == "0 alarms of piles raised, 0 over"
    with clock.at(steps.TODAY + dt.timedelta(hours=25)):
        assert periodic.run(JOB) == "1 alarms of piles raised, 0 over"
        push(secret, "MeterValues", {"connectorId": 1, "meterValue": [values("2026-02-21T04:50:00Z", 2000)]})
        assert periodic.run(JOB) == "0 alarms of piles raised, 1 over"
        assert waiting(utility, "keeper") == 0
    assert PileAlarm.objects.get().cleared_at is not None, "what was stays on record"


def test_somebody_notes_what_was_done_and_it_waits_no_longer():
    utility = sent_too_much()
    periodic.run(JOB)
    alarm = PileAlarm.objects.get()
    page = window(utility.keeper)
    assert "功率异常" in page.get("/surveillance/pile-alarms/").content.decode()
    assert page.post(alarm.get_absolute_url(), {"handling": ""}).status_code == 422
    assert page.post(alarm.get_absolute_url(), {"handling": "更换功率模块"}).status_code == 302
    alarm.refresh_from_db()
    assert (alarm.handling, alarm.handled_name) == ("更换功率模块", utility.keeper.name)
    assert waiting(utility, "regulator") == 0
    assert AuditEvent.objects.filter(verb="surveillance.pile_alarm_handled", subject_id=str(alarm.pk)).count() == 1
    assert window(utility.rival).get(alarm.get_absolute_url()).status_code == 404


def test_an_area_on_alarm_with_no_meter_to_visit_waits_for_somebody_too():
    utility, _run = steps.judged()
    Area.objects.filter(pk=Area.objects.first().pk).update(level="alarm", checks=0, fit="unfit", cause="theft")
    waits = {g.key: g for g in queue(utility.actor("regulator"))}
    assert waits["surveillance.areas"].count >= 1
    assert "疑似窃电" in waits["surveillance.areas"].items[0].detail
