"""Charging stations: OCPP messages taken in, piles with their alarms, sessions for replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.surveillance import levels, policies
from quanheng.platform.surveillance.models import Area, AreaMeter, ChargeSample, Profile, Role
from quanheng.platform.surveillance.store import known, receiver
from quanheng.telemetry.ingest import Mapping as Reading
from quanheng.telemetry.ingest.ocpp import ENERGY, POWER, Sample, Session, Version, samples, sessions

_STEPS = (900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_MOST = 5_000


@dataclass(frozen=True)
class Taken:
    """Values kept, values known already, values of piles that are not listed, interval energies for the balance."""

    accepted: int
    repeated: int
    unknown: int
    intervals: int


def take_message(*, actor: Actor, station: str, message: bytes, version: Version, source: str) -> Taken:
    """Keep the values of one message of one's own station. Piles are listed as ``STATION/CONNECTOR``."""
    area = Area.objects.filter(code=station, profile=Profile.CHARGING).select_related("organisation").first()
    if area is None or not policies.may_keep_for(actor, area.organisation):
        raise Refused(_("没有这个充电站,或它不属于您的单位"), code="not_found", place="station")
    found = samples(message, station=station, version=version)
    if len(found) > _MOST:
        raise Refused(_("一条消息最多 %(n)d 个值") % {"n": _MOST}, code="too_large", place="body")
    require(policies.may_keep(actor, area))
    piles = {m.meter_id: m for m in AreaMeter.objects.filter(area=area)}
    known = [s for s in found if s.meter_id in piles]
    new = [s for s in known if _kept(piles[s.meter_id], s)]
    return Taken(len(new), len(known) - len(new), len(found) - len(known), _balance(area, piles, new, source))


@transaction.atomic
def _kept(pile: AreaMeter, sample: Sample) -> bool:
    _made, new = ChargeSample.objects.get_or_create(
        meter=pile,
        at=sample.at,
        measurand=sample.measurand,
        transaction=sample.transaction,
        context=sample.context,
        defaults={"value": sample.value},
    )
    return new


def _balance(area: Area, piles: Mapping[str, AreaMeter], new: Sequence[Sample], source: str) -> int:
    """Energy between two registers that both stand on the clock's marks goes into the store; nothing is guessed."""
    count = 0
    for s in new:
        if s.measurand != ENERGY or s.context != "Sample.Clock":
            continue
        earlier = ChargeSample.objects.filter(
            meter=piles[s.meter_id], measurand=ENERGY, context="Sample.Clock", at__lt=s.at
        ).order_by("-at").first()  # fmt: skip
        step = int((s.at - earlier.at).total_seconds()) if earlier else 0
        if earlier is None or step not in _STEPS or earlier.at.timestamp() % step or s.value < earlier.value:
            continue
        row = {"row": 1, "meter_id": s.meter_id, "ts": earlier.at.isoformat(), "kwh": repr(s.value - earlier.value)}
        kept = receiver().receive(
            pl.DataFrame([row], schema={"row": pl.Int64(), **{n: pl.String() for n in ("meter_id", "ts", "kwh")}}),
            source=source, now=clock.now(), mapping=Reading(seconds=step), areas=known(area=area),
        )  # fmt: skip
        count += kept.accepted
    return count


@dataclass(frozen=True)
class Pile:
    """A pile as its messages show it. ``clock_off``: seconds by which its clock runs ahead, as far as delay allows."""

    meter: AreaMeter
    last_seen: dt.datetime | None
    peak_kw: float | None
    clock_off: float | None
    alarms: list[str]


def piles_of(area: Area) -> list[Pile]:
    """Every pile with its alarms by the rules of the library, over the last thirty days."""
    law, now = levels.rules("pile", area.region_id), clock.now()
    since = now - dt.timedelta(days=30)
    rows = []
    for meter in area.members.filter(role=Role.SUB, removed_on=None).order_by("meter_id"):
        kept = ChargeSample.objects.filter(meter=meter, at__gte=since)
        last = ChargeSample.objects.filter(meter=meter).aggregate(v=Max("recorded_at"))["v"]
        peak = kept.filter(measurand=POWER).aggregate(v=Max("value"))["v"]
        # a late message may be an old one; a moment after its arrival can only be a clock that runs ahead
        ahead = max(((at - seen).total_seconds() for at, seen in kept.values_list("at", "recorded_at")), default=None)
        alarms = []
        if last is None or (now - last).total_seconds() > law["pile.offline"].limit * 3600:
            alarms.append("offline")
        if ahead is not None and ahead > law["pile.clock"].limit:
            alarms.append("clock")
        if peak is not None and peak > law["pile.power"].limit:
            alarms.append("power")
        if any(s.backwards for s in sessions_of(meter, since)):
            alarms.append("backwards")
        rows.append(Pile(meter, last, peak, ahead, alarms))
    return rows


def alarm_words(alarm: str) -> str:
    """An alarm of a pile in the reader's language."""
    words = {"offline": _("离线"), "clock": _("时钟超前"), "power": _("功率异常"), "backwards": _("示值倒退")}
    return str(words[alarm])


def values_of(meter: AreaMeter, transaction: str) -> list[ChargeSample]:
    """What one session sent, in order."""
    return list(ChargeSample.objects.filter(meter=meter, transaction=transaction).order_by("at", "measurand"))


def sessions_of(meter: AreaMeter, since: dt.datetime) -> list[Session]:
    """Sessions of a pile, oldest first."""
    rows = ChargeSample.objects.filter(meter=meter, at__gte=since).exclude(transaction="").order_by("at")
    return sessions(Sample(meter.meter_id, r.at, r.measurand, r.value, r.context, r.transaction) for r in rows)
