"""Reminders 30, 15 and 7 days before the end, once each."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from quanheng.errors import InputError
from quanheng.platform.instruments import reminders
from quanheng.platform.kernel import clock, notices
from quanheng.platform.kernel.models import Notice
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 11, 23)


def make_expiring(cast: Cast, days: int, count: int = 1) -> None:
    for _ in range(count):
        makers.make_instrument(cast.shop, valid_until=TODAY + dt.timedelta(days=days))


def test_the_keeper_is_told_30_15_and_7_days_before_and_the_day_after(cast: Cast) -> None:
    for days in (30, 15, 7, -1, 20):
        make_expiring(cast, days)
    with clock.at(TODAY):
        reminders.remind()
    texts = list(Notice.objects.filter(user=cast.keeper).values_list("text", flat=True))
    assert len(texts) == 4
    assert any("还有 30 天" in t for t in texts)
    assert any("已于 2026-11-22 过期" in t for t in texts)


def test_a_second_run_on_the_same_day_sends_nothing_twice(cast: Cast) -> None:
    make_expiring(cast, 30, 3)
    with clock.at(TODAY):
        reminders.remind()
        reminders.remind()
    assert Notice.objects.get().text.startswith("3 台器具")


def test_nobody_hears_of_another_firms_instruments(cast: Cast) -> None:
    make_expiring(cast, 7)
    with clock.at(TODAY):
        reminders.remind()
    assert set(Notice.objects.values_list("user__name", flat=True)) == {"钱掌柜"}


def test_lead_days_are_chosen_by_the_person(cast: Cast) -> None:
    notices.set_lead_days(actor=cast.actor("keeper"), days=[60])
    make_expiring(cast, 60)
    make_expiring(cast, 30)
    with clock.at(TODAY):
        reminders.remind()
    assert [n.key for n in Notice.objects.all()] == ["expiry:2027-01-22:60"]


@pytest.mark.parametrize("days", [[], [-1], [400]])
def test_senseless_lead_days_are_refused(cast: Cast, days: list[int]) -> None:
    with pytest.raises(InputError):
        notices.set_lead_days(actor=cast.actor("keeper"), days=days)


def test_a_message_goes_out_by_e_mail_once(cast: Cast) -> None:
    cast.keeper.email = "keeper@example.org"
    cast.keeper.save()
    make_expiring(cast, 7)
    with clock.at(TODAY):
        reminders.remind()
        assert notices.email_pending() == "1 sent"
        assert notices.email_pending() == "nothing to send"
    assert "还有 7 天" in mail.outbox[0].body
