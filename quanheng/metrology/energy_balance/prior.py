"""Prior of a meter's error: a spike for the healthy, a gray zone, slabs for the wrong; and its moments.

The unknown of the balance is θ = 1/(1+e) − 1, what must be added to a registered kilowatt-hour to make it true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
_ROOT2 = math.sqrt(2.0)


@dataclass(frozen=True)
class ErrorPrior:
    """Mixture of normal laws in θ.

    weights : (K,) or (n, K), each row sums to 1
    means, sds : (K,)
    common : sd of a shift that all meters of an area share; the master's error hides it, so data cannot narrow it
    """

    weights: Array
    means: Array
    sds: Array
    common: float = 0.0

    def __post_init__(self) -> None:
        if self.means.shape != self.sds.shape or self.weights.shape[-1] != self.means.size:
            raise ValueError("weights, means and sds of a prior must agree in length")
        if np.any(self.sds <= 0) or np.any(self.weights < 0) or not np.allclose(self.weights.sum(axis=-1), 1):
            raise ValueError("sds of a prior must be positive and weights must sum to 1")

    def spread(self) -> float:
        """Standard deviation of the whole mixture (mean over meters)."""
        weights = self.weights if self.weights.ndim == 1 else self.weights.mean(axis=0)
        mean = float(weights @ self.means)
        return math.sqrt(float(weights @ (self.sds**2 + self.means**2)) - mean**2)

    def to_dict(self) -> dict[str, list[float] | float]:
        """Plain numbers for a record."""
        weights = self.weights if self.weights.ndim == 1 else self.weights.mean(axis=0)
        return {"weights": weights.tolist(), "means": self.means.tolist(), "sds": self.sds.tolist(),
                "common": self.common}  # fmt: skip


@dataclass(frozen=True)
class Tilted:
    """Prior times a normal cavity, meter by meter.

    mean, variance : (n,)
    log_mass : (n,) log of the normalising integral
    shares, means, variances : (n, K) the posterior mixture itself
    """

    mean: Array
    variance: Array
    log_mass: Array
    shares: Array
    means: Array
    variances: Array

    def shifted(self, sd: Array) -> Tilted:
        """The same with a shift that no balance can see added to each meter; sd (n,)."""
        return replace(self, variance=self.variance + sd**2, variances=self.variances + sd[:, None] ** 2)

    def outside(self, limit: float) -> Array:
        """P(|e| > limit) for each meter, exact under the mixture; shape (n,)."""
        low, high = 1 / (1 + limit) - 1, 1 / (1 - limit) - 1
        sd = np.sqrt(self.variances)
        tail = special.ndtr((low - self.means) / sd) + special.ndtr((self.means - high) / sd)
        return np.asarray(np.clip((self.shares * tail).sum(axis=1), 0.0, 1.0))

    def quantile(self, probability: float) -> Array:
        """Quantile of θ for each meter by bisection on the mixture; shape (n,)."""
        sd = np.sqrt(self.variances)
        low, high = (self.means - 10 * sd).min(axis=1), (self.means + 10 * sd).max(axis=1)
        for _ in range(40):
            middle = 0.5 * (low + high)
            below = (self.shares * special.ndtr((middle[:, None] - self.means) / sd)).sum(axis=1) < probability
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(0.5 * (low + high))


def tilt(prior: ErrorPrior, cavity_mean: Array, cavity_variance: Array) -> Tilted:
    """Combine the prior with normal cavities N(mean, variance); shapes (n,)."""
    spread = cavity_variance[:, None] + prior.sds**2
    gap = cavity_mean[:, None] - prior.means
    with np.errstate(divide="ignore"):
        log_share = np.log(prior.weights) - 0.5 * (np.log(2 * np.pi * spread) + gap**2 / spread)
    top = log_share.max(axis=1, keepdims=True)
    shares = np.exp(log_share - top)
    mass = shares.sum(axis=1, keepdims=True)
    shares /= mass
    gain = cavity_variance[:, None] / spread
    means = cavity_mean[:, None] - gain * gap
    variances = gain * prior.sds**2
    mean = (shares * means).sum(axis=1)
    variance = (shares * (variances + (means - mean[:, None]) ** 2)).sum(axis=1)
    return Tilted(mean, variance, (top + np.log(mass))[:, 0], shares, means, variances)


def learn(
    prior: ErrorPrior,
    cavity_mean: Array,
    cavity_variance: Array,
    *,
    strength: float,
    rounds: int = 50,
    width: bool = True,
) -> ErrorPrior:
    """Empirical Bayes: weights and, with `width`, the width of the spike from many meters' cavities, by EM.

    `strength` is the number of meters that the given prior counts for (Dirichlet). The spike's width stays within a
    factor of 3 of the given one, so that a common misfit cannot widen it into a slab.
    """
    base = prior.weights if prior.weights.ndim == 1 else prior.weights.mean(axis=0)
    spike = int(np.argmax(base))
    weights, sds = base.copy(), prior.sds.copy()
    low, high = prior.sds[spike] / 3, prior.sds[spike] * 3
    for _ in range(rounds):
        step = tilt(replace(prior, weights=weights, sds=sds), cavity_mean, cavity_variance)
        counts = step.shares.sum(axis=0)
        weights = (counts + strength * base) / (counts.sum() + strength)
        if not width:
            continue
        own = step.shares[:, spike]
        second = (own * (step.variances[:, spike] + (step.means[:, spike] - prior.means[spike]) ** 2)).sum()
        width = (second + strength * prior.sds[spike] ** 2) / (own.sum() + strength)
        sds[spike] = float(np.clip(math.sqrt(width), low, high))
    return replace(prior, weights=weights / weights.sum(), sds=sds)
