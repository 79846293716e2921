"""A sheet as input of a task: each column goes into the control of its name, a block of readings into the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quanheng.errors import InputError
from quanheng.platform.compute.fields import Field, fields
from quanheng.platform.kernel import sheets

_LISTS = ("numbers", "one_or_many", "flags", "words", "results")
_BLOCKS = ("matrix", "results", "rows")


def texts(schema: Mapping[str, Any], data: bytes, name: str) -> dict[str, str]:
    """The text of each control from the first sheet of a CSV or Excel file.

    A first row that names controls (by key, or by the label that the page shows) gives one column to each. Where no
    name is known, the rows are the lines of the task's block of readings, of groups or of a table.
    """
    found = sheets.read(data, name)
    written = [row for row in (found[0].rows if found else []) if not row.blank()]
    for row in written:
        for at, problem in row.problems.items():
            raise InputError("cell", f"row {row.number}, column {at + 1}: {problem}", "sheet")
    rows = [[cell.strip() for cell in row.cells] for row in written]
    if not rows:
        raise InputError("empty", "the sheet holds no rows", "sheet")
    controls = fields(schema, {})
    heads = [_control(head, controls) for head in rows[0]]
    if any(heads):
        return _by_column(heads, rows[0], rows[1:])
    block = next((f for f in controls if f.kind in _BLOCKS), None) or next(
        (f for f in controls if f.kind in _LISTS), None
    )
    if block is None:
        known = ", ".join(f.name for f in controls)
        raise InputError("columns", f"the first row must name columns: {known}", "sheet")
    return {block.name: "\n".join("\t".join(row).rstrip("\t") for row in rows)}


def _control(head: str, controls: Sequence[Field]) -> Field | None:
    asked = head.strip()
    return next((f for f in controls if asked and asked in (f.name, str(f.label))), None)


def _by_column(heads: Sequence[Field | None], names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    found = {}
    for i, control in enumerate(heads):
        if control is None:
            if names[i]:
                raise InputError("columns", f"no input is called {names[i][:40]}", "sheet")
            continue
        cells = [row[i] for row in rows if i < len(row) and row[i]]
        if control.kind not in _LISTS and len(cells) > 1:
            raise InputError("columns", f"{control.name} is one value, its column holds {len(cells)}", "sheet")
        found[control.name] = "\n".join(cells)
    return found
