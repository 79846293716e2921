"""What is printed before and beside the certificate: the raw record, and the document as it will look."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.utils import translation

from quanheng.evidence.content import CertificateContent
from quanheng.evidence.rendering.certificate import draw_certificate, render_certificate
from quanheng.evidence.rendering.papers import RawRecord, Sheet, render_record
from quanheng.platform.certificates import content, item, sheet
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.kernel import clock, people
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.roles import Role
from quanheng.platform.web.sources import readable
from quanheng.procedures.sections import symbol_of
from quanheng.procedures.tables import tables

UNSIGNED = "—"
KEEP_PAGES = 300
CONFORMITY = {"pass": "合格", "fail": "不合格"}


def _preview(record: Record, viewer: User) -> CertificateContent:
    """Of a signed record: the number and the people it was issued with, still without its seal."""
    signs = record.state == "signing" and people.actor_of(viewer).has(Role.SIGNATORY)
    document, signatory = record.document, viewer if signs else record.signatory or User(name="待签发")
    with translation.override(content.DOCUMENT_LANGUAGE):
        return content.build(
            record,
            number=document.number if document else str(RECORD.states[record.state]),
            public_url="https://preview.invalid/",
            act=content.Act(signatory, record.signed_at or clock.now(), "approve", UNSIGNED),
            issued_on=document.issued_on if document else clock.today(),
        )


def preview(record: Record, viewer: User) -> bytes:
    """The document as it will print, with no number, no seal and no data inside: it proves nothing."""
    return render_certificate(_preview(record, viewer), b"<preview/>", clock.now())


def pages(record: Record, viewer: User) -> list[bytes]:
    """The pages of the preview as PNG, kept for a while: the review asks for one after the other."""
    key = f"preview:{record.pk}:{record.version}:{viewer.pk}:{clock.today()}"
    kept: list[bytes] | None = caches["memory"].get(key)
    if kept is None:
        kept = draw_certificate(_preview(record, viewer), b"<preview/>", clock.now())
        caches["memory"].set(key, kept, KEEP_PAGES)
    return kept


def raw_record(record: Record) -> bytes:
    """The raw record as PDF: every reading as typed, every result, the people and the hashes."""
    with translation.override(content.DOCUMENT_LANGUAGE):
        return _raw_record(record)


def _raw_record(record: Record) -> bytes:
    shown = sheet.build(record)
    number = record.document.number if record.document else str(record.task.application.number)
    hashes = (record.result or {}).get("hashes", {})
    paper = RawRecord(
        title="检定原始记录",
        subtitle=f"{shown['norm']['number']} {shown['norm']['title']['zh']}",
        issuer=record.organisation.name,
        number=number,
        header=tuple(_header(record, shown)),
        sections=tuple(_sections(shown)),
        results=tuple(_results(record)),
        verdict={"pass": "合格 Pass", "reject": "不合格 Reject"}.get(record.verdict, "未完成 Incomplete"),
        people=tuple(_people(record)),
        footer=tuple(f"{name}: {value}" for name, value in hashes.items()),
    )
    return render_record(paper, record.signed_at or record.saved_at)


def _header(record: Record, shown: dict[str, Any]) -> list[tuple[str, str]]:
    one = item.printed(record)
    rows = [
        ("器具名称", one["name"]),
        ("型号规格", one["specification"]),
        ("出厂编号", one["serial_number"]),
        ("生产厂家", one["manufacturer"]),
        ("测量范围", one["measuring_range"]),
        ("准确度等级", one["accuracy_class"]),
        ("使用单位", record.instrument.organisation.name),
        ("检定日期", record.performed_on.isoformat()),
        ("检定地点", record.place),
    ]
    rows += [(c.label, f"{c.shown} {c.symbol}".strip() if c.value else "") for c in shown["parameters"]]
    rows += [(c.label, f"{c.value} {c.symbol}".strip()) for c in shown["environment"]]
    roles = {role["role"]: role["label"] for role in shown["standards"]}
    for entry in record.data.get("standards", []):
        label = roles.get(entry["role"], entry["role"])
        rows.append((label, f"{entry['name']} {entry['serial']} · {entry['certificate']}"))
    return [(label, value or "/") for label, value in rows]


def _titled(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def _sections(shown: dict[str, Any]) -> list[Sheet]:
    sheets = []
    for section in shown["sections"]:
        columns = tuple(_titled(f["label"], f["symbol"]) for f in section["fields"])
        rows = tuple(tuple(c.value or "/" for c in row["cells"]) for row in section["rows"] or [])
        if columns and rows:
            sheets.append(Sheet(section["title"], columns, rows))
    answers = {True: "合格", False: "不合格", None: "/"}
    checks = tuple((c["label"], answers.get(c["answer"], "/")) for c in shown["checks"])
    return [*sheets, Sheet("外观与功能检查", ("项目", "结果"), checks)] if checks else sheets


def _results(record: Record) -> list[Sheet]:
    if record.result is None:
        return []
    found = []
    for table in tables(procedures.loaded(record.procedure_id), record.data):
        heads, columns = [], []
        for column in table["columns"]:
            heads.append(_titled(column["title"]["zh"], symbol_of(column["unit"] or "")))
            columns.append([CONFORMITY.get(v, v) or "/" for v in column["values"]])
            if column["U"] is not None:
                heads.append(f"U (k={column['k'] or '-'})")
                columns.append([u or "/" for u in column["U"]])
        found.append(Sheet(table["title"]["zh"], tuple(heads), tuple(zip(*columns, strict=True))))
    doubtful = dict.fromkeys((str(row["zh"]), readable(str(row["source"]))) for row in record.result["unverified"])
    return [*found, Sheet("以下依据未经原文核实", ("依据", "来源"), tuple(doubtful))] if doubtful else found


def _people(record: Record) -> list[tuple[str, str]]:
    named = (("检定员", record.verifier), ("核验员", record.checker), ("授权签字人", record.signatory))
    return [(title, user.name if user else "/") for title, user in named]
