"""Jobs that run by the clock inside ``quanheng worker``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import JobRun
from quanheng.platform.kernel.registries import Registry


@dataclass(frozen=True)
class Periodic:
    """A function without arguments returning one line of outcome, at least ``every`` seconds apart."""

    every: int
    run: Callable[[], str]


PERIODIC: Registry[Periodic] = Registry("periodic")


def due() -> list[str]:
    """Names of the jobs whose time has come."""
    last = dict(JobRun.objects.values_list("name", "started_at"))
    now = clock.now()
    return [n for n, job in PERIODIC if n not in last or (now - last[n]) >= dt.timedelta(seconds=job.every)]


def run(name: str) -> str:
    """Run one job and keep its outcome; a failure is recorded, not raised."""
    started = clock.now()
    try:
        outcome, failed = PERIODIC[name].run(), False
    except Exception as error:
        outcome, failed = f"{type(error).__name__}: {error}", True
    JobRun.objects.update_or_create(
        name=name,
        defaults={"started_at": started, "finished_at": clock.now(), "outcome": outcome[:400], "failed": failed},
    )
    return outcome
