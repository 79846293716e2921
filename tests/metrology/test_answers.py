"""Every answer carries its inputs and its document with edition and clause, prints as a table, and reads back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import quanheng.metrology as qm
from quanheng.errors import InputError
from quanheng.library.tables import complete
from quanheng.metrology import tasks
from quanheng.metrology.comparison.degrees import unilateral
from quanheng.metrology.comparison.linking import link
from quanheng.metrology.results import Result

CASES = [(name, example) for name in tasks.names() for example in tasks.find(name).examples]
LONG = {"jcgm102-9.4", "jcgm101-9.2.3", "jcgm101-9.3", "jcgm101-9.4"}  # a million trials: fewer here


def asked(name: str, example: str) -> dict[str, Any]:
    task = tasks.find(name)
    request = {**task.examples[example], **({"trials": 20_000} if example in LONG else {})}
    return dict(complete(task.tables, request))


@pytest.mark.parametrize(("name", "example"), CASES)
def test_an_answer_reads_back_from_its_json_and_is_the_same(name: str, example: str) -> None:
    answer = tasks.find(name).compute(asked(name, example))
    data = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert data["inputs"] == asked(name, example)
    assert data["task"] == name
    assert len(data["document"]) > 5
    assert json.loads(json.dumps(tasks.answer_from(data).to_dict())) == data
    assert str(answer) == f"{answer.table()}\n({answer.document})"


@pytest.mark.parametrize(
    ("name", "request_", "document"),
    [
        ("uncertainty", {"model": "a", "inputs": {"a": {"distribution": "normal", "mean": 1, "std": 1}}, "method": "gum"},
         "JCGM 100:2008, 5.1.2, 5.2.2, G.4.1"),
        ("uncertainty", {"model": "a", "inputs": {"a": {"distribution": "normal", "mean": 1, "std": 1}}, "method": "mc",
                         "trials": 10_000}, "JCGM 101:2008, 7"),
        ("conformity", {"mpe": 1, "value": 0, "u": 0.1, "rule": "guarded"}, "ILAC-G8:09/2019, 4.2.2"),
        ("calibration-line", {"x": [1, 2, 3], "y": [1, 2, 3.1], "u_y": 0.1}, "ISO/TS 28037:2010, 6, 11"),
        ("calibration-line", {"x": [1, 2, 3], "y": [1, 2, 3.1], "u_y": 0.1, "u_x": 0.1}, "ISO/TS 28037:2010, 7, 11"),
        ("calibration-line", {"x": [1, 2, 3], "y": [1, 2, 3.1], "cov_y": np.diag([1, 1, 2])}, "ISO/TS 28037:2010, 9, 11"),
        ("calibration-line", {"x": [1, 2, 3], "y": [1, 2, 3.1], "u_x": 0.1, "u_y": 0.1, "cov_xy": np.diag([0.005] * 3)},
         "ISO/TS 28037:2010, 8, 11"),
        ("calibration-line", {"x": [1, 2, 3], "y": [1, 2, 3.1]}, "ISO/TS 28037:2010, annex E"),
        ("standard-check", {"kind": "repeatability", "readings": (1.0, 1.1, 1.2)}, "JJF 1033-2023, C.1"),
    ],
)  # fmt: skip
def test_the_document_has_edition_and_clause(name: str, request_: dict[str, Any], document: str) -> None:
    assert document in tasks.find(name).compute(request_).to_dict()["document"]


@pytest.mark.parametrize("name", ["comparison", "interval"])
def test_a_paper_is_named_so_that_a_library_finds_it(name: str) -> None:
    for example in tasks.find(name).examples:
        document = tasks.find(name).compute(asked(name, example)).to_dict()["document"]
        # no author with a bare year; a journal's year stands in parentheses
        assert not re.search(r"[a-zü] (19|20)\d\d", document), document


def test_a_changed_answer_is_refused_and_the_key_named() -> None:
    data = tasks.find("robust").compute(asked("robust", "creosote")).to_dict()
    with pytest.raises(InputError, match="mean") as caught:
        tasks.answer_from({**data, "mean": data["mean"] * 1.001})
    assert (caught.value.code, caught.value.place) == ("answer_differs", "mean")
    with pytest.raises(InputError, match="task and inputs"):
        tasks.answer_from({"mean": 1})


def test_numpy_arrays_are_numbers_of_a_request() -> None:
    values = np.array([24.14, 20.155, 19.5, 20.3, 20.705, 17.57, 20.1, 20.94, 21.185])
    answer = tasks.find("robust").compute({"values": values, "method": "algorithm-a"})
    assert round(answer.result.to_dict()["mean"], 4) == 20.4121  # the creosote data's fixed point


P = qm.propagate_model("P = V**2/R", {"V": qm.Normal(10, 0.01), "R": qm.Observations((50.0, 50.1, 49.9))})
MEAN = qm.weighted_mean([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
RESULTS: list[Result] = [
    P.outputs["P"],
    P,
    qm.propagate("a + b", {"a": qm.Normal(1, 0.1), "b": qm.Normal(1, 0.1)}, k=2),
    qm.simulate("a*b", {"a": qm.Normal(1, 0.1), "b": qm.Normal(1, 0.1)}, seed=1, trials=1000).summary(
        "Y", 0.95, "shortest"
    ),
    MEAN,
    unilateral(np.array([1.0, 2.0, 3.0]), np.eye(3) * 0.25, MEAN),
    link([5.3, 5.3, 5.0], [0.2] * 3, [0, 1], [0.3, 0.3], [0.05, 0.05]),
    qm.zones("guarded", None, qm.Measured(0, 0.1), qm.Interval(-1, 1)),
    qm.Population(qm.Normal(0, 1)).risks(qm.Measured(0, 0.1), qm.Interval(-1, 1), qm.Interval(-0.9, 0.9)),
    qm.algorithm_a([1, 2, 3, 2.5, 9]),
    qm.grubbs([1.0, 2.0, 3.0, 9.0]),
    qm.mandel([[1, 2], [1, 3], [2, 2]]),
    qm.youden([1, 2, 3.5], [1.2, 2, 3]),
    qm.homogeneity([[1.0, 1.1], [1.2, 1.3]]),
    qm.stability([0, 1, 2, 3], [1.0, 1.1, 0.9, 1.0], 5.0),
    qm.laboratories([[1, 2], [1, 3], [2, 2]]),
    qm.certify(1.0, {"char": 0.1, "bb": 0.2}),
    qm.repeatability([1.0, 1.1, 1.2]),
    qm.by_transfer(1, 0.1, 1.05, 0.1),
    qm.pooled([[1, 2], [1, 3]]),
    qm.xbar_s([[1, 2, 3], [1, 3, 4], [2, 2, 3]])[0],
    qm.staircase([0.1, 0.2], 1.0, 12.0),
]


@pytest.mark.parametrize("result", RESULTS, ids=[type(r).__name__ for r in RESULTS])
def test_a_result_of_a_function_reads_back_bit_for_bit_and_prints_as_a_table(result: Result) -> None:
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    again = type(result).from_dict(data)
    assert again.to_dict() == result.to_dict()
    assert str(again) == str(result)
    assert len(str(result).splitlines()) >= 3
    assert "document" in str(result)


@pytest.mark.parametrize(
    "data", [{"$type": "os:path"}, {"$type": "monte_carlo:run"}, {"x": 1}, {"$type": "comparison.degrees:Degrees"}]
)
def test_what_is_no_result_is_not_read(data: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        type(MEAN).from_dict(data)


def test_the_names_of_the_library_are_where_people_look_and_importing_them_costs_nothing() -> None:
    assert {"Normal", "propagate_model", "simulate", "largest_consistent_subset", "homogeneity"} <= set(dir(qm))
    assert all(getattr(qm, name) is not None for name in qm.__all__)
    with pytest.raises(AttributeError):
        qm.nothing_of_that_name  # noqa: B018
    code = "import sys, quanheng.metrology as qm; print('numpy' in sys.modules); qm.Normal(1, 1); print('scipy' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False"]


def test_a_linking_laboratory_has_the_uncertainty_of_the_key_comparison_or_none() -> None:
    x, u = [5.3, 5.3, 5.0, 6.0], [0.2] * 4
    assert np.isnan(link(x, u, [0, 1], [0.3, 0.3], [0.05, 0.05]).u[:2]).all()
    found = link(x, u, [0, 1], [0.3, 0.3], [0.05, 0.05], u_d=[0.11, 0.12])
    assert found.u[:2].tolist() == [0.11, 0.12]
    with pytest.raises(InputError):
        link(x, u, [9], [0.3], [0.05])


def test_a_result_of_a_function_remembers_what_it_was_made_from() -> None:
    x = np.array([10.1, 10.3, 9.9])
    found = qm.weighted_mean(x, [0.1, 0.2, 0.1], birge=True)
    x[0] = 0.0  # what becomes of the caller's array does not reach the record
    assert found.inputs["x"].tolist() == [10.1, 10.3, 9.9]
    assert (found.inputs["v"], found.inputs["birge"]) == ((0.1, 0.2, 0.1), True)
    assert "input x" in str(found)
    again = type(found).from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.inputs["x"].tolist() == [10.1, 10.3, 9.9]
    assert qm.weighted_mean(**again.inputs).value == found.value
    power = qm.propagate_model("V**2/R", {"V": qm.Normal(10, 0.01), "R": qm.Normal(50, 0.1)})
    back = type(power).from_dict(json.loads(json.dumps(power.to_dict())))
    assert qm.propagate_model(**back.inputs).outputs["Y"].u == power.outputs["Y"].u
    drawn = qm.simulate("a*b", {"a": qm.Normal(1, 0.1), "b": qm.Normal(1, 0.1)}, seed=3, trials=1000)
    assert drawn.summary("Y", 0.95, "shortest").inputs["seed"] == 3


@pytest.mark.parametrize("result", RESULTS[2:], ids=[type(r).__name__ for r in RESULTS[2:]])
def test_every_result_of_a_function_names_its_inputs_and_its_document(result: Result) -> None:
    assert result.inputs
    cited = result.cites or getattr(result, "document", "")
    assert any(c.isdigit() for c in cited), cited
