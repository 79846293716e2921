from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.compare import Comparison, Drift, compare
from quanheng.evidence.dcc.read import read
from tests.evidence.sample_content import make_content

OLD = build(make_content()).decode()


def against(text: str) -> Comparison:
    return compare(read(OLD.encode()), read(text.encode()))


def worse() -> str:
    """The last error of indication grown from 4.0 g to 9.0 g."""
    text = re.sub(r"(valueXMLList>[^<]* )4\.0<", r"\g<1>9.0<", OLD, count=1)
    assert text != OLD
    return text


def moved(found: Comparison) -> list[Drift]:
    return [d for d in found.drifts if float(d.difference or 0) != 0]


def test_a_certificate_compared_with_itself_differs_in_nothing() -> None:
    found = against(OLD)
    assert found.same_item
    assert found.changes == ()
    assert found.drifts
    assert moved(found) == []


def test_a_drift_is_set_against_both_uncertainties() -> None:
    found = against(worse())
    (one,) = moved(found)
    assert (one.before, one.after, one.difference, one.unit) == ("4.0", "9.0", "5.0", "g")
    assert (one.U_before, one.U_after, one.k) == ("3.0", "3.0", "2")
    assert one.ratio == pytest.approx(5 / math.hypot(3, 3))
    assert one.verdict == "beyond"


def test_without_k_nothing_is_concluded() -> None:
    found = against(worse().replace("coverageFactorXMLList>2<", "coverageFactorXMLList>NaN<"))
    (one,) = moved(found)
    assert (one.k, one.ratio, one.verdict) == (None, None, "unknown")


def test_another_unit_is_named_and_not_subtracted() -> None:
    found = against(OLD.replace(r"\gram", r"\milli\gram"))
    assert any("g → mg" in name for name in found.unmatched)
    assert all(d.unit != "mg" for d in found.drifts)


def test_changes_in_words_name_where() -> None:
    found = against(OLD.replace("2026-10-12", "2027-10-12").replace("A2209-00417", "A2209-00418"))
    changed = {c.where for c in found.changes}
    assert "core.issued" in changed
    assert "items.0.identifications" in changed


def test_certificates_of_two_items_are_told_apart(shared: Path) -> None:
    other = (shared / "samples/dcc/ptb-v3.0.0-siliziumkugel.xml").read_bytes()
    assert not compare(read(OLD.encode()), read(other)).same_item


def test_the_command_prints_words_or_json(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [str(shared / f"samples/dcc/ptb-v{v}-siliziumkugel.xml") for v in ("2.4.0", "3.0.0")]
    assert main(["dcc", "diff", *two]) == 0
    assert "SI28KG_03_A" in capsys.readouterr().out
    assert main(["dcc", "diff", *two, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same_item"] is True
    assert main(["dcc", "diff", two[0], "/nowhere"]) == 2


def test_a_point_that_is_gone_and_one_that_is_new_are_named() -> None:
    found = against(re.sub(r"(valueXMLList>)200 ", r"\g<1>300 ", OLD, count=1))
    assert any("@ 200 (A)" in name for name in found.unmatched)
    assert any("@ 300 (B)" in name for name in found.unmatched)
    assert not [d for d in found.drifts if d.row in ("200", "300")]


def test_two_results_of_one_name_are_compared_each_with_its_own() -> None:
    result = re.search(r"<dcc:result .*?</dcc:result>", OLD, re.S)
    assert result is not None
    second = re.sub(r"(valueXMLList>[^<]* )4\.0<", r"\g<1>7.0<", result[0], count=1)
    twice = OLD.replace(result[0], result[0] + second, 1)
    found = compare(read(twice.encode()), read(twice.encode()))
    assert moved(found) == []
    assert {d.after for d in found.drifts} >= {"4.0", "7.0"}


def test_a_result_that_only_one_of_them_has_is_named() -> None:
    shorter = re.sub(r"<dcc:result (?:(?!<dcc:result ).)*</dcc:result>(?=\s*</dcc:results>)", "", OLD, flags=re.S)
    assert shorter != OLD
    assert any(name.endswith("(A)") for name in against(shorter).unmatched)
    assert compare(read(shorter.encode()), read(OLD.encode())).unmatched
