"""JJF 1033: repeatability, stability, verification by transfer and by comparison, pooled s."""

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.standard_check import assessment


def test_ten_readings_are_enough_for_repeatability():
    found = assessment.repeatability([1.0, 1.1] * 5, limit=0.06)
    assert found.s == pytest.approx(np.std([1.0, 1.1] * 5, ddof=1))
    assert found.enough
    assert found.passed
    assert not assessment.repeatability([1.0, 1.1], limit=0.06).enough


def test_a_new_standard_is_judged_by_largest_minus_smallest_mean():
    found = assessment.stability([[1.0] * 10, [1.2] * 10, [0.9] * 10, [1.1] * 10], limit=0.4)
    assert found.change == pytest.approx(0.3)
    assert found.passed
    assert found.warnings == ()


def test_in_service_only_neighbouring_years_are_compared():
    values = [1.0, 1.2, 1.4, 1.6]
    assert assessment.stability(values, 0.3, "in_service").passed
    assert not assessment.stability(values, 0.3, "new").passed


def test_the_change_must_be_smaller_not_equal():
    assert not assessment.stability([0.0, 0.5], 0.5, "in_service").passed


def test_a_reference_good_enough_is_left_out_of_the_limit():
    good = assessment.by_transfer(100.05, 0.06, 100.0, 0.02)
    poor = assessment.by_transfer(100.05, 0.06, 100.0, 0.03)
    assert good.limit == pytest.approx(0.06)
    assert poor.limit == pytest.approx(math.hypot(0.06, 0.03))


def test_coverage_factors_are_unified_before_they_are_compared():
    # U0 = 0.03 with k = 3 is 0.02 with k = 2: a third of U, so the short inequality holds, restated for k = 3
    found = assessment.by_transfer(100.05, 0.06, 100.0, 0.03, k=2, reference_k=3)
    assert found.limit == pytest.approx(0.09)
    assert "k = 3" in found.rule
    plain = assessment.by_transfer(100.05, 0.06, 100.0, 0.02, k=2, reference_k=2)
    assert "U0 <= U/3" in plain.rule


def test_a_difference_on_the_limit_passes():
    assert assessment.by_transfer(0.3, 0.1, 0.2, 0.01).passed


def test_comparison_uses_the_mean_of_all_with_its_correlation():
    found, mean = assessment.by_comparison([20.003, 20.001, 19.998], [0.006, 0.006, 0.006])
    assert mean == pytest.approx(20.000667, abs=1e-6)
    assert found.limit == pytest.approx(math.sqrt(2 / 3) * 0.006)


def test_comparison_limit_is_where_simulation_puts_95_percent():
    rng = np.random.default_rng(3)
    y = rng.normal(0, 0.5, (40_000, 5))  # U = 1 with k = 2
    hits = np.abs(y[:, 0] - y.mean(axis=1)) <= math.sqrt(4 / 5)
    assert hits.mean() == pytest.approx(0.9545, abs=0.004)


@pytest.mark.parametrize(("n", "percent"), [(2, 76), (3, 52), (4, 42), (5, 36), (10, 24), (20, 16), (30, 13), (50, 10)])
def test_relative_uncertainty_of_s_as_printed_in_gum_table_e_1(n, percent):
    assert round(100 * assessment.Pooled(1.0, n - 1, 1).u_relative) == percent


def test_pooling_weights_groups_by_their_degrees_of_freedom():
    found = assessment.pooled([[1.0, 3.0], [5.0, 5.0, 5.0], [9.0]])
    assert found.dof == 3
    assert found.s == pytest.approx(math.sqrt(2.0 / 3))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: assessment.repeatability([1.0]), "length"),
        (lambda: assessment.repeatability([1.0, 2.0], limit=-1), "range"),
        (lambda: assessment.stability([[1.0]], 1), "length"),
        (lambda: assessment.stability([[1.0], [2.0]], 0), "range"),
        (lambda: assessment.stability([[1.0], [2.0]], 1, "old"), "choice"),
        (lambda: assessment.by_transfer(1, 0, 1, 1), "range"),
        (lambda: assessment.by_transfer(math.nan, 1, 1, 1), "number"),
        (lambda: assessment.by_comparison([1, 2], [1, 1]), "length"),
        (lambda: assessment.pooled([]), "length"),
        (lambda: assessment.pooled([[1.0], [2.0]]), "length"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
