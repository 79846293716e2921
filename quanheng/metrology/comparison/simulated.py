"""Reference values that need a distribution: Procedure B (median by Monte Carlo) and a hierarchical Bayesian model.

Procedure B: M. G. Cox, Metrologia 39 (2002) 589, clause 6. Hierarchical model: x_i ~ N(m_i, u_i²), m_i ~ N(mu, tau²),
a flat prior for mu and a half-Cauchy prior for tau; mu is integrated exactly and tau by quadrature: no chain is run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats
from quanheng.metrology.comparison.estimators import LEVEL, Consensus, Spread, chi_squared, gls_weights, read_joint
from quanheng.metrology.results import Result, recorded

_MOST = 40_000_000  # values drawn at once
_NODES = 2001


@dataclass(frozen=True)
class Simulated(Result):
    """A reference value with the distribution of each participant's difference from it: mean, u and interval."""

    consensus: Consensus
    d: Floats
    u_d: Floats
    low: Floats
    high: Floats


@recorded
def procedure_b(x: object, v: object, rng: np.random.Generator, trials: int = 100_000) -> Simulated:
    """Median of the results as reference value, its distribution and those of the differences by Monte Carlo.

    Parameters
    ----------
    x : ndarray (n,)
    v : ndarray (n, n)
        Covariance of the results.
    rng : numpy.random.Generator
    trials : int
        10⁴ to 10⁷ draws.
    """
    if not 10_000 <= trials <= 10_000_000:
        raise InputError("range", f"trials is {trials}; Procedure B takes 10 000 to 10 000 000", "trials")
    return _procedure_b(*read_joint(x, v), rng, trials)


def _procedure_b(x: Floats, v: Floats, rng: np.random.Generator, trials: int) -> Simulated:
    n = len(x)
    if n * trials > _MOST:
        raise InputError("too_large", f"{trials} trials of {n} results are more than {_MOST} values", "trials")
    diagonal = np.diag(v)
    plain = np.count_nonzero(v - np.diag(diagonal)) == 0
    root = np.diag(np.sqrt(diagonal)) if plain else _root(v)
    draws = rng.standard_normal((trials, n))
    draws = draws * np.diag(root) if plain else draws @ root.T
    centre = np.median(draws + x, axis=1)
    differences = draws + x - centre[:, None]
    d, u_d = differences.mean(axis=0), differences.std(axis=0, ddof=1)
    low, high = _shortest(differences, 0.95)
    chi2, dof, p = chi_squared(x, v)
    between = np.sort(centre)
    inside = _shortest(between[:, None], 0.95)
    consensus = Consensus(
        "procedure-b",
        "Cox 2002, Procedure B",
        float(centre.mean()),
        float(centre.std(ddof=1)),
        np.full(n, np.nan),
        chi2,
        dof,
        p,
        p >= LEVEL,
        birge=math.sqrt(chi2 / dof),
        interval=(float(inside[0][0]), float(inside[1][0])),
        extra={"trials": float(trials)},
    )
    return Simulated(consensus, d, u_d, low, high)


@recorded
def hierarchical(x: object, v: object, prior_scale: float | None = None) -> Consensus:
    """Posterior mean and standard deviation of mu; `tau` is the posterior median of the standard deviation between.

    Parameters
    ----------
    x : array_like (n,)
        Results, at least three.
    v : array_like (n,) or (n, n)
        Their standard uncertainties, or their covariance.
    prior_scale : float, optional
        Scale of the half-Cauchy prior of tau; if absent 1.4826 median |x - median|, or the median of u if that is zero.
    """
    return _hierarchical(*read_joint(x, v, at_least=1), prior_scale)


def _hierarchical(x: Floats, v: Floats, prior_scale: float | None) -> Consensus:
    n, u = len(x), np.sqrt(np.diag(v))
    if n < 3:
        raise InputError("participants", f"x has {n}; a hierarchical model needs at least 3", "x")
    spread = 1.4826 * float(np.median(np.abs(x - np.median(x))))
    scale = prior_scale if prior_scale is not None else (spread or float(np.median(u)))
    if not (math.isfinite(scale) and scale > 0):
        raise InputError("range", f"prior_scale is {scale:g}; it must be above zero", "prior_scale")
    angle, quadrature = special.roots_legendre(_NODES)
    angle = (angle + 1.0) * (np.pi / 4)  # tau = scale * tan(angle): the prior is flat in the angle
    tau = scale * np.tan(angle)
    shift = float(np.median(x))
    centre, precision, square, determinant = Spread(x - shift, v).at(tau)
    log = -0.5 * (determinant + np.log(precision) + square)
    mass = quadrature * np.exp(log - log.max())
    mass /= mass.sum()
    value = float(mass @ centre)
    variance = float(mass @ (1.0 / precision + (centre - value) ** 2))
    chi2, dof, p = chi_squared(x, v)
    interval = tuple(shift + _mixture_quantile(q, centre, precision, mass) for q in (0.025, 0.975))
    middle = float(np.interp(0.5, np.cumsum(mass) - mass / 2, tau))
    w = gls_weights(v + middle**2 * np.eye(n))
    return Consensus(
        "bayes",
        "hierarchical model, half-Cauchy prior of tau",
        shift + value,
        math.sqrt(variance),
        w,
        chi2,
        dof,
        p,
        p >= LEVEL,
        tau=middle,
        birge=math.sqrt(chi2 / dof),
        interval=(interval[0], interval[1]),
        extra={"prior_scale": scale, "tau_mean": float(mass @ tau)},
    )


def _mixture_quantile(q: float, centre: Floats, precision: Floats, mass: Floats) -> float:
    spread = 1.0 / np.sqrt(precision)
    low, high = float((centre - 40 * spread).min()), float((centre + 40 * spread).max())
    for _ in range(200):
        middle = (low + high) / 2
        below = float(mass @ special.ndtr((middle - centre) / spread))
        low, high = (middle, high) if below < q else (low, middle)
    return (low + high) / 2


def _shortest(samples: Floats, probability: float) -> tuple[Floats, Floats]:
    """Shortest interval of each column that holds the probability (JCGM 101 7.7)."""
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    q = int(probability * count + 0.5)
    start = (ordered[q:] - ordered[: count - q]).argmin(axis=0)
    column = np.arange(ordered.shape[1])
    return ordered[start, column], ordered[start + q, column]


def _root(v: Floats) -> Floats:
    values, vectors = np.linalg.eigh(v)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)))
