"""What a certificate says: the one model behind XML, PDF and hashes. Fields: docs/certificates-format.md."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from quanheng.errors import InputError
from quanheng.evidence import canonical

Kind = Literal[
    "verification_certificate",
    "rejection_notice",
    "calibration_certificate",
    "test_report",
    "comparison_report",
    "reference_material_certificate",
]
Verdict = Literal["pass", "fail"]
PlaceKind = Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"]
Role = Literal["verifier", "checker", "signatory"]

DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([Ee][-+]?\d+)?")
_POSITIVE = re.compile(r"\+?(\d+\.?\d*|\.\d+)([Ee][-+]?\d+)?")
_COVERAGE_FACTOR = re.compile(r"[1-9]\d*(\.\d*)?")
_PROBABILITY = re.compile(r"0\.\d+|1(\.0*)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _tidy(value: object) -> object:
    """One space between words, none around: XML lists and the DCC's string type allow nothing else."""
    if not isinstance(value, str):
        return value
    if _FORBIDDEN.search(value):
        raise ValueError("holds a control character that no document can carry: remove it")
    return " ".join(value.split())


def _required(value: object) -> object:
    tidy = _tidy(value)
    if tidy == "":
        raise ValueError("is empty")
    return tidy


def _optional(value: object) -> object:
    return _tidy(value) or None


def _utc_seconds(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=0)


def _hash(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("is no SHA-256 in 64 lower-case hexadecimal digits")
    return value


Text = Annotated[str, BeforeValidator(_required)]
OptionalText = Annotated[str | None, BeforeValidator(_optional)]
Cell = Annotated[str, BeforeValidator(_tidy)]
Sha256 = Annotated[str, BeforeValidator(_hash)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """A sentence or name in the two languages of every document."""

    zh: Text
    en: Text


class Party(Part):
    name: Text
    name_en: OptionalText = None
    address: OptionalText = None
    country: Annotated[str, BeforeValidator(_required)] = "CN"
    credit_code: OptionalText = None
    phone: OptionalText = None
    authorisation: OptionalText = None

    @model_validator(mode="after")
    def _country_is_two_letters(self) -> Self:
        if not re.fullmatch("[A-Z]{2}", self.country):
            raise ValueError("country must be the two capital letters of ISO 3166-1")
        return self


class Place(Part):
    kind: PlaceKind
    text: Text


class Identification(Part):
    name: Words
    value: Text
    issuer: Literal["manufacturer", "calibrationLaboratory", "customer", "owner", "other"] = "other"


class Item(Part):
    """The instrument; ``code`` is its public code, the one on the QR label."""

    name: Text
    name_en: OptionalText = None
    model: OptionalText = None
    serial_number: OptionalText = None
    manufacturer: OptionalText = None
    measuring_range: OptionalText = None
    accuracy_class: OptionalText = None
    code: Text
    identifications: tuple[Identification, ...] = ()


class Norm(Part):
    number: Text
    title: Text
    edition: OptionalText = None


class Procedure(Part):
    id: Text
    sha256: Sha256


class Standard(Part):
    """A measurement standard used, with the certificate that carries its traceability."""

    name: Text
    number: Text
    range: OptionalText = None
    uncertainty: OptionalText = None
    certificate_number: Text
    certificate_valid_until: date | None = None
    certificate_sha256: Sha256 | None = None
    digital: bool = False


class Condition(Part):
    """One influence; ``value_max`` where a span was observed; ``unit`` in D-SI, None for words."""

    quantity: Words
    value: Text
    value_max: OptionalText = None
    unit: OptionalText = None
    ref_type: Text

    @model_validator(mode="after")
    def _numbers_have_units(self) -> Self:
        given = [v for v in (self.value, self.value_max) if v is not None]
        if self.unit is not None and not all(DECIMAL.fullmatch(v) for v in given):
            raise ValueError("a condition with a unit needs decimal numbers as value")
        if self.unit is None and self.value_max is not None:
            raise ValueError("a span of values needs a unit")
        return self


class Column(Part):
    """One column of a result table. Numeric when it has a unit and every filled cell is a decimal number.

    U holds one value for the whole column or one per row ("" = none); k and p are never assumed.
    """

    key: Text
    title: Words
    unit: OptionalText = None
    ref_type: Text
    values: tuple[Cell, ...]
    U: tuple[Cell, ...] | None = None
    k: OptionalText = None
    p: OptionalText = None

    @property
    def numeric(self) -> bool:
        return self.unit is not None and all(v == "" or DECIMAL.fullmatch(v) for v in self.values)

    @model_validator(mode="after")
    def _uncertainty_fits(self) -> Self:
        if self.U is None:
            if self.k is not None or self.p is not None:
                raise ValueError("k and p belong to U, which is missing")
            return self
        if not self.numeric:
            raise ValueError("only a column of decimal numbers with a unit has an uncertainty")
        if len(self.U) not in (1, len(self.values)):
            raise ValueError(f"U must have one entry or one per row, here {len(self.values)}")
        if not all(u == "" or _POSITIVE.fullmatch(u) for u in self.U):
            raise ValueError("U must be decimal numbers without a sign")
        if self.k is not None and not _COVERAGE_FACTOR.fullmatch(self.k):
            raise ValueError("k must be a decimal number not below 1")
        if self.p is not None and not _PROBABILITY.fullmatch(self.p):
            raise ValueError("p must be a decimal fraction up to 1")
        return self


class Table(Part):
    title: Words
    columns: tuple[Column, ...]

    @model_validator(mode="after")
    def _columns_are_even(self) -> Self:
        if not self.columns or not self.columns[0].values:
            raise ValueError("a table needs at least one column and one row")
        if len({len(c.values) for c in self.columns}) != 1:
            raise ValueError("the columns of a table must have equally many rows")
        if len({c.key for c in self.columns}) != len(self.columns):
            raise ValueError("the column keys of a table must differ")
        return self


class Person(Part):
    role: Role
    name: Text
    licence: OptionalText = None


class SignatureAct(Part):
    """The signatory's own act: who, when, what it means, and by which second factor."""

    signatory: Text
    at: Annotated[AwareDatetime, AfterValidator(_utc_seconds)]
    meaning: Words
    factor: Text


class Software(Part):
    name: Text
    version: Text
    sha256: Sha256


class Replacement(Part):
    number: Text
    reason: Words
    xml_sha256: Sha256


class Unverified(Part):
    """A value of the law this document rests on that was not confirmed in the norm's text."""

    what: Words
    source: Text


TITLES: dict[str, dict[str, str]] = {
    "verification_certificate": {"zh": "检定证书", "en": "Verification Certificate"},
    "rejection_notice": {"zh": "检定结果通知书", "en": "Notice of Verification Result"},
    "calibration_certificate": {"zh": "校准证书", "en": "Calibration Certificate"},
    "test_report": {"zh": "测试报告", "en": "Test Report"},
    "comparison_report": {"zh": "比对报告", "en": "Comparison Report"},
    "reference_material_certificate": {"zh": "标准物质证书", "en": "Reference Material Certificate"},
}


class CertificateContent(Part):
    """Everything a certificate states, before any document is made of it."""

    v: Literal[1] = 1
    kind: Kind
    number: Text
    title: Words
    issued_on: date
    performed_from: date
    performed_to: date
    valid_until: date | None = None
    issuer: Party
    customer: Party
    place: Place
    item: Item
    norm: Norm
    procedure: Procedure
    standards: tuple[Standard, ...]
    environment: tuple[Condition, ...]
    tables: tuple[Table, ...]
    verdict: Verdict | None = None
    conclusion: Words
    reasons: tuple[Words, ...] = ()
    people: tuple[Person, ...]
    signature_act: SignatureAct
    record_sha256: Sha256
    software: Software
    public_url: Text
    replaces: Replacement | None = None
    traceability: Words | None = None
    unverified: tuple[Unverified, ...] = ()
    statements: tuple[Words, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _title_by_kind(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("title") is None and data.get("kind") in TITLES:
            return {**data, "title": TITLES[data["kind"]]}
        return data

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problem = next((text for wrong, text in _problems(self) if wrong), None)
        if problem:
            raise ValueError(problem)
        return self

    def as_json(self) -> dict[str, Any]:
        """The plain JSON form; absent fields are left out."""
        data: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return data

    @cached_property
    def _canonical(self) -> bytes:
        return canonical.dumps(self.as_json())

    def __copy__(self) -> Self:
        """Without what was worked out from the fields: a copy may be given others."""
        made = super().__copy__()
        for name in ("_canonical", "content_sha256"):
            made.__dict__.pop(name, None)
        return made

    def canonical_bytes(self) -> bytes:
        return self._canonical

    @cached_property
    def content_sha256(self) -> str:
        return hashlib.sha256(self._canonical).hexdigest()


def _problems(c: CertificateContent) -> list[tuple[bool, str]]:
    roles = {p.role for p in c.people}
    return [
        (c.performed_to < c.performed_from, "performed_to is before performed_from"),
        (c.issued_on < c.performed_to, "issued_on is before performed_to"),
        (c.valid_until is not None and c.valid_until < c.performed_to, "valid_until is before performed_to"),
        (
            c.kind == "verification_certificate" and c.verdict != "pass",
            "a verification certificate needs the verdict pass",
        ),
        (c.kind == "rejection_notice" and c.verdict != "fail", "a notice of rejection needs the verdict fail"),
        (c.kind == "rejection_notice" and not c.reasons, "a notice of rejection needs its reasons"),
        (c.kind == "rejection_notice" and c.valid_until is not None, "a notice of rejection has no validity"),
        (
            c.kind == "reference_material_certificate" and (c.traceability is None or c.valid_until is None),
            "a reference material certificate states its traceability and how long it is valid",
        ),
        (not c.standards, "a certificate names at least one measurement standard"),
        (not c.tables, "a certificate holds at least one table of results"),
        ("signatory" not in roles, "a certificate names its signatory"),
        (not re.match(r"https?://[^\s]+$", c.public_url), "public_url must be an http or https address"),
    ]


def problems(data: object) -> list[tuple[str, str]]:
    """Everything that is wrong with the plain JSON of a content: place and message; empty where it is usable."""
    try:
        CertificateContent.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        return [(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found]
    return []


def load(data: object) -> CertificateContent:
    """The content from plain JSON; InputError names the first field that is wrong."""
    try:
        return CertificateContent.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError("content", f"the certificate's content is not usable: {first['msg']}", place) from error
