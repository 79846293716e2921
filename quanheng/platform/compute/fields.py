"""A form for any request: each property of a task's JSON Schema becomes one control that takes a paste from a sheet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quanheng.errors import InputError
from quanheng.platform.compute.chinese import spoken
from quanheng.platform.compute.words import word

_GAPS = re.compile(r"[\s,;，；、]+")
_CELLS = re.compile(r"\t|[,;，；]|\s{2,}")
_ROWS = "rows"


@dataclass(frozen=True)
class Field:
    """One control: `kind` says how text becomes JSON and back."""

    name: str
    kind: str
    required: bool
    label: str
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    text: str = ""
    error: str = ""

    @property
    def hint(self) -> str | Promise:
        """How to type or paste it."""
        return HINTS.get(self.kind, "")

    @property
    def tall(self) -> int:
        """Lines of a text area; 0 for a single line."""
        if self.kind in {"choice", "flag", "number", "text"}:
            return 0
        return min(max(self.text.count("\n") + 2, 3), 16)


HINTS: dict[str, str | Promise] = {
    "numbers": _("每行一个数，可从表格整列粘贴"),
    "words": _("每行一个"),
    "matrix": _("每行一组，数之间用空格、逗号或制表符分开"),
    "results": _("每行一个数，或每行一组重复测量；可从表格粘贴"),
    "rows": _("第一行为列名，可从表格整块粘贴"),
    "named_rows": _("每行一个：名称 参数=值 参数=值"),
    "named_numbers": _("每行一组：名称 数 数 数"),
    "named_values": _("每行一个：名称 数"),
    "pairs": _("每行一个：名称 值"),
    "json": _("JSON"),
}


def fields(schema: Mapping[str, Any], request: Any, errors: Mapping[str, str] | None = None) -> list[Field]:
    """The controls of a task, filled from a request."""
    given = request if isinstance(request, Mapping) else {}
    required = set(schema.get("required", ()))
    found = []
    for name, raw in schema.get("properties", {}).items():
        prop = _resolved(raw, schema)
        kind = kind_of(prop, schema)
        text = shown(kind, given[name]) if name in given else ""
        found.append(
            Field(
                name,
                kind,
                name in required,
                word(name),
                spoken(str(prop.get("description", ""))),
                tuple((str(code), spoken(str(code))) for code in prop.get("enum", ())),
                _columns(prop, schema),
                text,
                (errors or {}).get(name, ""),
            )
        )
    return sorted(found, key=lambda field: not field.required)


def _resolved(prop: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = prop.get("$ref", "") if isinstance(prop, Mapping) else ""
    if reference.startswith("#/$defs/"):
        return dict(schema["$defs"][reference.removeprefix("#/$defs/")])
    return prop if isinstance(prop, Mapping) else {}


def _types(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    found = prop.get("type", ())
    types = {found} if isinstance(found, str) else set(found)
    for part in [*prop.get("anyOf", ()), *prop.get("oneOf", ())]:
        types |= _types(_resolved(part, schema), schema)
    return types - {"null"}


def kind_of(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Which control a property gets."""
    types = _types(prop, schema)
    if prop.get("enum"):
        return "choice"
    if types == {"boolean"}:
        return "flag"
    if types and types <= {"number", "integer", "string"}:
        return "number" if types & {"number", "integer"} else "text"
    if types == {"array"}:
        return _list_kind(_resolved(prop.get("items", {}), schema), schema)
    inner = _resolved(prop.get("additionalProperties") or {}, schema)
    if types == {"object"} and not inner and _flat(prop, schema):
        return "pairs"
    if types == {"object"} and inner:
        inside = _types(inner, schema)
        if inside and inside <= {"number", "integer", "string"}:
            return "named_values"
        if inside == {"object"}:
            return "named_rows"
        if inside == {"array"} and _list_kind(_resolved(inner.get("items", {}), schema), schema) == "numbers":
            return "named_numbers"
    return "json"


def _list_kind(items: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    types = {"string"} if items.get("enum") else _types(items, schema)
    if types and types <= {"number", "integer", "string"}:
        return "numbers" if types & {"number", "integer"} else "words"
    if types == {"array"}:
        return "matrix"
    if types == {"number", "string", "array"}:
        return "results"
    return _ROWS if types == {"object"} and _flat(items, schema) else "json"


def _flat(items: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    scalars = {"number", "integer", "string", "boolean"}
    inside = [_types(_resolved(p, schema), schema) for p in items.get("properties", {}).values()]
    return bool(inside) and all(types <= scalars for types in inside)


def _columns(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[str, ...]:
    items = _resolved(prop.get("items", {}), schema)
    return tuple(items.get("properties", {}) or prop.get("properties", {}))


def shown(kind: str, value: Any) -> str:
    """A value of a request as the text of its control; what does not fit the control is shown as JSON."""
    try:
        return _SHOW.get(kind, _dump)(value)
    except (TypeError, AttributeError, ValueError):
        return _dump(value)


def _dump(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _scalar(value: Any) -> str:
    if isinstance(value, list | dict):
        raise TypeError
    return "true" if value is True else "false" if value is False else "" if value is None else str(value)


def _show_rows(value: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in value for key in row))
    lines = ["\t".join(columns), *("\t".join(_scalar(row.get(c)) for c in columns) for row in value)]
    return "\n".join(lines)


def _pair(key: str, value: Any) -> str:
    text = ",".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)
    if re.search(r"\s", text):
        raise ValueError(text)
    return f"{key}={text}"


def _show_named(value: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(f"{name} {' '.join(_pair(k, v) for k, v in row.items())}" for name, row in value.items())


def _show_pairs(value: Mapping[str, Any]) -> str:
    lines = [(name, _scalar(item)) for name, item in value.items()]
    if any("\n" in name + text for name, text in lines):
        raise ValueError
    return "\n".join(f"{name} {text}" for name, text in lines)


_SHOW: dict[str, Callable[[Any], str]] = {
    "pairs": _show_pairs,
    "named_values": _show_pairs,
    "choice": _scalar,
    "flag": _scalar,
    "number": _scalar,
    "text": _scalar,
    "numbers": lambda value: "\n".join(map(_scalar, value)),
    "words": lambda value: "\n".join(map(_scalar, value)),
    "matrix": lambda value: "\n".join("\t".join(map(_scalar, row)) for row in value),
    "results": lambda value: "\n".join(
        "\t".join(map(_scalar, row)) if isinstance(row, list) else _scalar(row) for row in value
    ),
    "rows": _show_rows,
    "named_rows": _show_named,
    "named_numbers": lambda value: "\n".join(f"{n} {' '.join(map(_scalar, row))}" for n, row in value.items()),
}


def request_of(schema: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The request typed into the controls; blank controls are left out."""
    request = {}
    for field in fields(schema, {}):
        text = texts.get(field.name, "").strip()
        if text:
            request[field.name] = value_of(field.kind, text, field.name)
    return request


def value_of(kind: str, text: str, place: str) -> Any:
    """The JSON value of one control's text; InputError names the control and the line."""
    if text[:1] in "[{" and kind not in {"choice", "text", "number"}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("json", "looks like JSON but cannot be read as such", place) from None
    if kind == "json":
        return text
    reader = _READ.get(kind)
    return reader(text, place) if reader else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _rows_of_numbers(text: str) -> list[list[str]]:
    return [[part for part in _GAPS.split(line) if part] for line in _lines(text)]


def _read_flag(text: str, place: str) -> bool:
    return text.lower() in {"true", "on", "yes", "1"}


def _read_number(text: str, place: str) -> Any:
    return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else text


def _read_rows(text: str, place: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]  # a leading tab is an empty first cell
    head, *rest = [_CELLS.split(line) if _CELLS.search(line) else line.split() for line in lines]
    if any(len(row) > len(head) for row in rest):
        line = 2 + next(i for i, row in enumerate(rest) if len(row) > len(head))
        raise InputError("columns", f"line {line} has more cells than the first line has names", place)
    return [{name.strip(): cell.strip() for name, cell in zip(head, row, strict=False) if cell.strip()} for row in rest]


def _read_named(text: str, place: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(_lines(text), start=1):
        name, *pairs = line.split()
        if any("=" not in pair for pair in pairs) or name in found:
            raise InputError("line", f"line {number} must read NAME key=value key=value, each name once", place)
        found[name] = {k: v.split(",") if "," in v else v for k, v in (pair.split("=", 1) for pair in pairs)}
    return found


def _read_named_numbers(text: str, place: str) -> dict[str, list[str]]:
    rows = [_GAPS.split(line.strip(",; ")) for line in _lines(text)]
    return {row[0]: row[1:] for row in rows}


def _read_pairs(text: str, place: str) -> dict[str, Any]:
    """Lines of a name without spaces and a value that may have some."""
    return {name: {"true": True, "false": False}.get(value, value) for name, value in _split(text, place, last=False)}


def _split(text: str, place: str, *, last: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, line in enumerate(_lines(text), start=1):
        parts = re.split(r"\s*[=\t]\s*", line, maxsplit=1)
        if len(parts) < 2:
            parts = line.rsplit(None, 1) if last else line.split(None, 1)
        if len(parts) < 2 or parts[0] in dict(found):
            raise InputError("line", f"line {number} must read NAME VALUE, each name once", place)
        found.append((parts[0].strip(), parts[1].strip()))
    return found


_READ: dict[str, Callable[[str, str], Any]] = {
    "pairs": _read_pairs,
    "named_values": lambda text, place: dict(_split(text, place, last=True)),
    "flag": _read_flag,
    "number": _read_number,
    "numbers": lambda text, _place: [part for part in _GAPS.split(text) if part],
    "words": lambda text, _place: _lines(text) if "\n" in text else [p for p in re.split(r"[,，;；、]\s*", text) if p],
    "matrix": lambda text, _place: _rows_of_numbers(text),
    "results": lambda text, _place: [row[0] if len(row) == 1 else row for row in _rows_of_numbers(text)],
    "rows": _read_rows,
    "named_rows": _read_named,
    "named_numbers": _read_named_numbers,
}
