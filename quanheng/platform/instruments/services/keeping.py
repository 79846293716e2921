"""Enter, edit and hand over instruments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.instruments import duplicates, policies
from quanheng.platform.instruments.categories import is_mandatory
from quanheng.platform.instruments.codes import new_codes
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.parameters import complaints, procedure_of
from quanheng.platform.instruments.serials import RangeProblem, lot_quantity
from quanheng.platform.instruments.words import search_text
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.kernel.policies import Refused, require

TEXTS = (
    "name",
    "specification",
    "measuring_range",
    "accuracy_class",
    "serial_number",
    "serial_to",
    "manufacturer",
    "origin_place",
    "location",
)
FAR = dt.timedelta(days=366)  # an instrument may be entered before it is put into use, not years before
PLAIN = (*TEXTS, "quantity", "use", "delivery", "parameters", "installed_on")
IDENTITY = frozenset({"category", "serial_number", "serial_to", "quantity", "manufacturer", "region", "use"})
JUDGED = frozenset({"name", "specification", "measuring_range", "accuracy_class", "parameters"})
FREE_STATES = frozenset({"draft"})


def fresh_codes(count: int) -> list[str]:
    """Codes that no instrument has."""
    return new_codes(count, lambda codes: set(Instrument.objects.filter(code__in=codes).values_list("code", flat=True)))


def refresh(item: Instrument, owner: str) -> None:
    """Set what follows from the other fields: the search text and whether verification is mandatory."""
    item.mandatory = is_mandatory(item.category, item.use)
    item.search = search_text(item, owner)


def checked(item: Instrument) -> None:
    """Raise ``Refused`` naming every field that cannot stand."""
    wrong: list[str] = []
    for name in TEXTS:
        setattr(item, name, str(getattr(item, name) or "").strip())
    try:
        item.clean_fields(exclude=[f.name for f in Instrument._meta.fields if f.name not in PLAIN])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            wrong += [f"{Instrument._meta.get_field(name).verbose_name}:{m}" for m in messages]  # type: ignore[union-attr]
    if not _as_entered(item):
        try:
            item.quantity = lot_quantity(item.serial_number, item.serial_to, item.quantity)
        except RangeProblem as error:
            wrong.append(str(error))
    wrong += complaints(procedure_of(item.category, clock.today()), item.parameters)
    if item.installed_on and item.installed_on > clock.today() + FAR:
        wrong.append(_("启用日期在一年以后"))
    if wrong:
        raise Refused(*wrong, code="invalid")
    conflict = duplicates.conflicts([item], [item.organisation_id], ignore=[item.pk]).get(0)
    if conflict and not _as_entered(item):
        raise Refused(conflict, code="duplicate", place="serial_number")


def _as_entered(item: Instrument) -> bool:
    """Whether number, range and owner stand as they did: a lot from which some were taken is fewer than its range."""
    same = ("organisation_id", "category_id", "manufacturer", "serial_number", "serial_to", "quantity")
    return Instrument.objects.filter(pk=item.pk, **{name: getattr(item, name) for name in same}).exists()


@transaction.atomic
def add_instrument(
    *,
    actor: Actor,
    organisation: Organisation,
    category: InstrumentCategory,
    region: Region,
    **fields: Any,
) -> Instrument:
    """Enter one instrument, or one lot by its serial range. It starts as a draft, not yet filed."""
    require(policies.may_keep_for(actor, organisation))
    unknown = set(fields) - set(PLAIN)
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    item = Instrument(organisation=organisation, category=category, region=region, state="draft", **fields)
    if item.serial_to and "quantity" not in fields:
        item.quantity = _count(item)
    item.code = fresh_codes(1)[0]
    checked(item)
    refresh(item, organisation.name)
    _saved(item, force_insert=True)
    after = {"name": item.name, "serial_number": item.serial_number, "quantity": item.quantity}
    events.record(actor, "instruments.added", item, after=after)
    return item


def _count(item: Instrument) -> int:
    try:
        return lot_quantity(item.serial_number, item.serial_to, None)
    except RangeProblem as error:
        raise Refused(str(error), code="invalid", place="serial_to") from error


def _saved(item: Instrument, **how: Any) -> None:
    try:
        with transaction.atomic():
            item.save(**how)
    except IntegrityError as error:
        message = _("本单位已有同厂家、同编号的这种器具")
        raise Refused(message, code="duplicate", place="serial_number") from error


def concluded(item: Instrument) -> bool:
    """Whether a verification speaks of the instrument as it is: done, and not ended by repair or relocation."""
    return item.verified_on is not None and item.invalidated_on is None


def fixed_fields(item: Instrument) -> frozenset[str]:
    """What its owner cannot rewrite now: identity and place once filed, what was judged while a conclusion stands."""
    if item.state in FREE_STATES:
        return frozenset()
    return IDENTITY | {"location"} | (JUDGED if concluded(item) else frozenset())


def _titles(names: Sequence[str]) -> str:
    return "、".join(str(Instrument._meta.get_field(n).verbose_name) for n in names)  # type: ignore[union-attr]


def _refuse_fixed(item: Instrument, changed: Mapping[str, Any], reason: str) -> None:
    """Say what cannot be changed here, and the way that leads there."""
    locked = sorted(fixed_fields(item) & set(changed))
    ways = {
        "location": _("地点变更请办理“迁移”,原检定随之失效"),
        **dict.fromkeys(JUDGED, _("已有检定结论,由检定机构在下次检定时按实物更正;修理改装请先办理“送修”")),
    }
    if locked:
        said = [_("备案后不能直接修改:%(titles)s") % {"titles": _titles(locked)}]
        said += dict.fromkeys(ways[name] for name in locked if name in ways)
        raise Refused(*said, code="filed", place=locked[0])
    corrected = sorted(JUDGED & set(changed)) if item.state not in FREE_STATES else []
    if corrected and not reason.strip():
        words = _("备案后更正%(titles)s须写明原因") % {"titles": _titles(corrected)}
        raise Refused(words, code="reason_required", place="reason")


@transaction.atomic
def correct_by_verification(*, actor: Actor, instrument: Instrument, document_number: str, **found: Any) -> Instrument:
    """The ledger takes over what the verifier found on the instrument and a signed document now says."""
    require(policies.may_record_result(actor, instrument))
    unknown = set(found) - JUDGED
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    item = Instrument.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=instrument.pk)
    before = {k: getattr(item, k) for k in found}
    for key, value in found.items():
        setattr(item, key, value)
    refresh(item, item.organisation.name)
    item.version += 1
    item.save()
    reason = _("检定时核对实物:%(number)s") % {"number": document_number}
    events.record(actor, "instruments.corrected_by_verification", item, reason=reason, before=before, after=found)
    return item


@transaction.atomic
def edit_instrument(*, actor: Actor, instrument: Instrument, reason: str = "", **fields: Any) -> Instrument:
    """Change what the ledger says; once filed, only what is neither its identity, its place nor what was verified.

    What a verification judges may be corrected with a reason while no conclusion rests on it (see ``fixed_fields``).
    """
    require(policies.may_keep(actor, instrument))
    item = Instrument.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=instrument.pk)
    if item.version != instrument.version:
        raise Refused(_("别人刚刚修改了这台器具,请刷新后再改"), code="conflict")
    unknown = set(fields) - set(PLAIN) - {"category", "region"}
    if unknown:
        raise TypeError(f"unknown fields {sorted(unknown)}")
    changed = {k: v for k, v in fields.items() if getattr(item, k) != v}
    if not changed:
        return item
    if item.state == "scrapped":
        raise Refused(_("已报废的器具不能修改"), code="wrong_state")
    _refuse_fixed(item, changed, reason)
    before = {k: getattr(item, k) for k in changed}
    for key, value in changed.items():
        setattr(item, key, value)
    if {"serial_number", "serial_to"} & set(changed) and "quantity" not in fields:
        item.quantity = _count(item)
    checked(item)
    refresh(item, item.organisation.name)
    item.version += 1
    _saved(item)
    events.record(actor, "instruments.edited", item, reason=reason, before=before, after=changed)
    return item


@transaction.atomic
def transfer_instruments(
    *, actor: Actor, instruments: Sequence[Instrument], to: Organisation, reason: str
) -> list[Instrument]:
    """Hand instruments to another organisation of the same group; in another region they are filed anew."""
    if not reason.strip():
        raise Refused(_("请写明移交的原因"), code="reason_required", place="reason")
    require(policies.may_keep_for(actor, to))
    moved = []
    chosen = Instrument.objects.select_for_update(of=("self",)).select_related("organisation", "category")
    for item in chosen.filter(pk__in=[i.pk for i in instruments]).order_by("pk"):
        require(policies.may_keep(actor, item))
        if item.state not in ("draft", "in_use", "stopped"):
            raise Refused(_("「%(item)s」现在不能移交") % {"item": str(item)}, code="wrong_state")
        before = {"organisation": item.organisation.name}
        item.organisation = to
        checked(item)
        refresh(item, to.name)
        item.version += 1
        _saved(item)
        events.record(
            actor, "instruments.transferred", item, reason=reason, before=before, after={"organisation": to.name}
        )
        moved.append(item)
    return moved
