"""The instrument ledger over the API."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.errors import InputError
from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.catalog.queries import category_at
from quanheng.platform.instruments import queries, services
from quanheng.platform.instruments.codes import read_code
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.policies import KEEPERS
from quanheng.platform.instruments.serials import MOST_TAKEN
from quanheng.platform.instruments.status import has_status, status_of
from quanheng.platform.instruments.words import search_q
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.actors import Actor, region_prefix
from quanheng.platform.kernel.models import Region
from quanheng.platform.kernel.people import region_named
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.api import (
    Cursor,
    In,
    Limit,
    OrganisationRef,
    Out,
    PageOf,
    Router,
    caller,
    found,
    get_or_404,
    page_of,
    upto,
)
from quanheng.platform.web.api.schemas import own_organisation

READ = tokens.declare(
    "instruments:read", gettext_lazy("查看器具台账"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
WRITE = tokens.declare("instruments:write", gettext_lazy("维护器具台账、报备案"), *KEEPERS)
router = Router(tags=["instruments"])

Use = Literal["trade", "safety", "medical", "environment", "other"]
Delivery = Literal["sent_in", "on_site"]
Parameters = Annotated[
    dict[Annotated[str, upto(40, shortest=1)], Annotated[str, upto(120)]],
    Field(max_length=40, description='Metrological parameters as texts, such as {"max": "30", "e": "0.010"}.'),
]


class CategoryRef(Out):
    """The kind of instrument in one edition of the catalogue."""

    code: str
    edition: str
    name: str
    item: str


class InstrumentOut(Out):
    """One instrument, or one lot by its serial range."""

    id: uuid.UUID
    code: str
    organisation: OrganisationRef
    name: str
    category: CategoryRef
    specification: str
    measuring_range: str
    accuracy_class: str
    serial_number: str
    serial_to: str
    quantity: int
    manufacturer: str
    origin_place: str
    location: str
    region: str
    use: str
    delivery: str
    parameters: dict[str, Any]
    mandatory: bool
    installed_on: dt.date | None
    state: str
    status: str
    verified_on: dt.date | None
    valid_until: dt.date | None
    invalidated_on: dt.date | None
    last_verdict: str
    last_document_id: uuid.UUID | None
    last_document_number: str
    filed_at: dt.datetime | None
    version: int

    @staticmethod
    def of(item: Instrument) -> InstrumentOut:
        """The instrument as the ledger has it today."""
        category = item.category
        named = {
            "organisation": OrganisationRef.of(item.organisation),
            "category": CategoryRef(
                code=category.code, edition=category.edition, name=category.name, item=category.item
            ),
            "region": item.region_id,
            "status": status_of(item, clock.today()),
        }
        plain = {f: getattr(item, f) for f in InstrumentOut.model_fields if f not in named}
        return InstrumentOut.model_validate({**plain, **named})


class Particulars(In):
    """What both a new and a changed instrument may carry."""

    specification: Annotated[str, upto(120)] = ""
    measuring_range: Annotated[str, upto(120)] = ""
    accuracy_class: Annotated[str, upto(60)] = ""
    manufacturer: Annotated[str, upto(200)] = ""
    origin_place: Annotated[str, upto(100)] = ""
    location: Annotated[str, upto(200)] = ""
    delivery: Delivery = "sent_in"
    parameters: Parameters = {}
    installed_on: dt.date | None = None


class NewInstrument(Particulars):
    """An instrument to enter; it starts as a draft."""

    organisation: Annotated[str, upto(40)] = Field(
        "", description="Id or credit code; may be left out where the caller acts for one."
    )
    name: Annotated[str, upto(120, shortest=1)]
    category: Annotated[str, upto(60, shortest=1)] = Field(..., description="Code in the catalogue.")
    serial_number: Annotated[str, upto(80, shortest=1)]
    serial_to: Annotated[str, upto(80)] = Field("", description="Last serial number of a lot.")
    quantity: int | None = Field(None, ge=1, le=1_000_000, strict=True)
    region: Annotated[str, upto(6, shortest=6)] = Field(..., description="GB/T 2260 code.")
    use: Use


class ChangedInstrument(In):
    """Fields to change; those left out stay. `version` guards against overwriting somebody else's change."""

    version: int = Field(..., ge=1, strict=True)
    reason: Annotated[str, upto(300)] = ""
    name: Annotated[str, upto(120, shortest=1)] | None = None
    category: Annotated[str, upto(60, shortest=1)] | None = None
    specification: Annotated[str, upto(120)] | None = None
    measuring_range: Annotated[str, upto(120)] | None = None
    accuracy_class: Annotated[str, upto(60)] | None = None
    serial_number: Annotated[str, upto(80, shortest=1)] | None = None
    serial_to: Annotated[str, upto(80)] | None = None
    quantity: int | None = Field(None, ge=1, le=1_000_000, strict=True)
    manufacturer: Annotated[str, upto(200)] | None = None
    origin_place: Annotated[str, upto(100)] | None = None
    location: Annotated[str, upto(200)] | None = None
    region: Annotated[str, upto(6, shortest=6)] | None = None
    use: Use | None = None
    delivery: Delivery | None = None
    parameters: Parameters | None = None
    installed_on: dt.date | None = None


class Filings(In):
    """Drafts to hand to the county."""

    instruments: list[uuid.UUID] = Field(..., min_length=1, max_length=500)


class Filed(Out):
    """How many were handed in."""

    filed: int


class Taken(In):
    """Serial numbers of a lot that become instruments of their own, all or none."""

    serials: list[Annotated[str, upto(80, shortest=1)]] = Field(..., min_length=1, max_length=MOST_TAKEN)


class TakenOut(Out):
    """The new instruments, in the order asked."""

    instruments: list[InstrumentOut]


class Step(In):
    """A step of an instrument's life. `region` and `location` belong to `relocate`, `until` to `stop`."""

    step: Literal["stop", "restart", "send_to_repair", "return_from_repair", "relocate", "scrap", "withdraw_filing"]
    reason: Annotated[str, upto(300)] = ""
    region: Annotated[str, upto(6)] = ""
    location: Annotated[str, upto(200)] = ""
    until: dt.date | None = None


class InstrumentQuery(Schema):
    """Filters of the list."""

    q: str = Field("", max_length=200, description="Words of name, serial number, place, maker; pinyin initials.")
    status: Literal["", "in_use", "due", "overdue", "unverified", "awaiting", "stopped", "scrapped"] = ""
    state: Literal["", "draft", "filing", "in_use", "stopped", "repair", "awaiting", "scrapped"] = ""
    region: str = Field("", max_length=6, pattern=r"^\d*$")
    organisation: uuid.UUID | None = None
    category: str = Field("", max_length=60)
    use: Literal["", "trade", "safety", "medical", "environment", "other"] = ""
    mandatory: bool | None = None
    due_from: dt.date | None = None
    due_to: dt.date | None = None


def _condition(asked: InstrumentQuery) -> Q:
    lookups = {
        "state": asked.state,
        "use": asked.use,
        "mandatory": asked.mandatory,
        "organisation_id": asked.organisation,
        "category__code": asked.category,
        "region__code__startswith": region_prefix(asked.region) if asked.region else "",
        "valid_until__gte": asked.due_from,
        "valid_until__lte": asked.due_to,
    }
    q = Q(**{k: v for k, v in lookups.items() if v not in (None, "")})
    q &= has_status(asked.status, clock.today()) if asked.status else Q()
    return q & search_q(asked.q) if asked.q else q


@router.read("", READ, response=PageOf[InstrumentOut])
def list_instruments(
    request: HttpRequest, narrowed: Query[InstrumentQuery], cursor: Cursor = "", limit: Limit = 100
) -> Any:
    """Instruments the caller may see."""
    rows = queries.instruments(caller(request).actor).filter(_condition(narrowed))
    return page_of(rows, InstrumentOut.of, cursor=cursor, limit=limit)


@router.write("", WRITE, status=201, response=InstrumentOut)
def create_instrument(request: HttpRequest, payload: NewInstrument) -> InstrumentOut:
    """Enter one instrument, or one lot by its serial range, as a draft."""
    actor = caller(request).actor
    fields = payload.model_dump(exclude={"organisation", "category", "region"}, exclude_unset=True)
    if fields.get("quantity") is None:
        fields.pop("quantity", None)
    made = services.add_instrument(
        actor=actor,
        organisation=own_organisation(actor, payload.organisation, *KEEPERS),
        category=_category(payload.category),
        region=_region(payload.region),
        **fields,
    )
    return InstrumentOut.of(made)


@router.write("/filings", WRITE, response=Filed)
def submit_filing(request: HttpRequest, payload: Filings) -> Filed:
    """Hand drafts to the county for filing: all of them, or none."""
    actor = caller(request).actor
    rows = found(queries.instruments(actor), payload.instruments, "instruments")
    return Filed(filed=services.submit_filing(actor=actor, instruments=rows))


@router.read("/by-code/{code}", READ, response=InstrumentOut)
def get_by_code(request: HttpRequest, code: str) -> InstrumentOut:
    """The instrument whose label carries this code."""
    rows = queries.instruments(caller(request).actor)
    return InstrumentOut.of(get_or_404(rows, "code", code=read_code(code) or code[:20]))


@router.read("/{uuid:instrument_id}", READ, response=InstrumentOut)
def get_instrument(request: HttpRequest, instrument_id: uuid.UUID) -> InstrumentOut:
    """One instrument."""
    return InstrumentOut.of(get_or_404(queries.instruments(caller(request).actor), "instrument_id", pk=instrument_id))


@router.write("/{uuid:instrument_id}", WRITE, method="PATCH", response=InstrumentOut)
def edit_instrument(request: HttpRequest, instrument_id: uuid.UUID, payload: ChangedInstrument) -> InstrumentOut:
    """Change what the ledger says; once filed, the identity is fixed."""
    actor = caller(request).actor
    item = get_or_404(queries.instruments(actor), "instrument_id", pk=instrument_id)
    item.version = payload.version
    fields = payload.model_dump(exclude={"version", "reason"}, exclude_unset=True)
    nullable = {"installed_on"}
    if empty := sorted(k for k, v in fields.items() if v is None and k not in nullable):
        raise InputError("invalid", _("此项不能为空,不修改请不要提交此项"), empty[0])
    if "category" in fields:
        fields["category"] = _category(fields["category"])
    if "region" in fields:
        fields["region"] = _region(fields["region"])
    services.edit_instrument(actor=actor, instrument=item, reason=payload.reason, **fields)
    return InstrumentOut.of(get_or_404(queries.instruments(actor), "instrument_id", pk=instrument_id))


def _relocate(actor: Actor, item: Instrument, step: Step) -> Any:
    return services.relocate(
        actor=actor, instrument=item, region=_region(step.region), location=step.location, reason=step.reason
    )


STEPS: dict[str, Callable[[Actor, Instrument, Step], Any]] = {
    "stop": lambda actor, item, step: services.stop(actor=actor, instrument=item, reason=step.reason, until=step.until),
    "restart": lambda actor, item, step: services.restart(actor=actor, instrument=item, reason=step.reason),
    "send_to_repair": lambda actor, item, step: services.send_to_repair(
        actor=actor, instrument=item, reason=step.reason
    ),
    "return_from_repair": lambda actor, item, _step: services.return_from_repair(actor=actor, instrument=item),
    "relocate": _relocate,
    "scrap": lambda actor, item, step: services.scrap(actor=actor, instrument=item, reason=step.reason),
    "withdraw_filing": lambda actor, item, _step: services.withdraw_filing(actor=actor, instruments=[item]),
}


@router.write("/{uuid:instrument_id}/singles", WRITE, status=201, response=TakenOut)
def take_from_lot(request: HttpRequest, instrument_id: uuid.UUID, payload: Taken) -> TakenOut:
    """Give instruments of a filed lot entries of their own, to be verified, repaired, moved or scrapped."""
    actor = caller(request).actor
    lot = get_or_404(queries.instruments(actor), "instrument_id", pk=instrument_id)
    made = services.take_some_from_lot(actor=actor, lot=lot, serials=payload.serials)
    return TakenOut(instruments=[InstrumentOut.of(one) for one in made])


@router.write("/{uuid:instrument_id}/steps", WRITE, response=InstrumentOut)
def take_step(request: HttpRequest, instrument_id: uuid.UUID, payload: Step) -> InstrumentOut:
    """Stop, restart, repair, relocate, scrap, or take a filing back."""
    actor = caller(request).actor
    item = get_or_404(queries.instruments(actor), "instrument_id", pk=instrument_id)
    if payload.step != "relocate" and (payload.region or payload.location):
        raise InputError("invalid", _("地点和区划只用于迁移"), "location" if payload.location else "region")
    if payload.step != "stop" and payload.until is not None:
        raise InputError("invalid", _("预计启用日期只用于报停"), "until")
    STEPS[payload.step](actor, item, payload)
    return InstrumentOut.of(get_or_404(queries.instruments(actor), "instrument_id", pk=instrument_id))


def _category(code: str) -> InstrumentCategory:
    found_one = category_at(code, clock.today())
    if found_one is None:
        raise InputError("category", _("现行目录中没有这个种别代码"), "category")
    return found_one


def _region(code: str) -> Region:
    found_one = region_named(code)
    if found_one is None:
        raise Refused(_("没有这个行政区划代码"), code="region", place="region")
    return found_one
