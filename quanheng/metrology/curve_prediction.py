"""Using a calibration function both ways (ISO/TS 28037:2010, clause 11; ISO 6143:2001, 5.2.4, 6.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.calibration_curve import Fit
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.vectors import Floats

_GRID = 400
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Prediction(Result, cites="ISO/TS 28037:2010, 11"):
    """One use: `given` says which was known, u is that of the other, `row` its sensitivities to the parameters."""

    given: str
    x: float
    y: float
    u: float
    row: Floats
    inside: bool


@recorded
def y_at(fit: Fit, x: float, u: float) -> Prediction:
    """y = f(x) with the uncertainty of x and of the function (ISO/TS 28037, 11.3)."""
    at = np.array([x])
    row = fit.family.by_parameters(at, fit.parameters)[0]
    slope = float(fit.family.slope(at, fit.parameters)[0])
    value = float(fit.family.value(at, fit.parameters)[0])
    variance = float(row @ fit.covariance @ row) + (slope * u) ** 2
    return Prediction("x", x, value, _root(variance, value), row, _inside(fit, x))


@recorded
def x_at(fit: Fit, y: float, u: float) -> Prediction:
    """The x whose f(x) is y, with the uncertainty of y and of the function (ISO/TS 28037, 11.2)."""
    x = _solve(fit, y)
    at = np.array([x])
    slope = float(fit.family.slope(at, fit.parameters)[0])
    if _flat(fit, slope):
        raise InputError("predict", f"the curve is flat at y = {y:g}; x cannot be found there", "predict")
    row = fit.family.by_parameters(at, fit.parameters)[0] / -slope
    variance = float(row @ fit.covariance @ row) + (u / slope) ** 2
    return Prediction("y", x, y, _root(variance, x), row, _inside(fit, x))


def covariance(fit: Fit, predictions: tuple[Prediction, ...]) -> Floats:
    """Covariance of several predictions, which share the function (ISO 6143, annex B)."""
    rows = np.array([p.row for p in predictions]).reshape(len(predictions), -1)
    found = rows @ fit.covariance @ rows.T
    for i, p in enumerate(predictions):
        found[i, i] = p.u**2
    return np.asarray(found)


def _flat(fit: Fit, slope: float) -> bool:
    """Whether the slope is no more than the rounding of y over the calibrated range."""
    ends = np.array([fit.adjusted_x.min(), fit.adjusted_x.max()])
    return bool(abs(slope) * (ends[1] - ends[0]) <= _ROUNDING * np.abs(fit.family.value(ends, fit.parameters)).max())


def _inside(fit: Fit, x: float) -> bool:
    reach = 1e-9 * float(np.ptp(fit.adjusted_x))
    return bool(fit.adjusted_x.min() - reach <= x <= fit.adjusted_x.max() + reach)


def _root(variance: float, value: float) -> float:
    if not (np.isfinite(variance) and np.isfinite(value)):
        raise InputError("predict", "the function has no finite value there", "predict")
    return float(np.sqrt(max(variance, 0.0)))


def _solve(fit: Fit, y: float) -> float:
    """The crossing over the calibrated range, or a little beyond it; refused where there is none or more than one."""
    low, high = float(fit.adjusted_x.min()), float(fit.adjusted_x.max())
    if fit.family.size == 2:
        middle = np.array([(low + high) / 2])
        slope = float(fit.family.slope(middle, fit.parameters)[0])
        if _flat(fit, slope):
            raise InputError("predict", "the line is flat; x cannot be found from y", "predict")
        return float(middle[0] + (y - fit.family.value(middle, fit.parameters)[0]) / slope)
    for margin in (0.0, 0.1):
        reach = margin * (high - low)
        grid = np.linspace(low - reach, high + reach, _GRID + 1)
        with np.errstate(all="ignore"):
            gap = fit.family.value(grid, fit.parameters) - y
        steps = [i for i in range(_GRID) if gap[i] == 0 or gap[i] * gap[i + 1] < 0]
        if len(steps) > 1:
            raise InputError("predict", f"y = {y:g} belongs to {len(steps)} values of x; the curve turns", "predict")
        if steps or gap[-1] == 0:
            return _halve(fit, y, grid, steps[0] if steps else _GRID - 1)
    raise InputError("predict", f"y = {y:g} lies outside the calibrated range", "predict")


def _halve(fit: Fit, y: float, grid: Floats, i: int) -> float:
    low, high = float(grid[i]), float(grid[i + 1])
    sign = 1.0 if fit.family.value(np.array([high]), fit.parameters)[0] > y else -1.0
    for _step in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if sign * (fit.family.value(np.array([middle]), fit.parameters)[0] - y) < 0:
            low = middle
        else:
            high = middle
    return high
