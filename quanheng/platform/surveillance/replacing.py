"""A meter found wrong is replaced: in the area, in the counts of its alarm, and in the owner's ledger."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.platform.instruments import services as ledger
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.parameters import complaints, procedure_of
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.surveillance import levels
from quanheng.platform.surveillance.binding import entries_of
from quanheng.platform.surveillance.models import Area, AreaMeter, SiteCheck
from quanheng.platform.surveillance.naming import fresh_code
from quanheng.platform.surveillance.workflow import CHECK

SCRAP, KEEP = "scrap", "keep"


@transaction.atomic
def replace_meter(
    *, actor: Actor, check: SiteCheck, on: dt.date, new_meter_id: str, manufacturer: str = "", old_one: str = SCRAP
) -> SiteCheck:
    """The old meter ends that day, a new one begins with evaluations of its own; both stand in the ledger as they are.

    old_one : what becomes of the old instrument: scrapped, or kept out of use
    """
    old, number = check.meter, new_meter_id.strip()
    if not number or len(number) > 64 or AreaMeter.objects.filter(area=old.area, meter_id=number).exists():
        raise Refused(_("请填写新表号,且不能与台区内已有的相同"), code="invalid", place="new_meter_id")
    elsewhere = AreaMeter.objects.filter(
        meter_id=number, area__organisation=old.area.organisation, removed_on=None
    ).first()
    if elsewhere is not None:
        raise Refused(
            _("这块表正在台区 %(area)s 使用") % {"area": elsewhere.area}, code="duplicate", place="new_meter_id"
        )
    if on > clock.today() or (old.installed_on and on < old.installed_on):
        raise Refused(_("更换日期须在安装之后,且不晚于今天"), code="invalid", place="on")
    apply(CHECK, "replace", check, actor=actor, replaced_on=on, new_meter_id=number)
    AreaMeter.objects.filter(pk=old.pk).update(removed_on=on)
    maker = manufacturer.strip()
    entry = entries_of(old.area.organisation, [number]).get(number)
    if entry is None and old.instrument is not None:
        entry = _entered(actor, old.instrument, number, maker, on)
    AreaMeter.objects.create(
        area=old.area, meter_id=number, role=old.role, feeder=old.feeder, phase=old.phase, ct_ratio=old.ct_ratio,
        accuracy_class=old.accuracy_class, manufacturer=maker or (entry.manufacturer if entry else ""),
        installed_on=on, public_code=fresh_code(), instrument=entry,
    )  # fmt: skip
    if old.instrument is not None:
        _put_away(actor, old.instrument, old_one, check)
    levels.recount(Area.objects.select_for_update().get(pk=old.area_id))
    return check


def _entered(actor: Actor, old: Instrument, number: str, maker: str, on: dt.date) -> Instrument:
    """The new meter as an instrument of its own, of the old one's kind and place, handed in for filing."""
    fits = not complaints(procedure_of(old.category, clock.today()), old.parameters)
    made = ledger.add_instrument(
        actor=actor, organisation=old.organisation, category=old.category, region=old.region, name=old.name,
        specification=old.specification, measuring_range=old.measuring_range, accuracy_class=old.accuracy_class,
        parameters=old.parameters if fits else {}, serial_number=number, manufacturer=maker or old.manufacturer,
        use=old.use, location=old.location, installed_on=on,
    )  # fmt: skip
    ledger.submit_filing(actor=actor, instruments=[made])
    return made


def _put_away(actor: Actor, old: Instrument, how: str, check: SiteCheck) -> None:
    """It hangs nowhere any more, so nothing may ask for its verification."""
    if old.quantity > 1 or old.serial_to or old.state == "scrapped":
        return
    reason = _("核查单 %(number)s:已更换") % {"number": check.number}
    if how == SCRAP:
        ledger.scrap(actor=actor, instrument=old, reason=reason)
    elif old.state == "in_use":
        ledger.stop(actor=actor, instrument=old, reason=reason)
