"""Write sheets that open as text: no cell ever becomes a formula, in Excel or from CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from quanheng.platform.kernel.sheets.tables import EXAMPLE, NOTES_SHEET

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
HEADER = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter"}


@dataclass(frozen=True)
class Field:
    """A column of a template: title, whether required, what may be chosen, an example and a note."""

    title: str
    required: bool = False
    choices: Sequence[str] = ()
    example: str = ""
    note: str = ""
    width: int = 16


def harmless(text: str) -> str:
    """CSV text that a spreadsheet program will not run: a leading apostrophe before what looks like a formula.

    A plain negative number is left alone.
    """
    if text.startswith(DANGEROUS) and not text[1:].replace(".", "", 1).isdigit():
        return "'" + text
    return text


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV in UTF-8 with the mark that Excel needs for Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([harmless(h) for h in headers])
    writer.writerows([harmless("" if c is None else str(c)) for c in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    sheet: str = "Sheet1",
    bad: Mapping[tuple[int, int], str] | None = None,
    widths: Sequence[int] = (),
) -> bytes:
    """A workbook of strings; ``bad`` paints cells (row, column, both from 0 below the header) with a comment."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(sheet[:31])
    head, text = book.add_format(HEADER), book.add_format({"num_format": "@"})
    red = book.add_format({"num_format": "@", "bg_color": "#F8D7DA", "border": 1, "border_color": "#B02A37"})
    for c, title in enumerate(headers):
        page.write_string(0, c, title, head)
        page.set_column(c, c, widths[c] if c < len(widths) else 16, text)
    bad = bad or {}
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            value, wrong = ("" if cell is None else str(cell)), bad.get((r, c))
            if value or wrong:
                page.write_string(r + 1, c, value, red if wrong else text)
            if wrong and len(bad) <= 2000:
                page.write_comment(r + 1, c, wrong)
    page.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def write_template(fields: Sequence[Field], *, sheet: str, notes_head: Sequence[str]) -> bytes:
    """A table with drop-downs, a sheet of notes, and one example row that the reader knows and leaves out."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page, notes, lists = book.add_worksheet(sheet[:31]), book.add_worksheet(NOTES_SHEET), None
    head, text = book.add_format(HEADER), book.add_format({"num_format": "@"})
    example = book.add_format({"num_format": "@", "italic": True, "font_color": "#6C757D"})
    must = book.add_format({**HEADER, "font_color": "#B02A37"})
    for c, field in enumerate(fields):
        page.write_string(0, c, field.title + (" *" if field.required else ""), must if field.required else head)
        page.set_column(c, c, field.width, text)
        if field.note:
            page.write_comment(0, c, field.note)
        if field.choices:
            if lists is None:
                lists = book.add_worksheet("_lists")
                lists.hide()
            for r, choice in enumerate(field.choices):
                lists.write_string(r, c, choice)
            letter = xl_col_to_name(c)
            source = f"=_lists!${letter}$1:${letter}${len(field.choices)}"
            page.data_validation(1, c, 10_000, c, {"validate": "list", "source": source, "error_type": "warning"})
        page.write_string(1, c, (EXAMPLE if c == 0 else "") + field.example, example)
    page.freeze_panes(1, 0)
    for c, title in enumerate(notes_head):
        notes.write_string(0, c, title, head)
        notes.set_column(c, c, 30, text)
    for r, field in enumerate(fields, 1):
        for c, value in enumerate((field.title, "✓" if field.required else "", field.example, field.note)):
            notes.write_string(r, c, value, text)
    book.close()
    return out.getvalue()
