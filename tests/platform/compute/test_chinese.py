"""A Chinese page says in Chinese what the numerics say in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

import quanheng
from quanheng.errors import InputError
from quanheng.library.tables import complete
from quanheng.metrology import tasks
from quanheng.platform.compute.answers import arranged
from quanheng.platform.compute.chinese import chinese, figure, refusal

ROOT = Path(quanheng.__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]")
CALLS = {"InputError", "_bad"}
# what reaches no page: Python functions; the guard only puts two sentences together
NO_PAGE = {
    "guard.py",
    "uncertain_number.py",
    "uncertain_complex.py",
    "function_models.py",
    "lifted.py",
}


def sentences(path: Path) -> Iterator[tuple[str, int]]:
    """Every sentence of a refusal in this file, its gaps filled with Q."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS and len(node.args) >= 2:
            said = node.args[1]
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield said.value, node.lineno
            elif isinstance(said, ast.JoinedStr):
                yield "".join(str(p.value) if isinstance(p, ast.Constant) else "Q" for p in said.values), node.lineno


def files() -> list[Path]:
    found = [*ROOT.joinpath("metrology").rglob("*.py"), ROOT / "library" / "tables.py"]
    found += ROOT.joinpath("platform", "compute").glob("*.py")
    return [path for path in sorted(found) if path.name not in NO_PAGE and "energy_balance" not in path.parts]


def test_every_refusal_of_the_numerics_has_its_chinese() -> None:
    lacking = [
        f"{path.name}:{line} {text}"
        for path in files()
        for text, line in sentences(path)
        if not HAN.search(chinese(text))
    ]
    assert lacking == []


def test_the_gaps_of_a_sentence_keep_what_stood_in_them() -> None:
    assert chinese("x has 1; a comparison needs at least 2") == "x 有 1 个；比对至少需要 2 个"
    assert chinese("u[1] is 0; an uncertainty must be above zero") == "u[1] 为 0；不确定度不合规则：应大于零"
    assert chinese("R, X: every sensitivity is zero: first order fails") == "R, X：全部灵敏系数为零：一阶方法失效"
    assert chinese("a sentence nobody wrote") == "a sentence nobody wrote"


def test_a_refusal_is_said_in_the_language_of_the_page() -> None:
    error = InputError("participants", "x has 1; a comparison needs at least 2", "x")
    with override("zh-hans"):
        assert refusal(error).message == "x 有 1 个；比对至少需要 2 个"
    with override("en"):
        assert refusal(error).message == error.message


def spoken_texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, item in value.items():
            if inner != "request":
                yield from spoken_texts(item, inner)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from spoken_texts(item, key)
    elif isinstance(value, str) and key in {"warnings", "rule", "verdict", "reasons", "reason", "stage", "dof_status"}:
        yield key, value


@pytest.mark.parametrize("name", tasks.names())
def test_no_example_leaves_an_english_sentence_on_a_chinese_page(name: str) -> None:
    task = tasks.find(name)
    for title, example in task.examples.items():
        request = {**example, "trials": 20_000} if name == "uncertainty" else example
        answer = task.compute(complete(task.tables, request))
        for key, text in spoken_texts(answer.to_dict()):
            assert HAN.search(chinese(text)) or not re.search(r"[a-z]{3}", chinese(text)), (title, key, text)
        with override("zh-hans"):
            shown = arranged(answer.to_dict())
            for drawn in answer.figures():
                for series in figure(drawn).series:
                    assert HAN.search(series.label) or not re.search(r"[a-z]{4} ", series.label), series.label
        for text in shown.warnings:
            assert HAN.search(text), text


def test_every_help_text_of_a_form_has_its_chinese() -> None:
    def helps(schema: Any) -> Iterator[str]:
        if isinstance(schema, Mapping):
            if isinstance(schema.get("description"), str):
                yield schema["description"]
            for item in schema.values():
                yield from helps(item)

    said = {text for name in tasks.names() for text in helps(tasks.find(name).schema)}
    lacking = [
        text for text in said if chinese(text) == text and re.search(r"[a-z]{4}", text) and not text.startswith("kWh")
    ]
    assert lacking == []
