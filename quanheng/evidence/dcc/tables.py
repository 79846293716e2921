"""Every result table of a certificate as rows and columns: CSV, Excel, Parquet."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.cells import entry, number_of
from quanheng.evidence.dcc.certificate import Certificate, Quantity, Table, Uncertainty, pick
from quanheng.evidence.dcc.present import columns, language

# one row per value; text as written in the certificate, ``number`` beside it for reckoning
COLUMNS: dict[str, Any] = {
    "certificate": pl.String, "measurement": pl.String, "result": pl.String, "table": pl.Int64, "column": pl.String,
    "ref_type": pl.String, "row": pl.Int64, "label": pl.String, "time": pl.String, "value": pl.String,
    "number": pl.Float64, "unit": pl.String, "dsi": pl.String, "uncertainty": pl.String, "kind": pl.String,
    "k": pl.String, "p": pl.String, "distribution": pl.String, "low": pl.String, "high": pl.String,
    "conformity": pl.String, "relative": pl.String, "relative_unit": pl.String, "imaginary": pl.String,
    "imaginary_unit": pl.String,
}  # fmt: skip
_SHEET = re.compile(r"[\[\]:*?/\\']")


def frame(certificate: Certificate) -> pl.DataFrame:
    """One row per value of every result."""
    rows = list(_rows(certificate))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def csv(certificate: Certificate) -> str:
    """The long table as CSV, where no cell can run as a formula."""
    table = frame(certificate)
    texts = [name for name in ("measurement", "result", "column", "label", "certificate") if name in table.columns]
    inert = [pl.col(name).map_elements(_inert, return_dtype=pl.String).alias(name) for name in texts]
    words = pl.when(pl.col("number").is_null()).then(pl.col("value").map_elements(_inert, return_dtype=pl.String))
    return table.with_columns(*inert, words.otherwise(pl.col("value")).alias("value")).write_csv()


def parquet(certificate: Certificate) -> bytes:
    """The long table as Parquet."""
    out = io.BytesIO()
    frame(certificate).write_parquet(out)
    return out.getvalue()


def excel(certificate: Certificate) -> bytes:
    """A sheet of all values, then each table as the certificate shows it, digits as written."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("values")
        sheet.write_row(0, 0, list(COLUMNS))
        for number, row in enumerate(frame(certificate).iter_rows(), start=1):
            for at, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, at, cell)
        sheet.freeze_panes(1, 0)
        used = {"values"}
        for title, table in tables(certificate):
            _sheet(book, _free_name(title, used), table)
    return out.getvalue()


def tables(certificate: Certificate) -> Iterator[tuple[str, Table]]:
    """Result tables with a title each."""
    for measurement in certificate.measurements:
        for result in measurement.results:
            for table in result.tables:
                yield pick(table.name, "zh") or pick(result.name, "zh") or "result", table


def _sheet(book: Any, name: str, table: Table) -> None:
    sheet = book.add_worksheet(name)
    heads = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    for at, column in enumerate(columns(table, language("zh"))):
        sheet.write_string(0, at, column.head, heads)
        if column.number:
            _column(book, sheet, at, column.cells)
        else:
            for row, cell in enumerate(column.cells, start=1):
                sheet.write_string(row, at, cell)
    sheet.freeze_panes(1, 0)


def _column(book: Any, sheet: Any, at: int, cells: tuple[str, ...]) -> None:
    for row, cell in enumerate(cells, start=1):
        number = number_of(cell)
        if number is None:
            sheet.write_string(row, at, cell)
            continue
        digits = len(cell.partition(".")[2]) if "e" not in cell.lower() else None
        form = "General" if digits is None else "0" + (f".{'0' * digits}" if digits else "")
        sheet.write_number(row, at, number, book.add_format({"num_format": form}))


def _free_name(title: str, used: set[str]) -> str:
    base = _SHEET.sub(" ", title).strip()[:26] or "table"
    name, number = base, 2
    while name.lower() in used:
        name, number = f"{base} {number}", number + 1
    used.add(name.lower())
    return name


def _rows(certificate: Certificate) -> Iterator[tuple[Any, ...]]:
    number = 0
    for measurement in certificate.measurements:
        for result in measurement.results:
            for table in result.tables:
                number += 1
                head = (
                    certificate.core.unique_identifier,
                    pick(measurement.name, "zh"),
                    pick(result.name, "zh"),
                    number,
                )
                for q in table.columns:
                    yield from _quantity(head, q, table.times)


def _quantity(head: tuple[Any, ...], q: Quantity, times: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    u, relative = q.uncertainty or Uncertainty("", ()), q.relative or Uncertainty("", ())
    second = q.imaginary_units or (q.units if q.imaginary else ())
    for row, cell in enumerate(q.values):
        dsi = entry(q.units, row)
        yield (
            *head,
            pick(q.name, "zh") or " ".join(q.ref_types),
            " ".join(q.ref_types),
            row + 1,
            entry(q.label, row),
            entry(q.times or times, row),
            cell,
            number_of(cell) if q.units else None,
            units.symbol(dsi),
            dsi,
            entry(u.values, row),
            u.kind,
            *(entry(x or (), row) for x in (u.k, u.p, u.distribution, u.low, u.high)),
            entry(q.conformity, row),
            entry(relative.values, row),
            units.symbol(entry(relative.units, row)),
            entry(q.imaginary, row),
            units.symbol(entry(second, row)),
        )


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
