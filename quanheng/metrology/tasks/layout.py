"""How the tasks show themselves: aligned columns for a terminal, JSON Schema fragments, floats for JSON."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quanheng.metrology.tasks.reading import text

NUMBER: Mapping[str, Any] = {"type": ["number", "string"]}
NUMBERS: Mapping[str, Any] = {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 1}
VALUES: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": ["number", "string"]}}
POSITIVE: Mapping[str, Any] = {"type": ["number", "string"], "exclusiveMinimum": 0}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(title: str, properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """JSON Schema of a request that knows these keys and no other."""
    return {"$schema": DIALECT, "title": title, **fields(properties, required)}


def fields(properties: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    """An object with these keys and no other."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def plain(value: float | None) -> float | None:
    """A float that JSON can hold; None for NaN, infinity and None."""
    return None if value is None or not math.isfinite(value) else float(value)


def finite(value: float, form: str) -> str:
    """A statistic for a person; a ratio whose divisor is zero has no number."""
    return format(value, form) if math.isfinite(value) else "not defined"


def pair(value: float, u: float) -> dict[str, str]:
    """`value` and `u` as rounded text, for the `text` beside the numbers."""
    return {"value": text(value, u), "u": text(u, u)}


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns aligned for a terminal, the first to the left and the rest to the right; wide characters count two."""
    table = [list(head), *[list(row) for row in rows]]
    widths = [max(_width(row[i]) for row in table) for i in range(len(head))]
    lines = []
    for row in table:
        cells = [_pad(cell, widths[i], left=i == 0) for i, cell in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def lines(*pairs: tuple[str, str]) -> str:
    """Label and value, one pair on each line; empty values are left out."""
    shown = [(label, value) for label, value in pairs if value]
    width = max((_width(label) for label, _ in shown), default=0)
    return "\n".join(f"{_pad(label, width, left=True)}  {value}" for label, value in shown)


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)


def _pad(cell: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(cell))
    return cell + space if left else space + cell
