"""Dead letters of one's own meters: which they are, and judging them again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import polars as pl

from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import require
from quanheng.platform.surveillance import policies, queries
from quanheng.platform.surveillance.store import known, receiver, store
from quanheng.telemetry.ingest.resend import Resent, resend
from quanheng.telemetry.store.letters import Letters

DAYS = 30


def _from(owners: Iterable[object]) -> pl.Expr:
    """Letters of these organisations: the name of a source begins with the key of its owner."""
    return pl.col("source").str.slice(0, 36).is_in([str(pk) for pk in owners])


def letters_of(actor: Actor) -> pl.DataFrame:
    """Dead letters of the last days from sources of the viewer's utilities."""
    table = Letters(store().root).read(since=clock.now() - dt.timedelta(days=DAYS))
    return table.filter(_from(queries.areas(actor).order_by().values_list("organisation_id", flat=True).distinct()))


def resend_letters(actor: Actor, chosen: Mapping[str, str]) -> Resent:
    """Judge one's own letters again, all or those of a source, reason or batch."""
    require(policies.may_resend(actor))
    owners = [o for o in queries.owners(actor) if policies.may_keep_for(actor, o)]
    where = _from(o.pk for o in owners)
    for name, value in chosen.items():
        where = where & (pl.col(name) == value)
    done = resend(receiver(), where, areas_of=lambda source: known(area__organisation_id=source[:36]), now=clock.now())
    after = {"accepted": done.accepted, "rejected": done.rejected, **chosen}
    for owner in owners:
        events.record(actor, "surveillance.letters_resent", owner, after=after)
    return done
