"""Files as tables of text or numbers with the number of each row; unreadable ones are refused as a whole."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.errors import InputError

CHUNK = 8_000_000
LARGEST_SHEET = 64 * 1024 * 1024
_CSV = {".csv", ".txt", ".tsv"}
_SHEETS = {".xlsx", ".xls", ".ods"}


def tables(path: Path, *, sheet: str = "", whole: bool = False) -> Iterator[pl.DataFrame]:
    """Parts of the file with a column ``row``: its line in a sheet or CSV, its place counted from 1 in Parquet."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError("unreadable", "there is no such file", str(path))
    if suffix in _CSV:
        yield _csv(path)
    elif suffix in _SHEETS:
        yield _sheet(path, sheet)
    else:
        yield from _parquet(path, whole)


def headings(path: Path, *, sheet: str = "") -> list[str]:
    """Names of the columns."""
    if path.suffix.lower() in _CSV | _SHEETS:
        return [c for c in next(tables(path, sheet=sheet)).columns if c not in ("row", "why")]
    return list(_scan(path).collect_schema().names())


def beginning(path: Path, most: int, *, sheet: str = "") -> tuple[pl.DataFrame, int]:
    """The first rows, and how many there are in all."""
    if path.suffix.lower() in _CSV | _SHEETS:
        table = next(tables(path, sheet=sheet))
        return table.head(most), table.height
    table = next(_parquet(path, False, most))
    return table, int(_scan(path).select(pl.len()).collect().item())


def _scan(path: Path) -> pl.LazyFrame:
    try:
        table = pl.scan_parquet(path, glob=False)
        table.collect_schema()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return table


def _unreadable(path: Path, error: object) -> InputError:
    return InputError("unreadable", f"the file is damaged or of another kind: {str(error)[:160]}", str(path))


def _parquet(path: Path, whole: bool, chunk: int = CHUNK) -> Iterator[pl.DataFrame]:
    table = _scan(path)
    names = [n for n in table.collect_schema().names() if n not in ("row", "why")]
    try:
        height = int(table.select(pl.len()).collect().item())
        step = max(height, 1) if whole else chunk
        for start in range(0, max(height, 1), step):
            part = table.select(names).slice(start, step).collect()
            yield part.with_columns(pl.int_range(start + 1, start + 1 + part.height, dtype=pl.Int64).alias("row"))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _csv(path: Path) -> pl.DataFrame:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise _unreadable(path, "neither UTF-8 nor GB 18030") from error
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    if '"' not in text:
        try:
            table = pl.read_csv(io.StringIO(text), infer_schema=False, separator=separator, quote_char=None)
            whole = text.count(separator) == (table.height + 1) * (
                len(table.columns) - 1
            )  # short lines are read as empty
            if whole and not any(n in ("row", "why") for n in table.columns):
                return table.with_row_index("row", 2).with_columns(pl.col("row").cast(pl.Int64))
        except pl.exceptions.PolarsError:
            pass  # lines of different lengths: read again one by one, so that each is told by its number
    return _by_lines(text, separator, path)


def _by_lines(text: str, separator: str, path: Path) -> pl.DataFrame:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        head = [h.strip() for h in next(reader, [])]
        lines, why = [], []
        for cells in reader:
            if not cells:
                continue
            odd = "too_few_cells" if len(cells) < len(head) else "too_many_cells" if len(cells) > len(head) else None
            lines.append([reader.line_num, odd, *(cells + [None] * len(head))[: len(head)]])
            why.append(odd)
    except csv.Error as error:
        raise _unreadable(path, error) from error
    return _table(head, lines, path)


def _table(head: list[str], lines: list[list[Any]], path: Path) -> pl.DataFrame:
    if not any(head) or len(set(head)) != len(head):
        raise InputError("columns", "the first line must name every column once", str(path))
    schema = {"row": pl.Int64(), "why": pl.String(), **{h: pl.String() for h in head if h not in ("row", "why")}}
    if len(schema) != len(head) + 2:
        raise InputError("columns", "a column cannot be called row or why", str(path))
    return pl.DataFrame(lines, schema=schema, orient="row")


def _sheet(path: Path, sheet: str) -> pl.DataFrame:
    import python_calamine

    if path.stat().st_size > LARGEST_SHEET:
        raise InputError("too_large", "a workbook is at most 64 MiB; send larger ones as CSV or Parquet", str(path))
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        if sheet and sheet not in book.sheet_names:
            raise InputError(
                "sheet", f"there is no sheet of that name; there are {', '.join(book.sheet_names)[:200]}", sheet
            )
        cells = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python()
    except InputError:
        raise
    except Exception as error:  # the reader raises its own kinds for damaged workbooks
        raise _unreadable(path, error) from error
    if not cells:
        raise InputError("columns", "the sheet is empty", str(path))
    head = [str(c).strip() for c in cells[0]]
    while head and not head[-1]:
        head.pop()
    lines = [
        [n, None, *(_text(c) for c in line[: len(head)])]
        for n, line in enumerate(cells[1:], start=2)
        if any(c not in ("", None) for c in line)
    ]
    return _table(head, lines, path)


def _text(cell: Any) -> str | None:
    if cell in ("", None):
        return None
    if isinstance(cell, dt.datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, dt.date):
        return f"{cell.isoformat()}T00:00:00"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
