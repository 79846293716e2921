"""Losses where nobody knows who shares a line: columns of pairs against their kernel, and areas judged with them."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.metrology.energy_balance import (
    Balance,
    ErrorPrior,
    Lines,
    accumulate,
    locate_pairs,
    paired,
    row_variance,
    solve,
    weighted_rows,
)
from quanheng.metrology.energy_balance.pairs import _ALIKE, _OWN_WAY, choose_anchors

SPIKE = ErrorPrior(np.array([0.95, 0.05]), np.zeros(2), np.array([0.003, 0.05]))
METERS = 24
UNKNOWN = Lines(np.zeros(METERS, int), np.zeros(METERS, int), known=False)


def make_energy(seed=1, steps=1800) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(1.0, 0.5, (steps, METERS)) * (1 + 3 * (rng.random((steps, METERS)) < 0.1))


def make_tree(energy: np.ndarray, seed=2, share=0.05) -> np.ndarray:
    """Loss of three feeders: two meters share the way to the nearer one."""
    rng = np.random.default_rng(seed)
    place, feeder = rng.uniform(0.1, 1.0, METERS), np.repeat([0, 1, 2], METERS // 3)
    shared = np.minimum(place[:, None], place[None, :]) * (feeder[:, None] == feeder[None, :])
    loss = np.einsum("ti,ik,tk->t", energy, shared, energy)
    return np.asarray(loss * share * energy.sum() / loss.sum())


def make_balance(energy: np.ndarray, loss: np.ndarray, errors: np.ndarray, seed=3) -> tuple[Balance, np.ndarray]:
    level = float(energy.sum(axis=1).mean())
    master = energy.sum(axis=1) + loss + 1e-3 * level * np.random.default_rng(seed).standard_normal(energy.shape[0])
    seen = energy * (1 + errors)
    balance = Balance(seen, master, np.zeros((energy.shape[0], 0)), np.zeros(0, int), 0.0, float(seen.sum(1).mean()))
    return balance, row_variance(balance)


def make_plain(balance: Balance, variance: np.ndarray):
    rows, layout = weighted_rows(balance, variance)
    return solve(accumulate(rows, variance, layout), SPIKE)


def kernel(x: np.ndarray, z: np.ndarray) -> float:
    """Written out pair by pair: each way shared, a meter's own, and what its ways have in common."""
    pairs = sum(x[i] * x[k] * z[i] * z[k] for i in range(x.size) for k in range(x.size))
    own = _OWN_WAY * sum(x[i] ** 2 * z[i] ** 2 for i in range(x.size))
    return float(pairs + own + _ALIKE * x.sum() * z.sum() * (x @ z))


def test_the_columns_carry_the_kernel_at_the_anchors():
    energy = make_energy(steps=60)
    anchors, scale = choose_anchors(energy, 8), 12.0
    columns = paired(anchors, anchors, UNKNOWN.feeder, scale)
    wanted = [[kernel(a / scale, b / scale) * scale**2 for b in anchors] for a in anchors]
    np.testing.assert_allclose(columns @ columns.T, wanted, rtol=1e-6)


def test_columns_grow_with_the_square_of_the_load_and_know_nothing_of_other_rows():
    energy = make_energy(steps=200)
    anchors = choose_anchors(energy, 30)
    all_ = paired(energy, anchors, UNKNOWN.feeder, 12.0)
    np.testing.assert_allclose(paired(2 * energy, anchors, UNKNOWN.feeder, 12.0), 4 * all_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(paired(energy[50:60], anchors, UNKNOWN.feeder, 12.0), all_[50:60], rtol=1e-9, atol=1e-9)


def test_meters_of_two_feeders_on_file_share_no_way():
    energy = make_energy(steps=100)
    feeder = np.repeat([0, 1], METERS // 2)
    anchors = choose_anchors(energy, 10)
    alone = energy.copy()
    alone[:, feeder == 1] = 0
    other = energy - alone
    together, first, second = (paired(e, anchors, feeder, 12.0) for e in (energy, alone, other))
    np.testing.assert_allclose(together, first + second, rtol=1e-9, atol=1e-9)


def test_few_rows_have_few_anchors():
    assert choose_anchors(make_energy(steps=50), 400).shape == (10, METERS)
    assert choose_anchors(make_energy(steps=3), 400).shape == (1, METERS)


def test_a_lumped_loss_asks_for_no_pairs():
    energy = make_energy()
    total = energy.sum(axis=1)
    balance, variance = make_balance(energy, 0.03 * total**2 / total.mean(), np.zeros(METERS))
    assert locate_pairs(balance, variance, UNKNOWN, SPIKE, make_plain(balance, variance)) is None


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_on_a_tree_that_nobody_knows_errors_lie_in_their_intervals_and_the_wrong_meter_stands_out(seed):
    energy, errors = make_energy(seed), np.random.default_rng(seed).normal(0, 0.003, METERS)
    errors[seed] = -0.08
    balance, variance = make_balance(energy, make_tree(energy, seed), errors, seed)
    lumped = make_plain(balance, variance)
    found = locate_pairs(balance, variance, UNKNOWN, SPIKE, lumped)
    assert found is not None
    fit = found.posterior
    assert fit.evidence > lumped.evidence + 300
    inside = np.abs(fit.error - errors) < 1.96 * fit.u
    assert inside.mean() >= 0.9 > (np.abs(lumped.error - errors) < 1.96 * lumped.u).mean()
    outside = fit.tilted.outside(0.02)
    assert outside[seed] > 0.99
    assert np.delete(outside, seed).max() < 0.5
