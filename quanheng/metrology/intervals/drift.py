"""Intervals from measured drift: polynomials through zero (NASA-HDBK-8739.19-5, 7) and a Gaussian process."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite, least_squares, uncertainties
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Polynomial(Result, cites="NASA-HDBK-8739.19-5, 7"):
    """Drift since calibration, b1 t + b2 t² + …, with covariance and residual standard deviation s."""

    b: Floats
    covariance: Floats
    s: float
    dof: int

    def value(self, t: float) -> float:
        """Drift after `t`."""
        return float(self._row(t) @ self.b)

    def u_prediction(self, t: float) -> float:
        """Standard uncertainty of one future drift after `t`: scatter and fit."""
        row = self._row(t)
        return math.sqrt(self.s**2 + float(row @ self.covariance @ row))

    def _row(self, t: float) -> Floats:
        return np.power(float(t), np.arange(1, len(self.b) + 1, dtype=np.float64))


@recorded
def polynomial(t: object, change: object, order: int = 1) -> Polynomial:
    """Least squares through zero of changes observed after times `t` since calibration; order 1 to 3."""
    times, y = finite(t, "t"), finite(change, "change")
    n = len(times)
    if len(y) != n:
        raise InputError("length", f"change must have {n} entries, found {len(y)}", "change")
    if not 1 <= order <= 3:
        raise InputError("range", f"order is {order}; it must be 1 to 3", "order")
    if n <= order:
        raise InputError("length", f"order {order} needs more than {order} changes, found {n}", "change")
    if (times <= 0).any():
        raise InputError("range", "every time since calibration must be above zero", "t")
    scale = float(times.max())
    design = (times / scale)[:, None] ** np.arange(1, order + 1)
    if np.linalg.matrix_rank(design) < order:
        raise InputError("zero_variance", f"order {order} needs at least {order} different times", "t")
    b = least_squares(design, y)
    s2 = float(((y - design @ b) ** 2).sum()) / (n - order)
    if s2 == 0:
        raise InputError("zero_variance", "the changes lie exactly on the curve; their scatter is unknown", "change")
    unit = scale ** -np.arange(1.0, order + 1)
    covariance = np.linalg.inv(design.T @ design) * s2 * np.outer(unit, unit)
    return Polynomial(b * unit, covariance, math.sqrt(s2), n - order)


@dataclass(frozen=True)
class DriftInterval(Result, cites="NASA-HDBK-8739.19-5, 7"):
    """An interval; None where the limit is not reached up to the horizon, 0 where it is passed at the start."""

    interval: float | None
    rule: str


@recorded
def uncertainty_target(line: Polynomial, u0: float, target: float, horizon: float) -> DriftInterval:
    """Time until sqrt(u0² + u_prediction²) reaches the target uncertainty."""
    if not (math.isfinite(u0) and u0 >= 0 and math.isfinite(target) and target > 0):
        raise InputError("range", "u0 must not be negative and the target must be above zero", "u_target")

    def room(t: float) -> float:
        return target - math.hypot(u0, line.u_prediction(t))

    return DriftInterval(_first_zero(room, horizon), "sqrt(u0² + u_prediction²) reaches the target uncertainty")


@recorded
def reliability_target(
    line: Polynomial,
    u0: float,
    y0: float,
    *,
    low: float | None,
    high: float | None,
    confidence: float,
    horizon: float,
) -> DriftInterval:
    """Time until the band y0 + drift ± k u leaves [low, high]; k is Student's t, one-sided for one limit."""
    if low is None and high is None:
        raise InputError("missing", "needs low, high or both", "limits")
    if not 0 < confidence < 1:
        raise InputError("range", f"confidence is {confidence:g}; it lies between 0 and 1", "confidence")
    sided = (1 + confidence) / 2 if low is not None and high is not None else confidence
    k = quantiles.t_ppf(sided, line.dof)

    def room(t: float) -> float:
        half = k * math.hypot(u0, line.u_prediction(t))
        middle = y0 + line.value(t)
        above = math.inf if high is None else high - middle - half
        below = math.inf if low is None else middle - half - low
        return min(above, below)

    found = _first_zero(room, horizon)
    rule = f"y0 + drift ± {k:.3f} u leaves the limits"
    if found == 0:
        rule = "the band is outside the limits from the start: no interval meets the target"
    return DriftInterval(found, rule)


@dataclass(frozen=True)
class Process(Result):
    """Gaussian process of an instrument's error: offset, drift rate and random walk, given calibrations with u.

    s_offset, s_rate, s_walk : prior standard deviations (s_walk per square root of time), found by marginal likelihood.
    """

    t: Floats
    y: Floats
    u: Floats
    s_offset: float
    s_rate: float
    s_walk: float
    log_likelihood: float

    def predict(self, at: Floats) -> tuple[Floats, Floats]:
        """Mean and standard uncertainty of the error at times `at`."""
        where = np.asarray(at, dtype=np.float64)
        p = (self.s_offset, self.s_rate, self.s_walk)
        k = _kernel(self.t, self.t, p) + np.diag(self.u**2)
        cross = _kernel(where, self.t, p)
        factor = linalg.cho_factor(k, lower=True)
        mean = cross @ linalg.cho_solve(factor, self.y)
        own = self.s_offset**2 + (self.s_rate * where) ** 2 + self.s_walk**2 * where
        variance = own - (cross * linalg.cho_solve(factor, cross.T).T).sum(axis=1)
        return mean, np.sqrt(np.clip(variance, 0.0, None))


def _kernel(a: Floats, b: Floats, p: tuple[float, float, float]) -> Floats:
    offset, rate, walk = p
    return np.asarray(offset**2 + rate**2 * np.outer(a, b) + walk**2 * np.minimum.outer(a, b))


def gaussian_process(t: object, y: object, u: object) -> Process:
    """Learn the process from at least three calibrations at increasing times, the first of them time zero or later."""
    times, errors = finite(t, "t"), finite(y, "errors")
    n = len(times)
    if len(errors) != n or n < 3:
        raise InputError("length", "t and errors need the same number of entries, at least 3", "errors")
    spread = uncertainties(u, "u", n)
    if (np.diff(times) <= 0).any() or times[0] < 0:
        raise InputError("order", "t must start at zero or later and increase", "t")
    size = max(float(np.abs(errors).max()), float(spread.max()))
    span = float(times[-1])
    noise = np.diag((spread / size) ** 2)
    x, z = times / span, errors / size

    def cost(log_p: Floats) -> float:
        rate, walk = (float(v) for v in np.exp(np.clip(log_p, -15, 5)))
        k = _kernel(x, x, (2.0, rate, walk)) + noise
        try:
            factor = linalg.cho_factor(k, lower=True)
        except linalg.LinAlgError:
            return 1e30
        fit = 0.5 * float(z @ linalg.cho_solve(factor, z)) + float(np.log(np.diag(factor[0])).sum())
        # a weak prior: neither drift nor walk is exactly nothing, neither is far beyond the errors seen
        return fit + 0.5 * float(((log_p + 1.0) ** 2).sum()) / 4.0

    starts = ((-1.0, -1.0), (0.5, -4.0), (-4.0, 0.5), (-4.0, -4.0))
    best = min((optimize.minimize(cost, np.array(s), method="Nelder-Mead") for s in starts), key=lambda r: r.fun)
    rate, walk = (float(v) for v in np.exp(np.clip(best.x, -15, 5)))
    return Process(
        times, errors, spread, 2.0 * size, rate * size / span, walk * size / math.sqrt(span), -float(best.fun)
    )


@recorded
def process_interval(process: Process, mpe: float, target: float, horizon: float) -> DriftInterval:
    """Time after the last calibration until P(|error| <= mpe) falls below the target."""
    if not (math.isfinite(mpe) and mpe > 0):
        raise InputError("range", f"mpe is {mpe:g}; it must be above zero", "mpe")
    if not 0 < target < 1:
        raise InputError("range", f"target is {target:g}; a probability lies between 0 and 1", "target")
    found = _first_zero(lambda dt: float(within(process, np.array([dt]), mpe)[0]) - target, horizon)
    rule = f"P(|error| <= MPE) falls below {target:g}"
    if found == 0:
        rule = f"P(|error| <= MPE) is below {target:g} at the last calibration: adjust or repair first"
    return DriftInterval(found, rule)


def within(process: Process, after: Floats, mpe: float) -> Floats:
    """P(|error| <= mpe) at times `after` the last calibration."""
    mean, u = process.predict(process.t[-1] + np.asarray(after, dtype=np.float64))
    u = np.maximum(u, 1e-300)
    return np.asarray(special.ndtr((mpe - mean) / u) - special.ndtr((-mpe - mean) / u))


def _first_zero(room: Callable[[float], float], horizon: float) -> float | None:
    """First time at which `room` is used up; 0 at the start, None beyond the horizon."""
    if room(0.0) <= 0:
        return 0.0
    grid = horizon * np.linspace(0.0, 1.0, 2001)[1:]
    last = 0.0
    for t in grid:
        if room(float(t)) <= 0:
            return float(optimize.brentq(room, last, float(t), xtol=1e-10 * horizon))
        last = float(t)
    return None
