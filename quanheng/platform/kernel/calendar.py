"""The legal calendar: month arithmetic with clamping, statutory working days as data."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month ``months`` later, clamped to the month's end (31 Jan + 1 → 28/29 Feb)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def valid_until(start: dt.date, months: int) -> dt.date:
    """Last civil date of validity: start plus the period, less one day (检定日 + 周期 − 1 日)."""
    return add_months(start, months) - dt.timedelta(days=1)


@dataclass(frozen=True)
class WorkingDays:
    """Exceptions to "Monday to Friday" for the years that were published."""

    years: frozenset[int]
    holidays: frozenset[dt.date]
    workdays: frozenset[dt.date]

    def is_working(self, day: dt.date) -> bool:
        """Whether a civil date is a working day."""
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def known(self, day: dt.date) -> bool:
        """Whether the year's arrangement was published; otherwise only weekends are counted (a guess)."""
        return day.year in self.years

    def add(self, day: dt.date, count: int) -> tuple[dt.date, bool]:
        """The date ``count`` working days after ``day`` and whether every year on the way is known."""
        step = 1 if count >= 0 else -1
        certain, left = self.known(day), abs(count)
        while left:
            day += dt.timedelta(days=step)
            certain = certain and self.known(day)
            left -= self.is_working(day)
        return day, certain

    def between(self, start: dt.date, end: dt.date) -> int:
        """Working days after ``start`` up to and including ``end``."""
        return sum(self.is_working(start + dt.timedelta(days=i)) for i in range(1, (end - start).days + 1))


@lru_cache
def working_days() -> WorkingDays:
    """The statutory calendar shipped in ``library/calendars/cn-working-days.csv`` (columns date, kind)."""
    path = resources.files("quanheng.library") / "calendars" / "cn-working-days.csv"
    holidays: set[dt.date] = set()
    workdays: set[dt.date] = set()
    lines = path.read_text("utf-8-sig").splitlines()
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        day = dt.date.fromisoformat(row["date"])
        (workdays if row["kind"] == "workday" else holidays).add(day)
    days = holidays | workdays
    return WorkingDays(frozenset(d.year for d in days), frozenset(holidays), frozenset(workdays))
