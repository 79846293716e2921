"""Where a record uses its standards: the values that each role must cover, read from the sheet itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.quantities import read_number
from quanheng.procedures.form import described
from quanheng.procedures.loader import Loaded
from quanheng.procedures.schema import Standard, Used


@dataclass(frozen=True)
class UsedValue:
    """One value at which a standard was used; ``section`` is empty for a parameter of the instrument."""

    section: str
    row: int
    value: Decimal
    unit: str


def used_values(loaded: Loaded, record: Mapping[str, Any]) -> dict[str, list[UsedValue]]:
    """By role, the values at which it is used, as far as the record has them.

    Zero is left out where the role is additive: no weight stands on an empty scale.
    """
    sheet = described(loaded, record.get("instrument", {}), str(record["purpose"]))
    return {
        role.role: [v for v in _of_role(role, sheet, record) if v.value or not role.additive]
        for role in loaded.procedure.standards
        if role.used
    }


def additive(loaded: Loaded, role: str) -> bool:
    """Whether several standards of the role make up one value together."""
    return any(s.additive for s in loaded.procedure.standards if s.role == role)


def _of_role(role: Standard, sheet: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[UsedValue]:
    for one in role.used:
        yield from _parameter(one, sheet, record) if one.section is None else _section(one, sheet, record)


def _parameter(one: Used, sheet: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[UsedValue]:
    part = next(p for p in sheet["parameters"] if p["key"] == one.field)
    given = record.get("instrument", {}).get(one.field)
    value = _number(part["default"] if given in (None, "") else given)
    if value is not None:
        yield UsedValue("", 0, value, part["unit"] or "")


def _section(one: Used, sheet: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[UsedValue]:
    section = next((s for s in sheet["sections"] if s["key"] == one.section), None)
    field = next((f for f in section["fields"] if f["key"] == one.field), None) if section else None
    if section is None or field is None:
        return
    typed = record.get("sections", {}).get(one.section) or []
    for row in section["rows"] or []:
        cells = typed[row["index"]] if row["index"] < len(typed) else {}
        if row["optional"] and {k for k, v in cells.items() if v not in (None, "")} <= set(row["given"]):
            continue
        entered = cells.get(one.field) if field["editable"] else None
        value = _number(row["given"].get(one.field) if entered in (None, "") else entered)
        if value is not None:
            yield UsedValue(str(one.section), row["index"], value, field["unit"] or "")


def _number(text: Any) -> Decimal | None:
    try:
        return None if text in (None, "") else read_number(text)
    except InputError:
        return None
