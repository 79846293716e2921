"""Procedure files are hostile too: form, names, formulas, YAML tricks."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.procedures import load, load_content, load_text
from quanheng.procedures.checking import compiled
from quanheng.procedures.loader import library_folder

SCALE = "JJG-539-2016"


def content() -> dict[str, Any]:
    return copy.deepcopy(load(SCALE).content)


def test_a_loaded_tree_loads_again_to_the_same_hash() -> None:
    assert load_content(content()).sha256 == load(SCALE).sha256


@pytest.mark.parametrize(
    "text",
    [
        "", "- a", "a: &x b\nc: *x", "!!python/object/apply:os.system ['true']", "a: !!binary aGk=", "a: 1\na: 2",
        "a: [", "? [1, 2]\n: 3", "a: !foo b", "<<: {a: b}", "[" * 100,
        "a:\n" + "".join(" " * i + "- \n" for i in range(60)),
        "a: \x07", "%YAML 9.9\n---\na: b", "a" * (600 * 1024),
        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
    ],
)  # fmt: skip
def test_yaml_tricks_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        load_text(text)


def test_words_such_as_no_and_numbers_such_as_1_0_stay_text() -> None:
    source = (library_folder() / f"{SCALE}.yaml").read_text(encoding="utf-8")
    loaded = load_text(source)
    flat = str(loaded.content)
    assert "False" not in flat
    assert loaded.content["mpe"][0]["rows"][1]["high"] == "1.0*e"


def broken(path: list[Any], value: Any) -> dict[str, Any]:
    tree = content()
    node: Any = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return tree


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (["sections", 2, "quantities", 0, "formula"], "__import__('os')", "formula_"),
        (["sections", 2, "quantities", 0, "formula"], "I_up.real", "formula_"),
        (["sections", 2, "quantities", 0, "formula"], "unknown_name + 1", "formula_name"),
        (["sections", 2, "quantities", 0, "formula"], "E_down", "formula_name"),
        (["sections", 2, "quantities", 0, "uncertainty", "model"], "i + nothing", "formula_name"),
        (["sections", 2, "quantities", 0, "limit", "table"], "nothing", "table_unknown"),
        (["sections", 2, "point_key"], "nothing", "point_key"),
        (["sections", 2, "points", 0, "values"], {"nothing": "1"}, "point_field"),
        (["sections", 2, "fields", 1, "unit"], "kg", "unit_unknown"),
        (["sections", 2, "fields", 1, "unit"], "$colour", "unit_unknown"),
        (["sections", 2, "fields", 1, "key"], "load", "key_twice"),
        (["mpe", 0, "rows", 0, "high"], "(0.5*e", "formula_syntax"),
        (["mpe", 0, "rows", 0, "verified"], "maybe", "procedure_form"),
        (["mpe", 0, "rows", 0, "colour"], "red", "procedure_form"),
        (["parameters", 1, "key"], "purpose", "key_twice"),
        (["definitions", 1, "map"], {"\\gram": "1"}, "map_choices"),
        (["definitions", 0, "formula"], "first_change", "formula_name"),
        (["norm", "in_force_from"], "soon", "procedure_form"),
        (["format"], "2", "procedure_form"),
        (["id"], "../../etc/passwd", "procedure_form"),
        (["sections", 0, "fields", 0, "kind"], "magic", "procedure_form"),
        (["standards"], [], "procedure_form"),
        (["period", 0, "months"], "0", "procedure_form"),
    ],
)  # fmt: skip
def test_a_broken_procedure_is_refused_when_loaded_and_names_the_place(path: list[Any], value: Any, code: str) -> None:
    with pytest.raises(InputError) as caught:
        load_content(broken(path, value))
    assert caught.value.code.startswith(code)
    assert caught.value.place


@pytest.mark.parametrize("identifier", ["", "JJG-1", "../JJG-539-2016", "/etc/passwd", "JJG-539-2016.yaml"])
def test_only_identifiers_of_the_library_load(identifier: str) -> None:
    with pytest.raises(InputError):
        load(identifier)


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_procedure_or_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        load_text(text)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["sections", "mpe", "definitions"]),
    st.text(alphabet="abeIdL()._[]'+-*/<>= 0123456789", max_size=30),
)
def test_no_formula_a_file_may_hold_does_anything_but_arithmetic(part: str, text: str) -> None:
    tree = content()
    spots = {
        "sections": lambda t: tree["sections"][2]["quantities"][0].update(formula=t),
        "mpe": lambda t: tree["mpe"][0]["rows"][0].update(high=t),
        "definitions": lambda t: tree["definitions"][0].update(formula=t),
    }
    spots[part](text)
    with contextlib.suppress(InputError):
        formula = compiled(text)
        assert all("_" not in name[:1] and "__" not in name for name in formula.names)
        load_content(tree)
