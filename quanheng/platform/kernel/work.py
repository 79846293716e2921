"""The work queue: apps register what waits for whom; the home page shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.registries import Registry


@dataclass(frozen=True)
class WorkItem:
    """One row: what, for whom, until when, and the next action as a button."""

    title: str
    detail: str
    url: str
    due: dt.date | None = None
    action: str = ""


@dataclass(frozen=True)
class WorkGroup:
    """A kind of work with its full count; ``items`` are the first few."""

    key: str
    label: str
    count: int
    overdue: int
    url: str
    items: Sequence[WorkItem] = field(default_factory=tuple)


Provider = Callable[[Actor], Sequence[WorkGroup]]
WORK: Registry[Provider] = Registry("work")


def queue(actor: Actor) -> list[WorkGroup]:
    """Every group with something in it, in the order the apps were registered."""
    return [group for provider in WORK.values() for group in provider(actor) if group.count]
