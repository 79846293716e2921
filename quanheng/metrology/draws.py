"""Drawing from the distributions of inputs, and their quantile functions (JCGM 101:2008, 6.4 and annex C)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import groupby

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.distributions import (
    Arcsine,
    Constant,
    Distribution,
    Normal,
    Observations,
    Rectangular,
    StudentT,
    Trapezoidal,
    Triangular,
)
from quanheng.metrology.distributions_more import Beta, Curve, CurvilinearTrapezoidal, Exponential, Gamma, Sampled
from quanheng.metrology.vectors import Floats


@singledispatch
def draw(distribution: Distribution, rng: np.random.Generator, size: int) -> Floats:
    """`size` independent draws."""
    raise InputError("distribution_unknown", "this distribution cannot be drawn from", type(distribution).__name__)


@singledispatch
def quantile(distribution: Distribution, p: Floats) -> Floats:
    """Values below which lies the probability `p`."""
    raise InputError("distribution_unknown", "this distribution has no quantiles", type(distribution).__name__)


def standard_uncertainty(distribution: Distribution) -> float:
    """Standard deviation of what is drawn; for t it is above the scale (JCGM 101, 6.4.9.4)."""
    found = distribution.estimate()
    dof = _dof(distribution)
    if not math.isfinite(dof):
        return found.u
    return found.u * math.sqrt(dof / (dof - 2)) if dof > 2 else math.inf


def _dof(distribution: Distribution) -> float:
    """Degrees of freedom of the t that is drawn (6.4.9.2, 6.4.9.7); infinite for every other shape."""
    if isinstance(distribution, Observations):
        return len(distribution.values) - 1.0
    return distribution.dof if isinstance(distribution, Normal | StudentT) else math.inf


def _scaled_t(distribution: Distribution, rng: np.random.Generator, size: int) -> Floats:
    """Normal, or t where the uncertainty itself is known with few degrees of freedom (6.4.7, 6.4.9)."""
    found, dof = distribution.estimate(), _dof(distribution)
    values = rng.standard_normal(size)
    if math.isfinite(dof):
        divisor = rng.standard_gamma(dof / 2, size)
        divisor *= 2 / dof
        values /= np.sqrt(divisor, out=divisor)
    values *= found.u
    values += found.value
    return values


def _t_quantile(distribution: Distribution, p: Floats) -> Floats:
    found, dof = distribution.estimate(), _dof(distribution)
    z: Floats = special.stdtrit(dof, p) if math.isfinite(dof) else special.ndtri(p)
    return found.value + found.u * z


for _kind in (Normal, StudentT, Observations):
    draw.register(_kind, _scaled_t)
    quantile.register(_kind, _t_quantile)


def draw_each(distributions: Sequence[Distribution], rng: np.random.Generator, size: int) -> Iterator[Floats]:
    """`size` draws of each; neighbours of one shape in one call, which gives the same values sooner."""
    for shape, alike in groupby(distributions, _drawn_alike):
        members = list(alike)
        if shape is None:
            yield from (draw(distribution, rng, size) for distribution in members)
            continue
        values = rng.random((len(members), size)) if shape is Rectangular else rng.standard_normal((len(members), size))
        scales = [_placing(distribution) for distribution in members]
        values *= np.array([[scale] for scale, _ in scales])
        values += np.array([[place] for _, place in scales])
        yield from values


def _drawn_alike(distribution: Distribution) -> type[Distribution] | None:
    if isinstance(distribution, Normal):
        return None if math.isfinite(distribution.dof) else Normal
    return Rectangular if isinstance(distribution, Rectangular) else None


def _placing(distribution: Distribution) -> tuple[float, float]:
    """Scale and place of a standard draw."""
    if isinstance(distribution, Rectangular):
        return distribution.high - distribution.low, distribution.low
    found = distribution.estimate()
    return found.u, found.value


@draw.register
def _(distribution: Constant, rng: np.random.Generator, size: int) -> Floats:
    return np.full(size, distribution.value)


@quantile.register
def _(distribution: Constant, p: Floats) -> Floats:
    return np.full(np.shape(p), distribution.value)


@draw.register
def _(distribution: Rectangular, rng: np.random.Generator, size: int) -> Floats:
    values = rng.random(size)
    values *= distribution.high - distribution.low
    values += distribution.low
    return values


@quantile.register
def _(distribution: Rectangular, p: Floats) -> Floats:
    return distribution.low + (distribution.high - distribution.low) * p


@draw.register
def _(distribution: Trapezoidal, rng: np.random.Generator, size: int) -> Floats:
    half, beta = (distribution.high - distribution.low) / 2, distribution.beta
    return distribution.low + half * ((1 + beta) * rng.random(size) + (1 - beta) * rng.random(size))


@quantile.register
def _(distribution: Trapezoidal, p: Floats) -> Floats:
    half, beta = (distribution.high - distribution.low) / 2, distribution.beta
    middle = (distribution.high + distribution.low) / 2
    return middle + half * _trapezoid(p, beta)


@draw.register
def _(distribution: Triangular, rng: np.random.Generator, size: int) -> Floats:
    half = (distribution.high - distribution.low) / 2
    return distribution.low + half * (rng.random(size) + rng.random(size))


@quantile.register
def _(distribution: Triangular, p: Floats) -> Floats:
    return quantile(Trapezoidal(distribution.low, distribution.high, 0.0), p)


def _trapezoid(p: Floats, beta: float) -> Floats:
    """Quantiles of the trapezoid on (−1, 1) whose top has half-width beta."""
    tail = np.minimum(p, 1 - p)
    edge = (1 - beta) / (1 + beta) / 2
    slope = np.sqrt(2 * tail * (1 - beta * beta)) - 1
    flat = (tail - 0.5) * (1 + beta)
    return np.asarray(np.sign(0.5 - p) * np.where(tail < edge, slope, flat))


@draw.register
def _(distribution: Arcsine, rng: np.random.Generator, size: int) -> Floats:
    values = rng.random(size)
    values *= math.pi
    np.cos(values, out=values)
    values *= (distribution.high - distribution.low) / 2
    values += (distribution.high + distribution.low) / 2
    return values


@quantile.register
def _(distribution: Arcsine, p: Floats) -> Floats:
    half = (distribution.high - distribution.low) / 2
    return (distribution.high + distribution.low) / 2 - half * np.cos(np.pi * p)


@draw.register
def _(distribution: CurvilinearTrapezoidal, rng: np.random.Generator, size: int) -> Floats:
    # from the middle: the half-width is drawn first, then the place inside it
    half = rng.random(size)
    half *= -2 * distribution.d
    half += (distribution.high - distribution.low) / 2 + distribution.d
    values = rng.random(size)
    values *= 2
    values -= 1
    values *= half
    values += (distribution.low + distribution.high) / 2
    return values


@quantile.register
def _(distribution: CurvilinearTrapezoidal, p: Floats) -> Floats:
    half, d = (distribution.high - distribution.low) / 2, distribution.d
    middle = (distribution.high + distribution.low) / 2
    tail = np.minimum(p, 1 - p)
    if d == 0:
        return middle + half * (2 * p - 1)
    near, far = np.zeros_like(tail), np.full_like(tail, half + d)
    for _step in range(80):
        z = (near + far) / 2
        above = _curved_tail(z, half, d) > tail
        near, far = np.where(above, z, near), np.where(above, far, z)
    return np.asarray(middle - np.sign(0.5 - p) * (near + far) / 2)


def _curved_tail(z: Floats, half: float, d: float) -> Floats:
    """Probability beyond the distance z from the middle, by integrating the density of 6.4.3.3."""
    reach = half + d
    with np.errstate(divide="ignore", invalid="ignore"):
        flank = (reach - z - z * np.log(reach / z)) / (4 * d)
        flat = 0.5 - z * np.log(reach / (half - d)) / (4 * d) if half > d else flank
    return np.where(z > half - d, np.where(z > 0, flank, 0.5), flat)


@draw.register
def _(distribution: Exponential, rng: np.random.Generator, size: int) -> Floats:
    return distribution.mean * rng.standard_exponential(size)


@quantile.register
def _(distribution: Exponential, p: Floats) -> Floats:
    return -distribution.mean * np.log1p(-p)


@draw.register
def _(distribution: Gamma, rng: np.random.Generator, size: int) -> Floats:
    return distribution.scale * rng.standard_gamma(distribution.shape, size)


@quantile.register
def _(distribution: Gamma, p: Floats) -> Floats:
    z: Floats = special.gammaincinv(distribution.shape, p)
    return distribution.scale * z


@draw.register
def _(distribution: Beta, rng: np.random.Generator, size: int) -> Floats:
    return rng.beta(distribution.a, distribution.b, size)


@quantile.register
def _(distribution: Beta, p: Floats) -> Floats:
    z: Floats = special.betaincinv(distribution.a, distribution.b, p)
    return z


@draw.register
def _(distribution: Sampled, rng: np.random.Generator, size: int) -> Floats:
    values = np.asarray(distribution.values)
    return np.asarray(values[rng.integers(0, len(values), size)])


@quantile.register
def _(distribution: Sampled, p: Floats) -> Floats:
    return np.asarray(np.quantile(np.asarray(distribution.values), p, method="inverted_cdf"))


@draw.register
def _(distribution: Curve, rng: np.random.Generator, size: int) -> Floats:
    return quantile(distribution, rng.random(size))


@quantile.register
def _(distribution: Curve, p: Floats) -> Floats:
    x, f = distribution.scaled()
    below = np.concatenate([[0.0], np.cumsum(np.diff(x) * (f[:-1] + f[1:]) / 2)])
    i = np.clip(np.searchsorted(below, p, side="right") - 1, 0, len(x) - 2)
    area, width = np.maximum(p - below[i], 0.0), x[i + 1] - x[i]
    slope = (f[i + 1] - f[i]) / width
    # root of slope/2·t² + f·t = area, in the form that does not cancel
    root = np.sqrt(np.maximum(f[i] ** 2 + 2 * slope * area, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(area > 0, 2 * area / (f[i] + root), 0.0)
    return np.asarray(np.minimum(x[i] + step, x[i + 1]))
