"""How fine a standard is for the use a record makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.platform.certificates import procedure as procedures
from quanheng.procedures.form import described
from quanheng.procedures.usage import used_values

PERCENT = r"\percent"


def _decimal(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except (InvalidOperation, ValueError):
        return None


def ratio(
    procedure_id: str, data: Mapping[str, Any], results: Sequence[Mapping[str, Any]], entry: Mapping[str, str]
) -> float | None:
    """The standard's uncertainty (or MPE) over the narrowest limit it was used against.

    A relative one (in per cent) is taken of the value measured at each point. None where nothing is known of one of
    the two, or where they cannot be compared (see ``incomparable``).
    """
    own, unit = stated(procedure_id, data, entry)
    if own is None:
        return None
    same = [r for r in results if r["unit"] == unit]
    # Limits of repeatability or hysteresis say nothing about the standard: its uncertainty is in results that state U.
    judged = [r for r in same if r["U"] not in (None, "")] or [r for r in same if r["decides"]]
    limits = [abs(limit) for r in judged if (limit := _decimal(r["high"])) is not None and limit != 0]
    if limits:
        return float(own / min(limits))
    return _relative(procedure_id, data, results, own, entry["role"]) if unit == PERCENT else None


def stated(procedure_id: str, data: Mapping[str, Any], entry: Mapping[str, str]) -> tuple[Decimal | None, str | None]:
    """The uncertainty or MPE of a standard of a record, with its unit."""
    sheet = described(procedure_id, data["instrument"], data["purpose"])
    unit = entry.get("unit") or next((s["unit"] for s in sheet["standards"] if s["role"] == entry["role"]), None)
    return _decimal(entry.get("U") or entry.get("mpe")), unit


def _relative(
    procedure_id: str, data: Mapping[str, Any], results: Sequence[Mapping[str, Any]], own: Decimal, role: str
) -> float | None:
    values = used_values(procedures.loaded(procedure_id), data).get(role, [])
    at = {(v.section, v.row): v for v in values}
    found = []
    for one in results:
        value, limit = at.get((one["section"], one["row"])), _decimal(one["high"])
        if value is not None and one["U"] not in (None, "") and limit and one["unit"] == value.unit:
            found.append(own / 100 * abs(value.value) / abs(limit))
    return float(max(found)) if found else None


def incomparable(
    procedure_id: str, data: Mapping[str, Any], results: Sequence[Mapping[str, Any]], entry: Mapping[str, str]
) -> bool:
    """Whether both are known, the standard's own figure and limits where it was used, and yet no ratio follows."""
    own, _unit = stated(procedure_id, data, entry)
    values = used_values(procedures.loaded(procedure_id), data).get(entry["role"], [])
    judged = {(r["section"], r["row"], r["unit"]) for r in results if r["U"] not in (None, "") and _decimal(r["high"])}
    # Only where the limits are of the quantity that the standard realises: a thermometer beside a volume has no ratio.
    alike = any((v.section, v.row, v.unit) in judged for v in values)
    return own is not None and alike and ratio(procedure_id, data, results, entry) is None
