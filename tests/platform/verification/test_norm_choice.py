"""Which norm a task is done by."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.verification.services import norm_for
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 10, 12)


@pytest.mark.parametrize(("name", "number"), [("交流充电桩", "JJG 1148-2022"), ("直流充电机", "JJG 1149-2022")])
def test_the_norm_that_names_the_instrument_comes_first(cast: Cast, name: str, number: str) -> None:
    category = makers.make_category("charging-pile", makers.make_norm("JJG 1148-2022", instrument="交流充电桩"))
    category.norms.add(makers.make_norm("JJG 1149-2022", instrument="直流充电机"))
    chosen = norm_for(makers.make_instrument(cast.shop, category=category, name=name), TODAY)
    assert chosen is not None
    assert chosen.number == number


def test_a_norm_not_yet_in_force_is_left_out(cast: Cast) -> None:
    later = makers.make_norm("JJG 1204-2025", in_force_from=dt.date(2027, 1, 8))
    category = makers.make_category("future-scale", norm=later)
    assert norm_for(makers.make_instrument(cast.shop, category=category), TODAY) is None
