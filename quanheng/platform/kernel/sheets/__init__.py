"""Sheets in and out: Excel and CSV read as text with the place of every row, written without live formulas."""

from quanheng.platform.kernel.sheets.reading import Sheet, SheetRow, read
from quanheng.platform.kernel.sheets.tables import Heading, Table, find_table, normal
from quanheng.platform.kernel.sheets.writing import Field, write_csv, write_template, write_xlsx

__all__ = [
    "Field",
    "Heading",
    "Sheet",
    "SheetRow",
    "Table",
    "find_table",
    "normal",
    "read",
    "write_csv",
    "write_template",
    "write_xlsx",
]
