"""Alarms of piles as work: raised by the worker, over when the condition no longer holds, handled by a person."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor, system
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.surveillance import charging, levels, policies
from quanheng.platform.surveillance.models import Area, AreaMeter, ChargeSample, PileAlarm, Profile
from quanheng.platform.surveillance.policies import visible_to


def seen(viewer: Actor) -> QuerySet[PileAlarm]:
    """Alarms of the viewer's own piles, and for regulators those of their region."""
    rows = PileAlarm.objects.filter(visible_to(viewer))
    return rows.select_related("meter", "meter__area", "organisation")


def watch() -> str:
    """Look at every station that sends anything: raise what is new, end what is over."""
    stations = Area.objects.filter(
        profile=Profile.CHARGING, pk__in=ChargeSample.objects.order_by().values("meter__area_id").distinct()
    )
    raised = ended = 0
    for area in stations.select_related("organisation"):
        more, over = _look(area)
        raised, ended = raised + more, ended + over
    return f"{raised} alarms of piles raised, {ended} over"


@transaction.atomic
def _look(area: Area) -> tuple[int, int]:
    law = levels.rules("pile", area.region_id)
    standing = {
        (a.meter_id, a.kind): a for a in PileAlarm.objects.filter(meter__area=area, cleared_at=None)
    }  # fmt: skip
    found: dict[tuple[object, str], AreaMeter] = {
        (pile.meter.pk, kind): pile.meter
        for pile in charging.piles_of(area)
        if pile.last_seen is not None  # one that never sent a value is not connected yet
        for kind in pile.alarms
    }
    actor = system("quanheng worker")
    new = [key for key in found if key not in standing]
    for key in new:
        kind = key[1]
        made = PileAlarm.objects.create(
            meter=found[key], organisation=area.organisation, region_id=area.region_id, kind=kind,
            level=law[f"pile.{kind}"].body["level"],
        )  # fmt: skip
        events.record(actor, "surveillance.pile_alarm", made, after={"pile": found[key].meter_id, "kind": kind})
    over = [a.pk for key, a in standing.items() if key not in found]
    PileAlarm.objects.filter(pk__in=over).update(cleared_at=clock.now())
    return len(new), len(over)


@transaction.atomic
def handle(*, actor: Actor, alarm: PileAlarm, handling: str) -> PileAlarm:
    """Note what was done about it, once."""
    require(policies.may_order(actor, alarm))
    text = handling.strip()[:300]
    if not text:
        raise Refused(_("请写明处理情况"), code="reason_required", place="handling")
    changed = PileAlarm.objects.filter(pk=alarm.pk, handled_at=None).update(
        handled_at=clock.now(), handled_name=actor.name, handling=text
    )
    if not changed:
        raise Refused(_("已经处理过"), code="conflict")
    events.record(actor, "surveillance.pile_alarm_handled", alarm, reason=text)
    return alarm
