"""Intervals from drift: NASA's printed tables and the Gaussian process."""

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.intervals import drift

# NASA-HDBK-8739.19-5, table 7-2
T = [70, 86, 104, 135, 167, 173]
CHANGE = [0.1, 0.11, 0.251, 0.299, 0.403, 0.615]


def nasa():
    return drift.polynomial(T, CHANGE, 2)


def test_nasa_table_7_3_as_printed():
    found = nasa()
    assert [f"{b:.8f}" for b in found.b] == ["0.00015741", "0.00001674"]
    assert f"{found.covariance[0, 0]:.8f}" == "0.00000101"
    assert f"{found.covariance[1, 1]:.3e}" == "4.549e-11"
    assert f"{found.covariance[0, 1]:.3e}" == "-6.607e-09"
    assert f"{found.s:.4f}" == "0.0708"


def test_nasa_tables_7_4_to_7_7_as_printed():
    line = nasa()
    assert f"{drift.uncertainty_target(line, 0.28, 0.5, 2000).interval:.2f}" == "327.15"
    both = drift.reliability_target(line, 0.28, 10.03, low=9, high=11, confidence=0.9, horizon=2000)
    upper = drift.reliability_target(line, 0.28, 10.03, low=None, high=11, confidence=0.9, horizon=2000)
    assert f"{both.interval:.1f}" == "140.1"
    assert f"{upper.interval:.2f}" == "171.75"


def test_nasa_table_7_6_lower_limit_is_already_passed_at_the_start():
    # the handbook prints 153.04, where the band crosses back into the limits; it is outside from the first day
    found = drift.reliability_target(nasa(), 0.28, 9.03, low=9, high=None, confidence=0.9, horizon=2000)
    assert found.interval == 0
    assert "from the start" in found.rule


def test_no_interval_is_named_where_the_limit_is_never_reached():
    line = drift.polynomial([1, 2, 3, 4], [0.01, -0.01, 0.01, -0.01])
    assert drift.reliability_target(line, 0, 0, low=-100, high=100, confidence=0.95, horizon=50).interval is None


def test_time_in_other_units_scales_the_polynomial():
    days, weeks = nasa(), drift.polynomial([t / 7 for t in T], CHANGE, 2)
    assert weeks.b == pytest.approx(days.b * [7, 49])
    assert weeks.u_prediction(20) == pytest.approx(days.u_prediction(140))


def test_the_process_follows_exact_readings_and_widens_after_them():
    found = drift.gaussian_process([0, 100, 200, 300], [0.0, 0.13, 0.18, 0.3], [1e-4] * 4)
    mean, u = found.predict(np.array([100.0, 300.0, 600.0]))
    assert mean[:2] == pytest.approx([0.13, 0.3], abs=1e-3)
    assert mean[2] > 0.3
    assert u[0] < 1e-3 < 0.02 < u[2]


def test_process_interval_is_where_the_probability_meets_the_target():
    found = drift.gaussian_process([0, 365, 730, 1095], [0.01, 0.05, 0.11, 0.13], [0.02] * 4)
    end = drift.process_interval(found, 0.3, 0.95, 20_000).interval
    assert float(drift.within(found, np.array([end]), 0.3)[0]) == pytest.approx(0.95, abs=1e-6)
    assert drift.process_interval(found, 0.05, 0.95, 20_000).interval == 0


def test_process_covers_random_walks():
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(60):
        walk = np.cumsum(rng.normal(0, 0.1, 9))
        found = drift.gaussian_process(np.arange(8.0), walk[:8] + rng.normal(0, 0.02, 8), np.full(8, 0.02))
        mean, u = found.predict(np.array([8.0]))
        inside += abs(walk[8] - mean[0]) <= 2 * u[0]
    assert inside >= 50


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: drift.polynomial([1], [1]), "length"),
        (lambda: drift.polynomial([1, 2], [1, 2, 3]), "length"),
        (lambda: drift.polynomial([0, 2], [1, 2]), "range"),
        (lambda: drift.polynomial([1, 2, 3], [1, 2, 4], 4), "range"),
        (lambda: drift.polynomial([2, 2, 2], [1, 2, 4], 2), "zero_variance"),
        (lambda: drift.polynomial([1, 2], [1, 2]), "zero_variance"),
        (lambda: drift.gaussian_process([0, 1], [1, 2], [1, 1]), "length"),
        (lambda: drift.gaussian_process([0, 1, 1], [1, 2, 3], [1, 1, 1]), "order"),
        (lambda: drift.gaussian_process([0, 1, 2], [1, 2, 3], [1, 1, 0]), "range"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
