"""One meter out of a lot of the ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.serials import RangeProblem, typed_serials
from quanheng.platform.instruments.services import edit_instrument, take_from_lot
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.trace.models import TraceNode
from quanheng.platform.verification import services as verification
from tests.platform import makers

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Organisation:
    return makers.make_organisation("衡川供电有限公司")


@pytest.fixture
def keeper(owner: Organisation) -> Actor:
    return actor_of(makers.make_user("电计量", owner, "enterprise"))


@pytest.fixture
def lot(owner: Organisation) -> Instrument:
    return makers.make_instrument(
        owner, serial_number="DB0001", serial_to="DB0010", quantity=10, last_verdict="pass",
        verified_on=dt.date(2025, 1, 5), valid_until=dt.date(2033, 1, 4),
    )  # fmt: skip


def test_a_meter_taken_from_a_lot_is_what_the_lot_is_and_the_lot_counts_one_less(keeper: Actor, lot: Instrument):
    one = take_from_lot(actor=keeper, lot=lot, serial="DB0004")
    assert (one.serial_number, one.serial_to, one.quantity) == ("DB0004", "", 1)
    assert (one.state, one.last_verdict, one.valid_until) == (lot.state, "pass", dt.date(2033, 1, 4))
    assert one.code != lot.code
    lot.refresh_from_db()
    assert (lot.quantity, lot.serial_number, lot.serial_to) == (9, "DB0001", "DB0010")
    assert next(e.verb for e in events.history(lot)) == "instruments.lot_reduced"
    assert next(e.verb for e in events.history(one)) == "instruments.taken_from_lot"


def test_the_first_may_be_taken_too_and_the_last_one_left_is_a_single_instrument(keeper: Actor, lot: Instrument):
    for n in (2, 1, 10, 9, 8, 7, 6, 5, 4):
        lot.refresh_from_db()
        take_from_lot(actor=keeper, lot=lot, serial=f"DB{n:04d}")
    lot.refresh_from_db()
    assert (lot.serial_number, lot.serial_to, lot.quantity) == ("DB0003", "", 1)
    assert Instrument.objects.filter(serial_number__startswith="DB", serial_to="").count() == 10


@pytest.mark.parametrize(
    ("serial", "words"),
    [("DB0011", "不在这一批"), ("DB004", "不在这一批"), ("XX0004", "不在这一批"), ("", "不在这一批")],
)
def test_a_number_outside_the_lot_is_refused(keeper: Actor, lot: Instrument, serial: str, words: str):
    with pytest.raises(Refused, match=words):
        take_from_lot(actor=keeper, lot=lot, serial=serial)
    lot.refresh_from_db()
    assert lot.quantity == 10


def test_a_meter_is_taken_once(keeper: Actor, lot: Instrument):
    take_from_lot(actor=keeper, lot=lot, serial="DB0004")
    with pytest.raises(Refused, match="已单独登记"):
        take_from_lot(actor=keeper, lot=lot, serial="DB0004")


def test_a_stranger_takes_nothing(lot: Instrument):
    other = makers.make_organisation("南浦供水有限公司", region=makers.make_region("990203", "南浦县"))
    with pytest.raises(Refused):
        take_from_lot(actor=actor_of(makers.make_user("水计量", other, "enterprise")), lot=lot, serial="DB0004")


def test_lot_and_meter_can_be_corrected_afterwards_and_new_overlaps_are_still_refused(keeper: Actor, lot: Instrument):
    one = take_from_lot(actor=keeper, lot=lot, serial="DB0004")
    lot.refresh_from_db()
    assert edit_instrument(actor=keeper, instrument=lot, reason="录入有误", origin_place="衡川").quantity == 9
    assert edit_instrument(actor=keeper, instrument=one, reason="录入有误", origin_place="衡川").origin_place == "衡川"
    draft = makers.make_instrument(lot.organisation, serial_number="ZZ1", state="draft", category=lot.category)
    with pytest.raises(Refused, match="重复"):
        edit_instrument(actor=keeper, instrument=draft, serial_number="DB0005")


def test_the_keeper_takes_meters_out_of_a_lot_by_page_and_then_applies_for_them(client: Client, lot: Instrument):
    user = makers.make_user("抄表员", lot.organisation, "enterprise")
    Instrument.objects.filter(pk=lot.pk).update(filed_at=clock.now())
    assert "从批中单独登记" in " ".join(verification.refusals([lot], lot.organisation))
    client.force_login(user)
    assert "从批中单独登记" in client.get(reverse("instruments:instrument", args=[lot.pk])).content.decode()
    url = reverse("instruments:take", args=[lot.pk])
    assert "尚有 10 台" in client.get(url).content.decode()
    bad = client.post(url, {"serials": "DB0002 DB0099"})
    assert bad.status_code == 422
    assert "DB0099 不在这一批之内" in bad.content.decode()
    assert Instrument.objects.count() == 1
    done = client.post(url, {"serials": "DB0002、DB0005 ~ DB0007"}, follow=True)
    assert "已单独登记 4 台" in done.content.decode()
    assert "共 4 条" in done.content.decode()
    taken = Instrument.objects.filter(serial_to="")
    assert sorted(taken.values_list("serial_number", flat=True)) == ["DB0002", "DB0005", "DB0006", "DB0007"]
    assert TraceNode.objects.filter(pk__in=taken.values("pk")).count() == 4
    assert verification.refusals(list(taken), lot.organisation) == []
    lot.refresh_from_db()
    assert lot.quantity == 6


def test_only_its_keeper_takes_from_a_lot_and_only_when_it_is_filed(client: Client, lot: Instrument):
    keeper = makers.make_user("抄表员", lot.organisation, "enterprise")
    url = reverse("instruments:take", args=[lot.pk])

    def answers(user: User) -> int:
        client.force_login(user)
        return client.post(url, {"serials": "DB0002"}).status_code

    assert answers(makers.make_user("监管员", makers.make_organisation("市局", "regulator"), "regulator")) in (403, 404)
    for state in ("draft", "scrapped"):
        Instrument.objects.filter(pk=lot.pk).update(state=state)
        assert answers(keeper) == 403
    Instrument.objects.filter(pk=lot.pk).update(state="in_use")
    assert answers(keeper) == 302


def test_serial_numbers_are_read_as_they_are_typed():
    assert typed_serials("A1, A2;A2\nA3") == ["A1", "A2", "A3"]
    assert typed_serials(" B08～B11 ") == ["B08", "B09", "B10", "B11"]


def test_a_range_too_long_to_take_is_refused_before_it_is_written_out():
    assert len(typed_serials("B001~B200")) == 200
    for much in ("B001~B201", "B001~B200 C1", "B000001~B999999 " * 600):
        with pytest.raises(RangeProblem, match="一次最多 200 台"):
            typed_serials(much)
