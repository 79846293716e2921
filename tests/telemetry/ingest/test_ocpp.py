"""OCPP meter values: units, defaults and versions as the protocol says; anything else is refused."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from quanheng.errors import InputError
from quanheng.telemetry.ingest import Mapping, clean
from quanheng.telemetry.ingest.ocpp import ENERGY, POWER, registers, samples, sessions

AT = "2026-05-03T01:00:00Z"


def value_16(*sampled: dict[str, object], at: str = AT, **more: object) -> dict[str, object]:
    return {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [{"timestamp": at, "sampledValue": list(sampled)}],
        **more,
    }


def test_a_value_without_measurand_and_unit_is_an_energy_register_in_watt_hours():
    (one,) = samples(value_16({"value": "12345"}), station="CP1", version="1.6")
    assert (one.meter_id, one.measurand, one.value, one.transaction) == ("CP1/1", ENERGY, 12.345, "7")
    assert one.at == dt.datetime(2026, 5, 3, 1, tzinfo=dt.UTC)


def test_phases_signed_values_other_measurands_and_inlets_are_left_out():
    message = value_16(
        {"value": "1", "phase": "L1"},
        {"value": "AA==", "format": "SignedData"},
        {"value": "230", "measurand": "Voltage"},
        {"value": "5", "location": "Inlet"},
        {"value": "7.2", "measurand": POWER, "unit": "kW"},
    )
    assert [(s.measurand, s.value) for s in samples(message, station="CP1", version="1.6")] == [(POWER, 7.2)]


def test_the_frame_around_a_call_is_understood():
    frame = json.dumps([2, "19", "MeterValues", value_16({"value": "1000", "unit": "Wh"})])
    assert samples(frame, station="CP1", version="1.6")[0].value == 1.0


def test_start_and_stop_of_a_transaction_bring_their_registers():
    start = [2, "1", "StartTransaction", {"connectorId": 2, "meterStart": 1000, "timestamp": AT, "idTag": "x"}]
    stop = [2, "2", "StopTransaction", {"transactionId": 7, "meterStop": 21000, "timestamp": AT}]
    assert [s.value for m in (start, stop) for s in samples(m, station="CP1", version="1.6")] == [1.0, 21.0]


def test_version_201_has_numbers_a_multiplier_and_transaction_events():
    event = {
        "eventType": "Updated", "timestamp": AT, "transactionInfo": {"transactionId": "T-9"}, "evse": {"id": 3},
        "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 12.3, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}]}],
    }  # fmt: skip
    (one,) = samples([2, "5", "TransactionEvent", event], station="CP1", version="2.0.1")
    assert (one.meter_id, one.transaction) == ("CP1/3", "T-9")
    assert one.value == pytest.approx(12.3)


@pytest.mark.parametrize(
    "message",
    [
        "{",
        [3, "1", {}],
        "[1]",
        7,
        value_16({"value": "many"}),
        value_16({"value": "nan"}),
        value_16({"value": True}),
        value_16({"value": "1", "unit": "BTU"}),
        value_16({"value": "1"}, at="yesterday"),
        value_16({"value": "1"}, connectorId=-1),
        {"connectorId": 1, "meterValue": [{"timestamp": AT}]},
        {"connectorId": 1, "meterValue": {}},
    ],
)
def test_a_message_that_is_none_is_refused(message):
    with pytest.raises(InputError):
        samples(message, station="CP1", version="1.6")


def test_registers_go_through_the_same_judgement_as_files():
    found = [
        s
        for h, wh in ((1, 1000), (2, 8000), (3, 15000))
        for s in samples(value_16({"value": str(wh)}, at=f"2026-05-03T0{h}:00:00Z"), station="CP1", version="1.6")
    ]
    done = clean(
        registers(found, area_id="S1"),
        Mapping(reading="register", seconds=3600, columns={}),
        None,
        now=dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
    )
    assert done.good["kwh"].to_list() == [7.0, 7.0]


def test_a_session_is_told_with_its_energy_peak_and_whether_the_register_fell():
    found = [
        s
        for h, wh in ((1, 1000), (2, 9000), (3, 8500))
        for s in samples(
            value_16(
                {"value": str(wh)}, {"value": str(h), "measurand": POWER, "unit": "kW"}, at=f"2026-05-03T0{h}:00:00Z"
            ),
            station="CP1",
            version="1.6",
        )
    ]
    (session,) = sessions(found)
    assert (session.kwh, session.peak_kw, session.values, session.backwards) == (7.5, 3.0, 6, True)
