"""Grades a batch of meters from uncertain estimates, in the manner of GB/T 2828.2 (isolated lots, limiting quality).

Each meter of the batch is wrong with a probability, so the number of wrong ones follows the Poisson-binomial law. The
batch is accepted if a lot as bad as the limiting quality would be let through at most with the consumer's risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quanheng.metrology import quantiles

Array = NDArray[np.float64]
CONSUMER_RISK = 0.10


@dataclass(frozen=True)
class BatchGrade:
    """expected : mean share of wrong meters; lower, upper : 10 and 90 % bounds; verdict accept|reject|undecided."""

    meters: int
    expected: float
    upper: float
    lower: float
    verdict: str


def count_law(p: Array) -> Array:
    """P(0..n wrong) when meter i is wrong with probability p_i, by convolution; (n + 1,)."""
    law = np.ones(1)
    for value in p:
        law = np.convolve(law, [1 - value, value])
    return np.asarray(law)


def grade(p: Array, *, limiting_quality: float) -> BatchGrade:
    """Grade the batch whose judged meters are wrong with probabilities `p`.

    The judged meters are a sample of the batch; with k of them wrong the batch's share is Beta(k + ½, n − k + ½), mixed
    over k. accept: P(share > limiting quality) ≤ 10 %. reject: P(share > limiting quality) ≥ 90 %.

    Raises
    ------
    ValueError
        No meter, a value outside 0..1, or a limiting quality outside (0, 1).
    """
    if not p.size or np.any((p < 0) | (p > 1)) or not 0 < limiting_quality < 1:
        raise ValueError("a batch needs meters with probabilities in [0, 1] and a limiting quality in (0, 1)")
    law = count_law(p)
    k = np.flatnonzero(law > 1e-12)
    weight = law[k] / law[k].sum()
    n = p.size
    above = float(weight @ quantiles.beta_sf(limiting_quality, k + 0.5, n - k + 0.5))
    grid = np.linspace(0, 1, 2001)
    cdf = (weight[:, None] * quantiles.beta_cdf(grid, (k + 0.5)[:, None], (n - k + 0.5)[:, None])).sum(axis=0)
    upper, lower = float(grid[np.searchsorted(cdf, 0.9)]), float(grid[np.searchsorted(cdf, 0.1)])
    verdict = "accept" if above <= CONSUMER_RISK else "reject" if above >= 1 - CONSUMER_RISK else "undecided"
    return BatchGrade(n, float(p.mean()), upper, lower, verdict)
