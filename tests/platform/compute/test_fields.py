"""The form of a task: what is typed or pasted becomes the request, and a request becomes the form again."""

from __future__ import annotations

import json

import pytest

from quanheng.errors import InputError
from quanheng.library.tables import complete
from quanheng.metrology import tasks
from quanheng.platform.compute.fields import fields, request_of

SCHEMA = {
    "type": "object",
    "required": ["x"],
    "properties": {
        "method": {"enum": ["mean", "median"]},
        "x": {"type": "array", "items": {"type": ["number", "string"]}, "description": "readings"},
        "labs": {"type": "array", "items": {"type": "string"}},
        "predict": {
            "type": "array",
            "items": {"type": "object", "properties": {"x": {"type": "number"}, "u": {"type": "number"}}},
        },
        "inputs": {"type": "object", "additionalProperties": {"type": "object"}},
        "groups": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}},
        "limit": {"anyOf": [{"type": "number"}, {"type": "string"}]},
        "u_cov": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    },
}


def test_a_column_pasted_from_a_sheet_becomes_numbers_as_typed() -> None:
    assert request_of(SCHEMA, {"x": "10.010\r\n10.02\n\n10.030\n"}) == {"x": ["10.010", "10.02", "10.030"]}


def test_names_with_spaces_stay_whole() -> None:
    assert request_of(SCHEMA, {"labs": "NIM China\nPTB\n"})["labs"] == ["NIM China", "PTB"]


def test_a_block_pasted_from_a_sheet_becomes_rows_and_an_empty_cell_is_left_out() -> None:
    assert request_of(SCHEMA, {"predict": "x\tu\n1.5\t0.1\n\t0.2"})["predict"] == [
        {"x": "1.5", "u": "0.1"},
        {"u": "0.2"},
    ]


def test_one_line_describes_one_input_quantity() -> None:
    text = "A distribution=normal mean=1 std=0.3\nB distribution=observations values=1.0,1.1,0.9"
    assert request_of(SCHEMA, {"inputs": text})["inputs"] == {
        "A": {"distribution": "normal", "mean": "1", "std": "0.3"},
        "B": {"distribution": "observations", "values": ["1.0", "1.1", "0.9"]},
    }


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InputError, match="line 2"):
        request_of(SCHEMA, {"inputs": "A mean=1\nB normal"})
    with pytest.raises(InputError, match="line 3"):
        request_of(SCHEMA, {"predict": "x\n1\n1\t2"})


def test_json_is_taken_where_lines_are_too_little() -> None:
    assert request_of(SCHEMA, {"groups": '{"a": [1, 2]}'})["groups"] == {"a": [1, 2]}
    with pytest.raises(InputError) as refused:
        request_of(SCHEMA, {"groups": '{"a": [1, 2'})
    assert refused.value.place == "groups"


def test_required_controls_come_first() -> None:
    assert next(field.name for field in fields(SCHEMA, {})) == "x"


def numeric(value: object) -> object:
    """The value with every number as float, so that "1.50" and 1.5 compare equal."""
    if isinstance(value, dict):
        return {k: numeric(v) for k, v in value.items()}
    if isinstance(value, list):
        return [numeric(v) for v in value]
    try:
        return value if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return value


@pytest.mark.parametrize("name", tasks.names())
def test_the_example_of_every_task_survives_its_own_form(name: str) -> None:
    task = tasks.find(name)
    for example in [task.example, *task.examples.values()]:
        texts = {field.name: field.text for field in fields(task.schema, example)}
        again = json.loads(json.dumps(request_of(task.schema, texts)))
        asked, typed = complete(task.tables, example), complete(task.tables, again)
        assert task.compute(typed).result.to_dict() == task.compute(asked).result.to_dict()


TASKS = {name: tasks.find(name).schema for name in tasks.names()}


def test_no_input_of_any_task_asks_a_person_for_json() -> None:
    # rows of the law come from the library; who brings own ones brings a file
    asked = {(name, f.name) for name, schema in TASKS.items() for f in fields(schema, {}) if f.kind == "json"}
    assert asked == {("uncertain-numbers", "earlier")}  # a file that was kept, pasted whole


def test_one_uncertainty_or_a_pasted_column_of_them() -> None:
    typed = {"x": "1 2 3", "y": "1 2 3.1", "u_y": "0.1", "u_x": "0.1\n0.1\n0.2"}
    request = request_of(TASKS["calibration-line"], typed)
    assert (request["u_y"], request["u_x"]) == ("0.1", ["0.1", "0.1", "0.2"])
    assert tasks.find("calibration-line").compute(request).to_dict()["dof"] == 1


def test_a_rule_with_its_parameters_and_a_prior_are_typed_on_one_line() -> None:
    typed = {"upper": "2", "u": "0.25", "rule": "risk risk=0.001", "prior": "distribution=gamma shape=4 scale=0.25"}
    request = request_of(TASKS["conformity"], typed)
    assert request["rule"] == {"name": "risk", "risk": "0.001"}
    assert request["prior"] == {"distribution": "gamma", "shape": "4", "scale": "0.25"}
    assert request_of(TASKS["conformity"], {"rule": "guarded"}) == {"rule": "guarded"}


def test_an_object_of_lists_is_typed_one_list_a_line() -> None:
    typed = {
        "travelling": "at 0 2 4\nt 0 3 6\ny 1.01 1.02 1.03\ncorrect never",
        "link": "labs NIM China, PTB\nd 1 2\nu_repeat 0.1, 0.1",
    }
    request = request_of(TASKS["comparison"], typed)
    assert request["travelling"] == {
        "at": ["0", "2", "4"], "t": ["0", "3", "6"], "y": ["1.01", "1.02", "1.03"], "correct": "never",
    }  # fmt: skip
    assert request["link"] == {"labs": ["NIM China", "PTB"], "d": ["1", "2"], "u_repeat": ["0.1", "0.1"]}
    certify = request_of(TASKS["stability"], {"certify": "value 97.74\ncomponents char=0.12 bb=0.05"})["certify"]
    assert certify == {"value": "97.74", "components": {"char": "0.12", "bb": "0.05"}}


def test_a_table_has_columns_for_what_is_nested() -> None:
    text = "name\tamount\tunit\tfactor.code\tfactor.u_relative\n外购电力\t1200\tMWh\tgrid.east.average\t0.03"
    assert request_of(TASKS["emission"], {"activities": text})["activities"] == [
        {
            "name": "外购电力",
            "amount": "1200",
            "unit": "MWh",
            "factor": {"code": "grid.east.average", "u_relative": "0.03"},
        }
    ]
    histories = request_of(TASKS["interval"], {"histories": "t\tpassed\n4 8 12\t1 1 0"})["histories"]
    assert histories == [{"t": ["4", "8", "12"], "passed": [True, True, False]}]


def test_a_word_that_is_neither_true_nor_false_is_refused() -> None:
    assert request_of(TASKS["interval"], {"passed": "1 0 合格 不合格"})["passed"] == [True, False, True, False]
    with pytest.raises(InputError, match="neither true nor false"):
        request_of(TASKS["interval"], {"passed": "1 2"})
