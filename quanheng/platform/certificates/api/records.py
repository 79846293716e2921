"""Raw records over the API: opened, saved as typed, evaluated, submitted. Never signed: that is a person's act."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.errors import InputError
from quanheng.platform.certificates import policies, procedure, queries, services
from quanheng.platform.certificates.models import Record
from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.verification.queries import tasks
from quanheng.platform.web.api import Cursor, In, Limit, Out, PageOf, Router, caller, get_or_404, page_of, upto
from quanheng.platform.web.api.schemas import is_printable
from quanheng.procedures import form

READ = tokens.declare("records:read", gettext_lazy("查看原始记录"), Role.REGULATOR, *INSTITUTE_ROLES)
WRITE = tokens.declare("records:write", gettext_lazy("填写和提交原始记录"), Role.VERIFIER, personal=True)
router = Router(tags=["records"])
DEEPEST = 8


class RecordSummary(Out):
    """A raw record in a list."""

    id: uuid.UUID
    task: uuid.UUID
    instrument: uuid.UUID
    procedure: str
    state: str
    verdict: str
    performed_on: dt.date
    place: str
    verifier: str
    checker: str
    signatory: str
    version: int
    document: uuid.UUID | None

    @staticmethod
    def of(record: Record) -> RecordSummary:
        """The record without its readings."""
        return RecordSummary(**_summary(record))


def _summary(record: Record) -> dict[str, Any]:
    people = {k: getattr(record, k) for k in ("verifier", "checker", "signatory")}
    plain = ("id", "state", "verdict", "performed_on", "place", "version")
    return {
        "task": record.task_id,
        "instrument": record.instrument_id,
        "procedure": record.procedure_id,
        "document": record.document_id,
        **{k: user.name if user else "" for k, user in people.items()},
        **{f: getattr(record, f) for f in plain},
    }


class RecordOut(RecordSummary):
    """A raw record: readings as texts, and the result once submitted."""

    data: dict[str, Any]
    result: dict[str, Any] | None

    @staticmethod
    def of(record: Record) -> RecordOut:
        """The whole record."""
        return RecordOut(**_summary(record), data=record.data, result=record.result)


class Opening(In):
    """The task to work on."""

    task: uuid.UUID


Sheet = Annotated[
    dict[str, Any],
    Field(
        description="The record sheet: instrument, environment, standards, sections, checks, remarks. "
        'Every reading is a text such as "10.000"; a JSON number is refused.',
        examples=[{"sections": {"indication": [{"load": "10", "indication": "10.000"}]}}],
    ),
]


class Draft(In):
    """A sheet as typed; `version` is the one it was based on."""

    version: int = Field(..., ge=1, strict=True)
    data: Sheet
    performed_on: dt.date | None = None
    place: Annotated[str, upto(200)] | None = None


class Trial(In):
    """A sheet to compute without keeping it; left out, the kept one."""

    data: Sheet | None = None


class Computed(Out):
    """What can be computed so far, and what is missing or wrong."""

    evaluation: dict[str, Any]


class FormOut(Out):
    """The record sheet: sections, points, fields with unit and resolution."""

    form: dict[str, Any]


class Nothing(In):
    """An empty object."""


class RecordQuery(Schema):
    """Filters of the list."""

    state: Literal["", "draft", "checking", "signing", "issued", "voided"] = ""
    task: uuid.UUID | None = None
    instrument: uuid.UUID | None = None
    performed_from: dt.date | None = None
    performed_to: dt.date | None = None


def as_texts(value: Any, place: str = "data", depth: int = 0) -> None:
    """Refuse a number anywhere in a sheet, naming its place: its last digits would already be lost."""
    if depth > DEEPEST:
        raise InputError("record_form", "a record sheet is not nested this deeply", place)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise InputError("not_text", 'send readings as texts, such as "10.000": a JSON number loses its digits', place)
    if isinstance(value, str) and not is_printable(value):
        raise InputError("not_text", "control characters and lone surrogates are not allowed", place)
    if isinstance(value, dict):
        for key, inner in value.items():
            as_texts(str(key), f"{place}.{str(key)[:40]}", depth + 1)
            as_texts(inner, f"{place}.{str(key)[:40]}", depth + 1)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            as_texts(inner, f"{place}.{i}", depth + 1)


def records(viewer: Actor) -> QuerySet[Record]:
    """Records the viewer may read, with what an answer names."""
    return queries.records(viewer).select_related(*queries.RELATED, "task__application", "signatory")


def _record(request: HttpRequest, pk: uuid.UUID) -> Record:
    found: Record = get_or_404(records(caller(request).actor), "record_id", pk=pk)
    return found


@router.read("", READ, response=PageOf[RecordSummary])
def list_records(request: HttpRequest, narrowed: Query[RecordQuery], cursor: Cursor = "", limit: Limit = 100) -> Any:
    """Raw records of the caller's institute or supervised region; newest first."""
    values = narrowed.model_dump()
    days = {"performed_on__gte": values.pop("performed_from"), "performed_on__lte": values.pop("performed_to")}
    wanted = {k: v for k, v in {**values, **days}.items() if v not in (None, "")}
    rows = records(caller(request).actor).filter(**wanted)
    return page_of(rows, RecordSummary.of, cursor=cursor, limit=limit, by=("-created_at", "-pk"))


@router.write("", WRITE, response=RecordOut)
def open_record(request: HttpRequest, payload: Opening) -> RecordOut:
    """The record of a task assigned to the caller; the first opening starts the work."""
    actor = caller(request).actor
    task = get_or_404(tasks(actor), "task", pk=payload.task)
    return RecordOut.of(services.open_record(task, actor=actor))


@router.read("/{uuid:record_id}", READ, response=RecordOut)
def get_record(request: HttpRequest, record_id: uuid.UUID) -> RecordOut:
    """One record with its readings."""
    return RecordOut.of(_record(request, record_id))


@router.read("/{uuid:record_id}/form", READ, response=FormOut)
def get_form(request: HttpRequest, record_id: uuid.UUID) -> FormOut:
    """The sheet to fill in, as the procedure asks for this instrument."""
    record = _record(request, record_id)
    loaded = procedure.loaded(record.procedure_id)
    sheet = form(loaded, record.data.get("instrument", {}), record.data.get("purpose", "initial"))
    return FormOut(form=procedure.as_json(sheet))


@router.write("/{uuid:record_id}/draft", WRITE, method="PUT", response=RecordOut)
def save_draft(request: HttpRequest, record_id: uuid.UUID, payload: Draft) -> RecordOut:
    """Keep the sheet as typed. Somebody else's newer version refuses this one."""
    as_texts(payload.data)
    saved = services.save_draft(
        _record(request, record_id), actor=caller(request).actor, **payload.model_dump(exclude_none=True)
    )
    return RecordOut.of(saved)


@router.read("/{uuid:record_id}/evaluation", READ, method="POST", response=Computed)
def evaluate(request: HttpRequest, record_id: uuid.UUID, payload: Trial) -> Computed:
    """Errors, repeatability, U and verdict as far as they can be computed; keeps nothing."""
    record = _record(request, record_id)
    data = record.data
    if payload.data is not None:
        as_texts(payload.data)
        procedure.checked_size(payload.data)
        data = {**payload.data, "procedure": record.procedure_id, "purpose": record.task.purpose}
    return Computed(evaluation=procedure.live(record.procedure_id, data))


@router.write("/{uuid:record_id}/submission", WRITE, response=RecordOut)
def submit_record(request: HttpRequest, record_id: uuid.UUID, payload: Nothing) -> RecordOut:
    """Compute, keep the result, and hand the record to the checker. Every failing condition is named."""
    return RecordOut.of(services.submit(_record(request, record_id), actor=caller(request).actor))


@router.write("/{uuid:record_id}/signature", WRITE, response=RecordOut)
def sign_record(request: HttpRequest, record_id: uuid.UUID, payload: Nothing) -> RecordOut:
    """Always refused: a signature is the signatory's own act with the second factor, done in the browser."""
    require(policies.may_see(caller(request).actor, _record(request, record_id)))
    message = _("签发须由授权签字人本人在页面上用第二因子完成,接口不能签发")
    raise Refused(message, code="second_factor_required")
