"""By the clock: journals into Parquet, many small files into few, old days away."""

from __future__ import annotations

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance import pile_alarms, scheduling
from quanheng.platform.surveillance.store import store
from quanheng.telemetry.store.letters import Letters


def settle() -> str:
    """What was pushed becomes part of the store."""
    return f"{store().settle()} readings settled"


def evaluate() -> str:
    """Evaluations whose cycle has passed begin by themselves."""
    return scheduling.begin_due()


def watch_piles() -> str:
    """Alarms of charging piles, raised and ended."""
    return pile_alarms.watch()


def compact() -> str:
    """Tidy up, and let go of what nobody need keep any longer."""
    now = clock.now()
    done = store().compact(now=now)
    gone = store().expire(today=clock.today())
    letters = Letters(store().root).expire(now)
    return f"{done} days compacted, {len(gone)} days and {letters} files of dead letters expired"
