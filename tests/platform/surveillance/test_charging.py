"""Charging stations push OCPP by token: sessions are replayed beside the station's meter, piles show their alarms."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.surveillance import charging
from quanheng.platform.surveillance.models import Area, AreaMeter, ChargeSample
from quanheng.platform.surveillance.store import store
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def ready() -> tuple[steps.Utility, Area, str]:
    utility = steps.make_utility()
    area = Area.objects.create(
        code="CS1", name="东站充电站", profile="charging-station", organisation=utility.organisation,
        region=utility.organisation.region,
    )  # fmt: skip
    for n, (name, role) in enumerate((("CS1/M", "master"), ("CS1/1", "sub"), ("CS1/2", "sub"))):
        AreaMeter.objects.create(area=area, meter_id=name, role=role, public_code=f"CS{n}")
    get_resolver().url_patterns  # noqa: B018
    return utility, area, token(utility, "keeper")


def token(utility: steps.Utility, part: str) -> str:
    user = getattr(utility, part)
    _token, secret = tokens.issue(
        actor=utility.actor(part), organisation=user.organisation, user=user, name="CSMS", scopes=["ocpp:push"],
        expires_at=clock.now() + dt.timedelta(days=30),
    )  # fmt: skip
    return secret


def push(secret: str, action: str, payload: dict, station: str = "CS1", version: str = "1.6"):
    body = json.dumps([2, "1", action, payload])
    return Client().post(
        f"/api/v1/ocpp/{station}?version={version}", data=body, content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )  # fmt: skip


def values(at: str, wh: float, kw: float | None = None, context: str = "Sample.Periodic") -> dict:
    sampled = [{"value": str(wh), "context": context}]
    if kw is not None:
        sampled.append({"value": str(kw), "measurand": "Power.Active.Import", "unit": "kW"})
    return {"timestamp": at, "sampledValue": sampled}


def session(secret: str) -> None:
    push(
        secret,
        "StartTransaction",
        {"connectorId": 1, "idTag": "x", "meterStart": 10_000, "timestamp": "2026-02-19T01:05:00Z"},
    )
    for minute, wh, kw in ((10, 11_000, 12.0), (20, 13_000, 12.5), (30, 15_000, 11.0)):
        one = values(f"2026-02-19T01:{minute}:00Z", wh, kw)
        assert (
            push(secret, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [one]}).status_code == 200
        )


def window(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_session_is_replayed_beside_the_station_meter():
    utility, area, secret = ready()
    session(secret)
    hour = dt.datetime(2026, 2, 19, 1, tzinfo=dt.UTC)
    master = pl.DataFrame({"area_id": ["CS1"], "meter_id": ["CS1/M"], "role": ["master"], "ts": [hour], "kwh": [6.5]})
    store().write(master, batch="m", recorded_at=steps.TODAY, source="s", region=area.region_id)
    page = window(utility.keeper).get(reverse("surveillance:station", args=[area.pk])).content.decode()
    pile = AreaMeter.objects.get(meter_id="CS1/1")
    url = reverse("surveillance:session", args=[pile.pk]) + "?transaction=7"
    assert url in page
    assert "4.000" in page, "15 kWh - 11 kWh"
    replay = window(utility.regulator).get(url).content.decode()
    assert "6.500" in replay
    assert "12.5" in replay
    assert window(utility.rival).get(url).status_code == 404


def test_messages_of_2_0_1_are_understood_and_repeats_change_nothing():
    _utility, _area, secret = ready()
    value = {
        "value": 2.5, "context": "Sample.Periodic", "measurand": "Energy.Active.Import.Register",
        "unitOfMeasure": {"unit": "kWh"},
    }  # fmt: skip
    payload = {
        "eventType": "Updated", "timestamp": "2026-02-19T01:00:00Z", "evse": {"id": 2},
        "transactionInfo": {"transactionId": "abc"},
        "meterValue": [{"timestamp": "2026-02-19T01:00:00Z", "sampledValue": [value]}],
    }  # fmt: skip
    first = push(secret, "TransactionEvent", payload, version="2.0.1")
    assert first.json() == {"accepted": 1, "repeated": 0, "unknown": 0, "intervals": 0}, first.content
    assert push(secret, "TransactionEvent", payload, version="2.0.1").json()["repeated"] == 1
    kept = ChargeSample.objects.get()
    assert (kept.meter.meter_id, kept.transaction, kept.value) == ("CS1/2", "abc", 2.5)


def test_registers_on_the_clock_enter_the_balance_and_others_do_not():
    _utility, _area, secret = ready()
    for at, wh in (("01:00", 1000), ("02:00", 4500), ("02:07", 4700), ("03:00", 5000)):
        one = values(f"2026-02-19T{at}:00Z", wh, context="Sample.Clock" if at.endswith("00") else "Sample.Periodic")
        push(secret, "MeterValues", {"connectorId": 1, "meterValue": [one]})
    kept = store().read()
    assert kept["kwh"].to_list() == [3.5, 0.5]
    assert kept["ts"].dt.hour().to_list() == [1, 2]


def test_piles_show_offline_clock_and_power():
    utility, area, secret = ready()
    push(secret, "MeterValues", {"connectorId": 1, "meterValue": [values("2026-02-20T04:20:00Z", 1000, 2000.0)]})
    found = {p.meter.meter_id: p.alarms for p in charging.piles_of(area)}
    assert found == {"CS1/1": ["clock", "power"], "CS1/2": ["offline"]}
    page = window(utility.regulator).get(reverse("surveillance:station", args=[area.pk])).content.decode()
    for words in ("时钟超前", "功率异常", "离线", "JJG 1149-2022", "未核实"):
        assert words in page
    with clock.at(steps.TODAY + dt.timedelta(days=2)):
        assert "offline" in {p.meter.meter_id: p.alarms for p in charging.piles_of(area)}["CS1/1"]


def test_a_register_that_falls_within_a_session_is_an_alarm():
    _utility, area, secret = ready()
    for minute, wh in ((10, 5000), (20, 4000)):
        one = values(f"2026-02-19T01:{minute}:00Z", wh)
        push(secret, "MeterValues", {"connectorId": 2, "transactionId": 9, "meterValue": [one]})
    assert {p.meter.meter_id: p.alarms for p in charging.piles_of(area)}["CS1/2"] == ["backwards"]


def test_others_stations_unlisted_piles_and_broken_messages():
    utility, _area, secret = ready()
    one = {"connectorId": 1, "meterValue": [values("2026-02-19T01:00:00Z", 1)]}
    assert push(token(utility, "rival"), "MeterValues", one).status_code == 404
    assert push(secret, "MeterValues", one, station="nowhere").status_code == 404
    assert push(secret, "MeterValues", {**one, "connectorId": 5}).json()["unknown"] == 1
    assert push(secret, "MeterValues", {"connectorId": 1, "meterValue": 3}).status_code in (400, 422)
    assert push(secret, "Heartbeat", {}).json()["accepted"] == 0
    assert not ChargeSample.objects.exists()
