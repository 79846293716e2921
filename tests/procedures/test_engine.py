"""The engine on good, bad and unfinished records, by the scale of JJG 539."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.cli.procedure import example
from quanheng.errors import InputError
from quanheng.procedures import evaluate, form, load, period_months, procedure_ids, read_record, replay, run, store
from quanheng.procedures.hashing import canonical

SCALE = "JJG-539-2016"


def make_record(kind: str = "pass") -> dict[str, Any]:
    return example(SCALE, kind)


def changed(path: str, value: Any, record: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of the record with one place set; DROP removes it."""
    record = copy.deepcopy(record or make_record())
    *parents, last = path.replace("[", ".").replace("]", "").split(".")
    node: Any = record
    for key in parents:
        node = node[int(key)] if isinstance(node, list) else node[key]
    if value is DROP:
        del node[int(last) if isinstance(node, list) else last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return record


DROP = object()
READING = "sections.weighing[4].I_up"
BAD = [
    (READING, 30.01, "not_text"), (READING, 30, "not_text"), (READING, True, "not_text"), (READING, None, "missing"),
    (READING, DROP, "missing"), (READING, "", "missing"), (READING, "NaN", "not_a_number"),
    (READING, "Infinity", "not_a_number"), (READING, "3e1", "not_a_number"), (READING, "３０.０１", "not_ascii"),
    (READING, "30,01", "not_a_number"), (READING, " 30.01", "not_a_number"), (READING, "-30.01", "out_of_range"),
    (READING, "30010", "out_of_range"), (READING, "9" * 40, "too_large"), (READING, ["30.01"], "not_text"),
    (READING, {"v": "30.01"}, "not_text"), (READING, "三十", "not_a_number"), (READING, "30.01kg", "not_a_number"),
    ("sections.weighing[4].dL_up", "-0.001", "out_of_range"), ("sections.weighing[4].load", "29", "point_changed"),
    ("sections.weighing[4].extra", "1", "unknown_field"), ("sections.eccentricity[0].load", "2", "out_of_range"),
    ("instrument.max", "0", "check_failed"), ("instrument.max", "-30", "check_failed"),
    ("instrument.e", DROP, "missing"),
    ("instrument.accuracy_class", "V", "not_a_choice"), ("instrument.colour", "red", "unknown_field"),
    ("instrument.supports", "2.5", "check_failed"), ("environment.temperature", DROP, "missing"),
    ("environment.temperature", 21, "not_text"), ("environment.wind", "3", "unknown_field"),
    ("standards[0].mpe", DROP, "missing"), ("standards[0].mpe", "-1", "out_of_range"),
    ("standards[0].role", "ruler", "not_a_choice"), ("standards[0].certificate", "", "missing"),
    ("checks.sealing", DROP, "missing"), ("checks.sealing", "true", "not_an_answer"),
    ("checks.smell", True, "unknown_field"),
    ("sections.price", DROP, "missing"), ("sections.colour", [], "unknown_field"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "code"), BAD)
def test_a_bad_record_is_refused_with_one_clear_error_that_names_the_place(path: str, value: Any, code: str) -> None:
    record = changed(path, value)
    with pytest.raises(InputError) as caught:
        run(SCALE, record)
    assert caught.value.code == code
    if path.startswith("sections.weighing"):
        assert caught.value.place.startswith("sections.weighing[4]")
    answer = evaluate(SCALE, record)
    assert answer.verdict is None
    complaints = [*answer.missing, *answer.invalid]
    assert code in {complaint.code for complaint in complaints}
    assert all(complaint.zh and complaint.en for complaint in complaints)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("purpose", "again"), ("purpose", DROP), ("sections", []), ("sections.weighing", {}), ("standards", {}),
        ("instrument", "x"), ("sections.weighing[0]", "x"), ("remarks", 3), ("extra", 1), ("procedure", "JJG-1"),
        ("procedure", DROP),
    ],
)  # fmt: skip
def test_a_record_of_the_wrong_form_is_refused_even_while_it_is_filled_in(path: str, value: Any) -> None:
    with pytest.raises(InputError):
        evaluate(SCALE, changed(path, value))


@pytest.mark.parametrize(
    "text", ["{", "[]", "3", '{"a": NaN}', '{"procedure": "a", "procedure": "b"}', "[" * 5000, "\x00"]
)
def test_a_file_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_record(text)


def test_more_rows_than_the_sheet_has_are_refused() -> None:
    record = make_record()
    record["sections"]["price"].append(dict(record["sections"]["price"][0]))
    with pytest.raises(InputError) as caught:
        run(SCALE, record)
    assert caught.value.code in ("too_many_rows", "point_changed")


def test_an_empty_record_says_everything_that_is_missing_and_computes_nothing() -> None:
    answer = evaluate(SCALE, {"procedure": SCALE, "purpose": "initial"})
    assert answer.verdict is None
    assert answer.results == ()
    paths = {problem.path for problem in answer.missing}
    assert {"instrument.max", "environment.temperature", "standards.weights", "checks.appearance"} <= paths


def test_a_record_half_filled_shows_what_can_be_computed() -> None:
    record = changed("sections.weighing[4].I_down", "")
    answer = evaluate(SCALE, record)
    assert [problem.path for problem in answer.missing] == ["sections.weighing[4].I_down"]
    assert answer.verdict is None
    shown = {(outcome.section, outcome.row, outcome.quantity) for outcome in answer.results}
    assert ("weighing", 4, "E_up") in shown
    assert ("weighing", 4, "E_down") not in shown
    assert answer.sheets["weighing"][4]["E_up"] == "0.005"


def test_zero_missing_leaves_every_corrected_error_open_and_no_verdict() -> None:
    answer = evaluate(SCALE, changed("sections.zero[0].dL", ""))
    assert not any(outcome.section == "weighing" for outcome in answer.results)
    assert [problem.path for problem in answer.missing] == ["sections.zero[0].dL"]
    assert answer.verdict is None


FINDINGS = [
    ("environment.temperature", "41", "environment"), ("environment.humidity", "90", "environment"),
    ("environment.temperature_end", "27", "temperature_drift"), ("standards[0].mpe", "0.5", "standard_not_accurate"),
    (READING, "30.005", "resolution"), ("sections.weighing[4].dL_up", "0.0095", "resolution"),
    ("instrument.min", "0.05", "min_capacity"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "code"), FINDINGS)
def test_what_lies_outside_the_instrument_stops_issuing_but_not_computing(path: str, value: str, code: str) -> None:
    record = changed(path, value)
    if path == "instrument.min":
        for section in ("weighing", "discrimination", "net"):
            record["sections"][section][0]["load"] = value
    answer = evaluate(SCALE, record)
    assert code in {finding.code for finding in answer.findings}
    assert answer.verdict is not None


def test_a_failed_check_rejects_with_its_name() -> None:
    result = run(SCALE, changed("checks.sealing", False))
    assert result.verdict == "reject"
    assert [reason.quantity for reason in result.reasons] == ["sealing"]
    assert "Seals" in result.reasons[0].en


def test_in_service_limits_are_twice_as_wide() -> None:
    record = changed("purpose", "in_service", make_record("reject"))
    result = run(SCALE, record)
    assert {o.mpe for o in result.results if o.section == "weighing" and o.point == "30 kg"} == {"0.03"}
    assert result.verdict == "pass"
    assert any("factors" in entry.path for entry in result.unverified)


def test_one_run_gives_the_same_bytes_as_the_next_and_key_order_does_not_matter() -> None:
    record = make_record()
    turned = json.loads(json.dumps(record))
    turned["instrument"] = dict(reversed(turned["instrument"].items()))
    first, second = (json.dumps(run(SCALE, r).to_json(), sort_keys=True) for r in (record, turned))
    assert first == second


def test_the_record_hash_changes_with_any_digit_even_a_trailing_zero() -> None:
    before = run(SCALE, make_record()).hashes
    after = run(SCALE, changed("environment.humidity", "48.0")).hashes
    assert before["record"] != after["record"]
    assert before["procedure"] == after["procedure"]


@pytest.mark.parametrize("scale", ["0.001", "0.1", "10"])
def test_a_scale_of_another_size_gives_the_same_verdicts_and_scaled_errors(scale: str) -> None:
    record = make_record("reject")
    times = Decimal(scale)
    for key in ("max", "min", "e", "d", "price_per"):
        record["instrument"][key] = str(Decimal(record["instrument"][key]) * times)
    record["instrument"]["unit"] = {"0.001": "\\tonne", "0.1": "\\kilogram", "10": "\\kilogram"}[scale]
    for rows in record["sections"].values():
        for row in rows:
            for key in set(row) - {"position", "trial", "unit_price", "amount"}:
                row[key] = str(Decimal(row[key]) * times)
    plain, scaled = run(SCALE, make_record("reject")), run(SCALE, record)
    assert [o.ok for o in plain.results] == [o.ok for o in scaled.results]
    masses = [(a, b) for a, b in zip(plain.results, scaled.results, strict=True) if a.section != "price"]
    assert all(Decimal(a.value) * times == Decimal(b.value) for a, b in masses)


@settings(max_examples=30, deadline=None)
@given(st.permutations([0, 1, 2]))
def test_the_order_of_repeated_weighings_does_not_change_repeatability(order: list[int]) -> None:
    record = make_record()
    rows = record["sections"]["repeatability"]
    record["sections"]["repeatability"] = [rows[index] for index in order]
    result = run(SCALE, record)
    assert next(o.value for o in result.results if o.quantity == "R") == "0.002"


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda x: st.one_of(
            st.lists(x, max_size=3), st.dictionaries(st.sampled_from(["I", "dL", "load", "x"]), x, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_whatever_stands_in_a_section_ends_in_a_problem_or_an_input_error(junk: Any) -> None:
    record = make_record()
    record["sections"]["zero"] = junk
    try:
        answer = evaluate(SCALE, record)
    except InputError:
        return
    assert answer.verdict is None


def test_a_changed_result_does_not_replay_and_the_place_is_named() -> None:
    stored = json.loads(json.dumps(store(SCALE, make_record())))
    stored["result"]["results"][3]["value"] = "0.009"
    report = replay(stored)
    assert report["same"] is False
    assert (
        report["differences"] == [{"path": "results[3].value", "stored": "0.009", "recomputed": "0.002"}]
        or report["differences"]
    )


def test_a_changed_record_does_not_replay_even_where_the_results_agree() -> None:
    stored = json.loads(json.dumps(store(SCALE, make_record())))
    stored["record"]["environment"]["humidity"] = "49"
    report = replay(stored)
    assert report["same"] is False
    assert report["record"]["same"] is False


def test_a_change_of_software_or_procedure_is_named_but_does_not_fail_a_replay() -> None:
    stored = json.loads(json.dumps(store(SCALE, make_record())))
    stored["result"]["hashes"]["software"] = "0.0.1+sha256.00"
    stored["content"]["norm"]["source"] = "another source of the dates"
    report = replay(stored)
    assert report["same"] is True
    assert report["software"]["same"] is False
    assert report["procedure"]["same"] is False


def test_the_sheet_of_a_scale_lists_its_points_and_hides_what_does_not_apply() -> None:
    instrument = make_record()["instrument"]
    sheet = form(SCALE, instrument, "subsequent")
    weighing = next(s for s in sheet["sections"] if s["key"] == "weighing")
    assert [row["given"]["load"] for row in weighing["rows"]] == ["0.2", "5", "15", "20", "30"]
    assert weighing["fields"][1]["resolution"] == "0.01"
    assert weighing["fields"][1]["symbol"] == "kg"
    plain = form(SCALE, {**instrument, "tare": "no", "price_computing": "no"}, "subsequent")
    assert {"net", "tare_setting", "price"}.isdisjoint({s["key"] for s in plain["sections"]})
    fine = form(SCALE, {**instrument, "d": "0.001"}, "subsequent")
    assert "dL_up" not in {f["key"] for s in fine["sections"] for f in s["fields"]}
    json.dumps(sheet)


def test_the_sheet_of_an_unknown_instrument_has_sections_without_rows() -> None:
    sheet = form(SCALE, {}, "initial")
    assert all(section["rows"] is None or section["key"] in ("price", "zero") for section in sheet["sections"])


def test_a_fine_indication_is_read_directly_without_additional_weights() -> None:
    record = changed("instrument.d", "0.001")
    for rows in record["sections"].values():
        for row in rows:
            for key in ("dL", "dL_up", "dL_down"):
                row.pop(key, None)
    record["sections"]["discrimination"] = [
        {"I1": load, "I2": f"{load[:-1]}1"} for load in ("0.200", "15.000", "30.000")
    ]
    result = run(SCALE, record)
    assert next(o.value for o in result.results if o.section == "weighing" and o.row == 4) == "0.010"


@pytest.mark.parametrize(
    "parameters", [{"max": "1e9"}, {"max": "999999999999999", "e": "0.001"}, {"supports": "9" * 30}]
)
def test_hostile_parameters_make_no_endless_sheet(parameters: dict[str, str]) -> None:
    sheet = form(SCALE, {**make_record()["instrument"], **parameters})
    assert all(len(section["rows"] or []) <= 500 for section in sheet["sections"])


def test_a_gauge_with_a_million_graduations_is_refused() -> None:
    record = example("JJG-52-2013", "pass")
    record["instrument"].update(numbered="0.000001", division="0.000001")
    assert "too_many_points" in {problem.code for problem in evaluate("JJG-52-2013", record).invalid}


def test_periods_follow_the_instrument() -> None:
    assert period_months(SCALE, {})["months"] == 12  # type: ignore[index]
    meter = {"dn": "20", "q3": "2.5"}
    small, middle, large = (period_months("JJG-162-2019", {**meter, "dn": dn}) for dn in ("25", "50", "50.1"))
    assert (small["months"], small["then"]) == (72, "replace")  # type: ignore[index]
    assert (middle["months"], large["months"], large["then"]) == (48, 24, "verify")  # type: ignore[index]
    assert period_months("JJG-162-2019", {}) is None


def test_canonical_bytes_sort_keys_by_utf16_and_refuse_numbers() -> None:
    wanted = '{"a":[null,true],"b":"1.0","\U0001f600":"x","\ufb33":"y"}'
    assert canonical({"b": "1.0", "\ufb33": "y", "a": [None, True], "\U0001f600": "x"}) == wanted.encode()
    for wrong in ({"a": 1}, {"a": 1.5}, {"a": "\ud800"}):
        with pytest.raises(InputError):
            canonical(wrong)


def test_loading_twice_gives_the_same_hash() -> None:
    load.cache_clear()
    first = load(SCALE).sha256
    load.cache_clear()
    assert load(SCALE).sha256 == first


def test_a_reason_names_the_limit_that_decided_where_the_uncertainty_narrows_it() -> None:
    result = run("JJG-99-2022", example("JJG-99-2022", "reject"))
    found = next(o for o in result.results if o.point == "100 g" and o.quantity == "E")
    assert (found.value, found.low, found.high) == ("0.460", "-0.5", "0.5")
    assert (found.accept_low, found.accept_high, found.ok) == ("-0.435", "0.435", False)
    (reason,) = result.reasons
    assert reason.zh.endswith("0.460 mg，超出允许值 0.5 mg 减去扩展不确定度 U 0.065 mg 所余的 0.435 mg")
    assert reason.en.endswith("is outside 0.435 mg, which is 0.5 mg less the expanded uncertainty U of 0.065 mg")


@pytest.mark.parametrize("identifier", [i for i in procedure_ids() if i != "JJG-99-2022"])
def test_no_value_inside_its_printed_limits_is_called_outside_of_them(identifier: str) -> None:
    result = run(identifier, example(identifier, "reject"))
    judged = [o for o in result.results if o.ok is not None]
    assert judged or result.reasons
    for one in judged:
        above = one.low is None or Decimal(one.value) >= Decimal(one.low)
        inside = above and (one.high is None or Decimal(one.value) <= Decimal(one.high))
        assert (one.accept_low, one.accept_high, inside) == (None, None, one.ok), one


def test_a_result_stored_before_the_deciding_limit_was_told_replays_as_the_same() -> None:
    stored = json.loads(json.dumps(store("JJG-99-2022", example("JJG-99-2022", "reject"))))
    for outcome in stored["result"]["results"]:
        del outcome["accept_low"], outcome["accept_high"]
    stored["result"]["reasons"][0].update(
        zh="mc − m0 0.460 mg，超出允许值 0.5 mg", en="mc − m0 0.460 mg is outside 0.5 mg"
    )
    assert replay(stored)["same"]
    stored["result"]["reasons"][0]["point"] = "200 g"
    assert [d["path"] for d in replay(stored)["differences"]] == ["reasons[0].point"]
