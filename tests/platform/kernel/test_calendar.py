"""The legal calendar: month ends, leap days, working days."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.calendar import WorkingDays, add_months, valid_until

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))


def test_the_last_of_january_plus_one_month_is_the_last_of_february() -> None:
    assert add_months(dt.date(2027, 1, 31), 1) == dt.date(2027, 2, 28)
    assert add_months(dt.date(2028, 1, 31), 1) == dt.date(2028, 2, 29)


def test_a_leap_day_plus_a_year_is_the_last_of_february() -> None:
    assert add_months(dt.date(2028, 2, 29), 12) == dt.date(2029, 2, 28)


def test_a_verification_of_may_21_with_twelve_months_holds_until_may_20() -> None:
    assert valid_until(dt.date(2026, 5, 21), 12) == dt.date(2027, 5, 20)


@given(DAYS, st.integers(0, 240))
def test_adding_months_never_skips_a_month_and_keeps_the_day_or_clamps(day: dt.date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + dt.timedelta(days=1)).day == 1)


@given(DAYS, st.integers(0, 60))
def test_the_nth_working_day_is_a_working_day_with_n_between(day: dt.date, count: int) -> None:
    week = WorkingDays(frozenset({2026}), frozenset({dt.date(2026, 10, 1)}), frozenset({dt.date(2026, 10, 10)}))
    end, _certain = week.add(day, count)
    assert week.between(day, end) == count
    assert count == 0 or week.is_working(end)


def test_a_year_that_was_not_published_is_said_to_be_a_guess() -> None:
    week = WorkingDays(frozenset({2026}), frozenset(), frozenset())
    assert week.add(dt.date(2026, 12, 30), 1)[1] is True
    assert week.add(dt.date(2026, 12, 31), 1)[1] is False


def test_a_civil_date_is_the_date_in_shanghai() -> None:
    assert clock.civil_date(dt.datetime(2026, 11, 22, 16, 30, tzinfo=dt.UTC)) == dt.date(2026, 11, 23)
    assert clock.start_of(dt.date(2026, 11, 23)) == dt.datetime(2026, 11, 22, 16, tzinfo=dt.UTC)
