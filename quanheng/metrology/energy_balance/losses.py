"""Loss on radial feeders: columns whose coefficients are the resistances on the way to each meter.

With resistance distance ρ_i of meter i on its feeder and I(z) the current at distance z, the feeder loses
∫ I(z)² dz. Sorted by distance this is Σ ρ_i J_i exactly, with J_i = I² just before meter i less I² just behind it
= x_i (x_i + 2 Σ of what hangs behind i): linear in ρ once the order is known. The order is not known, so it is
replaced by the probability that k stands behind i, one half to begin with, and sharpened from the estimates of ρ.
With three phases and a neutral of κ times the resistance, a meter on another phase counts −κ/2 where one of the same
phase counts 1 + κ; κ = −2/3 is a feeder whose phases do not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from quanheng.metrology.energy_balance.prior import ErrorPrior
from quanheng.metrology.energy_balance.solve import WITHIN, Posterior, solve
from quanheng.metrology.energy_balance.sums import Balance, Layout, NormalEquations, accumulate, weighted_rows

Array = NDArray[np.float64]
NO_PHASES = -2 / 3
_KAPPAS = (0.4, NO_PHASES, 0.0, 1.0)
LEAST_GAIN = 60.0  # log evidence that the location model must bring: it costs half of the recall
LEAST_SHARED = 0.5  # of the way to the nearer of two meters: what exponential distances share
FEEDER_STRENGTH = 10.0  # meters by which the spread of a feeder's slopes is drawn to that of all feeders
_FIRST_SD, _START_SD = 0.012, 0.02  # of a slope, while κ is chosen and before the evidence says more
DOUBT = 10.0  # log evidence of a third of the rows that is left to all of them to decide
_EVERY = 3  # rows that choose κ: a third says which, at a third of the cost


@dataclass(frozen=True)
class Lines:
    """feeder, phase : (n,) numbers from 0; one for all where they are not `known`."""

    feeder: NDArray[np.int64]
    phase: NDArray[np.int64]
    known: bool = True


@dataclass(frozen=True)
class Located:
    """The location model of one area: sums with slopes, their posterior, and what builds rows anew.

    variance : (T,) of the rows; restless : factor on :func:`bursts` in it
    """

    posterior: Posterior
    sums: NormalEquations
    rows: Array
    kappa: float
    coupling: Array
    variance: Array
    restless: float


def slope_columns(energy: Array, lines: Lines, behind: Array, kappa: float) -> Array:
    """J for every meter, scaled so that a coefficient is the loss as a fraction of the meter's energy at mean load.

    energy : (T, n) net energy; behind : (n, n) probability that column k stands behind row i on the same feeder
    """
    return coupled(energy, slope_coupling(energy, lines, behind, kappa))


def coupled(energy: Array, coupling: Array) -> Array:
    """J for rows of energies (T, n) from a coupling (n, n)."""
    out = energy @ coupling.T
    out *= energy
    return np.asarray(out)


def slope_coupling(energy: Array, lines: Lines, behind: Array, kappa: float) -> Array:
    """(n, n) with J_i = x_i Σ_k coupling_ik x_k."""
    together = lines.feeder[:, None] == lines.feeder[None, :]
    same = together & (lines.phase[:, None] == lines.phase[None, :])
    coupling = 2.0 * behind * np.where(same, 1.0 + kappa, np.where(together, -kappa / 2, 0.0))
    np.fill_diagonal(coupling, 1.0 + kappa)
    coupling /= _levels(energy, lines, kappa)[:, None]
    return np.asarray(coupling)


def _levels(energy: Array, lines: Lines, kappa: float) -> Array:
    """Mean load that a meter of each feeder sees, one value for each meter; it makes slopes fractions."""
    mean = np.abs(energy.mean(axis=0))
    level = np.empty(mean.size)
    for feeder in range(int(lines.feeder.max()) + 1):
        own = np.flatnonzero(lines.feeder == feeder)
        same = lines.phase[own][:, None] == lines.phase[own][None, :]
        seen = np.where(same, 1.0 + kappa, -kappa / 2) @ mean[own]
        level[own] = max(abs(float(seen.mean())) if own.size else 0.0, 1e-9)
    return level


def _even_sums(balance: Balance, variance: Array, lines: Lines, kappas: tuple[float, ...]) -> list[NormalEquations]:
    """Sums of the model with an unknown order for several κ from one pass: J is linear in κ."""
    energy = balance.net_each()
    count = energy.shape[1]
    together = np.where(lines.feeder[:, None] == lines.feeder[None, :], 1.0, 0.0)
    same = together * (lines.phase[:, None] == lines.phase[None, :])
    raw = [energy * (energy @ part) for part in (same, together)]
    plain, layout = weighted_rows(balance, variance)
    sd = np.sqrt(variance)[:, None]
    rows = np.concatenate([plain, raw[0] / sd, raw[1] / sd], axis=1)
    gram = rows.T @ rows
    first = plain.shape[1]
    own, all_ = slice(first, first + count), slice(first + count, first + 2 * count)
    member = np.zeros((count, int(lines.feeder.max()) + 1))
    member[np.arange(count), lines.feeder] = 1.0
    wide = Layout(layout.meters, layout.exporters, member.shape[1])
    out = []
    for kappa in kappas:
        scale = 1.0 / _levels(energy, lines, kappa)
        a, b = (1 + 1.5 * kappa) * scale, -0.5 * kappa * scale
        with_plain = gram[:first, own] * a + gram[:first, all_] * b
        mixed = a[:, None] * gram[own, all_] * b
        inner = a[:, None] * gram[own, own] * a + mixed + mixed.T + b[:, None] * gram[all_, all_] * b
        left = np.concatenate([with_plain @ member, with_plain], axis=1)
        block = np.concatenate([member, np.eye(count)], axis=1)
        full = np.zeros((wide.y + 1, wide.y + 1))
        keep = np.append(np.arange(first - 1), wide.y)
        added = np.arange(first - 1, wide.y)
        full[np.ix_(keep, keep)] = gram[:first, :first]
        full[np.ix_(keep, added)] = left
        full[np.ix_(added, keep)] = left.T
        full[np.ix_(added, added)] = block.T @ inner @ block
        out.append(NormalEquations(full, rows.shape[0], float(-np.log(variance).sum()), wide))
    return out


def behind_each_other(place: Array, variance: Array, mean: Array) -> Array:
    """Weights b with b_ik ρ_i + b_ki ρ_k = E min(ρ_i, ρ_k), the way that meters i and k share; (n, n).

    place, variance : (n,) distances less those of the feeder, and their variances
    mean : (n,) distance of the feeder. Were the order certain, b_ik would be 1 where k stands behind i, else 0.
    """
    gap = place[None, :] - place[:, None]
    spread = np.sqrt(variance[None, :] + variance[:, None])
    order = special.ndtr(gap / spread)
    full = np.maximum(place + mean, 1e-4)
    further = order * full[:, None] + (1 - order) * full[None, :]
    shared = further - spread * np.exp(-0.5 * (gap / spread) ** 2) / math.sqrt(2 * math.pi)
    return np.asarray(order * np.maximum(shared / further, LEAST_SHARED))


def locate(
    balance: Balance, variance: Array, lines: Lines, prior: ErrorPrior, plain: Posterior, *, rounds: int = 2
) -> Located | None:
    """Fit the location model; None where the evidence does not ask for it.

    plain : posterior of the model with lumped loss only, on the same rows
    """
    kappa, best = _choose(balance, variance, lines, prior, plain)
    if best is None:
        return None
    energy = balance.net_each()
    burst, restless = bursts(energy, lines.feeder), 0.0
    scale = np.ones(int(lines.feeder.max()) + 1)
    layout = Layout(energy.shape[1], balance.exporters.size, scale.size)
    found: Located | None = None
    for _ in range(rounds):
        tried = slope_coupling(energy, lines, _shared(best, layout, lines), kappa)
        tried *= scale[lines.feeder][:, None]
        whole = variance + restless * burst
        rows, layout = weighted_rows(balance, whole, coupled(energy, tried), lines.feeder)
        sums = accumulate(rows, whole, layout)
        fit = solve(sums, prior, best.slope_sd, start=best.sites, sigma0=best.sigma, sweeps=8)
        fit, stretch = _spread_of_feeders(fit, sums, lines, prior)
        gain = fit.evidence - best.evidence if found else np.inf
        if gain <= 0:
            break
        scale, best = scale * stretch, fit
        factor = _columns(layout, stretch, lines)
        sums, rows = replace(sums, gram=sums.gram * factor * factor[:, None]), rows * factor
        coupling = tried * stretch[lines.feeder][:, None]
        found = Located(fit, sums, rows, kappa, coupling, whole, restless)
        if gain < 3.0:
            break
        rest = (rows[:, -1] - rows[:, :-1] @ fit.coefficients(layout)) ** 2 * whole
        restless = restlessness(rest / variance, burst / variance)
    if found is None or best.evidence < plain.evidence + LEAST_GAIN:
        return None
    return replace(found, posterior=best.moving(WITHIN * _own_loss(found, balance.scale, lines), prior))


def _own_loss(found: Located, scale: float, lines: Lines) -> Array:
    """What a meter's own current loses on its way, as a fraction of its energy, at the load at which it uses it."""
    fit, layout = found.posterior, found.sums.layout
    n = layout.meters
    at = np.searchsorted(fit.nuisance_index, np.arange(layout.quadratic.start, layout.slope.stop))
    way = fit.nuisance[at[layout.feeders :]] + fit.nuisance[at[: layout.feeders]][lines.feeder]
    size = np.hypot(way, np.sqrt(fit.nuisance_variance[at[layout.feeders :]]))
    constant = found.sums.gram[:n, layout.common.start + 2] / scale
    load = np.diag(found.sums.gram)[:n] / np.maximum(constant, 1e-300)
    return np.asarray(size * np.diag(found.coupling) * load)


def bursts(energy: Array, feeder: NDArray[np.int64]) -> Array:
    """Variance, up to a factor, of what loads lose that move within an interval: (Σ δ²)² of each feeder; (T,).

    How far a load moves within an interval is bounded by the load and by its step to the neighbouring ones.
    """
    member = np.zeros((feeder.size, int(feeder.max()) + 1))
    member[np.arange(feeder.size), feeder] = 1.0
    step = np.diff(energy, axis=0) ** 2
    moved = np.zeros_like(energy)
    moved[1:] += step / 2
    moved[:-1] += step / 2
    np.minimum(moved, energy**2, out=moved)
    return np.asarray(((moved @ member) ** 2).sum(axis=1))


def restlessness(square: Array, burst: Array) -> float:
    """λ by the likelihood of residuals whose variance is σ² (1 + λ · burst)."""
    mean = max(float(burst.mean()), 1e-300)
    factors = np.append(0.0, np.geomspace(0.01, 30, 18))
    spread = 1 + factors[:, None] * (burst / mean)
    level = np.log((square / spread).mean(axis=1)) + np.log(spread).mean(axis=1)
    return float(factors[int(np.argmin(level))]) / mean


def _shared(fit: Posterior, layout: Layout, lines: Lines) -> Array:
    at = np.searchsorted(fit.nuisance_index, np.arange(layout.quadratic.start, layout.slope.stop))
    mean, place = fit.nuisance[at[: layout.feeders]], fit.nuisance[at[layout.feeders :]]
    return behind_each_other(place, fit.nuisance_variance[at[layout.feeders :]], mean[lines.feeder])


def _columns(layout: Layout, stretch: Array, lines: Lines) -> Array:
    """Factor of each column of the rows when the slopes of feeder f are measured in stretch_f times their unit."""
    factor = np.ones(layout.y + 1)
    factor[layout.quadratic], factor[layout.slope] = stretch, stretch[lines.feeder]
    return factor


def _spread_of_feeders(
    fit: Posterior, sums: NormalEquations, lines: Lines, prior: ErrorPrior
) -> tuple[Posterior, Array]:
    """How far the ways of a feeder's meters differ, by the evidence (MacKay), each feeder drawn towards all.

    Gives the posterior with the new sd of slopes and, for each feeder, its own sd over that one.
    """
    layout = sums.layout
    at = np.searchsorted(fit.nuisance_index, np.arange(layout.slope.start, layout.slope.stop))
    square = fit.nuisance[at] ** 2
    told = np.clip(1 - fit.nuisance_variance[at] / fit.slope_sd**2, 1e-3, 1.0)
    pooled = float(np.clip(square.sum() / told.sum() / fit.slope_sd**2, 0.25, 4.0)) * fit.slope_sd**2
    drawn = FEEDER_STRENGTH * float(told.mean())
    own = np.bincount(lines.feeder, square, layout.feeders) + drawn * pooled
    stretch = np.sqrt(own / (np.bincount(lines.feeder, told, layout.feeders) + drawn) / pooled)
    factor = _columns(layout, stretch, lines)
    scaled = replace(sums, gram=sums.gram * factor * factor[:, None])
    return solve(scaled, prior, math.sqrt(pooled), start=fit.sites, sigma0=fit.sigma, sweeps=3), stretch


def _choose(
    balance: Balance, variance: Array, lines: Lines, prior: ErrorPrior, plain: Posterior
) -> tuple[float, Posterior | None]:
    """κ by the evidence of every third row, and the slopes found there; None where even these do not ask for slopes."""
    third = slice(None, None, _EVERY)
    few = replace(balance, imports=balance.imports[third], exports=balance.exports[third], master=balance.master[third])
    few_variance = variance[third]
    rows, layout = weighted_rows(few, few_variance)
    bar = solve(accumulate(rows, few_variance, layout), prior, start=plain.sites, sigma0=plain.sigma, sweeps=3).evidence
    kappas = _KAPPAS if lines.phase.max() > 0 else (NO_PHASES,)
    tried: list[tuple[Posterior, float, NormalEquations]] = []
    for kappa, sums in zip(kappas, _even_sums(few, few_variance, lines, kappas), strict=True):
        tried.append((solve(sums, prior, _FIRST_SD, start=plain.sites, sigma0=plain.sigma, sweeps=2), kappa, sums))
        if tried[0][0].evidence < bar - DOUBT:
            return kappa, None
    best, kappa, sums = max(tried, key=lambda one: one[0].evidence)
    return kappa, solve(sums, prior, _START_SD, start=best.sites, sigma0=best.sigma, sweeps=6)
