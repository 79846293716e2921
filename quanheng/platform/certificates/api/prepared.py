"""Documents whose content was written elsewhere, over the API: handed in and followed. Never checked or signed here."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.errors import InputError
from quanheng.platform.certificates import prepared, queries
from quanheng.platform.certificates.models import PREPARED_KINDS, PreparedDocument
from quanheng.platform.certificates.workflow import PREPARED
from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.api import Cursor, In, Limit, Out, PageOf, Router, caller, get_or_404, page_of, upto
from quanheng.platform.web.api.schemas import own_organisation

READ = tokens.declare("prepared:read", gettext_lazy("查看待签发的文书"), Role.REGULATOR, *INSTITUTE_ROLES)
WRITE = tokens.declare("prepared:write", gettext_lazy("提交文书内容"), Role.VERIFIER, personal=True)
router = Router(tags=["prepared documents"])

KINDS = tuple(name for name, _label in PREPARED_KINDS)


class PreparedOut(Out):
    """A document on its way; `document` and `number` once it is sealed."""

    id: uuid.UUID
    kind: str
    state: str
    title: str
    norm: str
    performed_on: dt.date
    content_sha256: str
    record_sha256: str
    verifier: str
    checker: str
    signatory: str
    instrument: uuid.UUID | None
    replaces: uuid.UUID | None
    document: uuid.UUID | None
    number: str

    @staticmethod
    def of(one: PreparedDocument) -> PreparedOut:
        """The document without its content."""
        people = {k: getattr(one, k) for k in ("verifier", "checker", "signatory")}
        named: dict[str, Any] = {
            "norm": one.norm.number,
            "instrument": one.instrument_id,
            "replaces": one.replaces_id,
            "document": one.document_id,
            "number": one.document.number if one.document is not None else "",
            **{k: user.name if user else "" for k, user in people.items()},
        }
        plain = {f: getattr(one, f) for f in PreparedOut.model_fields if f not in named}
        return PreparedOut(**plain, **named)


class RawRecord(In):
    """The raw record in any format; kept as it is, its SHA-256 stands in the document."""

    name: Annotated[str, upto(200, shortest=1)]
    base64: str


class Handing(In):
    """What is handed in. `replaces` is the id of an issued document of the same kind, then with a reason."""

    organisation: Annotated[str, upto(60)] = ""
    kind: Literal[*KINDS]  # type: ignore[valid-type]
    content: Annotated[
        dict[str, Any],
        Field(
            description="The content without what the system fills in: docs/certificates-format.md. "
            'Every value is a text such as "10.000"; a JSON number is refused.'
        ),
    ]
    record: RawRecord
    replaces: uuid.UUID | None = None
    reason: Annotated[str, upto(300)] = ""
    reason_en: Annotated[str, upto(300)] = ""


class PreparedQuery(Schema):
    """Filters of the list."""

    state: Literal["", *PREPARED.states] = ""  # type: ignore[valid-type]
    kind: Literal["", *KINDS] = ""  # type: ignore[valid-type]


@router.read("", READ, response=PageOf[PreparedOut])
def list_prepared(request: HttpRequest, narrowed: Query[PreparedQuery], cursor: Cursor = "", limit: Limit = 100) -> Any:
    """Those of the caller's institute or supervised region, newest first."""
    rows = prepared.visible(caller(request).actor).filter(**{k: v for k, v in narrowed.model_dump().items() if v})
    return page_of(rows, PreparedOut.of, cursor=cursor, limit=limit, by=("-created_at", "-pk"))


@router.read("/{uuid:prepared_id}", READ, response=PreparedOut)
def get_prepared(request: HttpRequest, prepared_id: uuid.UUID) -> PreparedOut:
    """One of them."""
    return PreparedOut.of(get_or_404(prepared.visible(caller(request).actor), "prepared_id", pk=prepared_id))


@router.write("", WRITE, response=PreparedOut)
def prepare_document(request: HttpRequest, payload: Handing) -> PreparedOut:
    """Hand in a content with its raw record; everything wrong with it is named by field, and then nothing is kept."""
    actor = caller(request).actor
    try:
        record = base64.b64decode(payload.record.base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("invalid", "the record is not in base64", "record.base64") from error
    made = prepared.prepare(
        actor=actor,
        organisation=own_organisation(actor, payload.organisation, Role.VERIFIER),
        kind=payload.kind,
        data=json.dumps(payload.content, ensure_ascii=False).encode(),
        record=record,
        record_name=payload.record.name,
        replaces=get_or_404(queries.documents(actor), "replaces", pk=payload.replaces) if payload.replaces else None,
        reason=payload.reason,
        reason_en=payload.reason_en,
    )
    return PreparedOut.of(made)
