"""Sums that are kept: a new day is added to them, and they survive the disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.energy_balance import Balance, ErrorPrior, accumulate, row_variance, solve, weighted_rows
from quanheng.telemetry.fleets.state import KeptSums

PRIOR = ErrorPrior(np.array([0.95, 0.05]), np.zeros(2), np.array([0.003, 0.05]))


def make_balance(steps: int) -> Balance:
    rng = np.random.default_rng(1)
    true = rng.gamma(1.2, 0.8, (steps, 12))
    master = true.sum(axis=1) * 1.03 * (1 + 0.001 * rng.standard_normal(steps))
    return Balance(true, master, np.zeros((steps, 0)), np.zeros(0, int), 0.0, 12.0)


def part(balance: Balance, use: slice) -> Balance:
    return replace(balance, imports=balance.imports[use], master=balance.master[use], exports=balance.exports[use])


def sums_of(balance: Balance):
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    return accumulate(rows, variance, layout)


def make_kept(balance: Balance, half: int, until: int) -> KeptSums:
    halves = (sums_of(part(balance, slice(0, half))), sums_of(part(balance, slice(half, until))))
    first = solve(halves[0] + halves[1], PRIOR)
    return KeptSums(
        "区/1",
        tuple(f"m{i}" for i in range(12)),
        halves,
        12.0,
        first.sigma,
        first.gain,
        0.0,
        first.sites,
        None,
        None,
        until,
    )


def test_a_day_added_gives_the_estimates_of_all_rows_at_once():
    balance = make_balance(724)
    kept = make_kept(balance, 350, 700).add(part(balance, slice(700, 724)), 724)
    whole = sums_of(balance)
    np.testing.assert_allclose((kept.halves[0] + kept.halves[1]).gram, whole.gram, rtol=1e-12)
    at_once = solve(whole, PRIOR, sigma=kept.sigma, gain=kept.gain, start=kept.sites)
    np.testing.assert_allclose(kept.posterior(PRIOR).theta, at_once.theta, atol=1e-9)


def test_a_batch_replayed_is_refused():
    balance = make_balance(724)
    with pytest.raises(ValueError, match="already"):
        make_kept(balance, 350, 700).add(part(balance, slice(676, 700)), 700)


def test_other_meters_begin_a_new_epoch():
    balance = make_balance(724)
    fewer = replace(part(balance, slice(700, 724)), imports=balance.imports[700:724, :11])
    with pytest.raises(ValueError, match="new epoch"):
        make_kept(balance, 350, 700).add(fewer, 724)


def test_sums_survive_the_disk_and_damage_is_told(tmp_path):
    kept = make_kept(make_balance(700), 350, 700)
    path = kept.save(tmp_path)
    again = KeptSums.load(tmp_path, "区/1")
    np.testing.assert_array_equal(again.halves[1].gram, kept.halves[1].gram)
    assert (again.meters, again.until, again.sigma) == (kept.meters, kept.until, kept.sigma)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match="no kept sums"):
        KeptSums.load(tmp_path, "区/1")
