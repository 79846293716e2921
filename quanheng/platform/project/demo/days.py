"""Days relative to today, moved to working days, and moments within them."""

from __future__ import annotations

import datetime as dt

from quanheng.platform.kernel.calendar import working_days
from quanheng.platform.kernel.clock import CIVIL


def working(day: dt.date, step: int = 1) -> dt.date:
    """The day itself or the next (with ``step`` -1: the last) working day."""
    calendar = working_days()
    while not calendar.is_working(day):
        day += dt.timedelta(days=step)
    return day


def later(day: dt.date, count: int) -> dt.date:
    """So many working days later; negative counts go back."""
    return working_days().add(day, count)[0]


def ago(today: dt.date, days: int) -> dt.date:
    """The working day about so many days ago."""
    return working(today - dt.timedelta(days=days), -1)


def moment(day: dt.date, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A time of the day in Asia/Shanghai."""
    return dt.datetime.combine(day, dt.time(hour, minute), CIVIL)
