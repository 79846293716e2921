"""The tab of an instrument that is watched by its data."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.surveillance import device_events, queries
from quanheng.platform.surveillance.charging import alarm_words
from quanheng.platform.surveillance.levels import status
from quanheng.platform.surveillance.models import AreaMeter, DeviceEvent, PileAlarm, Role, SiteCheck
from quanheng.platform.surveillance.tables import CHECK_TONES
from quanheng.platform.surveillance.words import reason, verdict_status
from quanheng.platform.surveillance.workflow import CHECK
from quanheng.platform.web.components import Moment

TEMPLATE = "surveillance/tab.html"
MOST = 50


def shown(actor: Actor, item: Instrument) -> bool:
    """Where the instrument, or a meter of the lot, stands in an area the person may see."""
    return queries.meters(actor).filter(instrument=item).exists()


def context(actor: Actor, item: Instrument) -> Mapping[str, Any]:
    """Its meters with how they stand."""
    rows = queries.meters(actor).filter(instrument=item).order_by("meter_id")
    return {
        "watched": [(m, verdict_status(m.verdict)) for m in rows[:MOST]],
        "watched_count": rows.count(),
        "master": rows.filter(role=Role.MASTER).exists(),
    }


def watched(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Of these instruments, those that stand in an area: an import that brought them cannot be undone."""
    found = AreaMeter.objects.filter(instrument_id__in=list(ids)).values_list("instrument_id", flat=True)
    return {pk for pk in found if pk is not None}


def happened(actor: Actor, item: Instrument) -> list[Moment]:
    """Mounting, what the data said, checks on site and replacement, for the timeline of a single instrument."""
    if item.quantity > 1:
        return []
    found = [_report(e) for e in device_events.seen(actor).filter(instrument=item).order_by("-happened_at")[:MOST]]
    for meter in queries.meters(actor).filter(instrument=item):
        found += of_meter(meter)
    return found


def of_meter(meter: AreaMeter) -> list[Moment]:
    """Mounting, what the data said, checks on site, alarms of a pile, replacement."""
    where = f"{meter.area} · {meter.get_role_display()}"
    found = []
    if meter.installed_on:
        found.append(Moment(meter.installed_on, _("安装"), str(meter.area.organisation), where))
    rows = meter.verdicts.select_related("evaluation__area", "meter").order_by("-evaluation__version")[:MOST]
    for v in rows:
        state = verdict_status(v.verdict)
        title = _("状态评价:%(verdict)s") % {"verdict": state.label}
        found.append(Moment(v.evaluation.made_at, title, "", reason(v), meter.get_absolute_url(), state.tone))
    found += [_check(c) for c in meter.site_checks.order_by("-opened_at")[:MOST]]
    for a in PileAlarm.objects.filter(meter=meter).order_by("-raised_at")[:MOST]:
        title = f"{_('充电桩警报')}:{alarm_words(a.kind)}"
        found.append(Moment(a.raised_at, title, a.handled_name, a.handling, a.get_absolute_url(), status(a.level).tone))
    if meter.removed_on:
        found.append(Moment(meter.removed_on, _("拆除"), str(meter.area.organisation), where, tone="off"))
    return found


def life_of(meter: AreaMeter) -> list[Moment]:
    """The same with the verification of its instrument or lot, newest first, for the page of a meter."""
    item, found = meter.instrument, of_meter(meter)
    if item is not None and item.verified_on:
        title = _("所在批次检定") if item.quantity > 1 or item.serial_to else _("检定")
        until = _("有效期至 %(day)s") % {"day": item.valid_until.isoformat()} if item.valid_until else ""
        detail = " · ".join(t for t in (item.last_document_number, until) if t)
        url = reverse("instruments:instrument", args=[item.pk])
        found.append(Moment(item.verified_on, title, "", detail, url, "bad" if item.last_verdict == "reject" else "ok"))
    return sorted(found, key=lambda m: m.at if isinstance(m.at, dt.datetime) else clock.start_of(m.at), reverse=True)


def _report(event: DeviceEvent) -> Moment:
    state = status(event.level)
    title = f"{device_events.kind_words(event.kind)} · {state.label}"
    detail = " · ".join(t for t in (event.detail, event.handling) if t)
    url = reverse("surveillance:device-event", args=[event.pk])
    return Moment(event.happened_at, title, event.source[37:], detail, url, state.tone)


def _check(check: SiteCheck) -> Moment:
    detail = " · ".join(t for t in (check.reason, check.found, check.document_number) if t)
    if check.replaced_on:
        detail += _(" · %(day)s 更换为 %(meter)s") % {"day": check.replaced_on, "meter": check.new_meter_id}
    title = f"{_('现场核查')} {check.number} · {CHECK.states[check.state]}"
    return Moment(check.opened_at, title, "", detail, check.get_absolute_url(), CHECK_TONES[check.state])
