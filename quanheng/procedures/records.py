"""Raw records: read as hostile JSON, kept as text, every complaint with its path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.quantities import read_number
from quanheng.procedures.results import Problem

MAX_BYTES = 8 * 1024 * 1024
MAX_ITEM_TEXT = 200
KEYS = frozenset(
    {"procedure", "purpose", "item", "instrument", "environment", "standards", "sections", "checks", "remarks"}
)
ITEM_KEYS = ("name", "specification", "measuring_range", "accuracy_class", "serial_number", "manufacturer")
STANDARD_KEYS = frozenset({"role", "name", "certificate", "u", "U", "k", "mpe", "serial", "item", "valid_to", "unit"})
PURPOSES = ("initial", "subsequent", "in_service")

CHINESE: Mapping[str, str] = {
    "missing": "缺少数据，请填写",
    "not_text": '数值须以文本记录，例如 "10.000"，以保留末位',
    "not_ascii": "请用半角数字、小数点和负号",
    "not_a_number": "不是十进制数，例如 10.000",
    "too_large": "数值过大，请核对单位",
    "out_of_range": "数值超出可能的范围，请核对",
    "not_a_choice": "不在可选项内",
    "unknown_field": "原始记录中没有此项",
    "point_changed": "与规程给定的检定点不一致",
    "too_many_rows": "行数多于原始记录表",
    "not_expected": "本次检定不需要此项",
    "not_an_answer": "请填写 true 或 false",
    "not_computed": "无法由已填数据计算",
    "check_failed": "不满足要求",
}


def read_record(text: str | bytes, place: str = "") -> dict[str, Any]:
    """A record from JSON text; duplicate keys, NaN and deep nesting are refused."""
    if len(text) > MAX_BYTES:
        raise InputError("record_too_large", f"a record is at most {MAX_BYTES} bytes", place)
    try:
        record = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError("record_unreadable", f"the file is not JSON: {str(error)[:120]}", place) from error
    return shaped(record)


def read_record_file(path: Path) -> dict[str, Any]:
    """A record from a file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("record_too_large", f"a record is at most {MAX_BYTES} bytes", str(path))
        content = path.read_bytes()
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {type(error).__name__}", str(path)) from error
    return read_record(content, str(path))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return built


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a value")


def shaped(record: object) -> dict[str, Any]:
    """The record if its outer form is right; the cells are judged later, one by one."""
    if not isinstance(record, dict):
        raise InputError("record_form", "a record is a JSON object", "")
    unknown = sorted(str(key) for key in set(record) - KEYS)
    if unknown:
        raise InputError(
            "record_form", f"unknown keys {', '.join(unknown)[:120]}; see `procedure show ID --schema`", unknown[0][:60]
        )
    for key in ("item", "instrument", "environment", "sections", "checks"):
        _mapping(record.get(key, {}), key)
    for key, value in record.get("item", {}).items():
        if key not in ITEM_KEYS or not isinstance(value, str) or len(value) > MAX_ITEM_TEXT:
            raise InputError("record_form", f"item holds {', '.join(ITEM_KEYS)} as short texts", f"item.{key[:40]}")
    for index, entry in enumerate(_list(record.get("standards", []), "standards")):
        _mapping(entry, f"standards[{index}]")
    for key, rows in record.get("sections", {}).items():
        for index, row in enumerate(_list(rows, f"sections.{key}")):
            _mapping(row, f"sections.{key}[{index}]")
    if record.get("purpose") not in PURPOSES:
        raise InputError("purpose", f"purpose is one of {', '.join(PURPOSES)}", "purpose")
    if not isinstance(record.get("remarks", ""), str):
        raise InputError("record_form", "remarks are text", "remarks")
    return record


def _mapping(value: object, place: str) -> None:
    if not isinstance(value, dict):
        raise InputError("record_form", "an object is needed here", place)


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError("record_form", "a list is needed here", place)
    return value


def problem(path: str, code: str, en: str, zh: str = "") -> Problem:
    """A complaint in both languages."""
    return Problem(path, code, zh or CHINESE.get(code, en), en)


def number(value: object, path: str) -> Decimal | Problem:
    """One reading, or the complaint about it. An empty text counts as missing."""
    if value is None:
        return problem(path, "missing", "a value is missing here; enter it")
    try:
        return read_number(value, path)
    except InputError as error:
        return problem(path, error.code, error.message)


def text(value: object, path: str) -> str | Problem:
    """One short text, or the complaint about it."""
    if value is None or value == "":
        return problem(path, "missing", "a value is missing here; enter it")
    if not isinstance(value, str) or len(value) > 200:
        return problem(path, "not_text", "write a short text here")
    return value
