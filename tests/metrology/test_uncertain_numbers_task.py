"""`quanheng compute uncertain-numbers`: what is kept today still correlates when it is used later."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.metrology.number_archive import read_archive
from quanheng.metrology.tasks import find
from quanheng.metrology.tasks.uncertainty import compute as uncertainty
from quanheng.metrology.uncertain_number import correlation

TASK = find("uncertain-numbers")
FIRST = dict(TASK.examples["shared-standard"])


def asked(request: dict[str, Any]) -> dict[str, Any]:
    return TASK.compute(request).to_dict()


def test_a_result_kept_in_the_shell_cancels_its_standard_months_later(tmp_path, capsys):
    first, later = tmp_path / "first.json", tmp_path / "later.json"
    first.write_text(json.dumps(FIRST))
    assert main(["compute", "uncertain-numbers", str(first), "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert kept["correlation"][0][1] == pytest.approx(15**2 / (15**2 + 8**2))
    later.write_text(json.dumps({"earlier": kept, "model": "d = m1 - m2"}))  # the whole answer, as it was kept
    assert main(["compute", "uncertain-numbers", str(later), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["outputs"]["d"]
    assert found["u"] == pytest.approx(8e-6 * math.sqrt(2))
    assert found["dof"] == pytest.approx(18)


def test_the_archive_of_the_task_is_the_archive_of_the_library():
    kept = asked(FIRST)["archive"]
    numbers = read_archive(json.dumps(kept))
    assert set(numbers) == {"mS", "d1", "d2", "m1", "m2"}
    assert correlation(numbers["m1"], numbers["mS"]) == pytest.approx(15 / 17)


def test_the_task_agrees_with_the_law_of_propagation():
    inputs = {"a": (2.0, 0.1), "b": (3.0, 0.2), "c": (4.0, 0.1)}
    model, pairs = "y = a*b/c; z = sqrt(a)*c", [{"a": "a", "b": "b", "r": 0.5}]
    ours = asked({
        "origin": "o", "model": model, "correlations": pairs,
        "inputs": {n: {"value": v, "u": u} for n, (v, u) in inputs.items()},
    })  # fmt: skip
    gum = uncertainty({
        "model": model, "correlations": pairs, "method": "gum",
        "inputs": {n: {"distribution": "normal", "mean": v, "std": u} for n, (v, u) in inputs.items()},
    }).to_dict()  # fmt: skip
    for name in "yz":
        assert ours["outputs"][name]["u"] == pytest.approx(gum["outputs"][name]["u"], rel=1e-12)
    assert ours["correlation"][0][1] == pytest.approx(gum["correlation"][0][1], abs=1e-12)


def test_the_same_origin_with_other_inputs_has_other_causes():
    changed = FIRST | {"inputs": FIRST["inputs"] | {"mS": {"value": "100", "u": "0.000016"}}}
    as_numbers = {n: {**d, "value": float(d["value"]), "u": float(d["u"])} for n, d in FIRST["inputs"].items()}
    assert asked(FIRST | {"inputs": as_numbers})["archive"] == asked(FIRST)["archive"]
    again, other = asked(FIRST)["archive"], asked(changed)["archive"]
    assert asked(FIRST)["archive"] == again
    assert not set(again["causes"]) & set(other["causes"])


def test_correlated_inputs_of_few_degrees_of_freedom_get_no_expanded_uncertainty():
    inputs = {n: {"value": 1, "u": 0.1, "dof": 5} for n in "ab"}
    found = asked(
        {"origin": "o", "inputs": inputs, "correlations": [{"a": "a", "b": "b", "r": 0.9}], "model": "y = a + b"}
    )
    assert (found["outputs"]["y"]["U"], found["outputs"]["y"]["dof"]) == (None, None)
    assert "effective degrees of freedom do not exist" in found["warnings"][0]


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({}, "inputs"),
        (FIRST | {"origin": " "}, "origin"),
        (FIRST | {"model": "y = mS + nobody"}, "inputs"),
        (FIRST | {"model": "mS = d1 + d2"}, "model"),
        (FIRST | {"inputs": {"a": {"value": 1, "u": -0.1}}}, "inputs.a.u"),
        (FIRST | {"inputs": {"a": {"value": 1}}}, "inputs.a"),
        (FIRST | {"correlations": [{"a": "mS", "b": "x", "r": 0.5}]}, "correlations[0].b"),
        ({"earlier": {"format": "other"}}, "earlier[0]"),
        ({"earlier": [TASK.examples["later"]["earlier"][0]] * 2}, "earlier[1]"),
        (FIRST | {"inputs": {"m1": {"value": 1, "u": 1}}, "earlier": TASK.examples["later"]["earlier"]}, "inputs"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_argument_named(request_, place):
    with pytest.raises(InputError) as caught:
        asked(request_)
    assert caught.value.place == place
