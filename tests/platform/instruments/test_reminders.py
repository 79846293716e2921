"""Reminders 30, 15 and 7 days before the end, once each, whatever happened to the worker in between."""

from __future__ import annotations

import datetime as dt
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.test import Client

from quanheng.platform.instruments import reminders
from quanheng.platform.instruments.models import Instrument, ReminderRule
from quanheng.platform.kernel import clock, notices, periodic
from quanheng.platform.kernel.models import Notice
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 11, 23)
DAYS = "/instruments/reminders/days/"


def make_expiring(cast: Cast, days: int, count: int = 1) -> None:
    for _ in range(count):
        makers.make_instrument(cast.shop, valid_until=TODAY + dt.timedelta(days=days))


def remind(days_later: int = 0) -> list[str]:
    """Run the job on a day; the new texts."""
    before = set(Notice.objects.values_list("pk", flat=True))
    with clock.at(TODAY + dt.timedelta(days=days_later)):
        reminders.remind()
    return [n.text for n in Notice.objects.exclude(pk__in=before).order_by("pk")]


def signed_in(cast: Cast, part: str) -> Client:
    client = Client()
    client.force_login(getattr(cast, part))
    return client


def test_the_keeper_is_told_30_15_and_7_days_before_and_the_day_after(cast: Cast) -> None:
    make_expiring(cast, 30)
    assert remind() == ["1 台器具将于 2026-12-23 到期(还有 30 天)"]
    told = {day: remind(day) for day in range(1, 40)}
    assert [day for day, texts in told.items() if texts] == [15, 23, 31]
    assert "还有 15 天" in told[15][0]
    assert "还有 7 天" in told[23][0]
    assert "已于 2026-12-23 过期" in told[31][0]


def test_a_day_without_a_worker_is_made_up_once(cast: Cast) -> None:
    make_expiring(cast, 32)
    assert remind(1) == []
    assert remind(5) == ["1 台器具将于 2026-12-25 到期(还有 27 天)"]
    assert remind(6) == []
    assert remind(29) == ["1 台器具将于 2026-12-25 到期(还有 3 天)"]


def test_one_that_enters_with_ten_days_left_is_told_of_at_once_and_again_at_seven(cast: Cast) -> None:
    make_expiring(cast, 10)
    assert remind() == ["1 台器具将于 2026-12-03 到期(还有 10 天)"]
    assert remind(1) == []
    assert len(remind(3)) == 1


def test_what_ends_today_is_said_to_end_today_and_reads_in_english_too(cast: Cast) -> None:
    make_expiring(cast, 0)
    assert remind() == ["1 台器具今天(2026-11-23)到期,请尽快申请检定"]
    client = signed_in(cast, "keeper")
    client.cookies["django_language"] = "en"
    for address in ("/notices/", "/instruments/reminders/"):
        assert "1 instrument is due today (2026-11-23)" in client.get(address).content.decode(), address


def test_a_new_verification_begins_anew(cast: Cast) -> None:
    make_expiring(cast, 7)
    assert len(remind()) == 1
    Instrument.objects.update(valid_until=TODAY + dt.timedelta(days=400))
    assert remind(2) == []
    assert len(remind(371)) == 1


def test_what_is_not_in_use_or_was_rejected_or_moved_is_not_spoken_of(cast: Cast) -> None:
    until = TODAY + dt.timedelta(days=5)
    makers.make_instrument(cast.shop, valid_until=until, state="stopped")
    makers.make_instrument(cast.shop, valid_until=until, last_verdict="reject")
    makers.make_instrument(cast.shop, valid_until=until, invalidated_on=TODAY)
    assert remind() == []


def test_a_second_run_on_the_same_day_sends_nothing_twice(cast: Cast) -> None:
    make_expiring(cast, 30, 3)
    assert remind()[0].startswith("3 台器具")
    assert remind() == []


def test_where_nobody_keeps_the_ledger_the_reminder_waits_for_somebody(cast: Cast) -> None:
    make_expiring(cast, 7)
    cast.keeper.is_active = False
    cast.keeper.save()
    assert remind() == []
    cast.keeper.is_active = True
    cast.keeper.save()
    assert len(remind(1)) == 1


def test_nobody_hears_of_another_firms_instruments(cast: Cast) -> None:
    make_expiring(cast, 7)
    remind()
    assert set(Notice.objects.values_list("user__name", flat=True)) == {"钱掌柜"}


def test_the_worker_runs_it_every_day_and_the_keeper_reads_it(cast: Cast) -> None:
    make_expiring(cast, 7)
    with clock.at(TODAY):
        assert "instruments.remind" in periodic.due()
        periodic.run("instruments.remind")
        assert "instruments.remind" not in periodic.due()
        assert "还有 7 天" in signed_in(cast, "keeper").get("/notices/").content.decode()
    with clock.at(TODAY + dt.timedelta(days=1, minutes=1)):
        assert "instruments.remind" in periodic.due()


def test_it_runs_by_hand(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    make_expiring(cast, 7)
    with clock.at(TODAY):
        call_command("remind")
        call_command("remind")
    assert [line for line in capsys.readouterr().out.splitlines() if "提醒" in line] == [
        "新增提醒 1 条",
        "新增提醒 0 条",
    ]


def test_the_organisations_own_people_choose_the_days_on_a_page(cast: Cast) -> None:
    client = signed_in(cast, "keeper")
    assert "30, 15, 7" in client.get(DAYS).content.decode()
    answer = client.post(DAYS, {"organisation": cast.shop.pk, "days": "60\uff0c10\u3001"}, follow=True)
    assert "已保存" in answer.content.decode()
    assert ReminderRule.objects.get().days == [60, 10]
    make_expiring(cast, 60)
    assert remind() == ["1 台器具将于 2027-01-22 到期(还有 60 天)"]
    assert remind(30) == []
    assert len(remind(50)) == 1


@pytest.mark.parametrize("days", ["", "-1", "400", "abc", "1,2,3,4,5,6,7", "1.5"])
def test_senseless_days_are_refused_beside_their_field(cast: Cast, days: str) -> None:
    answer = signed_in(cast, "keeper").post(DAYS, {"organisation": cast.shop.pk, "days": days})
    assert answer.status_code == 422
    assert not ReminderRule.objects.exists()


def test_nobody_chooses_for_another_firm(cast: Cast) -> None:
    answer = signed_in(cast, "keeper").post(DAYS, {"organisation": cast.rival.pk, "days": "3"})
    assert answer.status_code == 422
    assert signed_in(cast, "verifier").get(DAYS).status_code == 403
    assert not ReminderRule.objects.exists()


def test_a_message_goes_out_by_e_mail_once_and_the_log_tells_so(cast: Cast) -> None:
    cast.keeper.email = "keeper@example.org"
    cast.keeper.save()
    make_expiring(cast, 7)
    remind()
    client = signed_in(cast, "keeper")
    assert "等待发送" in client.get("/instruments/reminders/").content.decode()
    with clock.at(TODAY):
        assert notices.email_pending() == "1 sent"
        assert notices.email_pending() == "nothing to send"
    assert "还有 7 天" in mail.outbox[0].body
    page = client.get("/instruments/reminders/").content.decode()
    assert all(words in page for words in ("钱掌柜", "还有 7 天", "已送达,未读", "已发送", "2026-11-23"))


class Refusing(EmailBackend):
    """A server that knows one address only."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["bad@example.org"]:
            raise SMTPRecipientsRefused({"bad@example.org": (550, b"no such mailbox")})
        return super().send_messages(messages)


def test_a_refused_address_stops_no_other_and_stands_in_the_log(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    for user, address in ((cast.keeper, "bad@example.org"), (cast.manager, "good@example.org")):
        user.email = address
        user.save()
    messages = [notices.Message(u.pk, "expiry", "k", "到期", "", cast.shop.pk) for u in (cast.keeper, cast.manager)]
    notices.send(messages)
    assert notices.email_pending() == "1 sent, 1 refused"
    assert [m.to for m in mail.outbox] == [["good@example.org"]]
    page = signed_in(cast, "keeper").get("/instruments/reminders/").content.decode()
    assert "被拒收" in page
    for _ in range(notices.MOST_TRIES):
        notices.email_pending()
    assert notices.email_pending() == "nothing to send"
    assert "no such mailbox" in Notice.objects.get(user=cast.keeper).email_error


def test_the_log_is_for_the_firms_own_people_and_the_administrator(cast: Cast) -> None:
    make_expiring(cast, 7)
    remind()
    assert reminders.sent(cast.actor("keeper")).count() == 1
    assert reminders.sent(cast.actor("administrator")).count() == 1
    assert reminders.sent(cast.actor("manager")).count() == 0
    assert signed_in(cast, "verifier").get("/instruments/reminders/").status_code == 403
