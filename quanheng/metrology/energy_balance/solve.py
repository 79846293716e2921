"""Posterior of the errors of one area from its sums: expectation propagation on a spike-and-slab prior.

Loss slopes, common mode and loss terms are normal nuisances and are integrated out exactly, so EP works on n by n.
The noise σ² follows from the data (MacKay's evidence update). See Minka 2001; Hernández-Lobato et al. 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from quanheng.metrology.energy_balance.prior import ErrorPrior, Tilted, tilt
from quanheng.metrology.energy_balance.sums import Layout, NormalEquations

Array = NDArray[np.float64]
COMMON_SD = (0.02, 0.1, 0.05)  # c, k, F as fractions of the mean load
_EXPORT_SD, _QUADRATIC_SD = 0.005, 0.1
_RENEW, _RENEW_NEAR = (1, 2, 3, 4, 5, 7, 9, 12), (1, 3, 6, 10)  # sweeps after which σ is estimated anew
WITHIN = 0.4  # how far loads move within an interval, as a fraction of the load in which a meter uses its energy
_LEAST_SITE = 1e-2  # 1/θ²: a site never says less than N(0, 10²)


@dataclass(frozen=True)
class Posterior:
    """Answer of :func:`solve`.

    theta, variance : (n,) moments of θ
    fitted : (n,) means of θ as the nuisances go with them, loads that move within an interval left out
    tilted : the posterior mixtures
    cavity_mean, cavity_variance : (n,) what the data say without the meter's own prior
    sigma : relative noise of a row
    nuisance, nuisance_variance : means and (with slopes) variances, columns `nuisance_index` of the sums
    evidence : log of the marginal likelihood (EP)
    sites : precision and shift of the sites, to start the next solve from
    gain : (n,) by how much the master sees a missing kilowatt-hour of a meter, its own loss included
    within : (n,) sd, in the cavity, of what loads that move within an interval lose, which looks like θ
    """

    theta: Array
    variance: Array
    fitted: Array
    tilted: Tilted
    cavity_mean: Array
    cavity_variance: Array
    sigma: float
    nuisance: Array
    nuisance_variance: Array
    nuisance_index: NDArray[np.int64]
    evidence: float
    sites: tuple[Array, Array]
    slope_sd: float
    sweeps: int
    lower: Array
    gain: Array
    within: Array

    def coefficients(self, layout: Layout) -> Array:
        """All coefficients in the columns of the sums (0 where a term is not in the model); (p − 1,)."""
        out = np.zeros(layout.y)
        out[: layout.meters] = self.fitted * self.gain
        out[self.nuisance_index] = self.nuisance
        return out

    def moving(self, within: Array, prior: ErrorPrior) -> Posterior:
        """The same with another `within`."""
        cavity = self.cavity_variance - self.within**2 + within**2
        tilted = tilt(prior, self.cavity_mean, cavity).shifted(np.full(within.size, prior.common))
        return replace(self, theta=tilted.mean, variance=tilted.variance, tilted=tilted, cavity_variance=cavity,
                       within=within)  # fmt: skip

    @property
    def covariance(self) -> Array:
        """Covariance of θ in the normal approximation; (n, n)."""
        return np.asarray(np.tril(self.lower) + np.tril(self.lower, -1).T)

    @property
    def error(self) -> Array:
        """e = 1/(1+θ) − 1; (n,)."""
        return np.asarray(1 / np.maximum(1 + self.theta, 1e-3) - 1)

    @property
    def u(self) -> Array:
        """Standard uncertainty of e: sd of the posterior mixture, carried over by |de/dθ|; (n,)."""
        return np.asarray(np.sqrt(self.variance) / np.maximum(1 + self.theta, 1e-3) ** 2)


def _inverse(matrix: Array) -> tuple[Array, float]:
    """Inverse (lower triangle only) and log-determinant of a positive definite matrix."""
    lower, bad = lapack.dpotrf(matrix, lower=1, clean=0)
    if bad:
        raise np.linalg.LinAlgError("the normal equations are not positive definite")
    log_det = 2.0 * float(np.log(np.diag(lower)).sum())
    inverse, _ = lapack.dpotri(lower, lower=1, overwrite_c=1)
    return inverse, log_det


class _Reduced:
    """The sums with the nuisances integrated out, for one σ²."""

    def __init__(self, sums: NormalEquations, slope_sd: float) -> None:
        layout = sums.layout
        index = list(range(layout.meters, layout.common.stop))
        precision = [1 / _EXPORT_SD**2] * layout.exporters + [1 / sd**2 for sd in COMMON_SD]
        if slope_sd > 0:
            index += range(layout.quadratic.start, layout.slope.stop)
            precision += [1 / _QUADRATIC_SD**2] * layout.feeders
            precision += [1 / slope_sd**2] * (layout.slope.stop - layout.slope.start)
        self.index, self.precision = np.array(index), np.array(precision)
        n, gram = layout.meters, sums.gram
        self.plain = gram[:n, :n], gram[:n, -1], gram[np.ix_(self.index, np.append(np.arange(n), layout.y))]
        self.inner = gram[np.ix_(self.index, self.index)]
        self.yy, self.rows, self.log_weight = float(gram[-1, -1]), sums.rows, sums.log_weight
        linear, square, first = layout.common.start, layout.common.start + 1, layout.exporters
        load = np.maximum(gram[:n, linear], 1e-300)
        self.level = gram[:n, square] / load  # load, as a multiple of the mean one, at which the meter uses energy
        constant = np.maximum(gram[:n, layout.common.start + 2], 1e-300)
        lines = max(layout.feeders, 1) if slope_sd > 0 else 1
        self.burst = lines * np.diag(gram)[:n] / constant  # that load, as a multiple of the mean of its line
        self.share = gram[linear, self.index] / max(float(gram[linear, linear]), 1e-300)  # of the energy, per unit
        self.linear, self.square = first, np.append(first + 1, np.arange(first + 3, self.index.size))
        self.use(np.ones(n))

    def gain_of(self, nuisance: Array) -> Array:
        """1 + the marginal loss of each meter: a kilowatt-hour that was not registered brings its own loss along."""
        return np.asarray(np.clip(1 + nuisance[self.linear] + 2 * self.square_loss(nuisance) * self.level, 0.8, 1.5))

    def square_loss(self, nuisance: Array) -> float:
        """Loss that goes with the square of the load, as a fraction of the energy."""
        return float(self.share[self.square] @ nuisance[self.square])

    def within(self, nuisance: Array) -> Array:
        """Sd of what loads that move within an interval lose beyond the square of their mean, which looks like θ."""
        return np.asarray(WITHIN * abs(self.square_loss(nuisance)) * self.burst)

    def use(self, gain: Array) -> None:
        """Scale the columns of the meters by their gains."""
        self.gain = gain
        own, shift, cross = self.plain
        self.own, self.shift = own * gain * gain[:, None], shift * gain
        self.cross = cross * np.append(gain, 1.0)

    def at(self, sigma2: float) -> None:
        """Integrate the nuisances out at this noise."""
        inner = self.inner / sigma2
        inner[np.diag_indices_from(inner)] += self.precision
        lower, bad = lapack.dpotrf(inner, lower=1, clean=1)
        if bad:
            raise np.linalg.LinAlgError("the nuisance terms are not positive definite")
        half, _ = lapack.dtrtrs(lower, self.cross / sigma2, lower=1)
        self.lower, self.half = lower, half
        product = half[:, :-1].T @ half
        self.a = self.own / sigma2 - product[:, :-1]
        self.b = self.shift / sigma2 - product[:, -1]
        log_det = 2 * float(np.log(np.diag(lower)).sum()) - float(np.log(self.precision).sum())
        self.constant = -0.5 * (
            self.rows * math.log(2 * math.pi * sigma2)
            - self.log_weight
            + log_det
            + self.yy / sigma2
            - float(half[:, -1] @ half[:, -1])
        )

    def nuisances(self, mean: Array) -> Array:
        """Posterior means of the nuisances given those of θ."""
        rest = self.half[:, -1] - self.half[:, :-1] @ mean
        out, _ = lapack.dtrtrs(self.lower, rest, lower=1, trans=1)
        return np.asarray(out)

    def residual_sum(self, mean: Array, nuisance: Array) -> float:
        """Weighted sum of squared residuals at the means."""
        rest = self.yy - 2 * float(self.shift @ mean) + float(mean @ self.own @ mean)
        against = self.cross[:, :-1] @ mean - self.cross[:, -1]
        return rest + 2 * float(nuisance @ against) + float(nuisance @ self.inner @ nuisance)

    def spread(self, covariance: Array) -> Array:
        """Posterior variances of the nuisances."""
        plain, _ = lapack.dpotri(self.lower, lower=1)
        back, _ = lapack.dtrtrs(self.lower, self.half[:, :-1], lower=1, trans=1)
        return np.asarray(np.diag(plain) + np.einsum("ij,ji->i", back, blas.dsymm(1.0, covariance, back.T, lower=1)))

    def used(self, covariance: Array, sites: Array) -> float:
        """Effective number of parameters: γ = p − tr(prior precision × posterior covariance)."""
        used = sites.size - float(sites @ np.diag(covariance))
        return used + self.precision.size - float(self.precision @ self.spread(covariance))


def solve(
    sums: NormalEquations, prior: ErrorPrior, slope_sd: float = 0.0, *,
    sigma: float | None = None, sigma0: float | None = None, gain: Array | None = None,
    within: Array | None = None, start: tuple[Array, Array] | None = None, sweeps: int = 40, tolerance: float = 5e-3,
) -> Posterior:  # fmt: skip
    """Posterior of θ.

    Parameters
    ----------
    sums : NormalEquations
    prior : ErrorPrior, one for all meters or one row of weights for each
    slope_sd : prior sd of the loss on the way to a meter, as a fraction of its energy; 0 leaves slopes out
    sigma : float, optional
        Fix the relative noise instead of estimating it; sigma0 is only where to begin.
    gain : (n,), optional
        Fix the gains; else they follow from the losses while σ is estimated, and are 1 where σ is fixed.
    within : (n,), optional
        Fix what :class:`Posterior` has under this name; else it follows from the losses.
    start : sites of an earlier solve
    sweeps, tolerance : EP stops when no mean moves by more than `tolerance` posterior sd

    Raises
    ------
    numpy.linalg.LinAlgError
        The sums are not those of a balance (not positive definite).
    """
    reduced = _Reduced(sums, slope_sd)
    n = sums.layout.meters
    if start is None:
        precision, shift = (
            np.full(n, 1 / float(prior.sds[np.argmax(np.atleast_2d(prior.weights)[0])]) ** 2),
            np.zeros(n),
        )
    else:
        precision, shift = start[0].copy(), start[1].copy()
    begin = sigma or sigma0
    sigma2 = begin**2 if begin else max(reduced.yy / max(reduced.rows, 1) * 0.05, 1e-10)
    if gain is not None:
        reduced.use(gain)
    reduced.at(sigma2)
    last, sweep, moved = np.zeros(n), 0, math.inf
    renew = _RENEW_NEAR if sigma0 else _RENEW
    for sweep in range(1, sweeps + 1):
        covariance, log_det = _inverse(reduced.a + np.diag(precision))
        mean = blas.dsymv(1.0, covariance, reduced.b + shift, lower=1)
        variance = np.diag(covariance).copy()
        cavity_precision = np.maximum(1 / variance - precision, 1e-6)
        cavity_variance = 1 / cavity_precision
        cavity_mean = cavity_variance * (mean / variance - shift)
        tilted = tilt(prior, cavity_mean, cavity_variance)
        settled = sigma is not None or (sweep > 2 and abs(moved) < 0.01)
        if sweep > 1 and settled and np.all(np.abs(tilted.mean - last) < tolerance * np.sqrt(tilted.variance)):
            break
        last = tilted.mean
        target = np.maximum(1 / tilted.variance - cavity_precision, _LEAST_SITE)
        damp = 1.0 if sweep < 3 else 0.8
        precision = (1 - damp) * precision + damp * target
        shift = (1 - damp) * shift + damp * (tilted.mean * (cavity_precision + target) - cavity_mean * cavity_precision)
        if sigma is None and sweep in renew and abs(moved) >= (0.002 if sweep < 4 else 0.01):
            nuisance = reduced.nuisances(mean)
            free = max(reduced.rows - reduced.used(covariance, 1 / variance - cavity_precision), 0.1 * reduced.rows)
            fresh = max(reduced.residual_sum(mean, nuisance) / free, 1e-14)
            moved = math.log(fresh / sigma2)
            sigma2 = fresh
            if gain is None:
                reduced.use(reduced.gain_of(nuisance))
            reduced.at(sigma2)
    own = 1 / variance - cavity_precision
    h = mean / variance - cavity_mean * cavity_precision
    grown = cavity_mean * cavity_precision + h
    lost = -0.5 * np.log1p(own * cavity_variance) + 0.5 * (grown**2 * variance - cavity_mean**2 * cavity_precision)
    evidence = reduced.constant + 0.5 * (n * math.log(2 * math.pi) - log_det) + 0.5 * float(mean @ (reduced.b + h))
    evidence += float((tilted.log_mass - lost).sum())
    nuisance = reduced.nuisances(mean)
    fitted = tilted.mean
    within = reduced.within(nuisance) if within is None else within
    cavity_variance = cavity_variance + within**2
    tilted = tilt(prior, cavity_mean, cavity_variance).shifted(np.full(n, prior.common))
    return Posterior(
        theta=tilted.mean, variance=tilted.variance, fitted=fitted, tilted=tilted, cavity_mean=cavity_mean,
        cavity_variance=cavity_variance, sigma=math.sqrt(sigma2), nuisance=nuisance,
        nuisance_variance=reduced.spread(covariance) if slope_sd else np.zeros(reduced.index.size),
        nuisance_index=reduced.index, evidence=evidence, sites=(precision, shift), slope_sd=slope_sd,
        sweeps=sweep, lower=covariance, gain=reduced.gain, within=within,
    )  # fmt: skip
