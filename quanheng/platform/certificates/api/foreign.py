"""Foreign certificates over the API: handed in, decided, undone; read with every value as written."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.errors import InputError
from quanheng.platform.certificates import foreign
from quanheng.platform.certificates.intake import kind as intake
from quanheng.platform.certificates.intake.checking import Plan
from quanheng.platform.certificates.intake.package import packed
from quanheng.platform.certificates.models import ForeignCertificate, ForeignValue
from quanheng.platform.kernel import files, imports, tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.api import Cursor, In, Limit, Out, PageOf, Router, caller, get_or_404, page_of, upto
from quanheng.platform.web.api.schemas import own_organisation

IMPORTERS = (Role.ENTERPRISE, Role.LAB_MANAGER, Role.VERIFIER)
READ = tokens.declare("foreign:read", gettext_lazy("查看外来证书"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES)
WRITE = tokens.declare("foreign:write", gettext_lazy("导入外来证书"), *IMPORTERS)
router = Router(tags=["foreign certificates"])
MOST = 50


class ItemOut(Out):
    """An item of the certificate, and what of the ledger it was taken for."""

    name: str
    manufacturer: str
    model: str
    identifiers: list[dict[str, str]]
    subject_type: str
    subject: uuid.UUID


class ForeignOut(Out):
    """One foreign certificate; `signature_state` is what its signatures proved at the import."""

    id: uuid.UUID
    number: str
    issuer_name: str
    issuer_country: str
    customer_name: str
    version: str
    begin: str
    end: str
    issued: str
    performed_on: dt.date
    valid_until: dt.date
    validity_stated: bool
    signature_state: str
    schema_state: str
    sha256: str
    xml_sha256: str
    file_name: str
    supersedes: uuid.UUID | None
    superseded_by: list[uuid.UUID]
    items: list[ItemOut]

    @staticmethod
    def of(certificate: ForeignCertificate) -> ForeignOut:
        """The certificate."""
        named: dict[str, Any] = {
            "supersedes": certificate.supersedes_id,
            "superseded_by": [c.pk for c in certificate.superseded_by.all()],
            "items": [
                ItemOut(subject=i.subject_id, **{f: getattr(i, f) for f in ItemOut.model_fields if f != "subject"})
                for i in certificate.items.all()
            ],
        }
        plain = {f: getattr(certificate, f) for f in ForeignOut.model_fields if f not in named}
        return ForeignOut.model_validate({**plain, **named})


class ValueOut(Out):
    """One value of a result: texts as in the file, nothing assumed."""

    table: int
    row: int
    measurement: str
    result: str
    column: str
    ref_type: str
    label: str
    time: str
    value: str
    unit: str
    uncertainty: str
    kind: str
    k: str
    p: str
    distribution: str
    low: str
    high: str
    conformity: str
    relative: str
    relative_unit: str
    imaginary: str
    imaginary_unit: str

    @staticmethod
    def of(value: ForeignValue) -> ValueOut:
        """The value."""
        return ValueOut(**{f: getattr(value, f) for f in ValueOut.model_fields})


class FileIn(In):
    """A file: XML, PDF with the XML inside, or a ZIP of them."""

    name: Annotated[str, upto(200, shortest=1)]
    base64: str


class Package(In):
    """What is handed in. `months` is the interval for certificates that state no validity."""

    organisation: Annotated[str, upto(60)] = ""
    files: Annotated[list[FileIn], Field(min_length=1, max_length=MOST)]
    months: Annotated[int, Field(ge=1, le=240, strict=True)] | None = None


class Decision(In):
    """What a person decided over a row; a field left out keeps what stands."""

    target: Annotated[str, upto(200)] | None = None
    valid_until: dt.date | None = None
    standards: Annotated[str, upto(4000)] | None = None
    category: Annotated[str, upto(80)] | None = None
    code: Annotated[str, upto(60)] | None = None
    accuracy: Annotated[str, upto(120)] | None = None
    range_text: Annotated[str, upto(120)] | None = None


class Decisions(In):
    """Row → decision."""

    rows: Annotated[dict[str, Decision], Field(max_length=1000)]


class Nothing(In):
    """An empty object."""


class ProposalOut(Out):
    """What the row may be; `sure`: taken unless decided otherwise."""

    key: str
    label: str
    reason: str
    sure: bool


class UseOut(Out):
    """A standard that the certificate names, what it may be, and what it is taken for."""

    name: str
    numbers: list[str]
    certificate_number: str
    proposals: list[ProposalOut]
    chosen: str


class RowOut(Out):
    """One item of one file, and what would be done with it."""

    row: str
    file: str
    number: str
    item: str
    signature_state: str
    taken_for: str
    valid_until: dt.date | None
    proposals: list[ProposalOut]
    standards: list[UseOut]
    warnings: list[str]
    errors: dict[str, str]


class ImportOut(Out):
    """An import and where it stands; rows as long as nothing was written."""

    id: uuid.UUID
    state: str
    total: int
    accepted: int
    rejected: int
    rows: list[RowOut]


def _proposals(found: Any) -> list[ProposalOut]:
    return [ProposalOut(key=p.key, label=p.label, reason=p.reason, sure=p.sure) for p in found]


def _row(row: imports.ImportRow) -> RowOut:
    plan: Plan = row.values["plan"]
    uses = [
        UseOut(
            name=u.used.name,
            numbers=list(u.used.numbers),
            certificate_number=u.used.certificate_number,
            proposals=_proposals(u.proposals),
            chosen=u.chosen,
        )
        for u in plan.uses
    ]
    return RowOut(
        row=row.place(),
        file=row.texts["file"],
        number=row.texts["number"],
        item=row.texts["item"],
        signature_state=plan.named.reading.signature_state,
        taken_for=plan.label,
        valid_until=plan.until,
        proposals=_proposals(plan.proposals),
        standards=uses,
        warnings=list(row.warnings.values()),
        errors=row.errors,
    )


def _import(actor: Actor, batch: ImportBatch) -> ImportOut:
    rows = imports.look(viewer=actor, batch=batch).rows if batch.state == "preview" else []
    plain = {f: getattr(batch, f) for f in ("id", "state", "total", "accepted", "rejected")}
    return ImportOut(rows=[_row(r) for r in rows], **plain)


def _batch(actor: Actor, pk: uuid.UUID) -> ImportBatch:
    batch = imports.batch_for(actor, pk)
    if batch.kind != intake.NAME:
        raise Refused("no import of certificates has that id", code="not_found", place="import_id")
    return batch


def _bytes(file: FileIn, place: str) -> bytes:
    try:
        return base64.b64decode(file.base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("invalid", "the file is not in base64", place) from error


class ForeignQuery(Schema):
    """Filters of the list."""

    number: str = Field("", max_length=80)
    subject: uuid.UUID | None = None
    signature_state: Literal["", *foreign.SIGNATURES] = ""  # type: ignore[valid-type]


@router.read("", READ, response=PageOf[ForeignOut])
def list_foreign(request: HttpRequest, narrowed: Query[ForeignQuery], cursor: Cursor = "", limit: Limit = 100) -> Any:
    """Foreign certificates of the caller's organisations or supervised region, superseded ones too; newest first."""
    values = narrowed.model_dump()
    lookups = {"items__subject_id": values.pop("subject"), **values}
    rows = _rows(caller(request).actor).filter(**{k: v for k, v in lookups.items() if v not in (None, "")})
    return page_of(rows.distinct(), ForeignOut.of, cursor=cursor, limit=limit, by=("-performed_on", "-pk"))


def _rows(actor: Actor) -> Any:
    return foreign.visible(actor).prefetch_related("items", "superseded_by")


@router.read("/{uuid:certificate_id}", READ, response=ForeignOut)
def get_foreign(request: HttpRequest, certificate_id: uuid.UUID) -> ForeignOut:
    """One foreign certificate."""
    return ForeignOut.of(get_or_404(_rows(caller(request).actor), "certificate_id", pk=certificate_id))


@router.read("/{uuid:certificate_id}/values", READ, response=PageOf[ValueOut])
def list_values(request: HttpRequest, certificate_id: uuid.UUID, cursor: Cursor = "", limit: Limit = 100) -> Any:
    """Every value of its results as written in the file."""
    certificate = get_or_404(_rows(caller(request).actor), "certificate_id", pk=certificate_id)
    return page_of(certificate.values.all(), ValueOut.of, cursor=cursor, limit=limit)


@router.read("/{uuid:certificate_id}/file", READ, response={200: None})
def download_foreign(request: HttpRequest, certificate_id: uuid.UUID) -> HttpResponse:
    """The bytes as they came."""
    certificate = get_or_404(_rows(caller(request).actor), "certificate_id", pk=certificate_id)
    data = files.get(certificate.sha256)
    media = "application/pdf" if data.startswith(b"%PDF-") else "application/xml"
    suffix = media.rpartition("/")[2]
    name = f'attachment; filename="{certificate.sha256[:16]}.{suffix}"'
    return HttpResponse(data, content_type=media, headers={"Content-Disposition": name})


@router.write("/imports", WRITE, response=ImportOut)
def hand_in(request: HttpRequest, payload: Package) -> ImportOut:
    """Read files through every layer and match them to the ledger; nothing goes in until it is confirmed."""
    actor = caller(request).actor
    given = [(f.name, _bytes(f, f"files.{i}.base64")) for i, f in enumerate(payload.files)]
    batch, _found = imports.preview(
        actor=actor,
        kind=intake.NAME,
        organisation=own_organisation(actor, payload.organisation, *IMPORTERS),
        data=given[0][1] if len(given) == 1 else packed(given),
        name=given[0][0] if len(given) == 1 else "api.zip",
        options={"months": str(payload.months)} if payload.months else {},
    )
    return _import(actor, batch)


@router.read("/imports/{uuid:import_id}", READ, response=ImportOut)
def get_import(request: HttpRequest, import_id: uuid.UUID) -> ImportOut:
    """An import with what would be done."""
    actor = caller(request).actor
    return _import(actor, _batch(actor, import_id))


@router.write("/imports/{uuid:import_id}/decisions", WRITE, method="PUT", response=ImportOut)
def decide(request: HttpRequest, import_id: uuid.UUID, payload: Decisions) -> ImportOut:
    """Take rows for what a person says: `KIND:ID`, a code or number, `new-instrument`, `new-standard` or `leave`."""
    actor = caller(request).actor
    cells = {place: d.model_dump(mode="json", exclude_none=True) for place, d in payload.rows.items()}
    batch = _batch(actor, import_id)
    imports.mend(actor=actor, batch=batch, cells=cells)
    return _import(actor, _batch(actor, import_id))


@router.write("/imports/{uuid:import_id}/confirmation", WRITE, response=ImportOut)
def confirm(request: HttpRequest, import_id: uuid.UUID, payload: Nothing) -> ImportOut:
    """Put in what has no error; the rest stays out with its reasons."""
    actor = caller(request).actor
    return _import(actor, imports.apply(actor=actor, batch=_batch(actor, import_id)))


@router.write("/imports/{uuid:import_id}/undo", WRITE, response=ImportOut)
def undo(request: HttpRequest, import_id: uuid.UUID, payload: Nothing) -> ImportOut:
    """Take the whole import back, unless something rests on it since."""
    actor = caller(request).actor
    return _import(actor, imports.undo(actor=actor, batch=_batch(actor, import_id)))
