"""The travelling standard: its drift and stability from the pilot's repeated measurements (JJF 1117-2010, 4.4, 6.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite, uncertainties
from quanheng.metrology.results import Result, recorded

MODES = ("auto", "always", "never")


@dataclass(frozen=True)
class Drift(Result, cites="JJF 1117-2010, 4.4, 6.3"):
    """Straight line through the pilot's checks.

    slope, u_slope : change per unit of time and its standard uncertainty
    t0, level : time and value of the centre of the line
    residual : standard deviation of the checks about the line (0 with two checks)
    significant : whether the slope differs from zero at 95 %
    change : largest difference between checks
    """

    slope: float
    u_slope: float
    t0: float
    level: float
    residual: float
    significant: bool
    change: float
    dof: int


@recorded
def drift(t: object, y: object, u: object | None = None) -> Drift:
    """Weighted (with `u`) or ordinary least squares line through checks at times `t`; at least two different times.

    With `u` the slope's uncertainty is the larger of the one propagated and the one the scatter shows.
    """
    times, values = finite(t, "travelling.t", at_least=2), finite(y, "travelling.y", at_least=2)
    n = len(times)
    if len(values) != n:
        raise InputError("length", f"travelling.y must have {n} entries, found {len(values)}", "travelling.y")
    if u is None and n < 3:
        raise InputError("length", "travelling needs u, or at least 3 checks to judge their scatter", "travelling.t")
    spread = np.ones(n) if u is None else uncertainties(u, "travelling.u", n)
    w = (spread.min() / spread) ** 2
    t0, level = float(w @ times / w.sum()), float(w @ values / w.sum())
    sxx = float(w @ (times - t0) ** 2)
    if sxx == 0:
        raise InputError("zero_variance", "travelling.t must hold at least two different times", "travelling.t")
    slope = float(w @ ((times - t0) * (values - level)) / sxx)
    rest = values - level - slope * (times - t0)
    variance = float(w @ rest**2 / (n - 2)) if n > 2 else 0.0
    scatter = math.sqrt(variance / sxx)
    claimed = 0.0 if u is None else float(spread.min() / math.sqrt(sxx))
    u_slope = max(scatter, claimed)
    factor = quantiles.t_ppf(0.975, n - 2) if scatter >= claimed and n > 2 else 1.959963984540054
    significant = abs(slope) > factor * u_slope
    change = float(np.ptp(values))
    return Drift(slope, u_slope, t0, level, math.sqrt(variance), significant, change, n - 2)


@dataclass(frozen=True)
class Corrected(Result, cites="JJF 1117-2010, 4.4, 6.3"):
    """Results brought to the reference time with their covariance."""

    x: Floats
    v: Floats
    correction: Floats
    applied: bool
    drift: Drift | None
    stable: bool | None


@recorded
def correct(x: Floats, v: Floats, t: Floats, line: Drift, mode: str = "auto", u_transfer: float = 0.0) -> Corrected:
    """Subtract the drift since the centre of the checks.

    The slope is shared, so it correlates all participants: V_ij grows by (t_i - t0)(t_j - t0) u²(slope). Without a
    correction the drift that may hide, at one standard uncertainty of the slope, is counted in the same way.
    `u_transfer` is the standard uncertainty of the standard's stability, each participant's own.

    mode : {"auto", "always", "never"}
        ``auto`` corrects when the slope is significant.
    """
    if mode not in MODES:
        place = "travelling.correct"
        raise InputError("choice", f"{place} {mode!r} is not one of {', '.join(MODES)}", place)
    applied = mode == "always" or (mode == "auto" and line.significant)
    lever = t - line.t0
    correction = -line.slope * lever if applied else np.zeros(len(x))
    widened = v + np.outer(lever, lever) * line.u_slope**2 + np.eye(len(x)) * u_transfer**2
    smallest = 2.0 * float(np.sqrt(np.diag(v)).min())
    return Corrected(x + correction, widened, correction, applied, line, line.change <= smallest / 3.0)
