"""Loss where it is not on file which meters share a way: every pair of meters may, and the data say how much.

The loss of a network of resistances is a quadratic form Σ Q_ik x_i x_k, with Q_ik the resistance of the way that the
currents of meters i and k share. Who shares with whom cannot be told from the total (searches end at as good a fit
from any start), so it is integrated out instead: around the lumped loss the Q_ik are independent and normal, and the
loss is a Gaussian process with the kernel (Σ_i x_i z_i)², with more room for a meter's own way and its distance. Its
values at ``anchors``, rows of the data themselves, span columns with independent coefficients (Nyström; Rasmussen &
Williams 2006, §8.1), so that sums stay additive. Where feeders are on file and phases are not, only pairs on one feeder
count.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from quanheng.metrology.energy_balance.losses import DOUBT, LEAST_GAIN, Lines, Located, bursts, restlessness
from quanheng.metrology.energy_balance.prior import ErrorPrior
from quanheng.metrology.energy_balance.solve import WITHIN, Posterior, solve
from quanheng.metrology.energy_balance.sums import Balance, NormalEquations, accumulate, weighted_rows

Array = NDArray[np.float64]
ANCHORS = 400  # more bring little; half of them leave intervals a fifth too short
_ALIKES_FOR_ONE = 5  # rows of data for each anchor
_BEGIN_SD = 0.1
_OWN_MEAN = 3.0  # by how many sd of a pair the mean of a feeder's pairs may differ from that of all
_OWN_WAY = 8.0  # variance of the resistance of a meter's own way, over that of what two meters share
_ALIKE = 0.03  # the same of what all ways of a meter have in common, its distance
_JITTER = 1e-9
_EVERY, _FEW = 3, 100  # rows and anchors that say whether it is worth while


def choose_anchors(energy: Array, most: int) -> Array:
    """Rows spread evenly over the window, at most one in five of them; (m, n)."""
    count = max(1, min(most, energy.shape[0] // _ALIKES_FOR_ONE))
    return energy[np.linspace(0, energy.shape[0] - 1, count).astype(np.int64)].copy()


def paired(energy: Array, anchors: Array, feeder: NDArray[np.int64], scale: float) -> Array:
    """Columns whose coefficients are independent, a priori N(0, sd²); kWh, shape (T, m) and one more for each feeder
    where there are several.

    energy : (T, n) net energy; anchors : (m, n) of the same meters; feeder : (n,) numbers from 0; scale : mean load
    """
    lines = int(feeder.max()) + 1
    among, across = np.zeros((anchors.shape[0],) * 2), np.zeros((energy.shape[0], anchors.shape[0]))
    for line in range(lines):
        own = feeder == line
        few, many = anchors[:, own] / scale, energy[:, own] / scale
        through = few.sum(axis=1)
        shared, met = few @ few.T, many @ few.T
        among += shared * (shared + _ALIKE * through[:, None] * through)
        across += met * (met + _ALIKE * many.sum(axis=1)[:, None] * through)
    few = (anchors / scale) ** 2
    among += _OWN_WAY * (few @ few.T)
    across += _OWN_WAY * ((energy / scale) ** 2 @ few.T)
    among[np.diag_indices_from(among)] += _JITTER * max(float(np.trace(among)) / among.shape[0], 1e-300)
    lower, bad = lapack.dpotrf(among, lower=1, clean=1)
    if bad:
        raise np.linalg.LinAlgError("the anchors of the loss are not positive definite")
    columns, _ = lapack.dtrtrs(lower, across.T, lower=1)
    out = columns.T * scale
    if lines > 1:
        member = np.zeros((feeder.size, lines))
        member[np.arange(feeder.size), feeder] = 1.0
        out = np.concatenate([out, (energy @ member) ** 2 * (_OWN_MEAN / scale)], axis=1)
    return np.asarray(out)


def locate_pairs(
    balance: Balance, variance: Array, lines: Lines, prior: ErrorPrior, plain: Posterior
) -> Located | None:
    """Fit the losses of pairs; None where the evidence does not ask for them.

    plain : posterior of the model with lumped loss only, on the same rows
    """
    if not _asked_for(balance, variance, lines, prior, plain):
        return None
    energy = balance.net_each()
    anchors = choose_anchors(energy, ANCHORS)
    columns, burst = paired(energy, anchors, lines.feeder, balance.scale), bursts(energy, lines.feeder)
    rows, layout = weighted_rows(balance, variance, columns)
    sums = accumulate(rows, variance, layout)
    best = _tuned(sums, prior, plain, _BEGIN_SD)
    rest = (rows[:, -1] - rows[:, :-1] @ best.coefficients(layout)) ** 2
    restless = restlessness(rest, burst / variance)
    whole = variance
    if restless > 0:
        whole = variance + restless * burst
        fresh_rows, _ = weighted_rows(balance, whole, columns)
        fresh_sums = accumulate(fresh_rows, whole, layout)
        fresh = _tuned(fresh_sums, prior, best, best.slope_sd)
        if fresh.evidence > best.evidence:
            best, sums, rows = fresh, fresh_sums, fresh_rows
        else:
            whole, restless = variance, 0.0
    if best.evidence < plain.evidence + LEAST_GAIN:
        return None
    best = best.moving(WITHIN * _own_loss(best, sums, anchors, lines, balance.scale), prior)
    return Located(best, sums, rows, 0.0, anchors, whole, restless)


def _own_loss(fit: Posterior, sums: NormalEquations, anchors: Array, lines: Lines, scale: float) -> Array:
    """What a meter's own current loses on its way, as a fraction of its energy, at the load at which it uses it.

    The resistance of that way is taken at its posterior mean, and by its prior sd larger: the data hardly tell it.
    """
    layout, n = sums.layout, sums.layout.meters
    single = paired(np.eye(n) * scale, anchors, lines.feeder, scale) / scale
    at = np.searchsorted(fit.nuisance_index, np.arange(layout.slope.start, layout.slope.stop))
    way = np.hypot(single @ fit.nuisance[at], fit.slope_sd * math.sqrt(1 + _OWN_WAY))
    constant = sums.gram[:n, layout.common.start + 2] / scale
    load = np.diag(sums.gram)[:n] / np.maximum(constant, 1e-300)
    return np.asarray(way * load / scale)


def _asked_for(balance: Balance, variance: Array, lines: Lines, prior: ErrorPrior, plain: Posterior) -> bool:
    """Whether few anchors on every third row already explain more than lumped losses do."""
    third = slice(None, None, _EVERY)
    few = replace(balance, imports=balance.imports[third], exports=balance.exports[third], master=balance.master[third])
    energy, weight = few.net_each(), variance[third]
    rows, layout = weighted_rows(few, weight, paired(energy, choose_anchors(energy, _FEW), lines.feeder, few.scale))
    sums = accumulate(rows, weight, layout)
    own = np.r_[0 : layout.quadratic.start, layout.y]
    without = NormalEquations(sums.gram[np.ix_(own, own)], sums.rows, sums.log_weight, replace(layout, pairs=0))
    bar = solve(without, prior, start=plain.sites, sigma0=plain.sigma, sweeps=3).evidence
    return solve(sums, prior, _BEGIN_SD, start=plain.sites, sigma0=plain.sigma, sweeps=3).evidence > bar - DOUBT


def _tuned(sums: NormalEquations, prior: ErrorPrior, near: Posterior, sd: float) -> Posterior:
    """The sd of a pair by the evidence (MacKay)."""
    fit = solve(sums, prior, sd, start=near.sites, sigma0=near.sigma, sweeps=8)
    for _ in range(4):
        at = np.searchsorted(fit.nuisance_index, np.arange(sums.layout.slope.start, sums.layout.slope.stop))
        told = np.clip(1 - fit.nuisance_variance[at] / fit.slope_sd**2, 1e-3, 1.0)
        wanted = math.sqrt(float((fit.nuisance[at] ** 2).sum() / told.sum()))
        wanted = float(np.clip(wanted, fit.slope_sd / 3, fit.slope_sd * 3))
        tried = solve(sums, prior, wanted, start=fit.sites, sigma0=fit.sigma, sweeps=6)
        gain = tried.evidence - fit.evidence
        if gain > 0:
            fit = tried
        if gain < 1.0:
            break
    return fit
