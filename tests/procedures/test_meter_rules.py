"""Rules that only some norms have: more readings near the limit, two of three, one sign, a narrowed limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from quanheng.cli.procedure import example
from quanheng.procedures import evaluate, form, load, run
from quanheng.procedures.setting import Ledger, definitions, instrument

METER, WATER, WEIGHTS, DISPENSER = "JJG-596-2012", "JJG-162-2019", "JJG-99-2022", "JJG-443-2023"


def defined(parameters: dict[str, str]) -> dict[str, Any]:
    scope: dict[str, Any] = {"purpose": "initial"}
    ledger = Ledger()
    instrument(load(METER).procedure, parameters, scope, ledger)
    definitions(load(METER).procedure, scope, ledger)
    return scope


@pytest.mark.parametrize(
    ("parameters", "start", "creep"),
    [
        (("1", "direct", "single", "220", "5", "60", "1200"), "13.64", "37.88"),
        (("2", "direct", "three_4wire", "220", "20", "80", "300"), "3.64", "30.30"),
        (("0.5S", "ct", "three_3wire", "100", "1.5", "6", "6400"), "43.30", "90.21"),
    ],
)
def test_starting_and_creep_times_are_those_of_the_test_benches(
    parameters: tuple[str, ...], start: str, creep: str
) -> None:
    keys = ("accuracy_class", "connection", "phases", "un", "ib", "imax", "pulse_constant")
    scope = defined(dict(zip(keys, parameters, strict=True)))
    assert round(scope["t_start"], 2) == Decimal(start)
    # 3×100 V three-wire: m is √3, so C·m·Un·Imax = 6400·√3·100·6
    assert round(scope["t_creep"], 2) == Decimal(creep)


def near_limit(g1: str, g2: str, *more: str) -> dict[str, Any]:
    record = example(METER, "pass")
    row = record["sections"]["basic_unity"][2]
    row.update(dict(zip(("g1", "g2", "g3", "g4"), (g1, g2, *more), strict=False)))
    return record


@pytest.mark.parametrize(
    ("readings", "asked"),
    [(("0.79", "0.80"), False), (("0.80", "0.80"), True), (("1.20", "1.20"), True), (("1.21", "1.20"), False),
     (("0.90", "0.90", "0.91", "0.92"), False), (("-0.90", "-0.90"), True)],
)  # fmt: skip
def test_two_more_readings_are_needed_between_0_8_and_1_2_of_the_limit(readings: tuple[str, ...], asked: bool) -> None:
    answer = evaluate(METER, near_limit(*readings))
    assert ("more_readings" in {finding.code for finding in answer.findings}) is asked


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [("1.05", "pass"), ("1.0500", "pass"), ("1.051", "reject"), ("-1.05", "pass"), ("-1.051", "reject")],
)
def test_a_meter_is_judged_on_the_rounded_mean(mean: str, verdict: str) -> None:
    assert run(METER, near_limit(mean, mean, mean, mean)).verdict == verdict


def test_a_balanced_and_an_unbalanced_error_are_compared_at_ib_only() -> None:
    parameters = {"accuracy_class": "1", "connection": "direct", "phases": "three_4wire", "un": "220", "ib": "5", "imax": "60", "pulse_constant": "400", "clock": "no"}  # fmt: skip
    record = example(METER, "pass")
    record["instrument"] = parameters
    record["sections"] = {}
    for section in form(METER, parameters)["sections"]:
        cells = {"g1": "0.1", "g2": "0.1"}
        fixed = {
            "creep": {"pulses": "0"},
            "starting": {"pulses": "1"},
            "constant": {"w0": "0", "w1": "1", "pulses": "400"},
        }
        record["sections"][section["key"]] = [dict(fixed.get(section["key"], cells)) for _ in section["rows"]]
    result = run(METER, record)
    assert result.verdict == "pass"
    differences = [o for o in result.results if o.quantity == "difference" and o.section == "phase_unity"]
    assert [(o.point, o.value, o.mpe) for o in differences] == [(f"{p} Ib", "0.0", "1.5") for p in "ABC"]
    record["sections"]["phase_unity"][1].update(g1="1.7", g2="1.7", g3="1.7", g4="1.7")
    assert [reason.quantity for reason in run(METER, record).reasons] == ["difference"]


def water(*errors: str, others: tuple[str, str] = ("1.0", "-1.0")) -> dict[str, Any]:
    """Errors in per cent at Q3 (one or three), then at Q2 and Q1."""
    record = example(WATER, "pass")
    sheet = form(WATER, record["instrument"])["sections"][0]["rows"]
    flows = {"Q3": ("2.45", "100"), "Q2": ("0.0515", "100"), "Q1": ("0.0325", "100")}
    given = {("Q3", index): error for index, error in enumerate(errors)} | {("Q2", 0): others[0], ("Q1", 0): others[1]}
    rows = []
    for row in sheet:
        point = row["given"]["flow_point"]
        error = given.get((point, row["repeat"]))
        flow, volume = flows[point]
        shown = None if error is None else str(Decimal(volume) + Decimal(error))
        rows.append({} if shown is None else {"flow": flow, "v0": "0", "v1": shown, "va": volume})
    record["sections"]["error"] = rows
    return record


@pytest.mark.parametrize(
    ("errors", "verdict", "repeat_asked"),
    [
        (("2",), "pass", False), (("2.1",), "reject", True), (("2.1", "1.9", "1.9"), "pass", False),
        (("2.1", "2.1", "1.0"), "reject", False), (("2.5", "1.9", "1.9"), "reject", False),
        (("2.1", "1.9"), "pass", True),
    ],
)  # fmt: skip
def test_a_water_meter_outside_at_first_needs_two_of_three_and_the_mean(
    errors: tuple[str, ...], verdict: str, repeat_asked: bool
) -> None:
    result = run(WATER, water(*errors))
    assert result.verdict == verdict
    assert ("repeats" in {finding.code for finding in result.findings}) is repeat_asked


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [(("1.9", "1.9", "4.9"), "reject"), (("1.9", "1.9", "2.5"), "pass"), (("1.9", "1.9", "-4.9"), "pass"),
     (("-1.1", "-1.1", "-2.6"), "reject"), (("-1.0", "-1.1", "-2.6"), "pass")],
)  # fmt: skip
def test_errors_of_one_sign_need_one_within_half_the_mpe(errors: tuple[str, str, str], verdict: str) -> None:
    result = run(WATER, water(errors[0], others=(errors[1], errors[2])))
    assert result.verdict == verdict


def test_a_flow_outside_its_point_and_too_little_water_are_findings() -> None:
    record = water("1.0")
    record["sections"]["error"][0].update(flow="2.2", v1="9.09", va="9")
    assert {"flow_inside", "volume"} <= {finding.code for finding in evaluate(WATER, record).findings}


@pytest.mark.parametrize(
    ("b", "verdict"), [("0.40", "pass"), ("0.48", "pass"), ("0.49", "reject"), ("-0.38", "pass"), ("-0.39", "reject")]
)
def test_a_weight_is_judged_within_the_mpe_less_its_uncertainty(b: str, verdict: str) -> None:
    record = example(WEIGHTS, "pass")
    record["sections"]["comparison"][5].update(b1=b, b2=b, a1="0.00", a2="0.00")
    assert run(WEIGHTS, record).verdict == verdict


def test_a_reference_that_is_not_good_enough_stops_a_weight_certificate() -> None:
    record = example(WEIGHTS, "pass")
    record["sections"]["comparison"][5]["ref_U"] = "0.17"
    assert {"standard_not_accurate", "u_third"} <= {finding.code for finding in evaluate(WEIGHTS, record).findings}


@pytest.mark.parametrize(("h", "vj", "ev"), [("31", "20.00", "0.33"), ("38", "20.04", "0.49")])
def test_dispenser_errors_equal_published_worked_answers(h: str, vj: str, ev: str) -> None:
    record = example(DISPENSER, "pass")
    record["instrument"]["tank_h0"] = "66" if h == "31" else "69"
    record["sections"]["error"][0].update(h=h, vj=vj, tj="24", tb="24")
    outcome = next(o for o in evaluate(DISPENSER, record).results if o.quantity == "ev")
    assert outcome.value == ev


@pytest.mark.parametrize(("form_", "value"), [("range", "0.04"), ("range_by_dn", "0.02")])
def test_repeatability_of_a_dispenser_has_two_forms(form_: str, value: str) -> None:
    record = example(DISPENSER, "pass")
    record["instrument"]["repeatability_form"] = form_
    assert next(o.value for o in run(DISPENSER, record).results if o.quantity == "er") == value


def test_a_clock_just_past_midnight_is_not_a_day_slow() -> None:
    record = example("JJG-1148-2022", "pass")
    record["sections"]["clock_time"] = [{"t_pile": "2", "t_ref": "86399"}]
    assert next(o.value for o in run("JJG-1148-2022", record).results if o.quantity == "dt") == "3"
