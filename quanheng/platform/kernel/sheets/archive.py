"""What an Excel file holds before a parser is let near it: sizes as unpacked, extents, formulas, error cells."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from lxml import etree

from quanheng.errors import InputError
from quanheng.platform.kernel.zips import entries

MAX_UNPACKED = 400 * 2**20
MAX_ENTRIES = 3000
MAX_CELLS = 6_000_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_REF = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["'](\d{1,9})["'][^>]*[^/]>""")
_PLACELESS = re.compile(rb"""<(?:\w+:)?c(?:\s(?![^>]*\br\s*=)[^>]*)?>""")
_CALC = re.compile(rb"""fullCalcOnLoad\s*=\s*["'](?:1|true)["']""")
_ODD = re.compile(rb"""<(?:\w+:)?f[\s>/]|\st\s*=\s*["']e["']""")


@dataclass
class Marks:
    """Cells of one sheet whose stored value is not to be trusted: zero-based (row, column)."""

    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def column_index(letters: str) -> int:
    """``A`` → 0, ``AA`` → 26."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def unpacked(data: bytes) -> dict[str, bytes]:
    """Every entry, unpacked by count of real bytes rather than by what its header claims."""
    unpacked = entries(data, most_bytes=MAX_UNPACKED, most_entries=MAX_ENTRIES, called="the workbook")
    return {name: content for name, content in unpacked if name.endswith((".xml", ".rels"))}


def _parse(content: bytes) -> etree._Element:
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content[:65536]:
        raise InputError("unsafe_file", "the workbook declares entities; save it anew from Excel")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError("unreadable", "the workbook's XML is damaged; save it anew from Excel") from error


def sheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """Sheet name → name of its part."""
    book = next((n for n in ("xl/workbook.xml", "xl/workbook2.xml") if n in parts), None)
    if book is None:
        raise InputError("unreadable", "this is not an Excel workbook (.xlsx); save it as .xlsx or .csv")
    links = parts.get("xl/_rels/" + posixpath.basename(book) + ".rels", b"<x/>")
    targets = {e.get("Id"): str(e.get("Target", "")) for e in _parse(links)}
    found: dict[str, str] = {}
    for sheet in _parse(parts[book]).iter(_MAIN + "sheet", _STRICT + "sheet"):
        key = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), "")
        target = targets.get(str(key), "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath("xl/" + target)
        if path in parts:
            found[str(sheet.get("name", ""))] = path
    return found


def check_extent(content: bytes, name: str, max_rows: int, max_columns: int) -> None:
    """Refuse a sheet whose farthest cell would make a reader allocate a desert."""
    rows = columns = 0
    for letters, digits in _REF.findall(content):
        rows = max(rows, int(digits))
        columns = max(columns, column_index(letters.decode("ascii")) + 1)
    if _PLACELESS.search(content):
        rows = max([rows, *(int(digits) for digits in _ROW.findall(content))])
    if rows > max_rows or columns > max_columns or rows * columns > MAX_CELLS:
        message = f"the sheet reaches row {rows}, column {columns}; at most {max_rows} rows and {max_columns} columns"
        raise InputError("sheet_too_large", f"{message} are read: delete what is beside the table, or split it", name)


def marks(content: bytes, calculates_on_load: bool) -> Marks:
    """Formulas that were never calculated, and error values."""
    found = Marks()
    if not _ODD.search(content):
        return found
    for cell in _parse(content).iter(_MAIN + "c", _STRICT + "c"):
        place = re.fullmatch(r"([A-Za-z]+)(\d+)", cell.get("r") or "")
        if not place:
            continue
        where = (int(place[2]) - 1, column_index(place[1]))
        tags = {str(child.tag).rpartition("}")[2]: child.text or "" for child in cell}
        value = tags.get("v", "")
        if "f" in tags and (not value.strip() or (calculates_on_load and value.strip() == "0")):
            found.uncalculated.add(where)
        elif cell.get("t") == "e":
            found.errors[where] = value
    return found


def calculates_on_load(parts: dict[str, bytes]) -> bool:
    """Whether the writer left the values to Excel (it then stores 0 for every formula)."""
    return bool(_CALC.search(parts.get("xl/workbook.xml", b"")))
