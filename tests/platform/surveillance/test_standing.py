"""Which evaluation an area stands by: the newest data, never a window that was chosen to tell nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.surveillance import judging, services
from quanheng.platform.surveillance.models import Area, AreaMeter
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def judge_again(utility: steps.Utility, since: dt.date, until: dt.date) -> None:
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=since, until=until
    )
    judging.work_off.func(str(run.pk))


@pytest.mark.parametrize(
    ("since", "until"),
    [(steps.SINCE, dt.date(2026, 1, 9)), (dt.date(2026, 2, 17), steps.UNTIL)],
    ids=["an older window", "two days up to yesterday"],
)
def test_a_window_that_tells_nothing_wipes_no_alarm(since: dt.date, until: dt.date):
    utility, _run = steps.judged()
    before = list(Area.objects.order_by("code").values_list("level", "checks", "suspects", "passes", "fit"))
    meter = steps.worst()
    judge_again(utility, since, until)
    assert list(Area.objects.order_by("code").values_list("level", "checks", "suspects", "passes", "fit")) == before
    area = Area.objects.get(pk=meter.area_id)
    assert area.standing.version == 1
    assert area.evaluations.count() == 2, "it is kept as a version all the same"
    assert AreaMeter.objects.get(pk=meter.pk).verdict == meter.verdict
    order = services.order_check(actor=utility.actor("keeper"), meter=meter, reason="数据显示超差")
    assert order.verdict.evaluation.version == 1, "an order rests on what stands"


def test_the_same_window_judged_again_stands_from_then_on():
    utility, _run = steps.judged()
    judge_again(utility, steps.SINCE, steps.UNTIL)
    assert set(Area.objects.values_list("standing__version", flat=True)) == {2}


def test_the_history_says_which_version_stands(client):
    utility, _run = steps.judged()
    judge_again(utility, steps.SINCE, dt.date(2026, 1, 9))
    client.force_login(utility.keeper)
    page = client.get(f"{Area.objects.first().get_absolute_url()}?tab=history").content.decode()
    assert page.count("现行") == 1
    assert "不改变警报" in page


def test_a_failed_run_is_begun_again_from_its_page_with_its_own_days(client):
    utility, run = steps.judged()
    type(run).objects.filter(pk=run.pk).update(state="failed", message="磁盘已满")
    client.force_login(utility.keeper)
    page = client.get(run.get_absolute_url()).content.decode()
    again = f"/surveillance/runs/new/?organisation={utility.organisation.pk}&amp;since=2026-01-05&amp;until=2026-02-18"
    assert again in page
    form = client.get(again.replace("&amp;", "&")).content.decode()
    assert 'value="2026-01-05"' in form
    assert client.get("/surveillance/runs/new/?since=x&until=9").status_code == 200
