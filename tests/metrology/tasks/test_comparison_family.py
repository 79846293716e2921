"""Every task of this family: its examples compute, hold only JSON numbers, and bad input is one clear error."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.library.tables import complete
from quanheng.metrology import tasks

NAMES = ("comparison", "robust", "homogeneity", "stability", "standard-check", "interval", "net-content", "emission")
EXAMPLES = [(name, example) for name in NAMES for example in tasks.find(name).examples]
REQUESTS = {pair: complete(tasks.find(pair[0]).tables, tasks.find(pair[0]).examples[pair[1]]) for pair in EXAMPLES}


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_computes_and_is_json_with_a_table_and_sound_figures(name, example):
    result = tasks.find(name).compute(REQUESTS[name, example])
    answer = result.to_dict()
    assert json.loads(json.dumps(answer, allow_nan=False)) == json.loads(json.dumps(answer))
    assert "nan" not in result.table().lower().replace("nan'", "")
    for figure in result.figures():
        assert all(figure.title)
        for series in figure.series:
            n = len(series.x)
            assert n
            for values in (series.y, series.u, series.low, series.high, series.names):
                assert len(values) in (0, n), (figure.title, series.label)
            assert all(math.isfinite(v) for values in (series.x, series.y, series.low, series.high) for v in values)


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_knows_every_key_of_every_example(name):
    task = tasks.find(name)
    for example in task.examples.values():
        assert set(example) <= set(task.schema["properties"])
        assert set(task.schema["required"]) <= set(example)
    assert task.example in task.examples.values()


def as_text(value):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return [as_text(v) for v in value]
    if isinstance(value, dict):
        return {k: v if k == "tables" else as_text(v) for k, v in value.items()}
    return value


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_numbers_may_come_as_text(name, example):
    task = tasks.find(name)
    plain, text = task.compute(REQUESTS[name, example]), task.compute(as_text(REQUESTS[name, example]))
    assert json.dumps(text.result.to_dict()) == json.dumps(plain.result.to_dict())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("request_", [None, [], "x", {}, {"unknown": 1}])
def test_a_request_that_is_none_is_refused(name, request_):
    with pytest.raises(InputError) as caught:
        tasks.find(name).compute(request_)
    assert len(caught.value.line().splitlines()) == 1


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "tables":
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    else:
        yield path


def replaced(value, path, new):
    if not path:
        return new
    if isinstance(value, dict):
        return {k: replaced(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    return [replaced(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


BAD = st.sampled_from(
    [float("nan"), float("inf"), -1, 0, -1e300, 1e300, 1e-300, "", "1e999", "x", None, True, [], {}, [1]]
)
FAST = [pair for pair in EXAMPLES if pair[0] != "interval" and pair != ("comparison", "procedure-b")]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_one_bad_value_gives_an_answer_without_nan_or_one_clear_error(data):
    name, example = data.draw(st.sampled_from(FAST))
    request_ = REQUESTS[name, example]
    path = data.draw(st.sampled_from(list(leaves(request_))))
    bad = replaced(request_, path, data.draw(BAD))
    try:
        result = tasks.find(name).compute(bad)
    except InputError:
        return
    json.dumps(result.to_dict(), allow_nan=False)
    result.table()
    result.figures()


def test_one_participant_is_no_comparison():
    with pytest.raises(InputError, match="at least 2"):
        tasks.find("comparison").compute({"x": [1], "u": [0.1], "method": "weighted-mean"})


def test_correlations_that_cannot_be_are_refused_with_the_rule():
    request = {"labs": ["a", "b", "c"], "x": [1, 2, 3], "u": [1, 1, 1], "method": "weighted-mean"}
    pairs = [{"a": "a", "b": "b", "r": 0.9}, {"a": "b", "b": "c", "r": 0.9}, {"a": "a", "b": "c", "r": -0.9}]
    with pytest.raises(InputError, match="positive semidefinite"):
        tasks.find("comparison").compute({**request, "correlations": pairs})
    with pytest.raises(InputError, match="between -1 and 1"):
        tasks.find("comparison").compute({**request, "correlations": [{"a": "a", "b": "b", "r": 1.2}]})
    for method in ("mandel-paule", "dersimonian-laird", "bayes"):
        found = tasks.find("comparison").compute({**request, "method": method, "correlations": pairs[:1]}).to_dict()
        # two results that share most of their error weigh less than the third
        assert found["degrees"][2]["weight"] > found["degrees"][0]["weight"]


def test_a_law_that_is_not_named_is_asked_for():
    request = {"law": {}, "nominal": 500, "unit": "g", "lot": 6, "contents": [500] * 6}
    with pytest.raises(InputError, match="date or an edition"):
        tasks.find("net-content").compute(complete(tasks.find("net-content").tables, request))
    with pytest.raises(InputError, match="needs the table"):
        tasks.find("net-content").compute({**request, "law": {"date": "2024-05-01"}})


def test_an_emission_names_the_edition_of_every_factor():
    answer = tasks.find("emission").compute(REQUESTS["emission", "no-uncertainty-stated"]).to_dict()
    assert answer["u"] is None
    assert {row["edition"] for row in answer["law"]} == {"行业指南缺省值"}
    assert any("unverified" in note for note in answer["warnings"])


def test_the_edition_follows_the_day():
    request = REQUESTS["emission", "works"]
    old = {**request, "law": {"region": "CN", "date": "2025-06-30"}}
    activity = {**old["activities"][0], "factor": {"code": "grid.china.average", "u_relative": 0.03}}
    answer = tasks.find("emission").compute({**old, "activities": [activity]}).to_dict()
    assert answer["law"][0]["edition"] == "2022"
    assert answer["total"] == pytest.approx(1200 * 0.5366)
