"""Methods S1, S2, S3 (NCSLI RP-1): a model of reliability over time, fitted by likelihood, read where it meets the
target.

S1 takes one exponential. S2 takes pass and fail counts by interval and the best of eight models. S3 takes each
instrument's own sequence: where only failures are renewed, time runs on through passes and the failure lies between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite
from quanheng.metrology.results import recorded

Model = Callable[[Floats, Floats], Floats]
_TINY = 1e-300
_LEAST = 1e-12


def _gamma(t: Floats, p: Floats) -> Floats:
    x = p[0] * t
    return np.asarray(np.exp(-x) * (1 + x + x**2 / 2 + x**3 / 6))


def _warranty(t: Floats, p: Floats) -> Floats:
    return np.asarray(special.expit(-p[0] * (t - p[1])))


# name → (reliability of times t with parameters above zero, how many)
MODELS: dict[str, tuple[Model, int]] = {
    "exponential": (lambda t, p: np.asarray(np.exp(-p[0] * t)), 1),
    "weibull": (lambda t, p: np.asarray(np.exp(-((p[0] * t) ** p[1]))), 2),
    "mixed-exponential": (lambda t, p: np.asarray((1 + p[0] * t) ** -p[1]), 2),
    "random-walk": (lambda t, p: np.asarray(special.erf(1 / np.sqrt(2 * (p[0] + p[1] * t)))), 2),
    "modified-gamma": (_gamma, 1),
    "mortality-drift": (lambda t, p: np.asarray(np.exp(-(p[0] * t + p[1] * t**2))), 2),
    "warranty": (_warranty, 2),
    "lognormal": (lambda t, p: np.asarray(special.ndtr(-np.log(np.maximum(p[0] * t, _TINY)) / p[1])), 2),
}


@dataclass(frozen=True)
class Counts:
    """Calibrations by interval: `n` made after time `t`, `passed` of them in tolerance (arrays of one length)."""

    t: Floats
    n: Floats
    passed: Floats


@dataclass(frozen=True)
class Sequences:
    """Times between calibrations and results of each instrument, in order; `renew_all` or only after a failure."""

    histories: tuple[tuple[Floats, tuple[bool, ...]], ...]
    renew_all: bool

    @cached_property
    def steps(self) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """Of all calibrations: time since renewal there and at the one before, whether that one renewed, and result."""
        ends, starts = [], []
        for times, passed in self.histories:
            clock = 0.0
            for step, good in zip(times.tolist(), passed, strict=True):
                starts.append(clock)
                ends.append(clock + step)
                clock = ends[-1] if good and not self.renew_all else 0.0
        before = np.array(starts)
        result = np.array([good for _, passed in self.histories for good in passed])
        return np.array(ends), np.maximum(before, _TINY), before == 0, result


@dataclass(frozen=True)
class Fit:
    """One fitted model: log-likelihood, AIC, covariance of the logarithms of its parameters (None: undetermined)."""

    model: str
    parameters: Floats
    log_likelihood: float
    aic: float
    covariance: Floats | None

    def reliability(self, t: Floats) -> Floats:
        """Reliability after times `t`."""
        return MODELS[self.model][0](np.asarray(t, dtype=np.float64), self.parameters)

    def standard_error(self, t: float) -> float:
        """Standard uncertainty of the reliability after `t` by first-order propagation; NaN where unknown."""
        if self.covariance is None:
            return math.nan
        slope = np.array([self._slope(t, i) for i in range(len(self.parameters))])
        return math.sqrt(max(0.0, float(slope @ self.covariance @ slope)))

    def _slope(self, t: float, i: int) -> float:
        at, step = np.array([t]), 1e-5
        up, down = self.parameters.copy(), self.parameters.copy()
        up[i], down[i] = up[i] * math.exp(step), down[i] * math.exp(-step)
        model = MODELS[self.model][0]
        return float((model(at, up) - model(at, down))[0] / (2 * step))


@dataclass(frozen=True)
class Reliability:
    """Best model, all fits by AIC, the interval at the target with its band, and how well the data agree (deviance)."""

    best: Fit
    fits: tuple[Fit, ...]
    interval: float | None
    low: float | None
    high: float | None
    deviance: float
    dof: int
    p: float | None
    notes: tuple[str, ...] = field(default=())


def counts(t: object, n: object, passed: object) -> Counts:
    """Validated counts by interval."""
    times, made, good = finite(t, "t"), finite(n, "n"), finite(passed, "passed")
    if not len(times) == len(made) == len(good):
        raise InputError("length", "t, n and passed need the same number of entries", "passed")
    if (times <= 0).any():
        raise InputError("range", "every time must be above zero", "t")
    if (made < 1).any() or (good < 0).any() or (good > made).any() or (made % 1).any() or (good % 1).any():
        raise InputError("range", "passed lies between 0 and n, n is at least 1, both are counts", "passed")
    if good.sum() == made.sum():
        raise InputError(
            "no_failure", "no failure was seen, so no model of reliability can be fitted; use binomial", "n"
        )
    if good.sum() == 0:
        raise InputError("no_pass", "no calibration was in tolerance; the interval is too long for any model", "n")
    return Counts(times, made, good)


def sequences(histories: Sequence[tuple[object, Sequence[bool]]], renew_all: bool) -> Sequences:
    """Validated sequences of instruments."""
    found = []
    for i, (t, passed) in enumerate(histories):
        times = finite(t, f"histories[{i}].t")
        if len(passed) != len(times) or (times <= 0).any():
            rule = "needs one result for each time between calibrations, each above zero"
            raise InputError("length", rule, f"histories[{i}]")
        found.append((times, tuple(bool(p) for p in passed)))
    if not found:
        raise InputError("length", "histories is empty", "histories")
    every = [p for _, results in found for p in results]
    if all(every) or not any(every):
        raise InputError("no_failure", "needs at least one pass and one failure in all histories", "histories")
    return Sequences(tuple(found), renew_all)


def _log_likelihood(data: Counts | Sequences, reliability: Callable[[Floats], Floats]) -> float:
    if isinstance(data, Counts):
        r = np.clip(reliability(data.t), _LEAST, 1 - _LEAST)
        return float(data.passed @ np.log(r) + (data.n - data.passed) @ np.log1p(-r))
    ends, starts, renewed, good = data.steps
    before = np.where(renewed, 1.0, reliability(starts))
    share = np.clip(reliability(ends) / np.maximum(before, _TINY), _LEAST, 1 - _LEAST)
    return float(np.log(share[good]).sum() + np.log1p(-share[~good]).sum())


def fit(data: Counts | Sequences, model: str) -> Fit:
    """Maximum likelihood of one model, from several starting points."""
    function, size = MODELS[model]
    scale = _scale(data)

    def cost(log_p: Floats) -> float:
        p = np.exp(np.clip(log_p, -60, 60))
        with np.errstate(all="ignore"):
            value = -_log_likelihood(data, lambda t: function(t / scale, p))
        return value if math.isfinite(value) else 1e30

    fine = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000}
    best = None
    for start in (-2.0, 0.0, 1.0):
        for second in (-1.5, 0.0, 1.0) if size == 2 else (0.0,):
            guess = np.array([start, second][:size])
            found = optimize.minimize(cost, guess, method="Nelder-Mead", options=fine)
            if best is None or found.fun < best.fun:
                best = found
    if best is None:
        raise InputError("no_fit", f"{model} could not be fitted", "model")
    parameters = _unscale(model, np.exp(np.clip(best.x, -60, 60)), scale)
    covariance = _covariance(cost, best.x)
    return Fit(model, parameters, -float(best.fun), 2 * size + 2 * float(best.fun), covariance)


def _scale(data: Counts | Sequences) -> float:
    if isinstance(data, Counts):
        return float(np.average(data.t, weights=data.n))
    return float(np.mean(np.concatenate([t for t, _ in data.histories])))


def _unscale(model: str, p: Floats, scale: float) -> Floats:
    """Parameters for times in the unit of the request; the fit runs in times divided by `scale`."""
    powers = {
        "random-walk": (0, -1),
        "mortality-drift": (-1, -2),
        "warranty": (-1, 1),
    }.get(model, (-1, 0))
    return np.asarray(p * np.power(scale, np.array(powers[: len(p)], dtype=np.float64)))


def _covariance(cost: Callable[[Floats], float], at: Floats) -> Floats | None:
    """Inverse of the observed information of the logarithms; a parameter at its boundary is held there (zeros).

    None where what remains is not determined.
    """
    size, step = len(at), 1e-3
    hessian = np.empty((size, size))
    eye = np.eye(size) * step
    for i in range(size):
        for j in range(i, size):
            corners = cost(at + eye[i] + eye[j]) - cost(at + eye[i] - eye[j])
            corners += cost(at - eye[i] - eye[j]) - cost(at - eye[i] + eye[j])
            hessian[i, j] = hessian[j, i] = corners / (4 * step * step)
    if not np.isfinite(hessian).all():
        return None
    free = np.flatnonzero(np.abs(np.diag(hessian)) > 1e-6)
    inner = hessian[np.ix_(free, free)]
    if not len(free) or np.linalg.eigvalsh(inner)[0] <= 0:
        return None
    out = np.zeros((size, size))
    out[np.ix_(free, free)] = np.linalg.inv(inner)
    return out


@recorded
def reliability(
    data: Counts | Sequences, target: float, *, models: Sequence[str] = tuple(MODELS), confidence: float = 0.95
) -> Reliability:
    """Fit the models, take the one of least AIC, and find the interval at which it meets the target.

    Parameters
    ----------
    target : float
        Reliability at the end of the interval, between 0 and 1.
    confidence : float
        Two-sided, of the band of reliability whose crossings give `low` and `high`.
    """
    if not 0 < target < 1:
        raise InputError("range", f"target is {target:g}; a reliability lies between 0 and 1", "target")
    unknown = [m for m in models if m not in MODELS]
    if unknown or not models:
        raise InputError("choice", f"models knows {', '.join(MODELS)}; found {', '.join(unknown) or 'none'}", "models")
    fits = tuple(sorted((fit(data, m) for m in models), key=lambda f: f.aic))
    best = fits[0]
    z = float(special.ndtri((1 + confidence) / 2))
    horizon = 1000 * _scale(data)
    notes = []
    interval = _meets(lambda t: float(best.reliability(np.array([t]))[0]), target, horizon)
    if interval is None:
        notes.append("reliability stays above the target as far as can be told")
    elif interval == 0:
        notes.append("reliability starts below the target: no interval meets it")
    low = high = None
    if best.covariance is None:
        notes.append("the data do not determine the parameters, so no band is given")
    else:
        low = _meets(lambda t: float(best.reliability(np.array([t]))[0]) - z * best.standard_error(t), target, horizon)
        high = _meets(lambda t: float(best.reliability(np.array([t]))[0]) + z * best.standard_error(t), target, horizon)
    deviance, dof, p = _deviance(data, best)
    if p is not None and p < 0.05:
        notes.append(f"the model does not describe the data (deviance {deviance:.3g} with {dof} dof)")
    return Reliability(best, fits, interval, low, high, deviance, dof, p, tuple(notes))


def _meets(curve: Callable[[float], float], target: float, horizon: float) -> float | None:
    """First time at which a falling curve meets the target; 0 where it starts below, None beyond the horizon."""
    grid = horizon * np.logspace(-7, 0, 400)
    values = np.array([curve(float(t)) for t in grid])
    below = np.flatnonzero(values < target)
    if not below.size:
        return None
    if below[0] == 0:
        return 0.0
    return float(optimize.brentq(lambda t: curve(t) - target, grid[below[0] - 1], grid[below[0]], xtol=1e-12 * horizon))


def _deviance(data: Counts | Sequences, best: Fit) -> tuple[float, int, float | None]:
    if isinstance(data, Sequences):
        return math.nan, 0, None
    r = np.clip(best.reliability(data.t), _LEAST, 1 - _LEAST)
    g, n = data.passed, data.n
    parts = special.xlogy(g, g / (n * r)) + special.xlogy(n - g, (n - g) / (n * (1 - r)))
    deviance, dof = float(2 * parts.sum()), len(n) - len(best.parameters)
    return deviance, dof, quantiles.chi2_sf(deviance, dof) if dof > 0 else None


@dataclass(frozen=True)
class Cost:
    """Interval of least cost per unit of time, the cost there, and the curve (t, cost)."""

    interval: float
    cost: float
    t: Floats
    curve: Floats


@recorded
def least_cost(best: Fit, calibration: float, out_of_tolerance: float, horizon: float) -> Cost:
    """Cost rate: calibration / t + out_of_tolerance x mean share of time out of tolerance between 0 and t.

    Parameters
    ----------
    calibration : float
        Cost of one calibration.
    out_of_tolerance : float
        Cost of one unit of time in use out of tolerance.
    """
    for name, value in (("calibration", calibration), ("out_of_tolerance", out_of_tolerance)):
        if not (math.isfinite(value) and value > 0):
            raise InputError("range", f"costs.{name} is {value:g}; it must be above zero", f"costs.{name}")
    t = horizon * np.linspace(1e-3, 1.0, 4000)
    r = best.reliability(t)
    lost = np.concatenate([[0.0], np.cumsum((2 - r[1:] - r[:-1]) / 2 * np.diff(t))]) + (1 - r[0]) * t[0] / 2
    curve = calibration / t + out_of_tolerance * lost / t
    at = int(curve.argmin())
    return Cost(float(t[at]), float(curve[at]), t, curve)
