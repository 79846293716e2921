"""Read Excel and CSV into rows of text. Every file is hostile until it proves otherwise."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import python_calamine as calamine
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel.sheets import archive
from quanheng.platform.kernel.sheets.cells import clean, to_text

MAX_BYTES = 40 * 2**20
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 4000
_BINARY = re.compile("[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True)
class SheetRow:
    """One row: where it stands, its cells as text, and what is wrong with single cells by column index.

    ``about`` is what a source of rows that is no sheet knows beside the cells.
    """

    sheet: str
    number: int
    cells: tuple[str, ...]
    problems: Mapping[int, str] = field(default_factory=dict)
    about: object = None

    def blank(self) -> bool:
        """Whether nothing is written in it."""
        return not any(self.cells) and not self.problems


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows, numbered as the spreadsheet program numbers them."""

    name: str
    rows: list[SheetRow]


def read(data: bytes, name: str = "") -> list[Sheet]:
    """Every visible sheet of a workbook, or the one table of a CSV file."""
    if len(data) > MAX_BYTES:
        raise InputError("file_too_large", f"the file is larger than {MAX_BYTES // 2**20} MiB; split it", name)
    if not data.strip(b"\x00 \r\n\t"):
        raise InputError("empty_file", "the file is empty; fill in the template and try again", name)
    if data[:4] == b"PK\x03\x04":
        return _workbook(data, name, archive.unpacked(data))
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _workbook(data, name, None)
    return [_csv(data, name)]


def _workbook(data: bytes, name: str, parts: dict[str, bytes] | None) -> list[Sheet]:
    seen: dict[str, archive.Marks] = {}
    if parts is not None:
        lazy = archive.calculates_on_load(parts)
        for sheet, part in archive.sheet_parts(parts).items():
            archive.check_extent(parts[part], sheet, MAX_ROWS, MAX_COLUMNS)
            seen[sheet] = archive.marks(parts[part], lazy)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [
            _sheet(book.get_sheet_by_name(meta.name), seen.get(meta.name, archive.Marks()))
            for meta in book.sheets_metadata
            if meta.typ == calamine.SheetTypeEnum.WorkSheet
            and meta.visible == calamine.SheetVisibleEnum.Visible
            and (parts is None or meta.name in seen)
        ]
    except (KeyboardInterrupt, SystemExit, MemoryError, InputError):
        raise
    except BaseException as error:  # the parser's panics are BaseException
        message = "the workbook is damaged or locked by a password; save it anew"
        raise InputError("unreadable", message, name) from error


def _sheet(source: calamine.CalamineSheet, seen: archive.Marks) -> Sheet:
    if source.total_height > MAX_ROWS or source.total_width > MAX_COLUMNS:
        message = f"at most {MAX_ROWS} rows and {MAX_COLUMNS} columns are read; split the sheet"
        raise InputError("sheet_too_large", message, source.name)
    values = source.to_python(skip_empty_area=False)
    texts: list[list[str]] = []
    problems: dict[int, dict[int, str]] = {}
    for r, row in enumerate(values):
        line = []
        for c, value in enumerate(row):
            text, problem = to_text(value)
            line.append(text[:MAX_CELL])
            if problem or len(text) > MAX_CELL:
                problems.setdefault(r, {})[c] = problem or _("内容过长")
        texts.append(line)
    for r, c in seen.uncalculated:
        problems.setdefault(r, {})[c] = _("公式没有计算结果;请在表格软件中打开、保存,或改填数值")
    for (r, c), shown in seen.errors.items():
        problems.setdefault(r, {})[c] = _("公式出错:%(shown)s") % {"shown": shown}
    _spread_merged(source.merged_cell_ranges or [], texts, problems)
    rows = [SheetRow(source.name, r + 1, tuple(line), problems.get(r, {})) for r, line in enumerate(texts)]
    return Sheet(source.name, rows)


def _spread_merged(
    ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    texts: list[list[str]],
    problems: dict[int, dict[int, str]],
) -> None:
    """Give every row below a vertical merge its value, marked: only a person knows if it was meant for all."""
    for (top, left), (bottom, right) in ranges:
        if top >= len(texts) or left >= len(texts[top]) or not texts[top][left]:
            continue
        for r in range(top + 1, min(bottom + 1, len(texts))):
            for c in range(left, min(right + 1, len(texts[r]))):
                texts[r][c] = texts[top][left]
                problems.setdefault(r, {})[c] = _("合并的单元格;请取消合并,逐行填写")


def decode(data: bytes, name: str = "") -> str:
    """Text of a CSV file: UTF-8 with or without mark, UTF-16, else GB 18030."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, (encoding,), name)
    head = data[:2000]
    if head.count(0) > len(head) // 8:
        little = head[1::2].count(0) >= head[::2].count(0)
        return _decoded(data, ("utf-16-le" if little else "utf-16-be",), name)
    return _decoded(data, ("utf-8", "gb18030"), name)


def _decoded(data: bytes, encodings: tuple[str, ...], name: str) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _BINARY.search(text):
            return text
    raise InputError("unreadable", "this is neither a workbook nor text in UTF-8, UTF-16 or GB 18030", name)


def _csv(data: bytes, name: str) -> Sheet:
    text = decode(data, name)
    head = text[:20_000]
    delimiter = max(",\t;", key=lambda d: (head.count(d), d == ","))
    rows: list[SheetRow] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
                message = f"at most {MAX_ROWS} rows and {MAX_COLUMNS} columns are read; split the file"
                raise InputError("sheet_too_large", message, f"{name}, row {number}")
            long = {c: _("内容过长") for c, cell in enumerate(cells) if len(cell) > MAX_CELL}
            rows.append(SheetRow("", number, tuple(clean(c[:MAX_CELL]).removeprefix("'") for c in cells), long))
    except csv.Error as error:
        message = f"the CSV text breaks off or has a stray quote ({error}); save it anew as CSV UTF-8"
        raise InputError("unreadable", message, f"{name}, row {len(rows) + 1}") from error
    return Sheet("", rows)
