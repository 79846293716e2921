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
