"""The charging station of the demo region: judged, with alarms in the queue and a session to replay."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from quanheng.platform.kernel import clock, periodic
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.project.demo import station
from quanheng.platform.surveillance import charging
from quanheng.platform.surveillance.models import Area, AreaMeter, PileAlarm
from tests.platform import makers

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 3, 4, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _day(settings, tmp_path):
    settings.QUANHENG = settings.QUANHENG.__class__(**{**vars(settings.QUANHENG), "data_dir": tmp_path})
    with clock.at(NOW):
        yield


def test_six_piles_of_the_ledger_are_watched_one_is_off_two_raise_an_alarm():
    firm = makers.make_organisation("明泰充电服务有限公司")
    keeper = makers.make_user("桩计量", firm, "enterprise")
    category = makers.make_category("charging-pile", makers.make_norm("JJG 1149-2022", title="直流充电机"))
    for n in range(6):
        makers.make_instrument(firm, category=category, serial_number=f"Z{n}", state="in_use")
    world = SimpleNamespace(firms={"charging": [firm]}, keeper_of=lambda _f: actor_of(keeper), today=clock.today())
    assert station.build(world) == 6
    area = Area.objects.get()
    assert (area.fit, area.checks) == ("ok", 1)
    assert AreaMeter.objects.get(verdict="check").meter_id == f"{station.CODE}/3"
    assert all(m.instrument for m in AreaMeter.objects.filter(role="sub"))
    periodic.run("surveillance.piles")
    assert set(PileAlarm.objects.values_list("meter__meter_id", "kind")) == {
        (f"{station.CODE}/4", "offline"), (f"{station.CODE}/5", "clock"),
    }  # fmt: skip
    pile = AreaMeter.objects.get(meter_id=f"{station.CODE}/1")
    assert charging.sessions_of(pile, clock.now() - dt.timedelta(days=2))[0].kwh > 50
