"""The Q method and the Hampel estimator."""

import numpy as np
import pytest
from scipy import optimize

from quanheng.errors import InputError
from quanheng.metrology.robust import q_hampel
from tests.metrology.robust.test_algorithm_a import CREOSOTE


def by_definition(values):
    """C.5.2.2 read literally: H1, G1 at its jumps, linear in between, inverted at the level."""
    from scipy.stats import norm

    y = np.asarray(values, float)
    p = len(y)
    gaps = np.abs(y[:, None] - y[None, :])[np.triu_indices(p, 1)]

    def h(x):
        return 2 / (p * (p - 1)) * (gaps <= x).sum()

    jumps = np.unique(gaps[gaps > 0])
    at_zero = h(0.0)
    g = [0.5 * (h(x) + h(jumps[i - 1] if i else 0.0)) for i, x in enumerate(jumps)]
    xs, ys = np.concatenate([[0.0], jumps]), np.concatenate([[0.5 * at_zero], g])
    level = 0.25 + 0.75 * at_zero
    root = optimize.brentq(lambda x: np.interp(x, xs, ys) - level, 0, xs[-1])
    return root / (np.sqrt(2) * norm.ppf(0.625 + 0.375 * at_zero))


@pytest.mark.parametrize("values", [CREOSOTE, [1, 2, 3, 4, 5, 60], [1.0, 1.0, 2.0, 2.5, 7.0]])
def test_q_scale_equals_the_definition(values):
    groups = [np.array([float(v)]) for v in values]
    assert q_hampel.q_scale(groups) == pytest.approx(by_definition(values), rel=1e-9)


def test_q_scale_of_normal_data_is_the_standard_deviation():
    rng = np.random.default_rng(4)
    groups = [np.array([v]) for v in rng.normal(0, 2, 1500)]
    assert q_hampel.q_scale(groups) == pytest.approx(2, rel=0.05)


def test_q_scale_survives_results_of_which_most_are_equal():
    # where Algorithm A has no scale, the Q method has one (ISO 13528 C.5.1)
    found = q_hampel.q_hampel([[1.0], [1.0], [1.0], [1.0], [1.4], [0.7], [2.0]])
    assert found.sd > 0


def test_hampel_location_solves_its_equation():
    found = q_hampel.q_hampel([[v] for v in CREOSOTE])
    q = (np.array(CREOSOTE) - found.mean) / found.sd
    psi = np.select(
        [np.abs(q) <= 1.5, np.abs(q) <= 3, np.abs(q) <= 4.5], [q, 1.5 * np.sign(q), (4.5 - np.abs(q)) * np.sign(q)], 0
    )
    assert psi.sum() == pytest.approx(0, abs=1e-9)


def test_a_result_beyond_four_and_a_half_s_has_no_weight():
    plain = q_hampel.q_hampel([[v] for v in [9.8, 10.0, 10.1, 10.3, 9.9, 10.2]])
    x, _ = q_hampel.hampel(np.array([9.8, 10.0, 10.1, 10.3, 9.9, 10.2, 1e6]), plain.sd)
    assert x == pytest.approx(plain.mean, abs=1e-9)


def test_replicates_enter_as_pairs_between_laboratories():
    once = q_hampel.q_scale([np.array([v]) for v in (1.0, 2.0, 4.0, 8.0)])
    twice = q_hampel.q_scale([np.array([v, v]) for v in (1.0, 2.0, 4.0, 8.0)])
    assert twice == pytest.approx(once)


def test_equal_results_have_no_scale():
    with pytest.raises(InputError, match="all values are equal"):
        q_hampel.q_hampel([[1.0], [1.0], [1.0]])
