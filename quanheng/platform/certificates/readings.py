"""A file of readings into the sheet: CSV with a section, a row and the names of the fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel.sheets.reading import decode
from quanheng.procedures.form import form

MAX_BYTES = 1024 * 1024
MAX_ROWS = 5000
HEAD = ("section", "row")


def text_of(data: bytes) -> str:
    """The file's text, in any of the encodings that Excel writes in China, as files of the ledger are read."""
    if len(data) > MAX_BYTES:
        raise InputError("too_large", _("读数文件不超过 %(n)d KB") % {"n": MAX_BYTES // 1024}, "file")
    try:
        return decode(data)
    except InputError as error:
        raise InputError("not_csv", _("这不是 CSV 文件,请另存为 CSV(UTF-8)"), "file") from error


def template(procedure_id: str, record: Mapping[str, Any]) -> list[list[str]]:
    """The rows of an empty file of readings for this record, with the given points filled in."""
    described = form(procedure_id, record.get("instrument", {}), str(record["purpose"]))
    fields = list(dict.fromkeys(f["key"] for s in described["sections"] for f in s["fields"]))
    rows = [[*HEAD, *fields]]
    for section in described["sections"]:
        for row in section["rows"] or []:
            rows.append([section["key"], str(row["index"] + 1), *(str(row["given"].get(f, "")) for f in fields)])
    return rows


def merged(procedure_id: str, record: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    """The record with the file's readings in it, as text and unjudged. Any wrong line refuses the whole file."""
    lines = list(csv.reader(io.StringIO(text_of(data), newline="")))
    if not lines or [c.strip() for c in lines[0][:2]] != list(HEAD):
        raise InputError("header", _("第一行须以 section,row 开头,请下载模板"), _("第 %(n)d 行") % {"n": 1})
    if len(lines) > MAX_ROWS:
        raise InputError(
            "too_many_rows", _("读数文件最多 %(n)d 行") % {"n": MAX_ROWS}, _("第 %(n)d 行") % {"n": MAX_ROWS}
        )
    described = form(procedure_id, record.get("instrument", {}), str(record["purpose"]))
    known = {s["key"]: s for s in described["sections"]}
    names = [c.strip() for c in lines[0][2:]]
    sections = {key: [dict(r) for r in rows] for key, rows in record.get("sections", {}).items()}
    for number, line in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in line):
            _put(line, names, known, sections, _("第 %(n)d 行") % {"n": number})
    return {**record, "sections": sections}


def _put(
    line: list[str], names: list[str], known: Mapping[str, Any], sections: dict[str, list[dict[str, Any]]], place: str
) -> None:
    section = known.get(line[0].strip())
    if section is None:
        raise InputError("section", _("记录表中没有名为“%(name)s”的部分") % {"name": line[0].strip()[:40]}, place)
    rows = section["rows"] or []
    row_text = line[1].strip() if len(line) > 1 else ""
    if not row_text.isascii() or not row_text.isdigit() or not 1 <= int(row_text) <= len(rows):
        raise InputError("row", _("行号须为 1 至 %(n)d 的整数") % {"n": len(rows)}, place)
    index = int(row_text) - 1
    kept = sections.setdefault(section["key"], [])
    while len(kept) < len(rows):
        kept.append(dict(rows[len(kept)]["given"]))
    fields = {f["key"]: f for f in section["fields"]}
    for name, cell in zip(names, line[2:], strict=False):
        value = cell.strip()
        if not value:
            continue
        if name not in fields:
            raise InputError(
                "field", _("%(section)s 没有名为“%(name)s”的列") % {"section": section["key"], "name": name[:40]}, place
            )
        if fields[name]["editable"]:
            kept[index][name] = value[:100]
