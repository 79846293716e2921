"""Loss on radial feeders: columns whose coefficients are the resistances on the way to each meter.

With resistance distance ρ_i of meter i on its feeder and I(z) the current at distance z, the feeder loses
∫ I(z)² dz. Sorted by distance this is Σ ρ_i J_i exactly, with J_i = I² just before meter i less I² just behind it
= x_i (x_i + 2 Σ of what hangs behind i): linear in ρ once the order is known. The order is not known, so it is
replaced by the probability that k stands behind i, one half to begin with, and sharpened from the estimates of ρ.
With three phases and a neutral of κ times the resistance, a meter on another phase counts −κ/2 where one of the same
phase counts 1 + κ; κ = −2/3 is a feeder whose phases do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from quanheng.metrology.energy_balance.prior import ErrorPrior
from quanheng.metrology.energy_balance.solve import Posterior, solve
from quanheng.metrology.energy_balance.sums import Balance, NormalEquations, accumulate, weighted_rows

Array = NDArray[np.float64]
NO_PHASES = -2 / 3
_KAPPAS = (NO_PHASES, 0.0, 0.4, 1.0)
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
    out = np.empty_like(energy)
    for feeder in range(int(lines.feeder.max()) + 1):
        own = np.flatnonzero(lines.feeder == feeder)
        if not own.size:
            continue
        same = lines.phase[own][:, None] == lines.phase[own][None, :]
        weight = np.where(same, 1.0 + kappa, -kappa / 2)
        coupling = 2.0 * behind[np.ix_(own, own)] * weight
        np.fill_diagonal(coupling, 1.0 + kappa)
        mine = energy[:, own]
        level = float((weight @ np.abs(mine.mean(axis=0))).mean())
        out[:, own] = mine * (mine @ (coupling.T / max(abs(level), 1e-9)))
    return out


def behind_each_other(place: Array, variance: Array) -> Array:
    """P(k behind i) from estimated distances; (n, n)."""
    gap = place[None, :] - place[:, None]
    return np.asarray(special.ndtr(gap / np.sqrt(variance[None, :] + variance[:, None])))


def locate(
    balance: Balance, variance: Array, lines: Lines, prior: ErrorPrior, plain: Posterior, *, rounds: int = 3
) -> Located | None:
    """Fit the location model; None where the evidence does not ask for it.

    plain : posterior of the model with lumped loss only, on the same rows
    """
    energy = balance.net_each()
    count = energy.shape[1]
    even = np.full((count, count), 0.5)

    def fit(behind: Array, kappa: float, slope_sd: float, start: Posterior | None) -> Located:
        columns = slope_columns(energy, lines, behind, kappa)
        rows, layout = weighted_rows(balance, variance, columns, lines.feeder)
        sums = accumulate(rows, variance, layout)
        return Located(solve(sums, prior, slope_sd, start=start.sites if start else None), sums, rows, kappa)

    kappas = _KAPPAS if lines.phase.max() > 0 else (NO_PHASES,)
    best = max((fit(even, kappa, 0.02, None) for kappa in kappas), key=lambda one: one.posterior.evidence)
    if best.posterior.evidence < plain.evidence - 60.0:
        return None
    best = _tune(best, prior)
    for _ in range(rounds):
        layout = best.sums.layout
        where = np.searchsorted(best.posterior.nuisance_index, np.arange(layout.slope.start, layout.slope.stop))
        behind = behind_each_other(best.posterior.nuisance[where], best.posterior.nuisance_variance[where])
        tried = fit(behind, best.kappa, best.posterior.slope_sd, best.posterior)
        if tried.posterior.evidence <= best.posterior.evidence:
            break
        gain = tried.posterior.evidence - best.posterior.evidence
        best = tried
        if gain < 2.0:
            break
    best = _tune(best, prior)
    return best if best.posterior.evidence > plain.evidence + 6.0 else None


def _tune(found: Located, prior: ErrorPrior) -> Located:
    """The prior sd of a slope by the evidence."""
    best = found.posterior
    for direction in (1, -1):
        at = min(range(len(_SLOPE_SDS)), key=lambda i: abs(_SLOPE_SDS[i] - found.posterior.slope_sd))
        while 0 <= at + direction < len(_SLOPE_SDS):
            at += direction
            tried = solve(found.sums, prior, _SLOPE_SDS[at], start=best.sites)
            if tried.evidence <= best.evidence:
                break
            best = tried
    return Located(best, found.sums, found.rows, found.kappa)
