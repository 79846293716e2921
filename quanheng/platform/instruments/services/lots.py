"""Meters out of a lot: each gets an entry of its own, and the lot counts so many less."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.instruments import duplicates, policies
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.serials import MOST_TAKEN, SerialRange
from quanheng.platform.instruments.services.filing import filed
from quanheng.platform.instruments.services.keeping import fresh_codes, refresh
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused, require

_OWN = frozenset({"id", "code", "serial_number", "serial_to", "quantity", "version", "created_at", "search", "batch"})


@transaction.atomic
def take_some_from_lot(*, actor: Actor, lot: Instrument, serials: Collection[str]) -> list[Instrument]:
    """Enter several of a lot by themselves, all or none."""
    require(policies.may_take_from(actor, lot))
    if not serials:
        raise Refused(_("请写明要单独登记的编号"), code="empty", place="serials")
    if len(serials) > MOST_TAKEN:
        raise Refused(_("一次最多 %(n)d 台,其余请分次办理") % {"n": MOST_TAKEN}, code="too_many", place="serials")
    return [take_from_lot(actor=actor, lot=lot, serial=serial) for serial in serials]


@transaction.atomic
def take_from_lot(*, actor: Actor, lot: Instrument, serial: str) -> Instrument:
    """Enter one instrument of a lot by itself: in all else it is as the lot is, its verification included.

    The lot keeps its range of serial numbers with a gap in it; its quantity falls by one.
    """
    require(policies.may_keep(actor, lot))
    lot = Instrument.objects.select_for_update(of=("self",)).select_related("organisation", "category").get(pk=lot.pk)
    serial = serial.strip()
    span = duplicates.span(lot.serial_number, lot.serial_to) if lot.serial_to else None
    if span is None or serial not in span or len(serial) != len(lot.serial_number):
        raise Refused(_("编号 %(serial)s 不在这一批之内") % {"serial": serial}, code="invalid", place="serial_number")
    if lot.state == "scrapped":
        raise Refused(_("已报废的器具不能修改"), code="wrong_state")
    if within(lot).filter(serial_number=serial).exists():
        raise Refused(_("编号 %(serial)s 已单独登记") % {"serial": serial}, code="duplicate", place="serial_number")
    if lot.quantity < 2:
        raise Refused(_("这一批只剩一台"), code="empty", place="quantity")
    kept = {f.attname: getattr(lot, f.attname) for f in Instrument._meta.concrete_fields if f.name not in _OWN}
    one = Instrument(**kept, serial_number=serial, serial_to="", quantity=1, code=fresh_codes(1)[0])
    refresh(one, lot.organisation.name)
    before = {"quantity": lot.quantity, "serial_number": lot.serial_number}
    _reduce(lot, span, {serial, *within(lot).values_list("serial_number", flat=True)})
    one.save(force_insert=True)
    if one.filed_at is not None:
        filed([one], actor)
    events.record(actor, "instruments.taken_from_lot", one, after={"serial_number": serial, "lot": lot.code})
    after = {"quantity": lot.quantity, "serial_number": lot.serial_number, "taken": serial, "instrument": one.code}
    events.record(actor, "instruments.lot_reduced", lot, before=before, after=after)
    return one


def _reduce(lot: Instrument, span: SerialRange, taken: set[str]) -> None:
    """Count one less; the first number of the range is always one that the lot still has."""
    lot.quantity -= 1
    lot.version += 1
    left = (f"{span.prefix}{n:0{span.width}d}" for n in range(span.first, span.last + 1))
    lot.serial_number = next(number for number in left if number not in taken)
    if lot.quantity == 1:
        lot.serial_to = ""
    refresh(lot, lot.organisation.name)
    lot.save(update_fields=["quantity", "version", "serial_number", "serial_to", "search", "mandatory"])


def within(lot: Instrument) -> QuerySet[Instrument]:
    """Single instruments, scrapped ones too, whose serial number lies in the range of a lot of the same kind."""
    return Instrument.objects.filter(
        organisation=lot.organisation_id, category=lot.category_id, manufacturer=lot.manufacturer, serial_to="",
        serial_number__gte=lot.serial_number, serial_number__lte=lot.serial_to,
    )  # fmt: skip
