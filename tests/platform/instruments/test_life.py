"""Filing and life: each step by the right person, validity ended by repair and relocation."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.platform.documents import standing
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.queries import filings_waiting
from quanheng.platform.instruments.services import Result
from quanheng.platform.instruments.status import has_status, sentence, status_of, with_status
from quanheng.platform.instruments.tabs import VERBS
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock, events, work, workflow
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.project.admin_pages.verbs import known_verbs
from quanheng.platform.trace.models import TraceNode
from tests.platform.cast import Cast
from tests.platform.makers import SYSTEM, make_instrument, make_organisation, make_region

TODAY = dt.date(2026, 11, 22)


def passed(on: dt.date, number: str = "C1") -> Result:
    return Result(on, "pass", on + dt.timedelta(days=364), None, number)


def rejected(on: dt.date) -> Result:
    return Result(on, "reject", None, None, "N1")


def test_filing_goes_from_owner_to_county_and_into_the_trace_graph(cast: Cast) -> None:
    items = [make_instrument(cast.shop, state="draft") for _i in range(3)]
    assert services.submit_filing(actor=cast.actor("keeper"), instruments=items) == 3
    assert filings_waiting(cast.actor("regulator")).count() == 3
    (group,) = [g for g in work.queue(cast.actor("regulator")) if g.key == "instruments.filings"]
    assert {i.url for i in group.items} == {f"/instruments/{i.pk}/" for i in items}
    assert not filings_waiting(cast.actor("other_regulator")).exists()
    assert not filings_waiting(cast.actor("keeper")).exists()
    services.confirm_filings(actor=cast.actor("regulator"), instruments=items)
    assert set(TraceNode.objects.values_list("pk", flat=True)) == {i.pk for i in items}
    assert {i.state for i in Instrument.objects.all()} == {"in_use"}


def test_a_return_needs_a_reason_and_brings_the_draft_back(cast: Cast) -> None:
    item = make_instrument(cast.shop, state="filing")
    with pytest.raises(Refused):
        services.return_filings(actor=cast.actor("regulator"), instruments=[item], reason=" ")
    services.return_filings(actor=cast.actor("regulator"), instruments=[item], reason="铭牌照片与编号不符")
    assert Instrument.objects.get().state == "draft"
    assert events.history(item)[0].reason == "铭牌照片与编号不符"


def test_a_batch_with_one_that_cannot_changes_nothing(cast: Cast) -> None:
    good, bad = make_instrument(cast.shop, state="filing"), make_instrument(cast.shop, state="in_use")
    with pytest.raises(Refused) as error:
        services.confirm_filings(actor=cast.actor("regulator"), instruments=[good, bad])
    assert bad.serial_number in str(error.value)
    assert Instrument.objects.get(pk=good.pk).state == "filing"


@pytest.mark.parametrize("part", ["keeper", "other_regulator", "verifier", "nobody"])
def test_nobody_else_confirms(cast: Cast, part: str) -> None:
    item = make_instrument(cast.shop, state="filing")
    with pytest.raises(Refused):
        services.confirm_filings(actor=cast.actor(part), instruments=[item])


def test_moving_to_another_county_ends_validity_and_is_filed_there(cast: Cast) -> None:
    item = make_instrument(cast.shop, verified_on=TODAY, valid_until=TODAY, last_verdict="pass", filed_at=clock.now())
    there = make_region("990102", "北原县")
    services.relocate(actor=cast.actor("keeper"), instrument=item, region=there, location="新店", reason="搬迁")
    item = Instrument.objects.get()
    assert (item.state, item.region_id, item.filed_at) == ("filing", "990102", None)
    assert status_of(item, TODAY) == "unverified"
    services.confirm_filings(actor=cast.actor("other_regulator"), instruments=[item])


def test_moving_within_the_county_keeps_the_filing_and_ends_validity(cast: Cast) -> None:
    item = make_instrument(cast.shop, verified_on=TODAY, last_verdict="pass")
    services.relocate(
        actor=cast.actor("keeper"), instrument=item, region=item.region, location="西门店", reason="搬柜台"
    )
    item = Instrument.objects.get()
    assert (item.state, item.location, status_of(item, TODAY)) == ("in_use", "西门店", "unverified")
    assert "西门店" in item.search


def test_repair_ends_validity_until_the_next_verification(cast: Cast) -> None:
    actor = cast.actor("keeper")
    with clock.at(TODAY):
        item = make_instrument(cast.shop, verified_on=TODAY - dt.timedelta(days=9), last_verdict="pass")
        services.send_to_repair(actor=actor, instrument=item, reason="显示不亮")
        services.return_from_repair(actor=actor, instrument=item)
        assert status_of(Instrument.objects.get(), TODAY) == "awaiting"
        early = services.set_verification_result(
            actor=SYSTEM, instrument=item, result=passed(TODAY - dt.timedelta(days=1))
        )
        assert (early.state, status_of(early, TODAY)) == ("awaiting", "awaiting")
        item = services.set_verification_result(actor=SYSTEM, instrument=item, result=passed(TODAY))
        assert (item.state, status_of(item, TODAY)) == ("in_use", "in_use")


def test_a_rejected_instrument_is_not_in_use_after_repair_and_every_page_says_the_same(cast: Cast) -> None:
    keeper = cast.actor("keeper")
    with clock.at(TODAY):
        item = make_instrument(cast.shop)
        item = services.set_verification_result(actor=SYSTEM, instrument=item, result=rejected(TODAY))
        services.send_to_repair(actor=keeper, instrument=item, reason="传感器损坏")
        services.return_from_repair(actor=keeper, instrument=item)
        item = Instrument.objects.get()
        assert item.state == "awaiting"
        assert (status_of(item, TODAY), standing.find(item.code).headline.key) == ("awaiting", "awaiting")
        assert list(Instrument.objects.filter(has_status("awaiting", TODAY))) == [item]
        assert with_status(Instrument.objects.all(), TODAY).get().status == "awaiting"
        with pytest.raises(Refused):
            services.restart(actor=keeper, instrument=item)
        client = Client()
        client.force_login(cast.keeper)
        assert "修后待检" in client.get(f"/instruments/{item.pk}/").content.decode()
        assert "修后待检、未申请检定的器具" in client.get("/").content.decode()
        item = services.set_verification_result(actor=SYSTEM, instrument=item, result=rejected(TODAY))
        assert item.state == "stopped"
        services.send_to_repair(actor=keeper, instrument=item, reason="再修")
        services.return_from_repair(actor=keeper, instrument=item)
        item = services.set_verification_result(actor=SYSTEM, instrument=item, result=passed(TODAY))
        assert (item.state, status_of(item, TODAY)) == ("in_use", "in_use")


def test_a_rejection_stops_use_and_only_a_pass_brings_it_back(cast: Cast) -> None:
    with clock.at(TODAY):
        item = make_instrument(cast.shop)
        signatory = cast.actor("signatory")
        item = services.set_verification_result(actor=signatory, instrument=item, result=rejected(TODAY))
        assert item.state == "stopped"
        with pytest.raises(Refused, match="不合格"):
            services.restart(actor=cast.actor("keeper"), instrument=item)
        item = services.set_verification_result(actor=signatory, instrument=item, result=passed(TODAY))
        assert (item.state, status_of(item, TODAY)) == ("in_use", "in_use")


def test_a_pass_does_not_restart_what_its_owner_stopped(cast: Cast) -> None:
    with clock.at(TODAY):
        item = make_instrument(cast.shop)
        services.stop(actor=cast.actor("keeper"), instrument=item, reason="停业")
        item = services.set_verification_result(actor=SYSTEM, instrument=item, result=passed(TODAY))
        assert item.state == "stopped"


def test_an_older_verification_does_not_overwrite_a_newer_one(cast: Cast) -> None:
    with clock.at(TODAY):
        item = make_instrument(cast.shop)
        services.set_verification_result(actor=SYSTEM, instrument=item, result=passed(TODAY, "新"))
        services.set_verification_result(
            actor=SYSTEM, instrument=item, result=passed(TODAY - dt.timedelta(days=300), "旧")
        )
        assert Instrument.objects.get().last_document_number == "新"


@pytest.mark.parametrize("state", ["draft", "scrapped"])
def test_a_draft_or_scrapped_instrument_gets_no_result(cast: Cast, state: str) -> None:
    item = make_instrument(cast.shop, state=state)
    with pytest.raises(Refused):
        services.set_verification_result(actor=SYSTEM, instrument=item, result=passed(clock.today()))


def test_an_owner_cannot_record_a_result(cast: Cast) -> None:
    with pytest.raises(Refused):
        services.set_verification_result(
            actor=cast.actor("keeper"), instrument=make_instrument(cast.shop), result=passed(clock.today())
        )


def test_two_people_at_once_the_second_is_refused(cast: Cast) -> None:
    item = make_instrument(cast.shop)
    stale = Instrument.objects.get(pk=item.pk)
    services.stop(actor=cast.actor("keeper"), instrument=item, reason="停业")
    with pytest.raises(Refused):
        services.scrap(actor=cast.actor("keeper"), instrument=stale, reason="报废")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([t.name for t in INSTRUMENT.transitions]), max_size=12))
def test_no_sequence_of_steps_leaves_the_machine(cast: Cast, steps: list[str]) -> None:
    item = make_instrument(make_organisation(), state="draft")
    for name in steps:
        before = item.state
        allowed = before in INSTRUMENT[name].sources
        try:
            workflow.apply(INSTRUMENT, name, item, actor=SYSTEM, reason="试")
        except Refused:
            assert not allowed
            assert item.state == before
        else:
            assert allowed
            assert item.state == INSTRUMENT[name].target
    fresh: Any = Instrument.objects.get(pk=item.pk)
    assert (fresh.state, fresh.version) == (item.state, item.version)
    if "scrapped" in {INSTRUMENT[s].target for s in steps} and item.state == "scrapped":
        assert not [t for t in INSTRUMENT.transitions if "scrapped" in t.sources]


def test_a_stop_may_say_until_when_and_comes_back_into_the_queue_a_week_before(cast: Cast, client: Client) -> None:
    keeper, today = cast.actor("keeper"), dt.date(2026, 11, 22)
    passed = {"verified_on": dt.date(2025, 12, 1), "valid_until": dt.date(2026, 11, 30), "last_verdict": "pass"}
    item = make_instrument(cast.shop, **passed)
    with clock.at(today):
        for until in (today, today + dt.timedelta(days=4 * 366)):
            with pytest.raises(Refused, match="预计启用日期"):
                services.stop(actor=keeper, instrument=item, reason="淡季", until=until)
        client.force_login(cast.keeper)
        step = f"/instruments/{item.pk}/step/"
        assert client.post(step, {"step": "stop", "reason": "淡季", "until": "05/12/2026"}).status_code == 422
        assert client.post(step, {"step": "stop", "reason": "淡季", "until": "2026/12/5"}).status_code == 302
        item.refresh_from_db()
        assert (item.state, item.stopped_until) == ("stopped", dt.date(2026, 12, 5))
        assert "预计 2026-12-05 启用" in sentence(item, today)
        assert not [g for g in work.queue(keeper) if g.key == "instruments.stopped"]
    with clock.at(dt.date(2026, 12, 1)):
        assert "启用前须检定合格" in sentence(item, clock.today())
        (group,) = [g for g in work.queue(keeper) if g.key == "instruments.stopped"]
        assert (group.count, group.items[0].due) == (1, dt.date(2026, 12, 5))
        assert item.serial_number in client.get(group.url).content.decode()
        told = client.post(step, {"step": "restart", "reason": "恢复营业"}, follow=True).content.decode()
        assert "检定合格前不得使用" in told
        item.refresh_from_db()
        assert (item.state, item.stopped_until) == ("in_use", None)


def test_every_event_of_an_instrument_has_words_in_its_timeline() -> None:
    labels = {f"instruments.{t.name}" for t in INSTRUMENT.transitions}
    kept = {verb for verb, _words in known_verbs() if verb.startswith("instruments.")}
    assert kept - labels - set(VERBS) == {"instruments.reminder_days_set"}, "that one is about an organisation"
