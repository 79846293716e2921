"""A meter found wrong is replaced: the alarm ends, late readings still come in, the ledger is as the wall is."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.work import queue
from quanheng.platform.surveillance import judging, replacing, services
from quanheng.platform.surveillance.models import Area, AreaMeter, SiteCheck
from quanheng.platform.surveillance.store import known, receiver, store
from quanheng.telemetry.ingest.push import from_objects
from tests.platform import makers
from tests.platform.surveillance import steps
from tests.platform.surveillance.test_checks import Signed, sent

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 2, 15)


def confirmed() -> tuple[steps.Utility, SiteCheck]:
    utility, check = sent()
    services.on_signed(Signed(check.application.tasks.get(), "reject"), system("test"))
    check.refresh_from_db()
    return utility, check


def replaced(number: str = "DB26000777", **how: str) -> tuple[steps.Utility, SiteCheck, AreaMeter]:
    utility, check = confirmed()
    replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id=number, **how)
    return utility, check, AreaMeter.objects.get(meter_id=number)


def test_the_old_meter_ends_that_day_and_the_new_one_begins():
    _utility, check, new = replaced()
    old = AreaMeter.objects.get(pk=check.meter_id)
    assert (old.removed_on, new.installed_on, new.area_id) == (DAY, DAY, old.area_id)


def test_a_meter_that_was_taken_out_raises_no_alarm_any_more_neither_now_nor_by_the_next_evaluation():
    utility, check = confirmed()
    before = Area.objects.get(pk=check.meter.area_id)
    replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id="DB26000777")
    now = Area.objects.get(pk=before.pk)
    assert (now.checks, now.meters) == (before.checks - 1, before.meters)
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=steps.SINCE, until=steps.UNTIL
    )
    judging.work_off.func(str(run.pk))
    then = Area.objects.get(pk=before.pk)
    assert then.checks == before.checks - 1
    assert then.checks + then.suspects + then.undeterminable + then.passes <= then.meters
    assert "stand on no list" not in str(then.standing.report["findings"])


def test_readings_of_the_old_meter_that_come_late_go_in_and_those_after_its_removal_do_not():
    utility, check, _new = replaced()
    number, owner = check.meter.meter_id, f"{utility.organisation.pk}/head-end"
    rows = [
        (1, {"meter_id": number, "ts": "2026-02-15T09:00:00+08:00", "kwh": 0.31}),
        (2, {"meter_id": number, "ts": "2026-02-19T09:00:00+08:00", "kwh": 0.32}),
    ]
    kept = receiver().receive(
        from_objects(rows),
        source=owner,
        now=steps.TODAY + dt.timedelta(hours=1),
        areas=known(area__organisation=utility.organisation),
    )
    assert (kept.accepted, kept.bad["reason"].to_list()) == (1, ["after_removal"])
    found = store().read(areas=[check.meter.area.code])
    assert 0.31 in found.filter(found["meter_id"] == number)["kwh"].to_list()


def test_the_new_meter_is_entered_in_the_ledger_like_the_old_one_and_handed_in_for_filing():
    utility, _check, new = replaced(manufacturer="林洋能源")
    entry = new.instrument
    assert (entry.serial_number, entry.state, entry.category.code) == ("DB26000777", "filing", "electricity-meter")
    assert (entry.manufacturer, entry.installed_on, entry.organisation) == ("林洋能源", DAY, utility.organisation)


def test_a_meter_that_the_ledger_knows_is_bound_to_its_entry_or_its_lot():
    utility, check = confirmed()
    category = check.meter.instrument.category
    lot = makers.make_instrument(
        utility.organisation, category=category, serial_number="DB26000700", serial_to="DB26000799", quantity=100,
        state="in_use",
    )  # fmt: skip
    replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id="DB26000777")
    assert AreaMeter.objects.get(meter_id="DB26000777").instrument == lot
    assert not Instrument.objects.filter(serial_number="DB26000777").exists()


@pytest.mark.parametrize(("how", "state"), [("scrap", "scrapped"), ("keep", "stopped")])
def test_the_old_instrument_asks_for_no_verification_any_more(how, state):
    _utility, check, _new = replaced(old_one=how)
    assert Instrument.objects.get(pk=check.meter.instrument_id).state == state


def test_a_meter_that_hangs_elsewhere_cannot_be_the_new_one():
    utility, check = confirmed()
    other = AreaMeter.objects.exclude(area=check.meter.area).filter(role="sub").first()
    with pytest.raises(Refused, match="正在台区"):
        replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id=other.meter_id)
    assert SiteCheck.objects.get(pk=check.pk).state == "confirmed"


def test_a_meter_found_wrong_waits_in_the_queue_until_it_is_replaced_on_its_page(client):
    utility, check = confirmed()
    waits = {g.key: g.count for g in queue(utility.actor("keeper"))}
    assert waits["surveillance.replace"] == 1
    client.force_login(utility.keeper)
    answer = client.post(
        f"{check.get_absolute_url()}replace/",
        {"on": DAY.isoformat(), "new_meter_id": "DB26000777", "manufacturer": "", "old_one": "scrap"},
    )
    assert answer.status_code == 302
    assert SiteCheck.objects.get(pk=check.pk).state == "replaced"
    assert "surveillance.replace" not in {g.key for g in queue(utility.actor("keeper"))}
