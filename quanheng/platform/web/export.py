"""Lists as files for Excel: what is filtered, as it reads, and never a formula."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.utils.functional import Promise

from quanheng.platform.kernel import clock

Rows = Iterable[Sequence[Any]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?%?\Z")
_LEADERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EXCEL_ROWS = 1_048_575


def as_text(value: Any) -> str:
    """A cell as people read it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    return _CONTROL.sub("", str(value))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; plain numbers such as -0.50 stay as written."""
    if text.lstrip(" ").startswith(_LEADERS) and not _PLAIN_NUMBER.match(text):
        return f"'{text}"
    return text


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_lines(rows: Rows) -> Iterator[str]:
    """CSV with a byte order mark, so that Excel reads Chinese."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([harmless(as_text(cell)) for cell in row])


def write_xlsx(rows: Rows, out: Any, *, title: str = "Sheet1") -> int:
    """Write the rows (first = headings); texts stay texts, numbers numbers, dates dates. Returns the rows written."""
    book = xlsxwriter.Workbook(
        out,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    head = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Sheet1")
    sheet.freeze_panes(1, 0)
    count = 0
    for r, row in enumerate(rows):
        if r > _EXCEL_ROWS:
            break
        for c, cell in enumerate(row):
            if r == 0:
                sheet.write_string(r, c, as_text(cell), head)
            elif cell is None or cell == "":
                continue
            elif isinstance(cell, bool | str | Promise):
                sheet.write_string(r, c, as_text(cell))
            elif isinstance(cell, (int, float)) and abs(cell) < 1e15:
                sheet.write_number(r, c, cell)
            elif isinstance(cell, dt.datetime):
                sheet.write_datetime(r, c, cell.astimezone(clock.CIVIL).replace(tzinfo=None), moment)
            elif isinstance(cell, dt.date) and cell.year >= 1900:
                sheet.write_datetime(r, c, dt.datetime.combine(cell, dt.time()), day)
            else:
                sheet.write_string(r, c, as_text(cell))
        count = r
    if count:
        sheet.autofilter(0, 0, count, max(len(row) - 1, 0))
    sheet.set_column(0, 60, 16)
    book.close()
    return count


def xlsx_response(rows: Rows, name: str) -> FileResponse:
    """The rows as a workbook; memory stays constant."""
    out = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    write_xlsx(rows, out, title=name)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def csv_response(rows: Rows, name: str) -> StreamingHttpResponse:
    """The rows as CSV, streamed."""
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    ascii_name = re.sub(r"[^A-Za-z0-9_-]", "", name) or "export"
    from_utf8 = "".join(f"%{byte:02X}" for byte in f"{name}.csv".encode())
    response["Content-Disposition"] = f"attachment; filename=\"{ascii_name}.csv\"; filename*=UTF-8''{from_utf8}"
    return response
