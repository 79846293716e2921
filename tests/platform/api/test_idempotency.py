"""A write repeated under its key is done once, whatever happens in between."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, idempotency
from quanheng.platform.kernel.idempotency import Answer
from quanheng.platform.kernel.models import IdempotencyKey
from tests.platform import makers
from tests.platform.api.steps import Caller, caller, make_token, problem
from tests.platform.cast import make_cast

NEW = {"name": "电子计价秤", "category": "digital-scale", "serial_number": "S-1", "region": "990101", "use": "trade"}


def test_the_same_key_and_body_get_the_same_answer_and_do_nothing_more(cast):
    makers.make_category()
    program = caller(cast, "keeper")
    first = program.post("/instruments", NEW, key="till-1")
    again = program.post("/instruments", NEW, key="till-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Instrument.objects.count() == 1


def test_another_body_or_address_under_the_key_is_refused(cast):
    makers.make_category()
    program = caller(cast, "keeper")
    made = program.post("/instruments", NEW, key="till-1").json()
    problem(program.post("/instruments", {**NEW, "serial_number": "S-2"}, key="till-1"), 409, "idempotency_key_reused")
    step = program.post(f"/instruments/{made['id']}/steps", {"step": "scrap", "reason": "x"}, key="till-1")
    assert problem(step, 409, "idempotency_key_reused")["place"] == "Idempotency-Key"
    assert Instrument.objects.count() == 1


def test_two_tokens_may_use_the_same_key(cast):
    makers.make_category()
    one, two = caller(cast, "keeper"), caller(cast, "keeper")
    assert one.post("/instruments", NEW, key="1").status_code == 201
    assert two.post("/instruments", {**NEW, "serial_number": "S-2"}, key="1").status_code == 201


def test_a_refusal_leaves_no_trace_and_may_be_mended_under_the_same_key(cast):
    program = caller(cast, "keeper")
    problem(program.post("/instruments", NEW, key="till-1"), 422, "category")
    assert not IdempotencyKey.objects.exists()
    makers.make_category()
    assert program.post("/instruments", NEW, key="till-1").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 121])
def test_a_write_needs_a_proper_key(cast, key):
    program = caller(cast, "keeper")
    code = "idempotency_key" if key else "idempotency_key_missing"
    problem(program.post("/instruments", NEW, key=key), 400, code)


def test_a_crash_after_the_effect_undoes_effect_and_key(cast):
    token, _text = make_token(cast, "keeper")

    def crash() -> Answer:
        makers.make_instrument(cast.shop)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        idempotency.once(token, "k", "a" * 64, crash)
    assert not Instrument.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_old_answers_are_forgotten_and_young_ones_kept(cast):
    token, _text = make_token(cast, "keeper")
    with clock.at(clock.now() - dt.timedelta(days=8)):
        idempotency.once(token, "old", "a" * 64, lambda: Answer(200, {}))
    idempotency.once(token, "young", "a" * 64, lambda: Answer(200, {}))
    idempotency.forget_old()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]


@pytest.mark.usefixtures("committing")
def test_of_many_at_the_same_time_one_does_it_and_all_get_its_answer():
    cast = make_cast()
    makers.make_category()
    text = make_token(cast, "keeper")[1]

    def send(_n: int) -> tuple[int, str, bool]:
        try:
            answer = Caller(text).post("/instruments", NEW, key="together")
            return answer.status_code, answer.json().get("id", ""), "Idempotency-Replayed" in answer
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {status for status, _id, _replayed in answers} == {201}
    assert len({pk for _status, pk, _replayed in answers}) == 1
    assert sum(not replayed for _status, _id, replayed in answers) == 1
    assert Instrument.objects.count() == 1
