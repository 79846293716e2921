"""Due dates that move by a decision about a whole lot, and back again. No verification is claimed by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from quanheng.platform.instruments import policies
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.status import PASS
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import require

EXTENDED, RESTORED = "instruments.period_extended", "instruments.extension_undone"


@dataclass(frozen=True)
class Moved:
    """An instrument whose due date moved."""

    instrument: Instrument
    before: dt.date
    after: dt.date


@transaction.atomic
def extend_periods(*, actor: Actor, rows: Iterable[tuple[Instrument, dt.date]], ground: str) -> list[Moved]:
    """Put due dates off, by the decision named in ``ground``. Only instruments in use whose last verification passed
    and still stands are moved, and never to an earlier day."""
    moved = []
    wanted = {item.pk: day for item, day in rows}
    live = Instrument.objects.select_for_update(of=("self",)).filter(
        pk__in=wanted, state="in_use", last_verdict=PASS, invalidated_on=None, valid_until__isnull=False
    )
    for item in live.order_by("pk"):
        require(policies.may_extend(actor, item))
        before, after = item.valid_until, wanted[item.pk]
        if before is not None and after > before:
            _put(actor, item, before, after, EXTENDED, ground)
            moved.append(Moved(item, before, after))
    return moved


@transaction.atomic
def undo_extension(*, actor: Actor, moved: Sequence[Moved], ground: str, reason: str) -> int:
    """Back to the earlier due date, unless a verification has set another since; returns how many went back."""
    by_pk = {m.instrument.pk: m for m in moved}
    count = 0
    for item in Instrument.objects.select_for_update(of=("self",)).filter(pk__in=by_pk).order_by("pk"):
        require(policies.may_extend(actor, item))
        one = by_pk[item.pk]
        if item.valid_until == one.after:
            _put(actor, item, one.after, one.before, RESTORED, ground, reason)
            count += 1
    return count


def _put(
    actor: Actor, item: Instrument, before: dt.date, after: dt.date, verb: str, ground: str, reason: str = ""
) -> None:
    Instrument.objects.filter(pk=item.pk).update(valid_until=after, version=F("version") + 1)
    item.valid_until = after
    events.record(
        actor, verb, item, reason=reason, before={"valid_until": before}, after={"valid_until": after, "ground": ground}
    )
