"""Find the table in a workbook: which sheet, which row is the header, which column is which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quanheng.errors import InputError
from quanheng.platform.kernel.sheets.reading import Sheet, SheetRow

HEADER_DEPTH = 30
ERROR_TITLE = "错误"
NOTES_SHEET = "填写说明"
EXAMPLE = "(示例)"
_NOISE = re.compile(r"[\s*:*:_/、·.\-]|\((?:必填|选填|required|optional)\)", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A known column: its name in code and every title it goes by."""

    name: str
    titles: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Table:
    """The rows below the header; ``columns`` maps a known column to its index in the row."""

    sheet: str
    header_row: int
    headers: tuple[str, ...]
    columns: Mapping[str, int]
    rows: list[SheetRow]
    unused: tuple[str, ...]
    other_sheets: tuple[str, ...]
    examples: int = 0

    def mapping(self) -> dict[str, str]:
        """Known column → title found, as it is remembered for the next file."""
        return {name: self.headers[index] for name, index in self.columns.items()}


def normal(title: str) -> str:
    """A title for comparison: width, case, blanks and marks of "required" do not matter."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", title)).casefold()


def match(cells: Sequence[str], headings: Sequence[Heading], remembered: Mapping[str, str]) -> dict[str, int]:
    """Known column → index. A remembered title wins over the built-in ones; the first of two equal titles counts."""
    places: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell and normal(cell):
            places.setdefault(normal(cell), index)
    found: dict[str, int] = {}
    for heading in headings:
        titles = (remembered.get(heading.name, ""), *heading.titles, heading.name)
        hit = next((places[normal(t)] for t in titles if t and normal(t) in places), None)
        if hit is not None and hit not in found.values():
            found[heading.name] = hit
    return found


def _candidates(
    sheet: Sheet, headings: Sequence[Heading], remembered: Mapping[str, str]
) -> list[tuple[int, int, dict[str, int]]]:
    needed = {h.name for h in headings if h.required}
    found = []
    for position, row in enumerate(sheet.rows[:HEADER_DEPTH]):
        columns = match(row.cells, headings, remembered)
        if len(columns) >= min(2, len(headings)) and needed & set(columns):
            found.append((len(needed & set(columns)) * 100 + len(columns), position, columns))
    return found


def _likely(sheets: Sequence[Sheet], name: str) -> list[tuple[int, int, dict[str, int], Sheet]]:
    """The fullest of the first rows of the first sheet that has rows below it: a header in words we do not know."""
    for sheet in sheets:
        if (name and sheet.name != name) or sheet.name == NOTES_SHEET:
            continue
        sizes = [(sum(bool(c.strip()) for c in row.cells), -i) for i, row in enumerate(sheet.rows[:HEADER_DEPTH])]
        filled, position = max(sizes, default=(0, 0))
        if filled >= 2 and any(not r.blank() for r in sheet.rows[1 - position :]):
            return [(0, -position, {}, sheet)]
    return []


def find_table(
    sheets: Sequence[Sheet],
    headings: Sequence[Heading],
    *,
    sheet: str = "",
    remembered: Mapping[str, str] | None = None,
    place: str = "",
    by_hand: bool = False,
) -> Table:
    """The one table whose header has the known columns. An unknown layout, or two tables, stops.

    ``by_hand``: somebody will match the columns; a required column may be missing, and where no header is known the
    first row that looks like one is taken.
    """
    found: list[tuple[int, int, dict[str, int], Sheet]] = []
    bare = ""
    for candidate in sheets:
        if sheet and candidate.name != sheet:
            continue
        headers_found = _candidates(candidate, headings, remembered or {})
        if headers_found:
            score, position, columns = max(headers_found, key=lambda r: (r[0], -r[1]))
            if any(not r.blank() for r in candidate.rows[position + 1 :]):
                found.append((score, position, columns, candidate))
            else:
                bare = f"{candidate.name} row {position + 1}".strip()
    if not found and by_hand:
        found = _likely(sheets, sheet)
    if not found and bare:
        raise InputError("no_rows", "there is a header row and nothing below it; fill in the rows and save", bare)
    if not found:
        titles = ", ".join(h.titles[0] for h in headings if h.required)
        message = f"no sheet has a header row with the columns {titles} and rows below it; start from the template"
        raise InputError("layout_unknown", message, sheet or place)
    best = max(f[0] for f in found)
    rivals = [f for f in found if f[0] == best]
    if len(rivals) > 1:
        names = ", ".join(r[3].name for r in rivals)
        raise InputError(
            "sheet_ambiguous", f"several sheets hold such a table ({names}); name the one to import", place
        )
    _score, position, columns, chosen = rivals[0]
    missing = [h.titles[0] for h in headings if h.required and h.name not in columns]
    if missing and not by_hand:
        message = f"the header row lacks the columns {', '.join(missing)}; add them or start from the template"
        raise InputError("columns_missing", message, f"{chosen.name} row {chosen.rows[position].number}")
    headers = chosen.rows[position].cells
    below = [r for r in chosen.rows[position + 1 :] if not r.blank()]
    rows = [r for r in below if not next((c for c in r.cells if c), "").startswith(EXAMPLE)]
    return Table(
        sheet=chosen.name,
        header_row=chosen.rows[position].number,
        headers=headers,
        columns=columns,
        rows=rows,
        examples=len(below) - len(rows),
        unused=tuple(
            h for i, h in enumerate(headers) if h and i not in columns.values() and normal(h) != normal(ERROR_TITLE)
        ),
        other_sheets=tuple(
            s.name for s in sheets if s.name not in (chosen.name, NOTES_SHEET) and any(not r.blank() for r in s.rows)
        ),
    )
