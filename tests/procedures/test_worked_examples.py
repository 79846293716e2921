"""The worked records: every result of the engine equals the arithmetic written by hand in docs/procedures."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from quanheng.cli.procedure import example
from quanheng.metrology.decimals import evaluate
from quanheng.metrology.expressions import parse
from quanheng.metrology.units import UNITS
from quanheng.procedures import load, procedure_ids, replay, run, store, tables
from quanheng.procedures.results import Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs" / "procedures"
IDS = procedure_ids()
KINDS = ("pass", "reject")
EIGHT = {
    "JJG-539-2016", "JJG-443-2023", "JJG-162-2019", "JJG-52-2013",
    "JJG-1148-2022", "JJG-1149-2022", "JJG-596-2012", "JJG-99-2022",
}  # fmt: skip


def lines_of(identifier: str, kind: str) -> dict[str, list[str]]:
    """Rows of the tables of a page by place; the reject record starts from the lines of pass."""
    sections = re.split(r"^### (pass|reject)$", (DOCS / f"{identifier}.md").read_text(encoding="utf-8"), flags=re.M)
    found: dict[str, list[str]] = {}
    for name, body in zip(sections[1::2], sections[2::2], strict=True):
        if name == "pass" or kind == "reject":
            for line in body.splitlines():
                cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
                if len(cells) == 7 and re.match(r"\w+\[\d+\]", cells[0]):
                    found[cells[0]] = cells
    return found


def place(outcome: Outcome) -> str:
    return f"{outcome.section}[{outcome.row}].{outcome.quantity}"


def test_the_eight_procedures_are_there() -> None:
    assert set(IDS) == EIGHT


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_worked_record_gives_its_verdict_and_can_be_issued(identifier: str, kind: str) -> None:
    result = run(identifier, example(identifier, kind))
    assert result.verdict == kind
    assert result.issuable
    assert bool(result.reasons) == (kind == "reject")


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_result_equals_the_arithmetic_in_the_docs(identifier: str, kind: str) -> None:
    hand = lines_of(identifier, kind)
    outcomes = run(identifier, example(identifier, kind)).results
    if kind == "pass":
        assert {place(outcome) for outcome in outcomes} == set(hand)
    for outcome in outcomes:
        _, arithmetic, value, limit, u_arithmetic, width, ok = hand[place(outcome)]
        found = (outcome.value, outcome.mpe or "", outcome.U or "", {True: "yes", False: "no", None: ""}[outcome.ok])
        assert found == (value, limit, width, ok), place(outcome)
        last = Decimal(1).scaleb(Decimal(value).as_tuple().exponent)  # type: ignore[arg-type]
        half = max(last, Decimal("0.2") if identifier == "JJG-1148-2022" else last) / 2
        assert abs(evaluate(parse(arithmetic), {}) - Decimal(value)) <= half, place(outcome)
        if u_arithmetic:
            by_hand = evaluate(parse(u_arithmetic), {})
            assert by_hand * (1 - Decimal("1e-9")) <= Decimal(width) < by_hand * Decimal("1.1"), place(outcome)


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_result_replays_byte_for_byte_after_json(identifier: str, kind: str) -> None:
    stored = json.loads(json.dumps(store(identifier, example(identifier, kind))))
    report = replay(stored)
    assert report["same"] is True
    assert report["differences"] == []
    assert all(report[name]["same"] for name in ("procedure", "record", "software"))


@pytest.mark.parametrize("identifier", IDS)
def test_values_that_were_not_read_in_the_norm_are_named_with_their_source(identifier: str) -> None:
    result = run(identifier, example(identifier, "pass"))
    assert all(
        entry.verified in ("once", "no") and entry.source and entry.zh and entry.en for entry in result.unverified
    )
    assert len({entry.path for entry in result.unverified}) == len(result.unverified) > 0


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_a_certificate_have_even_columns_of_text(identifier: str, kind: str) -> None:
    record = example(identifier, kind)
    result = run(identifier, record)
    built = tables(identifier, record, result)
    shown = {value for table in built for column in table["columns"] for value in column["values"]}
    assert {outcome.value for outcome in result.results} <= shown
    for table in built:
        assert len({len(column["values"]) for column in table["columns"]}) == 1
        assert len({column["key"] for column in table["columns"]}) == len(table["columns"])
        for column in table["columns"]:
            assert all(isinstance(value, str) for value in column["values"])
            assert column["unit"] is None or column["unit"] in UNITS
            assert (column["U"] is None) == (column["k"] is None)
            assert column["ref_type"]


@pytest.mark.parametrize("identifier", IDS)
def test_a_procedure_names_the_source_of_every_marked_value(identifier: str) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "verified" in node:
                assert node["verified"] in ("yes", "once", "no")
                assert len(node["source"]) > 5
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(load(identifier).content)
