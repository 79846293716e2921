"""Reactive interval methods: the published A3 examples and the defect of a peer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.intervals import reactive


@pytest.mark.parametrize(
    ("n", "passed", "current", "interval", "rejection", "low", "high"),
    [
        (20, 15, 365, 231, "0.9949", "0.6516", "0.8286"),
        (20, 14, 365, 205, "0.9993", "0.6000", "0.7843"),
        (20, 16, 730, 523, "0.9682", "0.7041", "0.8716"),
    ],
)
def test_a3_as_printed_in_the_ncsli_tutorial(n, passed, current, interval, rejection, low, high):
    # NCSL International 2019, tutorial on intervals (NASA): assets 1 to 3, target 0.95
    found = reactive.a3(n, passed, current, 0.95)
    assert round(found.interval) == interval
    assert f"{found.confidence:.4f}" == rejection
    assert (f"{found.low:.4f}", f"{found.high:.4f}") == (low, high)


def test_one_pass_in_ten_is_not_taken_for_ten():
    # numerics.md §4: a peer tests `intol == 1` for `== n` and reports the range (0.933, 1) for 1 of 10
    low, high = reactive.reliability_limits(10, 1, 0.5)
    assert low < 0.1 < high < 0.3
    assert reactive.reliability_limits(10, 10, 0.5) == (pytest.approx(0.5**0.1), 1.0)


@given(st.integers(1, 60), st.data())
def test_reliability_limits_hold_the_observed_share_and_mirror(n, data):
    passed = data.draw(st.integers(0, n))
    low, high = reactive.reliability_limits(n, passed, 0.9)
    assert 0 <= low <= passed / n <= high <= 1
    mirror = reactive.reliability_limits(n, n - passed, 0.9)
    assert (1 - mirror[1], 1 - mirror[0]) == (pytest.approx(low), pytest.approx(high))


def test_a3_lengthens_where_all_pass_and_never_beyond_the_factor():
    found = reactive.a3(60, 60, 100, 0.9)
    assert found.interval == 200
    assert "lengthen" in found.rule


def test_a3_keeps_the_interval_without_evidence():
    found = reactive.a3(10, 9, 365, 0.9)
    assert found.interval == 365
    assert not found.changed


@pytest.mark.parametrize("target", [0.7, 0.85, 0.95])
def test_a1_is_in_balance_at_the_target(target):
    up = reactive.a1([True], 1.0, target).interval
    down = reactive.a1([False], 1.0, target).interval
    assert target * math.log(up) + (1 - target) * math.log(down) == pytest.approx(0)


def test_a2_halves_its_step_with_each_turn():
    found = reactive.a2([True, False, True], 1.0, 0.8)
    assert found.history == pytest.approx((1.0, 1.2, 1.2 * 0.6, 1.2 * 0.6 * 1.05))


def test_staircase_climbs_stays_and_falls():
    found = reactive.staircase([0.5, 0.9, 1.2], 1.0, 12)
    assert found.history == pytest.approx((12, 13.2, 13.2, 6.6))
    bounded = reactive.staircase([0.1] * 30, 1.0, 12, bounds=reactive.Bounds(longest=24))
    assert bounded.interval == 24


def test_control_chart_leaves_room_for_the_uncertainty():
    t, errors = [0, 12, 24, 36], [0.0, 0.1, 0.2, 0.3]
    plain = reactive.control_chart(t, errors, 1.0, 12)
    assert plain.interval == pytest.approx(0.7 / (0.1 / 12))
    assert reactive.control_chart(t, errors, 1.0, 12, expanded=0.2).interval < plain.interval
    assert reactive.control_chart(t, errors, 0.3, 12).interval == 0


def test_in_use_time_turns_hours_into_days():
    assert reactive.in_use(2000, [8, 8, 4, 0, 0], 365).interval == pytest.approx(500)
    assert not reactive.in_use(2000, [0.0], 365).changed


def test_binomial_asks_for_proof():
    assert reactive.binomial(60, 60, 12, 0.95).interval == 12
    found = reactive.binomial(20, 20, 12, 0.95)
    assert found.interval < 12
    assert "59 passes" in found.rule  # the classical 95/95 sample without a failure


def test_binomial_lower_limit_covers_as_often_as_it_says():
    rng = np.random.default_rng(4)
    lows = [reactive.binomial(40, int(k), 1, 0.5).low for k in rng.binomial(40, 0.9, 2000)]
    assert (np.array(lows) <= 0.9).mean() >= 0.95 - 0.01


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: reactive.a3(0, 0, 1, 0.9), "range"),
        (lambda: reactive.a3(5, 6, 1, 0.9), "range"),
        (lambda: reactive.a3(5, 3, 0, 0.9), "range"),
        (lambda: reactive.a3(5, 3, 1, 1.0), "range"),
        (lambda: reactive.a1([], 1, 0.9), "length"),
        (lambda: reactive.a2([1, 0], 1, 0.9), "choice"),
        (lambda: reactive.staircase([0.1], 0, 1), "range"),
        (lambda: reactive.staircase([math.nan], 1, 1), "number"),
        (lambda: reactive.control_chart([0, 1, 1], [0, 1, 2], 1, 1), "order"),
        (lambda: reactive.in_use(100, [25], 1), "range"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
