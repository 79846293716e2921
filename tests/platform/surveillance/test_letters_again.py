"""Rows that were set aside are judged again from their page; what MQTT sets aside shows there too."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from quanheng.errors import InputError
from quanheng.platform.kernel.models import AuditEvent, Organisation
from quanheng.platform.surveillance import listening
from quanheng.platform.surveillance.listening import receiver_of
from quanheng.platform.surveillance.models import Area, AreaMeter
from quanheng.platform.surveillance.store import known, receiver, store
from quanheng.telemetry.ingest.mqtt import Listener
from quanheng.telemetry.ingest.push import from_objects
from quanheng.telemetry.store.letters import Letters
from tests.platform.surveillance import steps
from tests.platform.surveillance.test_charging import window
from tests.telemetry.ingest.test_mqtt import broker, publish, wait_for

pytestmark = pytest.mark.django_db
__all__ = ["broker"]
ROW = {"meter_id": "DB-LATE", "ts": "2026-02-18T09:00:00+08:00", "kwh": 0.4}


def with_an_unknown_meter() -> steps.Utility:
    """The head-end pushes a meter that nobody listed yet."""
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    own = known(area__organisation=utility.organisation)
    source = f"{utility.organisation.pk}/head-end"
    assert receiver().receive(from_objects([(1, ROW)]), source=source, now=steps.TODAY, areas=own).rejected == 1
    return utility


def listed_now() -> None:
    AreaMeter.objects.create(area=Area.objects.first(), meter_id="DB-LATE", role="sub", public_code="LATE")


def test_the_keeper_lists_the_meter_and_judges_the_row_again():
    utility = with_an_unknown_meter()
    listed_now()
    page = window(utility.keeper)
    assert "重新入库" in page.get("/surveillance/letters/").content.decode()
    answer = page.post("/surveillance/letters/?reason=unknown_meter", {"do": "resend"}, follow=True)
    assert "1 行已入库,0 行仍被搁置" in answer.content.decode()
    found = store().read()
    assert found.filter(found["meter_id"] == "DB-LATE")["kwh"].to_list() == [0.4]
    assert AuditEvent.objects.filter(verb="surveillance.letters_resent").count() == 1


def test_a_regulator_reads_them_and_a_rival_neither_reads_nor_resends():
    utility = with_an_unknown_meter()
    listed_now()
    assert "DB-LATE" in window(utility.regulator).get("/surveillance/letters/").content.decode()
    assert "DB-LATE" not in window(utility.rival).get("/surveillance/letters/").content.decode()
    for user in (utility.regulator, utility.rival):
        window(user).post("/surveillance/letters/", {"do": "resend"})
    assert Letters(store().root).read().height == 1


def test_what_comes_by_mqtt_is_judged_by_the_meters_of_the_utility_and_set_aside_on_its_page(broker, monkeypatch):
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    with pytest.raises(InputError):
        receiver_of("nobody")
    name = uuid.uuid4().hex
    Organisation.objects.filter(pk=utility.organisation.pk).update(credit_code="91990101MA00000011")
    by_mqtt, source_of = receiver_of("91990101MA00000011")
    monkeypatch.setattr(listening, "close_old_connections", lambda: None)  # a test has one connection for all
    by_mqtt.areas()  # read here: the listener's thread does not see a test's transaction
    listener = Listener(by_mqtt, broker, client_id=name, topic=f"{name}/+", source_of=source_of)
    listener.start()
    meter = AreaMeter.objects.filter(role="sub").first().meter_id
    now = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=2)
    good, bad = {**ROW, "meter_id": meter, "ts": now.isoformat()}, {**ROW, "ts": now.isoformat()}
    publish(f"{name}/head-end", [json.dumps(good).encode(), json.dumps(bad).encode()])
    wait_for(listener, 2)
    listener.stop()
    by_mqtt.journal.close()
    assert (listener.counts.accepted, listener.counts.rejected) == (1, 1)
    letters = Letters(store().root).read()
    assert letters["source"].to_list() == [f"{utility.organisation.pk}/head-end"]
    page = window(utility.keeper).get("/surveillance/letters/").content.decode()
    assert "DB-LATE" in page
