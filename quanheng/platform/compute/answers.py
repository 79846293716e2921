"""An answer as tables: whatever a task documents, in the order it documents it, numbers as their rounded text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.compute.chinese import on_page, spoken
from quanheng.platform.compute.words import word

_TEXTS = ("text", "texts")  # rounded text of the keys beside them
_ELSEWHERE = ("warnings", "request", "inputs", "task", "archive")  # shown above, and as the inputs
_LONGEST_ROW = 400
# keys whose text is the task's own, never the person's
_SPOKEN = {
    "method", "interval", "distribution", "dof_status", "verdict", "decision", "rule", "reasons", "reason", "stage",
    "goods", "testing", "kind", "chart", "judged_by", "model", "degrees_rule", "asked", "service", "phase",
    "note", "selection", "verified",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A titled table of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass
class Answer:
    """Single values first, then tables; sentences the task wants read stand above both."""

    values: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def cell(value: Any, key: str = "") -> str:
    """One value as text: six significant digits, a list in brackets, a dash for nothing."""
    if isinstance(value, str) and key in _SPOKEN:
        return spoken(value).replace("_", " ")
    if value is None:
        return "—"
    if isinstance(value, bool):
        return word("yes") if value else word("no")
    if isinstance(value, float):
        return f"{value:.6g}".replace("-", "\u2212") if math.isfinite(value) else "—"
    if isinstance(value, Mapping):
        for own in ("text", "zh" if on_page() else "en"):
            if isinstance(value.get(own), str):
                return str(value[own])
        return "; ".join(f"{word(k)} {cell(v, k)}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(cell(v, key) for v in value[:12])
        return f"[{shown}{', …' if len(value) > 12 else ''}]"
    return str(value)


def arranged(data: Mapping[str, Any]) -> Answer:
    """The answer of `to_dict` arranged for a page or a paper."""
    answer = Answer(warnings=[spoken(str(text)) for text in data.get("warnings", ())])
    outputs = data.get("outputs")
    if isinstance(outputs, Mapping):  # what was asked for stands before how it was found
        answer.values += [(name, str(found["text"])) for name, found in outputs.items() if isinstance(found, Mapping)]
    _walk(data, "", answer)
    return answer


def _walk(data: Mapping[str, Any], title: str, answer: Answer) -> None:
    single: list[tuple[str, str]] = []
    rounded = _rounded(data)
    for key, value in data.items():
        if key in _ELSEWHERE or value is None or _is_rounding(key, value):
            continue
        if key == "text" and "decision_text" in data:
            continue  # says in the words of a program what the decision says to a person
        name = f"{title} · {word(key)}" if title else word(key)
        if _is_rows(value):
            answer.tables.append(_rows_table(name, value))
        elif _is_lone(value):
            continue  # the matrix of one output says what u says
        elif _is_matrix(value):
            heads = tuple(str(i + 1) for i in range(len(value[0])))
            answer.tables.append(Table(name, heads, tuple(tuple(cell(v) for v in row) for row in value)))
        elif _is_bilingual(value):
            single.append((word(key), cell(value, key)))
        elif isinstance(value, Mapping) and value and ("text" not in value or not _is_plain(value)):
            _walk_mapping(value, name, answer)
        elif value != [] and value != {}:
            own = _("校准间隔") if key == "interval" and isinstance(value, int | float) else word(key)
            single.append((own, cell(rounded.get(key) or value, key)))
    if title and single:
        answer.tables.insert(_before(title, answer), Table(title, (word("name"), word("value")), tuple(single)))
    else:
        answer.values += single


def _rounded(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in _TEXTS:
        if isinstance(data.get(key), Mapping):
            found |= data[key]
    return found


def _is_rounding(key: str, value: Any) -> bool:
    return key in _TEXTS and isinstance(value, Mapping)


def _before(title: str, answer: Answer) -> int:
    own = (i for i, table in enumerate(answer.tables) if table.title.startswith(f"{title} · "))
    return next(own, len(answer.tables))


def _walk_mapping(value: Mapping[str, Any], name: str, answer: Answer) -> None:
    inner = list(value.values())
    if len(inner) > 1 and all(isinstance(v, Mapping) and _is_plain(v) for v in inner):
        rows = [{"name": key, **row} for key, row in value.items()]
        answer.tables.append(_rows_table(name, rows))
    elif all(isinstance(v, Mapping) and not _is_plain(v) for v in inner):
        for key, part in value.items():
            _walk(part, f"{name} · {key}" if len(inner) > 1 else key, answer)
    else:
        _walk(value, name, answer)


def _is_plain(row: Mapping[str, Any]) -> bool:
    return not any(_is_rows(v) or _is_matrix(v) for v in row.values())


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _is_bilingual(value: Any) -> bool:
    return isinstance(value, Mapping) and {"zh", "en"} <= set(value) <= {"zh", "en", "name", "document"}


def _is_lone(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and len(value[0]) == 1


def _is_matrix(value: Any) -> bool:
    rows = isinstance(value, list | tuple) and bool(value) and all(isinstance(row, list | tuple) for row in value)
    return rows and len({len(row) for row in value}) == 1 and len(value[0]) * len(value) > 1


def _rows_table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    keys = dict.fromkeys(k for row in rows for k, v in row.items() if not _is_rounding(k, v))
    shown = []
    for row in rows[:_LONGEST_ROW]:
        rounded = _rounded(row)
        shown.append(tuple(cell(rounded.get(k) or row.get(k), k) for k in keys))
    return Table(name, tuple(word(k) for k in keys), tuple(shown))
