"""The tasks uncertainty, conformity and calibration-line as a stranger's script meets them."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.metrology import tasks

NAMES = ("uncertainty", "conformity", "calibration-line")
EXAMPLES = [(name, example) for name in NAMES for example in tasks.find(name).examples]


def told(found):
    """Every number of an answer."""
    if isinstance(found, dict):
        return [n for v in found.values() for n in told(v)]
    if isinstance(found, list):
        return [n for v in found for n in told(v)]
    return [found] if isinstance(found, float) else []


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_answers_in_json_table_and_figures(name, example):
    task = tasks.find(name)
    request = json.loads(json.dumps(task.examples[example]))
    if request.get("trials") == 1_000_000:
        request["trials"] = 20_000
    result = task.compute(request)
    answer = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert all(math.isfinite(n) for n in told(answer))
    assert result.table().strip()
    for figure in result.figures():
        assert figure.title[0]
        assert figure.title[1]
        for series in figure.series:
            assert len(series.x) == len(series.y or series.low)


def test_numbers_may_be_text_and_give_the_same_answer():
    request = {
        "model": "Y = a",
        "inputs": {"a": {"distribution": "normal", "mean": "10.00", "std": "0.10"}},
        "method": "gum",
    }
    numbers = {"model": "Y = a", "inputs": {"a": {"distribution": "normal", "mean": 10.0, "std": 0.1}}, "method": "gum"}
    task = tasks.find("uncertainty")
    assert task.compute(request).result.to_dict() == task.compute(numbers).result.to_dict()


def test_the_documented_keys_of_the_contract_are_there():
    answer = tasks.find("uncertainty").compute(tasks.find("uncertainty").examples["gum-h1"]).to_dict()
    assert {"method", "trials", "outputs", "covariance", "gum_validated", "warnings"} <= set(answer)
    found = answer["outputs"]["l"]
    assert {"value", "u", "U", "k", "dof", "interval", "budget", "text"} <= set(found)
    assert {"input", "value", "u", "c", "contribution", "share"} <= set(found["budget"][0])
    line = tasks.find("calibration-line").compute(tasks.find("calibration-line").example).to_dict()
    assert {"a", "b", "u_a", "u_b", "cov_ab", "chi2", "dof", "predictions"} <= set(line)


def test_a_hostile_model_is_refused_by_the_command_with_code_two_and_one_line(tmp_path, capsys):
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({"model": "Y = __import__('os').system('true')", "inputs": {}}))
    assert main(["compute", "uncertainty", str(file), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("formula_forbidden: ")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "Y = a +"}, "formula_syntax"),
        ({"model": "Y = a; Y = b"}, "model"),
        ({"model": "Y = Z + a + b; Z = a"}, "model"),
        ({"model": "sin = a + b"}, "model"),
        ({"model": "Y = a + b + c"}, "input_missing"),
        ({"model": "Y = a"}, "input_unused"),
        ({"model": ["a"]}, "model"),
        ({"inputs": []}, "inputs"),
        ({"correlations": [{"a": "a", "b": "b", "r": 1.5}]}, "correlation"),
        ({"correlations": [{"a": "a", "b": "c", "r": 0.5}]}, "correlation"),
        ({"correlations": [{"a": "a", "b": "b", "shared": 5}]}, "correlation"),
        ({"coverage": 1}, "coverage"),
        ({"coverage": 0}, "range"),
        ({"method": "magic"}, "choice"),
        ({"trials": 10}, "range"),
        ({"trials": 1e12}, "range"),
        ({"digits": 0}, "range"),
        ({"seed": -1}, "range"),
        ({"outputs": ["Q"]}, "model"),
        ({"colour": "red"}, "unknown"),
        ({"simultaneous": [["a", "b"]]}, "simultaneous"),
        ({"model": "Y = log(a - 100) + b"}, "formula_undefined"),
        ({"model": "Y = 1/(a - 1) + b", "method": "gum"}, "formula_undefined"),
    ],
)
def test_each_bad_request_has_its_code(change, code):
    normal = {"distribution": "normal", "mean": 1, "std": 0.1}
    request = {"model": "Y = a + b", "inputs": {"a": normal, "b": normal}, "method": "gum"} | change
    with pytest.raises(InputError) as caught:
        tasks.find("uncertainty").compute(request)
    assert caught.value.code == code
    assert caught.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["distribution", "mean", "std", "a", "b", "r", "x", "y", "u", "name", "values", "low", "high"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_json_comes_the_answer_is_finite_or_one_clear_error(name, data):
    task = tasks.find(name)
    request = json.loads(json.dumps(task.example))
    if name == "uncertainty":
        request = json.loads(json.dumps(task.examples["gum-h2"]))
    key = data.draw(st.sampled_from(sorted(task.schema["properties"])))
    request[key] = data.draw(JSON)
    with contextlib.suppress(InputError):  # any other exception fails the test
        assert all(math.isfinite(n) for n in told(task.compute(request).to_dict()))


def test_a_correlation_matrix_that_is_not_positive_semidefinite_is_refused():
    normal = {"distribution": "normal", "mean": 1, "std": 0.1}
    request = {
        "model": "Y = a + b + c", "inputs": {"a": normal, "b": normal, "c": normal},
        "correlations": [{"a": "a", "b": "b", "r": 0.9}, {"a": "b", "b": "c", "r": 0.9}, {"a": "a", "b": "c", "r": -0.9}],
    }  # fmt: skip
    for method in ("gum", "mc"):
        with pytest.raises(InputError) as caught:
            tasks.find("uncertainty").compute(request | {"method": method})
        assert caught.value.code == "correlation_matrix"


def test_importing_the_library_needs_no_heavy_package():
    code = "import sys, quanheng.metrology, quanheng.metrology.tasks; print('scipy' in sys.modules, 'django' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False"]
