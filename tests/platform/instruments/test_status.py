"""The status rule is the same as a function and in SQL, for every combination."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.queries import chips
from quanheng.platform.instruments.status import (
    STATUSES,
    has_status,
    in_force,
    sentence,
    status_of,
    with_status,
)
from quanheng.platform.instruments.workflow import STATES
from quanheng.platform.kernel import clock
from tests.platform.makers import make_instrument, make_organisation

TODAY = dt.date(2026, 11, 22)


def days(n: int) -> dt.date:
    return TODAY + dt.timedelta(days=n)


def make_every_combination() -> None:
    shop = make_organisation()
    dates = [None, days(-400), days(-1), days(0), days(30), days(31)]
    for state, verified, until, void, verdict in itertools.product(
        STATES, [None, days(-200)], dates, [None, days(-10)], ["", "pass", "reject"]
    ):
        make_instrument(
            shop,
            state=state,
            verified_on=verified,
            valid_until=until,
            invalidated_on=void,
            last_verdict=verdict,
        )


@pytest.mark.django_db
def test_function_annotation_and_condition_agree_on_every_combination() -> None:
    make_every_combination()
    for item in with_status(Instrument.objects.all(), TODAY):
        assert item.status == status_of(item, TODAY), item  # type: ignore[attr-defined]
    for key in STATUSES:
        listed = set(Instrument.objects.filter(has_status(key, TODAY)))
        assert listed == {i for i in Instrument.objects.all() if status_of(i, TODAY) == key}, key


@pytest.mark.django_db
def test_chips_partition_the_list() -> None:
    make_every_combination()
    with clock.at(TODAY):
        counts = chips(Instrument.objects.all())
        assert counts.pop("all") == sum(counts.values()) == Instrument.objects.count()
        for key, n in counts.items():
            assert Instrument.objects.filter(has_status(key, TODAY)).count() == n


@pytest.mark.django_db
def test_in_force_is_what_is_in_use_or_due_while_in_use() -> None:
    make_every_combination()
    for item in Instrument.objects.filter(state="in_use"):
        held = Instrument.objects.filter(in_force(TODAY), pk=item.pk).exists()
        assert held == (status_of(item, TODAY) in {"in_use", "due"})


def test_an_unknown_status_lists_nothing() -> None:
    assert "pk__in" in str(has_status("nonsense", TODAY))


@pytest.mark.django_db
def test_the_sentence_says_state_verdict_and_until_when() -> None:
    item = make_instrument(
        make_organisation(), verified_on=days(-186), valid_until=dt.date(2027, 5, 20), last_verdict="pass"
    )
    assert sentence(item, TODAY) == "在用 · 检定合格 · 有效期至 2027-05-20(剩 179 天)"
