"""The tab of an instrument that is watched by its data."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.surveillance import queries
from quanheng.platform.surveillance.models import AreaMeter, Role
from quanheng.platform.surveillance.words import verdict_status

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
