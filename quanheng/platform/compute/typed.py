"""What is typed or pasted into a control as JSON of a request, and a request as the text of its controls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quanheng.errors import InputError
from quanheng.platform.web.forms import several

Parts = Mapping[str, str]

_CELLS = re.compile(r"\t|[,;，；]|\s{2,}")
_NAMES = re.compile(r"[,，;；、]\s*")
_TRUE = frozenset({"true", "on", "yes", "1", "是", "合格"})
_FALSE = frozenset({"false", "off", "no", "0", "否", "不合格"})


def shown(kind: str, value: Any, parts: Parts | None = None) -> str:
    """A value of a request as the text of its control; what does not fit the control is shown as JSON."""
    if value == {}:
        return "{}"  # an empty object asks for all defaults; nothing typed asks for nothing
    try:
        return _SHOW.get(kind, _show_json)(value, parts or {})
    except (TypeError, AttributeError, ValueError):
        return _dump(value)


def value_of(kind: str, text: str, place: str, parts: Parts | None = None) -> Any:
    """The JSON value of one control's text; InputError names the control and the line."""
    if text[:1] in "[{" and kind not in {"choice", "text", "number"}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("json", "looks like JSON but cannot be read as such", place) from None
    reader = _READ.get(kind)
    return reader(text, place, parts or {}) if reader else text


def _dump(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _show_json(value: Any, parts: Parts) -> str:
    return _dump(value)


def _scalar(value: Any, _parts: Parts | None = None) -> str:
    if isinstance(value, list | dict):
        raise TypeError
    return "true" if value is True else "false" if value is False else "" if value is None else str(value)


def _show_list(value: Sequence[Any], _parts: Parts) -> str:
    return "\n".join(map(_scalar, value))


def _show_one_or_many(value: Any, parts: Parts) -> str:
    return _show_list(value, parts) if isinstance(value, list) else _scalar(value)


def _show_matrix(value: Sequence[Any], _parts: Parts) -> str:
    return "\n".join("\t".join(map(_scalar, row)) if isinstance(row, list) else _scalar(row) for row in value)


def _cell(value: Any) -> str:
    return " ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


def _flattened(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in row.items():
        inner = {f"{key}.{k}": v for k, v in _flattened(value).items()} if isinstance(value, Mapping) else {key: value}
        found |= inner
    return found


def _show_rows(value: Sequence[Mapping[str, Any]], _parts: Parts) -> str:
    rows = [_flattened(row) for row in value]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row[c]) if c in row else "" for c in columns] for row in rows]
    if any(re.search(r"[\t\n,;，；]|\s{2,}", cell) for row in cells for cell in row):
        raise ValueError
    return "\n".join("\t".join(row) for row in [columns, *cells])


def _pair(key: str, value: Any) -> str:
    text = ",".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)
    if re.search(r"\s", text):
        raise ValueError(text)
    return f"{key}={text}"


def _show_parameters(value: Mapping[str, Any], _parts: Parts) -> str:
    return " ".join(_pair(k, v) for k, v in value.items())


def _show_named(value: Mapping[str, Mapping[str, Any]], parts: Parts) -> str:
    return "\n".join(f"{name} {_show_parameters(row, parts)}" for name, row in value.items())


def _show_named_choice(value: Any, parts: Parts) -> str:
    if isinstance(value, str):
        return value
    rest = {k: v for k, v in value.items() if k != "name"}
    return f"{value['name']} {_show_parameters(rest, parts)}".strip()


def _show_pairs(value: Mapping[str, Any], _parts: Parts) -> str:
    lines = [(name, _scalar(item)) for name, item in value.items()]
    if any("\n" in name + text for name, text in lines):
        raise ValueError
    return "\n".join(f"{name} {text}" for name, text in lines)


def _show_record(value: Mapping[str, Any], parts: Parts) -> str:
    lines = []
    for name, item in value.items():
        text = _SHOW[parts.get(name, "text")](item, {}).replace("\n", ", " if parts.get(name) == "words" else " ")
        lines.append(f"{name} {_show_parameters(item, {}) if isinstance(item, dict) else text}")
    return "\n".join(lines)


_SHOW: dict[str, Callable[[Any, Parts], str]] = {
    "pairs": _show_pairs,
    "named_values": _show_pairs,
    "record": _show_record,
    "parameters": _show_parameters,
    "named_choice": _show_named_choice,
    "choice": _scalar,
    "flag": _scalar,
    "number": _scalar,
    "text": _scalar,
    "numbers": _show_list,
    "flags": _show_list,
    "words": _show_list,
    "one_or_many": _show_one_or_many,
    "matrix": _show_matrix,
    "results": _show_matrix,
    "rows": _show_rows,
    "named_rows": _show_named,
    "named_numbers": lambda value, _: "\n".join(f"{n} {' '.join(map(_scalar, row))}" for n, row in value.items()),
}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _truth(text: str, place: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise InputError("choice", f"{text[:40]!r} is neither true nor false", place)
    return word in _TRUE


def _read_flag(text: str, place: str, _parts: Parts) -> bool:
    return _truth(text, place)


def _read_number(text: str, place: str, _parts: Parts) -> Any:
    return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else text


def _read_one_or_many(text: str, place: str, parts: Parts) -> Any:
    found = several(text)
    return found if len(found) > 1 else _read_number(text, place, parts)


def _read_rows(text: str, place: str, parts: Parts) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]  # a leading tab is an empty first cell
    head, *rest = [_CELLS.split(line) if _CELLS.search(line) else line.split() for line in lines]
    if any(len(row) > len(head) for row in rest):
        line = 2 + next(i for i, row in enumerate(rest) if len(row) > len(head))
        raise InputError("columns", f"line {line} has more cells than the first line has names", place)
    names = [name.strip() for name in head]
    found = []
    for row in rest:
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
        found.append(_nested({n: _part(parts.get(n, "text"), cell, place) for n, cell in cells.items()}, place))
    return found


def _part(kind: str, text: str, place: str) -> Any:
    """A cell or the rest of a line: lists by their kind, a single value as it was typed."""
    if kind == "words":
        return [part for part in _NAMES.split(text) if part]
    if kind == "named_values":
        return _assigned(text.split(), place, 1)
    return text if kind in {"number", "text", "choice"} else value_of(kind, text, place)


def _nested(cells: Mapping[str, Any], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in cells.items():
        *outer, last = name.split(".")
        inside = found
        for key in outer:
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                raise InputError("columns", f"{name[:40]} stands beside a column {key[:40]}", place)
        inside[last] = value
    return found


def _assigned(pairs: Sequence[str], place: str, line: int) -> dict[str, Any]:
    if any("=" not in pair for pair in pairs):
        raise InputError("line", f"line {line} must read key=value key=value", place)
    return {k: v.split(",") if "," in v else v for k, v in (pair.split("=", 1) for pair in pairs)}


def _read_parameters(text: str, place: str, _parts: Parts) -> dict[str, Any]:
    return _assigned(text.split(), place, 1)


def _read_named_choice(text: str, place: str, _parts: Parts) -> Any:
    name, *pairs = text.split()
    return {"name": name, **_assigned(pairs, place, 1)} if pairs else name


def _read_named(text: str, place: str, _parts: Parts) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(_lines(text), start=1):
        name, *pairs = line.split()
        if any("=" not in pair for pair in pairs) or name in found:
            raise InputError("line", f"line {number} must read NAME key=value key=value, each name once", place)
        found[name] = _assigned(pairs, place, number)
    return found


def _read_named_numbers(text: str, place: str, _parts: Parts) -> dict[str, list[str]]:
    rows = [row for line in _lines(text) if (row := several(line))]
    return {row[0]: row[1:] for row in rows}


def _read_pairs(text: str, place: str, _parts: Parts) -> dict[str, Any]:
    """Lines of a name without spaces and a value that may have some."""
    return {name: {"true": True, "false": False}.get(value, value) for name, value in _split(text, place, last=False)}


def _read_record(text: str, place: str, parts: Parts) -> dict[str, Any]:
    return {name: _part(parts.get(name, "text"), rest, place) for name, rest in _split(text, place, last=False)}


def _split(text: str, place: str, *, last: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, line in enumerate(_lines(text), start=1):
        parts = re.split(r"\s*[=\t]\s*", line, maxsplit=1)
        if len(parts) < 2 or re.search(r"\s", parts[0]):
            parts = line.rsplit(None, 1) if last else line.split(None, 1)
        if len(parts) < 2 or parts[0] in dict(found):
            raise InputError("line", f"line {number} must read NAME VALUE, each name once", place)
        found.append((parts[0].strip(), parts[1].strip()))
    return found


_READ: dict[str, Callable[[str, str, Parts], Any]] = {
    "pairs": _read_pairs,
    "named_values": lambda text, place, _: dict(_split(text, place, last=True)),
    "record": _read_record,
    "parameters": _read_parameters,
    "named_choice": _read_named_choice,
    "flag": _read_flag,
    "number": _read_number,
    "one_or_many": _read_one_or_many,
    "numbers": lambda text, _place, _: several(text),
    "flags": lambda text, place, _: [_truth(part, place) for part in several(text)],
    "words": lambda text, _place, _: _lines(text) if "\n" in text else [p for p in _NAMES.split(text) if p],
    "matrix": lambda text, _place, _: [several(line) for line in _lines(text)],
    "results": lambda text, _place, _: [row[0] if len(row) == 1 else row for row in map(several, _lines(text))],
    "rows": _read_rows,
    "named_rows": _read_named,
    "named_numbers": _read_named_numbers,
}
