"""Order statistics of large samples are those of the sample in order, however it lies."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.metrology.order_statistics import smallest, tails

RNG = np.random.default_rng(5)
N = 200_001
SAMPLES = {
    "normal": RNG.standard_normal(N),
    "rising": np.arange(N, dtype=float),
    "falling": np.arange(N, dtype=float)[::-1],
    "constant": np.full(N, 3.25),
    "two values": RNG.integers(0, 2, N).astype(float),
    "counts": RNG.poisson(3.0, N).astype(float),
    "heavy": RNG.standard_cauchy(N),
    # every value that is looked at is 0, which tells nothing of the others
    "hidden": np.where(np.arange(N) % (N // 8192) == 0, 0.0, RNG.standard_normal(N) + 5),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("share", [0.0, 1e-5, 0.025, 0.5, 0.975, 1.0])
def test_the_value_of_a_rank_is_that_of_the_sorted_sample(name, share):
    values = SAMPLES[name]
    rank = round(share * (N - 1))
    before = values.copy()
    assert smallest(values, (rank,)) == (np.sort(values)[rank],)
    assert (values == before).all()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("count", [1, 10, 10_001, 60_000, 190_000])
def test_tails_are_the_ends_of_the_sorted_sample(name, count):
    values = SAMPLES[name]
    ordered = np.sort(values)
    low, high = tails(values, count)
    assert (low == ordered[:count]).all()
    assert (high == ordered[N - count :]).all()
