"""Every edge of every MPE table, against numbers written here by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from quanheng.errors import InputError
from quanheng.procedures import load, procedure_ids
from quanheng.procedures.limits import look_up
from quanheng.procedures.setting import Ledger, definitions, instrument

TINY = Decimal("0.000001")


def limit(identifier: str, table: str, at: str | Decimal, parameters: Mapping[str, Any], **extra: Any) -> Decimal:
    """The upper limit at an argument; extra names stand for environment and purpose."""
    procedure, ledger = load(identifier).procedure, Ledger()
    scope: dict[str, Any] = {"purpose": "initial", **extra}
    instrument(procedure, parameters, scope, ledger)
    definitions(procedure, scope, ledger)
    bounds = look_up(procedure.table(table), Decimal(at), scope, ledger.use)
    assert bounds.high is not None
    assert bounds.low == -bounds.high
    return bounds.high


def scale(accuracy_class: str, e: str, maximum: str) -> dict[str, str]:
    return {
        "unit": "\\gram",
        "accuracy_class": accuracy_class,
        "e": e,
        "d": e,
        "max": maximum,
        "min": str(20 * Decimal(e)),
    }


@pytest.mark.parametrize(
    ("load_", "wanted"),
    [("0", "2.5"), ("100", "2.5"), ("2500", "2.5"), ("2500.1", "5"), ("10000", "5"), ("10000.5", "7.5"),
     ("30000", "7.5"), ("50000", "7.5")],
)  # fmt: skip
def test_class_iii_edges_at_500e_and_2000e(load_: str, wanted: str) -> None:
    assert limit("JJG-539-2016", "weighing", load_, scale("III", "5", "50000")) == Decimal(wanted)


@pytest.mark.parametrize(
    ("load_", "wanted"),
    [("0", "2.5"), ("250", "2.5"), ("250.1", "5"), ("1000", "5"), ("1000.1", "7.5"), ("5000", "7.5")],
)
def test_class_iiii_edges_at_50e_and_200e(load_: str, wanted: str) -> None:
    assert limit("JJG-539-2016", "weighing", load_, scale("IIII", "5", "5000")) == Decimal(wanted)


@pytest.mark.parametrize(("accuracy_class", "load_"), [("III", "50000.1"), ("IIII", "5000.1"), ("III", "-0.1")])
def test_a_load_outside_every_band_has_no_limit(accuracy_class: str, load_: str) -> None:
    with pytest.raises(InputError) as caught:
        limit("JJG-539-2016", "weighing", load_, scale(accuracy_class, "5", "50000"))
    assert caught.value.code == "mpe_missing"


@pytest.mark.parametrize("at", ["0", "2500", "2500.1", "30000"])
def test_in_service_limits_double_in_every_band(at: str) -> None:
    initial = limit("JJG-539-2016", "weighing", at, scale("III", "5", "50000"))
    assert limit("JJG-539-2016", "weighing", at, scale("III", "5", "50000"), purpose="in_service") == 2 * initial


WATER = {"dn": "20", "accuracy_class": "2", "q3": "2.5", "ratio": "80", "interval": "0.05"}


@pytest.mark.parametrize(
    ("accuracy_class", "flow", "temperature", "wanted"),
    [
        ("2", "0.03125", "20", "5"), ("2", "0.049999", "20", "5"), ("2", "0.05", "20", "2"), ("2", "3.125", "30", "2"),
        ("2", "0.05", "30.1", "3"), ("2", "0.049999", "40", "5"), ("1", "0.03125", "20", "3"), ("1", "0.05", "20", "1"),
        ("1", "3.125", "20", "1"), ("1", "3.125", "30.1", "2"),
    ],
)  # fmt: skip
def test_water_meter_edges_at_q1_q2_q4_and_30_degrees(
    accuracy_class: str, flow: str, temperature: str, wanted: str
) -> None:
    parameters = {**WATER, "accuracy_class": accuracy_class}
    assert limit("JJG-162-2019", "flow", flow, parameters, water_temperature=Decimal(temperature)) == Decimal(wanted)


@pytest.mark.parametrize("flow", ["0.0312", "3.1251"])
def test_a_flow_outside_q1_to_q4_has_no_limit(flow: str) -> None:
    with pytest.raises(InputError):
        limit("JJG-162-2019", "flow", flow, WATER, water_temperature=Decimal(20))


@pytest.mark.parametrize(
    ("accuracy_class", "rest", "top"),
    [("1", "0.01", "0.016"), ("1.6", "0.016", "0.025"), ("2.5", "0.025", "0.04"), ("4", "0.04", "0.04")],
)
def test_gauge_limits_change_at_90_per_cent_of_the_upper_limit(accuracy_class: str, rest: str, top: str) -> None:
    gauge = {"upper": "1", "accuracy_class": accuracy_class, "division": "0.02", "numbered": "0.2", "stop_pin": "no"}
    for at, wanted in (("0", rest), ("89.999999", rest), ("90", top), ("100", top), ("-10", rest)):
        assert limit("JJG-52-2013", "indication", at, gauge) == Decimal(wanted)
    assert limit("JJG-52-2013", "zero", "0", gauge) == Decimal(rest)


def meter(accuracy_class: str, connection: str) -> dict[str, str]:
    fixed = {"phases": "three_4wire", "un": "220", "ib": "1", "imax": "6", "pulse_constant": "400"}
    return {"accuracy_class": accuracy_class, "connection": connection, **fixed}


@pytest.mark.parametrize(
    ("accuracy_class", "connection", "table", "low", "edge", "below", "above"),
    [
        ("2", "direct", "unity", "0.05", "0.1", "2.5", "2"), ("2", "ct", "unity", "0.02", "0.05", "2.5", "2"),
        ("1", "direct", "unity", "0.05", "0.1", "1.5", "1"), ("1", "ct", "unity", "0.02", "0.05", "1.5", "1"),
        ("0.5S", "ct", "unity", "0.01", "0.05", "1", "0.5"), ("0.2S", "ct", "unity", "0.01", "0.05", "0.4", "0.2"),
        ("2", "direct", "inductive", "0.1", "0.2", "2.5", "2"), ("2", "ct", "inductive", "0.05", "0.1", "2.5", "2"),
        ("1", "direct", "inductive", "0.1", "0.2", "1.5", "1"), ("1", "ct", "inductive", "0.05", "0.1", "1.5", "1"),
        ("0.5S", "ct", "inductive", "0.02", "0.1", "1", "0.6"),
        ("0.2S", "ct", "inductive", "0.02", "0.1", "0.5", "0.3"),
    ],
)  # fmt: skip
def test_meter_limits_change_at_the_current_of_the_class(
    accuracy_class: str, connection: str, table: str, low: str, edge: str, below: str, above: str
) -> None:
    parameters = meter(accuracy_class, connection)
    at = Decimal(edge)
    wanted = {Decimal(low): below, at - TINY: below, at: above, Decimal(6): above}
    for current, value in wanted.items():
        assert limit("JJG-596-2012", table, current, parameters) == Decimal(value)
    for outside in (Decimal(low) - TINY, Decimal(6) + TINY):
        with pytest.raises(InputError):
            limit("JJG-596-2012", table, outside, parameters)


@pytest.mark.parametrize(
    ("accuracy_class", "unity", "inductive", "balance"),
    [("2", "3", "3", "2.5"), ("1", "2", "2", "1.5"), ("0.5S", "0.6", "1", "1"), ("0.2S", "0.3", "0.4", "0.4")],
)
def test_meter_limits_with_one_phase_loaded(accuracy_class: str, unity: str, inductive: str, balance: str) -> None:
    parameters = meter(accuracy_class, "ct")
    for table, value in (("single_unity", unity), ("single_inductive", inductive), ("balance", balance)):
        for at in ("0", "1", "6"):
            assert limit("JJG-596-2012", table, at, parameters) == Decimal(value)


CLASSES = ("E1", "E2", "F1", "F2", "M1", "M2", "M3")
ROWS = {  # OIML R 111-1 table 1, mg
    "1000": "0.5 1.6 5 16 50 160 500", "500": "0.25 0.8 2.5 8 25 80 250", "200": "0.1 0.3 1 3 10 30 100",
    "100": "0.05 0.16 0.5 1.6 5 16 50", "50": "0.03 0.1 0.3 1 3 10 30", "20": "0.025 0.08 0.25 0.8 2.5 8 25",
    "10": "0.02 0.06 0.2 0.6 2 6 20", "5": "0.016 0.05 0.16 0.5 1.6 5 16", "2": "0.012 0.04 0.12 0.4 1.2 4 12",
    "1": "0.01 0.03 0.1 0.3 1 3 10", "0.5": "0.008 0.025 0.08 0.25 0.8 2.5", "0.1": "0.005 0.016 0.05 0.16 0.5 1.6",
    "0.05": "0.004 0.012 0.04 0.12 0.4", "0.01": "0.003 0.008 0.025 0.08 0.25", "0.001": "0.003 0.006 0.02 0.06 0.2",
    "20000": "10 30 100 300 1000 3000 10000", "50000": "25 80 250 800 2500 8000 25000",
}  # fmt: skip


@pytest.mark.parametrize("nominal", ROWS)
def test_weights_have_the_limits_of_r111(nominal: str) -> None:
    values = ROWS[nominal].split()
    for accuracy_class, value in zip(CLASSES, values, strict=False):
        assert limit("JJG-99-2022", "mass", nominal, weights(accuracy_class), **AIR) == Decimal(value)
    for accuracy_class in CLASSES[len(values) :]:
        with pytest.raises(InputError):
            limit("JJG-99-2022", "mass", nominal, weights(accuracy_class), **AIR)


AIR = {"temperature": Decimal(20), "humidity": Decimal(50), "pressure": Decimal(1013)}


def weights(accuracy_class: str) -> dict[str, Any]:
    return {"accuracy_class": accuracy_class, "nominals": ["1"]}


@pytest.mark.parametrize(
    ("accuracy_class", "top"), [("E1", "50000"), ("E2", "1000000"), ("F1", "5000000"), ("M3", "5000000")]
)
def test_a_class_of_weights_ends_at_its_largest_nominal_value(accuracy_class: str, top: str) -> None:
    assert limit("JJG-99-2022", "mass", top, weights(accuracy_class), **AIR) > 0
    beyond = {"50000": "100000", "1000000": "2000000", "5000000": "10000000"}[top]
    for nominal in (beyond, "3", "0.0005"):
        with pytest.raises(InputError):
            limit("JJG-99-2022", "mass", nominal, weights(accuracy_class), **AIR)


@pytest.mark.parametrize("identifier", ["JJG-1148-2022", "JJG-1149-2022"])
@pytest.mark.parametrize("accuracy_class", ["1", "2"])
def test_charging_limits_cover_imin_to_imax_and_the_clock_by_purpose(identifier: str, accuracy_class: str) -> None:
    pile = {"accuracy_class": accuracy_class, "un": "220", "imax": "32", "imin": "6"}
    for at in ("6", "32"):
        assert limit(identifier, "operating", at, pile) == Decimal(accuracy_class)
    for at in ("5.999", "32.001"):
        with pytest.raises(InputError):
            limit(identifier, "operating", at, pile)
    assert limit(identifier, "clock", "0", pile) == 5
    assert limit(identifier, "clock", "0", pile, purpose="subsequent") == 180
    assert limit(identifier, "clock", "0", pile, purpose="in_service") == 180


def test_a_dispenser_has_one_limit_for_volume() -> None:
    assert limit("JJG-443-2023", "volume", "0", {}) == Decimal("0.30")


def test_every_table_of_every_procedure_is_covered_above() -> None:
    tables = {(identifier, table.key) for identifier in procedure_ids() for table in load(identifier).procedure.mpe}
    assert tables == {
        ("JJG-539-2016", "weighing"), ("JJG-162-2019", "flow"), ("JJG-52-2013", "indication"), ("JJG-52-2013", "zero"),
        ("JJG-596-2012", "unity"), ("JJG-596-2012", "inductive"), ("JJG-596-2012", "single_unity"),
        ("JJG-596-2012", "single_inductive"), ("JJG-596-2012", "balance"), ("JJG-99-2022", "mass"),
        ("JJG-1148-2022", "operating"), ("JJG-1148-2022", "clock"), ("JJG-1149-2022", "operating"),
        ("JJG-1149-2022", "clock"), ("JJG-443-2023", "volume"),
    }  # fmt: skip
