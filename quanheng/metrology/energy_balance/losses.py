"""Loss on radial feeders: columns whose coefficients are the resistances on the way to each meter.

With resistance distance ρ_i of meter i on its feeder and I(z) the current at distance z, the feeder loses
∫ I(z)² dz. Sorted by distance this is Σ ρ_i J_i exactly, with J_i = I² just before meter i less I² just behind it
= x_i (x_i + 2 Σ of what hangs behind i): linear in ρ once the order is known. The order is not known, so it is
replaced by the probability that k stands behind i, one half to begin with, and sharpened from the estimates of ρ.
With three phases and a neutral of κ times the resistance, a meter on another phase counts −κ/2 where one of the same
phase counts 1 + κ; κ = −2/3 is a feeder whose phases do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from quanheng.metrology.energy_balance.prior import ErrorPrior
from quanheng.metrology.energy_balance.solve import Posterior, solve
from quanheng.metrology.energy_balance.sums import Balance, Layout, NormalEquations, accumulate, weighted_rows

Array = NDArray[np.float64]
NO_PHASES = -2 / 3
_KAPPAS = (NO_PHASES, 0.0, 0.4, 1.0)
LEAST_GAIN = 60.0  # log evidence that the location model must bring: it costs half of the recall
ORDER_NOISE = 1.5  # factor on σ for the order along a feeder being estimated; from simulated areas
_EVERY = 3  # rows that choose κ: a third says which, at a third of the cost
_SLOPE_SDS = (0.005, 0.01, 0.02, 0.04)


@dataclass(frozen=True)
class Lines:
    """feeder, phase : (n,) numbers from 0; one phase for all where phases are unknown."""

    feeder: NDArray[np.int64]
    phase: NDArray[np.int64]


@dataclass(frozen=True)
class Located:
    """The location model of one area: sums with slopes, their posterior, and what is needed to build the rows anew."""

    posterior: Posterior
    sums: NormalEquations
    rows: Array
    kappa: float


def slope_columns(energy: Array, lines: Lines, behind: Array, kappa: float) -> Array:
    """J for every meter, scaled so that a coefficient is the loss as a fraction of the meter's energy at mean load.

    energy : (T, n) net energy; behind : (n, n) probability that column k stands behind row i on the same feeder
    """
    together = lines.feeder[:, None] == lines.feeder[None, :]
    same = together & (lines.phase[:, None] == lines.phase[None, :])
    coupling = 2.0 * behind * np.where(same, 1.0 + kappa, np.where(together, -kappa / 2, 0.0))
    np.fill_diagonal(coupling, 1.0 + kappa)
    coupling /= _levels(energy, lines, kappa)[:, None]
    out = energy @ coupling.T
    out *= energy
    return np.asarray(out)


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


def behind_each_other(place: Array, variance: Array) -> Array:
    """P(k behind i) from estimated distances; (n, n)."""
    gap = place[None, :] - place[:, None]
    return np.asarray(special.ndtr(gap / np.sqrt(variance[None, :] + variance[:, None])))


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
    sums: NormalEquations | None = None
    rows: Array | None = None
    for _ in range(rounds):
        layout = Layout(energy.shape[1], balance.exporters.size, int(lines.feeder.max()) + 1)
        where = np.searchsorted(best.nuisance_index, np.arange(layout.slope.start, layout.slope.stop))
        behind = behind_each_other(best.nuisance[where], best.nuisance_variance[where])
        fresh_rows, layout = weighted_rows(balance, variance, slope_columns(energy, lines, behind, kappa), lines.feeder)
        fresh = accumulate(fresh_rows, variance, layout)
        next_ = solve(fresh, prior, best.slope_sd, start=best.sites, sigma0=best.sigma)
        gain = next_.evidence - best.evidence if rows is not None else np.inf
        if gain <= 0:
            break
        best, sums, rows = next_, fresh, fresh_rows
        if gain < 3.0:
            break
    if sums is None or rows is None:
        return None
    best = _tune(best, sums, prior)
    if best.evidence < plain.evidence + LEAST_GAIN:
        return None
    return Located(best, sums, rows, kappa)


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
    tried = [
        (solve(sums, prior, 0.02, start=plain.sites, sigma0=plain.sigma, sweeps=2), kappa, sums)
        for kappa, sums in zip(kappas, _even_sums(few, few_variance, lines, kappas), strict=True)
    ]
    best, kappa, sums = max(tried, key=lambda one: one[0].evidence)
    if best.evidence < bar:
        return kappa, None
    return kappa, solve(sums, prior, 0.02, start=best.sites, sigma0=best.sigma, sweeps=6)


def _tune(best: Posterior, sums: NormalEquations, prior: ErrorPrior) -> Posterior:
    """The prior sd of a slope by the evidence."""
    for direction in (1, -1):
        at = min(range(len(_SLOPE_SDS)), key=lambda i: abs(_SLOPE_SDS[i] - best.slope_sd))
        moved = False
        while 0 <= at + direction < len(_SLOPE_SDS):
            at += direction
            tried = solve(sums, prior, _SLOPE_SDS[at], start=best.sites, sigma0=best.sigma, sweeps=3)
            if tried.evidence <= best.evidence:
                break
            best, moved = tried, True
        if moved:
            break
    return best
