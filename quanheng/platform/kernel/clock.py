"""The one clock. UTC in the database; civil dates in Asia/Shanghai."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

CIVIL = ZoneInfo("Asia/Shanghai")
_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> dt.datetime:
    """The current moment, aware, UTC."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The current civil date in Asia/Shanghai."""
    return civil_date(now())


def civil_date(at: dt.datetime) -> dt.date:
    """The civil date of a moment in Asia/Shanghai."""
    return at.astimezone(CIVIL).date()


def start_of(day: dt.date) -> dt.datetime:
    """The first moment of a civil date, in UTC."""
    return dt.datetime.combine(day, dt.time(), CIVIL).astimezone(dt.UTC)


@contextmanager
def at(moment: dt.datetime | dt.date) -> Iterator[None]:
    """Run with the clock standing at a moment: for tests and for building history."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time(10), CIVIL)
    token = _frozen.set(moment.astimezone(dt.UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
