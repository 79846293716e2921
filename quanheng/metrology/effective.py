"""Rows of the law as plain data: which of them are in force on a day, read without a clock (dates are ISO texts)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.errors import InputError

Row = Mapping[str, Any]
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_MOST = 5000
_UNCHECKED = re.compile(r"(\d{4}-\d{2}-\d{2}) 起未核对")  # in the note of a row, which is our remark on it


def day(value: Any, place: str) -> str:
    """A civil date YYYY-MM-DD as text."""
    if not isinstance(value, str) or not _DAY.match(value):
        raise InputError("date", f"{str(value)[:30]!r} is not a date such as 2024-05-01", place)
    return value


def table(tables: Any, kind: str, *, on: str | None = None, edition: str | None = None) -> list[Row]:
    """Rows of a kind, of the named edition or in force on the day.

    Raises
    ------
    InputError
        ``law`` where no table was brought or nothing is in force: a wrong year never gives a wrong number silently.
    """
    if not isinstance(tables, Mapping) or kind not in tables:
        rule = f"needs the table {kind}; name the law by region and date, or bring tables.{kind}"
        raise InputError("law", rule, f"tables.{kind}")
    rows = tables[kind]
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > _MOST:
        raise InputError("law", f"expected a list of at most {_MOST} rows", f"tables.{kind}")
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InputError("law", "expected an object", f"tables.{kind}[{i}]")
    found = [row for row in rows if _counts(row, on, edition)]
    if not found:
        wanted = f"edition {edition!r}" if edition is not None else f"the day {on}"
        known = sorted({str(row.get("edition", "")) for row in rows})
        rule = f"nothing of {kind} for {wanted}; editions here are {', '.join(known)[:120] or 'none'}"
        raise InputError("law", rule, "law")
    return found


def _counts(row: Row, on: str | None, edition: str | None) -> bool:
    if edition is not None:
        return str(row.get("edition", "")) == edition
    if on is None:
        return True
    start, end = str(row.get("effective_from") or ""), str(row.get("effective_to") or "")
    return (not start or start <= on) and (not end or on <= end)


def decimal(row: Row, name: str, place: str) -> Decimal:
    """A number of a row, exactly as printed."""
    try:
        value = Decimal(str(row.get(name, "")))
    except InvalidOperation:
        raise InputError("law", f"{name} is {str(row.get(name))[:30]!r}, not a number", place) from None
    if not value.is_finite():
        raise InputError("law", f"{name} is {value}, not a finite number", place)
    return value


def whole(row: Row, name: str, place: str) -> int:
    """A count of a row."""
    value = decimal(row, name, place)
    if value != value.to_integral_value() or value < 0:
        raise InputError("law", f"{name} is {value}, not a count", place)
    return int(value)


def cited(rows: Sequence[Row], on: str | None = None) -> list[dict[str, str]]:
    """Where the rows used come from: code, edition, region, source, and whether they are verified for that day."""
    names = ("code", "edition", "region", "source")
    return [{name: str(row.get(name, "")) for name in names} | {"verified": verified(row, on)} for row in rows]


def verified(row: Row, on: str | None) -> str:
    """Whether a row is verified for a day; `no` from the day on which its note says that nobody checked it again."""
    return "no" if _unchecked_since(row, on) else str(row.get("verified", ""))


def _unchecked_since(row: Row, on: str | None) -> str:
    """The day, not after `on`, from which a row was not checked again; empty where there is none."""
    said = _UNCHECKED.search(str(row.get("note", "")))
    return said[1] if said and on is not None and said[1] <= on else ""


def doubts(rows: Sequence[Row], on: str | None) -> list[str]:
    """One warning for each row that is not verified for that day."""
    found = []
    for row in rows:
        what = f"{row.get('code')} of {row.get('edition')}"
        if row.get("verified") != "yes":
            found.append(f"unverified: {what}")
        elif since := _unchecked_since(row, on):
            found.append(f"unverified for this day: a later edition is in force since {since}, {what} was used")
    return found
