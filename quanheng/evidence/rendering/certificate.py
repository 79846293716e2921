"""Content → the printed certificate: cover, conditions and standards, results, with the signed XML inside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from quanheng.evidence.content import CertificateContent, Column, Condition, Table
from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.build import SCHEMA_VERSION
from quanheng.evidence.rendering.typeset import pictures, qr_svg, typeset
from quanheng.evidence.rendering.wording import NOTES, Wording, labels, w

_ZONE = ZoneInfo("Asia/Shanghai")
_NONE = "/"  # how an empty field is marked on paper, so that nothing can be written in later


def render_certificate(content: CertificateContent, signed_xml: bytes, at: datetime) -> bytes:
    """The unsigned PDF/A-3b with the signed XML attached (relationship Source)."""
    return typeset("certificate", view(content), at, attachment=signed_xml)


def draw_certificate(content: CertificateContent, signed_xml: bytes, at: datetime) -> list[bytes]:
    """Its pages as PNG: what it will look like, on screens that show no PDF inside a page."""
    return pictures("certificate", view(content), at, attachment=signed_xml)


def view(c: CertificateContent) -> dict[str, Any]:
    """Everything the template prints, as plain text."""
    words = labels(c.kind)
    return {
        "title": _w(c.title),
        "number": c.number,
        "issuer": {"name": c.issuer.name, "name_en": c.issuer.name_en or ""},
        "labels": words,
        "dcc_version": SCHEMA_VERSION,
        "attachment_name": f"{_file_name(c.number)}.xml",
        "cover": _cover(c, words),
        "reasons": [_w(r) for r in c.reasons],
        "people": [{"label": words[p.role], "name": p.name, "licence": p.licence or ""} for p in _in_order(c)],
        "dates": _dates(c, words),
        "qr": qr_svg(c.public_url),
        "url": c.public_url,
        "contact": _contact(c),
        "replaces": None if c.replaces is None else {"number": c.replaces.number, "reason": _w(c.replaces.reason)},
        "item": _item(c, words),
        "standards": _standards(c, words),
        "environment": [{"label": _w(e.quantity), "value": _condition(e)} for e in c.environment]
        + [{"label": words["place"], "value": c.place.text}],
        "traceability": None if c.traceability is None else _w(c.traceability),
        "notes": [_w(s) for s in c.statements] + NOTES,
        "unverified": [{"what": _w(u.what), "source": u.source} for u in c.unverified],
        "act": _act(c),
        "hashes": _hashes(c, words),
        "tables": [_table(t) for t in c.tables],
        "conclusion": _w(c.conclusion),
    }


def _w(words: Any) -> Wording:
    return {"zh": words.zh, "en": words.en}


def _in_order(c: CertificateContent) -> list[Any]:
    return sorted(c.people, key=lambda p: ("signatory", "checker", "verifier").index(p.role))


def _line(label: Wording, value: str | None, more: str | None = None, *, strong: bool = False) -> dict[str, Any]:
    return {"label": label, "value": value or _NONE, "more": more or "", "strong": strong}


def _cover(c: CertificateContent, words: dict[str, Wording]) -> list[dict[str, Any]]:
    norm = f"{c.norm.number} {c.norm.title}"
    return [
        _line(words["customer"], c.customer.name, c.customer.address),
        _line(words["item_name"], c.item.name, c.item.name_en),
        _line(words["model"], c.item.model),
        _line(words["serial"], c.item.serial_number),
        _line(words["manufacturer"], c.item.manufacturer),
        _line(words["norm"], norm),
        _line(words["conclusion"], c.conclusion.zh, c.conclusion.en, strong=True),
    ]


def _dates(c: CertificateContent, words: dict[str, Wording]) -> list[dict[str, Any]]:
    performed = _day(c.performed_to)
    iso = c.performed_to.isoformat()
    if c.performed_from != c.performed_to:
        performed, iso = f"{_day(c.performed_from)}至 {performed}", ""
    dates = [{"label": words["performed"], "zh": performed, "iso": iso, "strong": False}]
    dates.append({"label": words["issued"], "zh": _day(c.issued_on), "iso": c.issued_on.isoformat(), "strong": False})
    if c.valid_until is not None:
        until = {"label": words["valid_until"], "zh": _day(c.valid_until), "iso": c.valid_until.isoformat()}
        dates.append({**until, "strong": True})
    return dates


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _contact(c: CertificateContent) -> list[str]:
    parts = [
        ("授权证书号", c.issuer.authorisation),
        ("统一社会信用代码", c.issuer.credit_code),
        ("地址", c.issuer.address),
        ("电话", c.issuer.phone),
    ]
    return [f"{label}：{value}" for label, value in parts if value]


def _item(c: CertificateContent, words: dict[str, Wording]) -> list[dict[str, Any]]:
    lines = [
        _line(words["range"], c.item.measuring_range),
        _line(words["class"], c.item.accuracy_class),
        _line(words["code"], c.item.code),
        _line(words["customer_code"], c.customer.credit_code),
    ]
    return lines + [_line(_w(extra.name), extra.value) for extra in c.item.identifications]


def _standards(c: CertificateContent, words: dict[str, Wording]) -> dict[str, Any]:
    keys = ("std_name", "std_number", "std_range", "std_uncertainty", "std_certificate", "std_valid")
    rows = [
        [
            s.name,
            s.number,
            s.range or _NONE,
            s.uncertainty or _NONE,
            s.certificate_number + ("(DCC)" if s.digital else ""),
            s.certificate_valid_until.isoformat() if s.certificate_valid_until else _NONE,
        ]
        for s in c.standards
    ]
    return {"head": [words[key] for key in keys], "rows": rows}


def _condition(e: Condition) -> str:
    shown = units.symbol(e.unit) if e.unit else ""
    if e.value_max is not None:
        return f"({e.value}~{e.value_max}) {shown}".strip()
    return f"{e.value} {shown}".strip()


def _act(c: CertificateContent) -> Wording:
    local = c.signature_act.at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    act = c.signature_act
    return w(
        f"{act.signatory} 于 {local}（北京时间）经 {act.factor} 二次认证签发：{act.meaning.zh}。",
        f"Signed by {act.signatory} at {local} (UTC+8), second factor {act.factor}: {act.meaning.en}.",
    )


def _hashes(c: CertificateContent, words: dict[str, Wording]) -> list[dict[str, Any]]:
    return [
        {"label": words["hash_record"], "value": c.record_sha256},
        {"label": words["hash_content"], "value": c.content_sha256},
        {"label": words["hash_procedure"], "value": f"{c.procedure.id}  {c.procedure.sha256}"},
        {"label": words["hash_software"], "value": f"{c.software.name} {c.software.version}  {c.software.sha256}"},
        {"label": words["public_page"], "value": c.public_url},
    ]


def _table(table: Table) -> dict[str, Any]:
    columns: list[dict[str, Any]] = []
    cells: list[list[str]] = []
    notes: list[str] = []
    for column in table.columns:
        columns.append(_head(column.title.zh, column.title.en, column))
        cells.append([value or "—" for value in column.values])
        if column.U is not None and len(column.U) == 1:
            notes.append(f"{column.title.zh} {column.title.en}: U = {column.U[0]} {_unit(column)}{_coverage(column)}")
        elif column.U is not None:
            columns.append({**_head("U", _coverage(column).strip(" ()") or "k unknown", column)})
            cells.append([value or "—" for value in column.U])
    return {
        "title": _w(table.title),
        "columns": columns,
        "rows": [list(row) for row in zip(*cells, strict=True)],
        "note": "; ".join(notes),
    }


def _head(zh: str, en: str, column: Column) -> dict[str, Any]:
    return {"zh": zh, "en": en, "unit": _unit(column), "numeric": column.numeric}


def _unit(column: Column) -> str:
    return units.symbol(column.unit) if column.unit else ""


def _coverage(column: Column) -> str:
    parts = [f"k = {column.k}" if column.k else "", f"p = {column.p}" if column.p else ""]
    given = ", ".join(part for part in parts if part)
    return f" ({given})" if given else ""


def _file_name(number: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in number)
