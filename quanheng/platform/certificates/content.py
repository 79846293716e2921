"""From a checked record to what the certificate says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from quanheng.evidence.content import CertificateContent
from quanheng.evidence.content import load as load_content
from quanheng.platform.catalog.queries import Period, verification_period
from quanheng.platform.certificates import item
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import PreparedDocument, Record
from quanheng.platform.documents.models import Document
from quanheng.platform.kernel.calendar import valid_until
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.parties.models import Licence
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.queries import certificate_on
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.web.sources import readable
from quanheng.procedures import Loaded
from quanheng.procedures.form import described
from quanheng.procedures.hashing import canonical
from quanheng.procedures.periods import period_months
from quanheng.procedures.tables import tables

NO_UNIT = r"\one"
DOCUMENT_LANGUAGE = "zh-hans"  # papers are one for everybody, whatever the language of the screen
MEANINGS = {
    "approve": {
        "zh": "本人已审阅本文书及其原始记录,确认检定依据、所用标准、数据和结论正确,批准以本机构名义签发",
        "en": "I have reviewed this document and its raw record, confirm that norm, standards, data and conclusion are"
        " correct, and approve its issue in the name of the institute",
    }
}

WITHDRAWING = {
    "zh": "本人已核实撤销的原因,以本机构名义撤销本文书;撤销立即公开,不可恢复",
    "en": "I have verified the reason and withdraw this document in the name of the institute; the withdrawal is public"
    " at once and final",
}


@dataclass(frozen=True)
class Act:
    """The signatory's act: who, when, what it means, by which factor."""

    signatory: User
    at: dt.datetime
    meaning: str
    factor: str


@dataclass(frozen=True)
class Replacing:
    """The document that gives way, and why."""

    document: Document
    reason_zh: str
    reason_en: str


def kind_of(record: Record) -> str:
    """A pass is a verification certificate, a rejection a notice with reasons."""
    return "verification_certificate" if record.verdict == "pass" else "rejection_notice"


def build(
    record: Record, *, number: str, public_url: str, act: Act, issued_on: dt.date, replacing: Replacing | None = None
) -> CertificateContent:
    """The whole content, checked."""
    loaded = procedures.loaded(record.procedure_id)
    answer = procedures.evaluated(record.procedure_id, record.data)
    passed = record.verdict == "pass"
    until = validity(record) if passed else None
    data: dict[str, Any] = {
        "kind": kind_of(record),
        "number": number,
        "issued_on": issued_on,
        "performed_from": record.performed_on,
        "performed_to": record.performed_on,
        "valid_until": until.day if until else None,
        "issuer": party(record.organisation),
        "customer": party(record.instrument.organisation),
        "place": _place(record),
        "item": _item(record),
        "norm": _norm(loaded),
        "procedure": {"id": record.procedure_id, "sha256": record.procedure_sha256},
        "standards": list(_standards(record)),
        "environment": list(_environment(record, loaded)),
        "tables": [_table(t) for t in tables(loaded, record.data, answer=answer)],
        "verdict": "pass" if passed else "fail",
        "conclusion": _conclusion(record, passed),
        "reasons": [] if passed else [_words(r) for r in (record.result or {})["reasons"]],
        "people": list(people(record, act)),
        "signature_act": {
            "signatory": act.signatory.name,
            "at": act.at,
            "meaning": MEANINGS[act.meaning],
            "factor": act.factor,
        },
        "record_sha256": (record.result or {})["hashes"]["record"],
        "software": software((record.result or {})["hashes"]["software"]),
        "public_url": public_url,
        "replaces": replaces(replacing),
        "unverified": [*_unverified(record), *(until.unverified if until else ())],
        "statements": _statements(record),
    }
    return load_content(data)


def _words(source: Mapping[str, Any]) -> dict[str, str]:
    return {"zh": str(source["zh"]), "en": str(source["en"])}


def party(organisation: Organisation) -> dict[str, Any]:
    return {
        "name": organisation.name,
        "name_en": organisation.name_en,
        "address": organisation.address,
        "credit_code": organisation.credit_code,
        "phone": organisation.phone,
        "authorisation": organisation.authorisation,
    }


def _place(record: Record) -> dict[str, str]:
    kind = "customer" if record.task.delivery == "on_site" else "laboratory"
    return {"kind": kind, "text": item.place_of(record)}


def _item(record: Record) -> dict[str, Any]:
    own, instrument = item.printed(record), record.instrument
    return {
        "name": own["name"],
        "name_en": instrument.category.name_en,
        "model": own["specification"],
        "serial_number": own["serial_number"],
        "manufacturer": own["manufacturer"],
        "measuring_range": own["measuring_range"],
        "accuracy_class": own["accuracy_class"],
        "code": instrument.code,
    }


def _norm(loaded: Loaded) -> dict[str, str]:
    norm = loaded.procedure.norm
    return {"number": norm.number, "title": norm.title.zh, "edition": norm.edition}


def _standards(record: Record) -> Iterator[dict[str, Any]]:
    for entry in record.data["standards"]:
        standard = MeasurementStandard.objects.get(pk=entry["item"])
        certificate = certificate_on(standard, record.performed_on)
        sha256 = _digital_hash(certificate)
        yield {
            "name": standard.name,
            "number": standard.code,
            "range": standard.range_text,
            "uncertainty": standard.accuracy,
            "certificate_number": entry["certificate"],
            "certificate_valid_until": certificate.valid_to if certificate else None,
            "certificate_sha256": sha256,
            "digital": sha256 is not None,
        }


def _digital_hash(certificate: TraceCertificate | None) -> str | None:
    """The hash of the standard's own digital certificate: one of ours, or one that came from elsewhere."""
    if certificate is None:
        return None
    document = Document.objects.filter(pk=certificate.document_id).first() if certificate.document_id else None
    return (document.xml_sha256 if document else certificate.file_sha256) or None


REF_TYPES = {
    "temperature": "basic_temperature",
    "humidity": "basic_humidityRelative",
    "pressure": "basic_pressureAtmospheric",
}


def _environment(record: Record, loaded: Loaded) -> Iterator[dict[str, Any]]:
    given = record.data.get("environment", {})
    sheet = described(loaded, record.data["instrument"], record.data["purpose"])
    for condition in sheet["environment"]:
        value = given.get(condition["key"])
        if value in (None, ""):
            continue
        yield {
            "quantity": condition["label"],
            "value": value,
            "unit": condition["unit"],
            "ref_type": REF_TYPES.get(condition["key"], f"qh_{condition['key']}"),
        }


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": table["title"], "columns": [_column(c) for c in table["columns"]]}


def _column(column: Mapping[str, Any]) -> dict[str, Any]:
    words = {"pass": "合格 pass", "fail": "不合格 fail"}
    conformity = column["ref_type"] == "basic_conformity"
    values = [words.get(v, v) if conformity else v for v in column["values"]]
    return {
        "key": column["key"],
        "title": column["title"],
        "unit": None if conformity else column["unit"],
        "ref_type": column["ref_type"] or f"qh_{column['key']}",
        "values": ["" if v is None else v for v in values],
        "U": None if column["U"] is None else ["" if u is None else u for u in column["U"]],
        "k": column["k"],
    }


def _conclusion(record: Record, passed: bool) -> dict[str, str]:
    """A class is stated only where the procedure judged it."""
    if not passed:
        return {"zh": "不合格", "en": "Rejected"}
    grade = item.judged_class(record)
    if not grade:
        return {"zh": "合格", "en": "Passed"}
    return {"zh": f"符合{grade}级", "en": f"Passed as class {grade}"}


def people(record: Record | PreparedDocument, act: Act) -> Iterator[dict[str, Any]]:
    named = (("verifier", record.verifier, "verify"), ("checker", record.checker, "check"))
    acting = [(role, user, duty) for role, user, duty in (*named, ("signatory", act.signatory, "sign")) if user]
    held = Licence.objects.filter(organisation=record.organisation, norm=record.norm, withdrawn_on=None)
    rows = held.filter(user__in=[user.pk for _role, user, _duty in acting]).order_by("valid_until")
    latest = {(one.user_id, one.duty): one.number for one in rows}
    for role, user, duty in acting:
        yield {"role": role, "name": user.name, "licence": latest.get((user.pk, duty))}


def software(text: str) -> dict[str, str]:
    """``0.1.0+sha256.<64 hex>`` as name, version and hash."""
    version, _, sha256 = text.partition("+sha256.")
    return {"name": "Quanheng", "version": version, "sha256": sha256}


def replaces(replacing: Replacing | None) -> dict[str, Any] | None:
    if replacing is None:
        return None
    return {
        "number": replacing.document.number,
        "reason": {"zh": replacing.reason_zh, "en": replacing.reason_en},
        "xml_sha256": replacing.document.xml_sha256,
    }


def _source(text: str) -> str:
    """A source as papers name it: one text for every reader."""
    with translation.override(DOCUMENT_LANGUAGE):
        return readable(text)


def _unverified(record: Record) -> Iterator[dict[str, Any]]:
    """Each doubtful rule once, however many points rest on it."""
    rows = (record.result or {})["unverified"]
    told = dict.fromkeys((str(r["zh"]), str(r["en"]), _source(str(r["source"]))) for r in rows)
    for zh, en, source in told:
        yield {"what": {"zh": zh, "en": en}, "source": source}


def _statements(record: Record) -> list[dict[str, str]]:
    remarks = str(record.data.get("remarks") or "").strip()
    return [{"zh": remarks, "en": remarks}] if remarks else []


@dataclass(frozen=True)
class Validity:
    """The last day of validity, and what of it was not read in the norm."""

    day: dt.date
    unverified: tuple[dict[str, Any], ...] = ()


def validity(record: Record) -> Validity | None:
    """From the law's period; from the procedure's own where the law has none. None: no further verification follows."""
    norm = record.task.norm
    category = record.instrument.category
    by_procedure = period_months(record.procedure_id, record.data["instrument"], record.data["purpose"])
    if by_procedure is not None:
        return _validity(record, by_procedure["months"], by_procedure["verified"], by_procedure["source"])
    by_law: Period | None = None
    if norm is not None:
        by_law = verification_period(category, norm, record.performed_on, region=record.instrument.region_id)
    if by_law is not None:
        return _validity(record, by_law.months, by_law.verified, by_law.source)
    months = norm.period_months if norm is not None else None
    return _validity(record, months, norm.verified if norm is not None else "no", norm.number if norm else "")


def _validity(record: Record, months: int | None, verified: str, source: str) -> Validity | None:
    if months is None:
        return None
    marks: tuple[dict[str, Any], ...] = ()
    if verified != "yes":
        what = {"zh": f"检定周期 {months} 个月", "en": f"Verification period of {months} months"}
        marks = ({"what": what, "source": _source(source) or "-"},)
    return Validity(valid_until(record.performed_on, months), marks)


def record_bytes(record: Record) -> bytes:
    """The raw record as it is hashed and kept."""
    return canonical(record.data)
