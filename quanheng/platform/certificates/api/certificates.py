"""Issued documents over the API: metadata, the bytes as issued, and many at once with stable names."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.platform.certificates import archive, queries
from quanheng.platform.documents import ledger
from quanheng.platform.documents.models import Document, DocumentKind, Origin
from quanheng.platform.documents.validity import Standing, standing_of, standings
from quanheng.platform.kernel import clock, files, tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.api import Cursor, Limit, OrganisationRef, Out, PageOf, Router, caller, found, get_or_404
from quanheng.platform.web.api import page_of as page

READ = tokens.declare(
    "certificates:read", gettext_lazy("查看和下载证书"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
router = Router(tags=["certificates"])
MEDIA = {"xml": "application/xml", "pdf": "application/pdf", "bundle": "application/json"}


class CertificateOut(Out):
    """One document: what it says of itself, and how it stands."""

    id: uuid.UUID
    number: str
    kind: str
    origin: str
    state: str
    state_reason: str
    void_from: dt.date | None
    standing: str = Field(
        description="How it stands today: valid, suspended (the instrument is out of use), expired, ended, superseded, "
        "rejected, replaced, revoked."
    )
    ended_on: dt.date | None
    ended_because: str = Field(description="moved, repaired, changed, scrapped, rejected, superseded, or empty.")
    ended_by: uuid.UUID | None = Field(description="The later document that ended it.")
    verdict: str
    organisation: OrganisationRef
    owner: OrganisationRef | None
    instrument: uuid.UUID
    issued_on: dt.date
    performed_on: dt.date
    valid_until: dt.date | None
    signed_by: str
    xml_sha256: str
    pdf_sha256: str
    public_code: str
    replaces: uuid.UUID | None
    replaced_by: list[uuid.UUID]

    @staticmethod
    def of(document: Document, standing: Standing) -> CertificateOut:
        """The document, and how it stands."""
        end = standing.end
        named = {
            "standing": standing.key,
            "ended_on": end.on if end else None,
            "ended_because": end.cause if end else "",
            "ended_by": end.document.pk if end and end.document else None,
            "organisation": OrganisationRef.of(document.organisation),
            "owner": OrganisationRef.of(document.owner) if document.owner else None,
            "instrument": document.subject_id,
            "replaces": document.replaces_id,
            "replaced_by": [d.pk for d in document.replaced_by.all()],
        }
        plain = {f: getattr(document, f) for f in CertificateOut.model_fields if f not in named}
        return CertificateOut.model_validate({**plain, **named})


class CertificateQuery(Schema):
    """Filters of the list."""

    number: str = Field("", max_length=80)
    kind: Literal["", *DocumentKind.values] = ""  # type: ignore[valid-type]
    origin: Literal["", "issued", "imported", "foreign"] = ""
    state: Literal["", "issued", "replaced", "revoked"] = ""
    instrument: uuid.UUID | None = None
    owner: uuid.UUID | None = None
    issued_from: dt.date | None = None
    issued_to: dt.date | None = None


def documents(viewer: Actor) -> QuerySet[Document]:
    """Documents the viewer issued, received or supervises."""
    return queries.documents(viewer).prefetch_related("replaced_by")


def _narrowed(viewer: Actor, asked: CertificateQuery) -> QuerySet[Document]:
    values = asked.model_dump()
    lookups = {
        "subject_id": values.pop("instrument"),
        "issued_on__gte": values.pop("issued_from"),
        "issued_on__lte": values.pop("issued_to"),
        **values,
    }
    return documents(viewer).filter(**{k: v for k, v in lookups.items() if v not in (None, "")})


@router.read("", READ, response=PageOf[CertificateOut])
def list_certificates(
    request: HttpRequest, narrowed: Query[CertificateQuery], cursor: Cursor = "", limit: Limit = 100
) -> Any:
    """Documents issued by, issued to, or supervised by the caller; newest first."""
    rows = _narrowed(caller(request).actor, narrowed)
    stand: dict[uuid.UUID, Standing] = {}
    return page(
        rows,
        lambda document: CertificateOut.of(document, stand[document.pk]),
        cursor=cursor,
        limit=limit,
        by=("-issued_on", "-pk"),
        prepare=lambda found: stand.update(standings(found, clock.today())),
    )


@router.read("/archive", READ, response={200: None})
def download_archive(
    request: HttpRequest,
    narrowed: Query[CertificateQuery],
    id: Annotated[list[uuid.UUID], Query(max_length=archive.MOST)] = [],  # noqa: B006  (never changed)
) -> FileResponse:
    """A ZIP of the documents that match: PDF, XML and proof bundle, always named `site/position_certificate-number`.

    Documents entered from history have no bytes: `missing.txt` names them.
    """
    rows = _narrowed(caller(request).actor, narrowed).order_by("issued_on", "number")
    chosen = found(rows, id, "id") if id else list(rows[: archive.MOST + 1])
    pack = archive.zipped(chosen)
    return FileResponse(pack, as_attachment=True, filename="certificates.zip", content_type="application/zip")


@router.read("/{uuid:certificate_id}", READ, response=CertificateOut)
def get_certificate(request: HttpRequest, certificate_id: uuid.UUID) -> CertificateOut:
    """One document."""
    document = get_or_404(documents(caller(request).actor), "certificate_id", pk=certificate_id)
    return CertificateOut.of(document, standing_of(document, clock.today()))


def _bytes(document: Document, part: str) -> HttpResponse:
    if document.origin != Origin.ISSUED or not document.xml_sha256:
        raise Refused(_("历史导入的证书没有电子原件"), code="not_found", place="origin")
    if part == "bundle":
        data = ledger.bundle(document)
    else:
        data = files.get(document.xml_sha256 if part == "xml" else document.pdf_sha256)
    response = HttpResponse(data, content_type=MEDIA[part])
    suffix = "bundle.json" if part == "bundle" else part
    # the number may hold Chinese characters: the plain name is the public code, the real one is in UTF-8
    quoted = "".join(f"%{byte:02X}" for byte in f"{ledger.file_stem(document.number)}.{suffix}".encode())
    plain = f"{document.public_code}.{suffix}"
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quoted}"
    return response


@router.read("/{uuid:certificate_id}/xml", READ, response={200: None})
def download_xml(request: HttpRequest, certificate_id: uuid.UUID) -> HttpResponse:
    """The signed DCC, byte for byte as issued."""
    return _bytes(get_or_404(documents(caller(request).actor), "certificate_id", pk=certificate_id), "xml")


@router.read("/{uuid:certificate_id}/pdf", READ, response={200: None})
def download_pdf(request: HttpRequest, certificate_id: uuid.UUID) -> HttpResponse:
    """The signed PDF, byte for byte as issued."""
    return _bytes(get_or_404(documents(caller(request).actor), "certificate_id", pk=certificate_id), "pdf")


@router.read("/{uuid:certificate_id}/bundle", READ, response={200: None})
def download_bundle(request: HttpRequest, certificate_id: uuid.UUID) -> HttpResponse:
    """Everything an outsider needs to check it off line, besides KEYS."""
    return _bytes(get_or_404(documents(caller(request).actor), "certificate_id", pk=certificate_id), "bundle")
