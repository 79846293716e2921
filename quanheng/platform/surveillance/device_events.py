"""Reports of connected instruments: taken in once, ranked by the rules of the library, handled by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.roles import Role
from quanheng.platform.surveillance import policies
from quanheng.platform.surveillance.models import DeviceEvent
from quanheng.platform.surveillance.policies import visible_to
from quanheng.platform.surveillance.rules import rules_of

MOST = 500
_FUTURE = dt.timedelta(hours=1)


def rules() -> Mapping[str, Any]:
    """The file of the library."""
    return rules_of("device-events")


@cache
def kinds() -> Mapping[str, Mapping[str, Any]]:
    """What may be reported, by its id."""
    return {one["id"]: one for one in rules()["kinds"]}


def kind_words(kind: str) -> str:
    """A kind in the reader's language."""
    title = kinds().get(kind, {}).get("title", {})
    return str(title.get("en" if in_english() else "zh", kind))


def seen(viewer: Actor) -> QuerySet[DeviceEvent]:
    """Reports of the viewer's own instruments, and for regulators those of their region."""
    return DeviceEvent.objects.filter(visible_to(viewer)).select_related("instrument", "organisation")


@dataclass(frozen=True)
class Report:
    """One report as it came: the instrument's code, what, when, the sender's id of it, a few words."""

    code: str
    kind: str
    at: dt.datetime
    key: str
    detail: str = ""


@dataclass(frozen=True)
class Taken:
    """What became of the reports; ``bad``: place in the list and reason."""

    accepted: int
    repeated: int
    bad: list[tuple[int, str]]


def take(*, actor: Actor, reports: Sequence[Report], source: str) -> Taken:
    """Keep the reports of one's own instruments. A bad one is told with its reason, the others go in."""
    if not actor.has(Role.ENTERPRISE):
        raise Refused(_("只有使用单位可以推送器具事件"), code="forbidden")
    if len(reports) > MOST:
        raise Refused(_("一次最多 %(n)d 条") % {"n": MOST}, code="too_large", place="body")
    own = Instrument.objects.filter(visible_to(actor, region=""), code__in={r.code for r in reports})
    found = {i.code: i for i in own}
    accepted, repeated, bad = 0, 0, []
    for place, report in enumerate(reports, start=1):
        reason = _wrong(report, found)
        if reason:
            bad.append((place, reason))
        elif _kept(actor, found[report.code], report, source):
            accepted += 1
        else:
            repeated += 1
    return Taken(accepted, repeated, bad)


def _wrong(report: Report, found: Mapping[str, Instrument]) -> str:
    now = clock.now()
    if report.kind not in kinds():
        return "kind_unknown"
    if report.code not in found:
        return "unknown_instrument"
    if report.at.tzinfo is None:
        return "time_without_zone"
    if report.at > now + _FUTURE:
        return "future"
    if report.at < now - dt.timedelta(days=int(rules()["oldest_days"])):
        return "too_old"
    return ""


@transaction.atomic
def _kept(actor: Actor, item: Instrument, report: Report, source: str) -> bool:
    made, new = DeviceEvent.objects.get_or_create(
        instrument=item, source=source[:120], key=report.key[:80],
        defaults={
            "organisation_id": item.organisation_id, "region_id": item.region_id, "kind": report.kind,
            "level": kinds()[report.kind]["level"], "happened_at": report.at, "detail": report.detail[:200],
        },
    )  # fmt: skip
    if new and made.level in ("alarm", "warning"):
        after = {"kind": made.kind, "instrument": item.code, "at": made.happened_at}
        events.record(actor, "surveillance.device_event", made, after=after)
    return new


@transaction.atomic
def handle(*, actor: Actor, event: DeviceEvent, handling: str) -> DeviceEvent:
    """Note what was done about it, once."""
    require(policies.may_order(actor, event))
    if not handling.strip():
        raise Refused(_("请写明处理情况"), code="reason_required", place="handling")
    changed = DeviceEvent.objects.filter(pk=event.pk, handled_at=None).update(
        handled_at=clock.now(), handled_name=actor.name, handling=handling.strip()[:300]
    )
    if not changed:
        raise Refused(_("已经处理过"), code="conflict")
    events.record(actor, "surveillance.device_event_handled", event, reason=handling.strip()[:300])
    return event
