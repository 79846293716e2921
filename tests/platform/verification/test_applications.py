"""From application to assigned task, with every refusal named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties.models import Authorisation, Licence
from quanheng.platform.verification import services
from quanheng.platform.verification.models import Application
from tests.platform import makers
from tests.platform.cast import Cast

DAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def calendar(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from quanheng.platform.kernel import calendar as legal

    weekdays = legal.WorkingDays(frozenset({2026}), frozenset(), frozenset())
    monkeypatch.setattr(legal, "working_days", lambda: weekdays)
    with clock.at(DAY):
        yield


def make_application(cast: Cast, count: int = 2) -> Application:
    scales = [makers.make_instrument(cast.shop) for _ in range(count)]
    made = services.create_application(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        institute=cast.institute,
        instruments=scales,
        delivery="sent_in",
    )
    return services.submit_application(actor=cast.actor("keeper"), application=made)


def test_two_scales_are_applied_for_accepted_and_given_to_a_verifier(cast: Cast) -> None:
    application = make_application(cast)
    with clock.at(DAY):
        services.accept_application(actor=cast.actor("receptionist"), application=application)
    assert application.due_on == dt.date(2026, 12, 21)
    tasks = services.assign(
        actor=cast.actor("receptionist"), tasks=application.tasks.all(), verifier=cast.verifier, on=DAY
    )
    assert {t.state for t in tasks} == {"assigned"}
    assert {t.verifier for t in tasks} == {cast.verifier}


def test_a_second_application_for_the_same_scale_is_refused(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    fields = {"organisation": cast.shop, "institute": cast.institute, "instruments": [scale], "delivery": "sent_in"}
    services.create_application(actor=cast.actor("keeper"), **fields)
    with pytest.raises(Refused, match="已有未办结的检定任务"):
        services.create_application(actor=cast.actor("keeper"), **fields)


def test_another_firms_scale_cannot_be_applied_for(cast: Cast) -> None:
    scale = makers.make_instrument(cast.rival)
    with pytest.raises(Refused, match="不属于申请单位"):
        services.create_application(
            actor=cast.actor("keeper"),
            organisation=cast.shop,
            institute=cast.institute,
            instruments=[scale],
            delivery="sent_in",
        )


def test_an_item_outside_the_authorisation_is_named_at_acceptance(cast: Cast) -> None:
    application = make_application(cast, 1)
    Authorisation.objects.update(valid_until=dt.date(2024, 12, 31))
    with pytest.raises(Refused, match="不在本机构授权项目内"):
        services.accept_application(actor=cast.actor("receptionist"), application=application)
    application.refresh_from_db()
    assert application.state == "submitted"


def test_a_returned_application_is_mended_and_submitted_again(cast: Cast) -> None:
    application = make_application(cast, 1)
    services.return_application(actor=cast.actor("receptionist"), application=application, reason="缺联系电话")
    services.submit_application(actor=cast.actor("keeper"), application=application)
    assert application.state == "submitted"


def test_withdrawing_frees_the_scale_for_another_application(cast: Cast) -> None:
    application = make_application(cast, 1)
    scale = application.tasks.get().instrument
    services.withdraw_application(actor=cast.actor("keeper"), application=application)
    again = services.create_application(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        institute=cast.institute,
        instruments=[scale],
        delivery="sent_in",
    )
    assert again.tasks.count() == 1


def test_a_verifier_without_a_licence_on_that_day_cannot_be_given_the_task(cast: Cast) -> None:
    application = make_application(cast, 1)
    services.accept_application(actor=cast.actor("receptionist"), application=application)
    Licence.objects.filter(user=cast.verifier).update(valid_until=DAY - dt.timedelta(days=1))
    with pytest.raises(Refused, match="JJG 539-2016 资格在 2026-11-23 无效"):
        services.assign(actor=cast.actor("receptionist"), tasks=application.tasks.all(), verifier=cast.verifier, on=DAY)


def test_nothing_is_arranged_for_a_day_before_it_was_accepted(cast: Cast) -> None:
    application = make_application(cast, 1)
    services.accept_application(actor=cast.actor("receptionist"), application=application)
    yesterday = clock.today() - dt.timedelta(days=1)
    with pytest.raises(Refused, match="不能安排在受理日"):
        services.assign(
            actor=cast.actor("receptionist"), tasks=application.tasks.all(), verifier=cast.verifier, on=yesterday
        )
    assert not application.tasks.filter(state="assigned").exists()


def test_the_day_is_full_when_the_capacity_is_used_up(cast: Cast) -> None:
    application = make_application(cast, 3)
    services.accept_application(actor=cast.actor("receptionist"), application=application)
    Authorisation.objects.update(capacity_per_day=2)
    with pytest.raises(Refused, match="已排满"):
        services.assign(actor=cast.actor("receptionist"), tasks=application.tasks.all(), verifier=cast.verifier, on=DAY)
    assert not application.tasks.filter(state="assigned").exists()


def test_a_stranger_can_neither_accept_nor_return(cast: Cast) -> None:
    application = make_application(cast, 1)
    for part in ("keeper", "regulator", "nobody", "verifier"):
        with pytest.raises(Refused, match="只有本机构的受理员"):
            services.accept_application(actor=cast.actor(part), application=application)


def test_an_instrument_comes_in_once_and_goes_out_once(cast: Cast) -> None:
    task = make_application(cast, 1).tasks.get()
    actor = cast.actor("receptionist")
    with pytest.raises(Refused, match="未在本机构"):
        services.hand_over(actor=actor, task=task, direction="out")
    services.hand_over(actor=actor, task=task, direction="in", condition="完好")
    with pytest.raises(Refused, match="已收样"):
        services.hand_over(actor=actor, task=task, direction="in")
    services.hand_over(actor=actor, task=task, direction="out", counterpart="钱掌柜")
    assert [h.direction for h in task.handovers.order_by("id")] == ["in", "out"]
