"""Stability of a reference material by regression on time (ISO Guide 35:2017 8.7; ISO 33405:2024; JJF 1343-2022).

Without a significant trend the stability uncertainty is the standard error of the slope times the shelf life; with one
the material is not stable, and the answer says from when on its change exceeds what may be tolerated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite, uncertainties
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.roots import rising_root


@dataclass(frozen=True)
class Line(Result, cites="ISO Guide 35:2017, 8.7"):
    """Straight line y = a + b t with its covariance; `s` is the residual standard deviation."""

    a: float
    b: float
    u_a: float
    u_b: float
    cov_ab: float
    s: float
    dof: int
    t_mean: float
    y_mean: float

    @property
    def t(self) -> float:
        """|b| / u(b)."""
        return abs(self.b) / self.u_b if self.u_b else math.inf

    @property
    def p(self) -> float:
        """Probability of a larger |t| if nothing changed."""
        return 2 * quantiles.t_sf(self.t, self.dof)

    @property
    def critical(self) -> float:
        """Student's t at 95 %, two-sided."""
        return quantiles.t_ppf(0.975, self.dof)

    def value(self, at: float) -> tuple[float, float]:
        """Line and its standard uncertainty at time `at`."""
        variance = self.u_a**2 + 2 * at * self.cov_ab + (at * self.u_b) ** 2
        return self.a + self.b * at, math.sqrt(max(0.0, variance))


@recorded
def fit(t: object, y: object, u: object | None = None) -> Line:
    """Least squares line through results `y` at times `t`; weights 1/u² where uncertainties are given.

    At least three results at two or more times. Scatter about the line, never the claimed u, gives the uncertainties.
    """
    times, values = finite(t, "t"), finite(y, "y")
    n = len(times)
    if len(values) != n:
        raise InputError("length", f"y must have {n} entries, one for each time, found {len(values)}", "y")
    if n < 3:
        raise InputError("length", f"t has {n}; a stability study needs at least 3 results", "t")
    w = np.ones(n) if u is None else (lambda s: (s.min() / s) ** 2)(uncertainties(u, "u", n))
    sum_w = float(w.sum())
    t_mean, y_mean = float(w @ times) / sum_w, float(w @ values) / sum_w
    sxx = float(w @ (times - t_mean) ** 2)
    if sxx == 0:
        raise InputError("zero_variance", "t must hold at least two different times", "t")
    b = float(w @ ((times - t_mean) * (values - y_mean))) / sxx
    rest = values - y_mean - b * (times - t_mean)
    s2 = float(w @ rest**2) / (n - 2)
    if s2 <= (1e-15 * float(np.abs(values).max() or 1.0)) ** 2:
        rule = "the results lie exactly on a line, so their scatter gives no uncertainty; check the resolution"
        raise InputError("zero_variance", rule, "y")
    u_b = math.sqrt(s2 / sxx)
    u_a = math.sqrt(s2 * (1 / sum_w + t_mean**2 / sxx))
    return Line(y_mean - b * t_mean, b, u_a, u_b, -t_mean * s2 / sxx, math.sqrt(s2), n - 2, t_mean, y_mean)


@dataclass(frozen=True)
class Stability(Result, cites="ISO Guide 35:2017, 8.7"):
    """Stability over a shelf life.

    stable : the slope does not differ from zero at 95 %
    u : u(b) times the shelf life (Guide 35:2017, 8.7.3); None where a trend forbids it
    change : b times the shelf life, what the trend would do
    longest : the longest shelf life for which u, or the change and its u, stays within `u_max`; None where not asked
    """

    line: Line
    shelf_life: float
    stable: bool
    u: float | None
    change: float
    longest: float | None
    kind: str


@recorded
def stability(
    t: object,
    y: object,
    shelf_life: float,
    *,
    u: object | None = None,
    u_max: float | None = None,
    kind: str = "long-term",
) -> Stability:
    """Long-term (storage), short-term (transport) or isochronous study.

    Parameters
    ----------
    t, y : array_like (n,)
        Times and results; the unit of time is that of `shelf_life`.
    shelf_life : float
        Above zero: storage until the end of validity plus the wait for the next monitoring, or the time of transport.
    u_max : float, optional
        Largest standard uncertainty from instability that is tolerated, in the unit of `y`.
    """
    if not (math.isfinite(shelf_life) and shelf_life > 0):
        raise InputError("range", f"shelf_life is {shelf_life:g}; it must be above zero", "shelf_life")
    if u_max is not None and not (math.isfinite(u_max) and u_max > 0):
        raise InputError("range", f"u_max is {u_max:g}; it must be above zero", "u_max")
    line = fit(t, y, u)
    stable = line.t <= line.critical
    longest = None
    if u_max is not None:
        # the trend counts as a rectangular error of full width b t where it is significant
        drift = 0.0 if stable else line.b / math.sqrt(3.0)
        longest = u_max / math.hypot(line.u_b, drift)
    return Stability(
        line, shelf_life, stable, line.u_b * shelf_life if stable else None, line.b * shelf_life, longest, kind
    )


@dataclass(frozen=True)
class Arrhenius(Result, cites="ISO Guide 35:2017, 8.5.3"):
    """Rate of decay at the storage temperature from studies at higher ones."""

    activation_energy: float
    u_activation_energy: float
    rate: float
    u_ln_rate: float
    shelf_life: float
    dof: int


@recorded
def arrhenius(kelvin: object, rate: object, store_at: float, tolerated: float) -> Arrhenius:
    """Shelf life at `store_at` K until a first-order decay reaches the relative loss `tolerated` (Guide 35, 8.5.3).

    Parameters
    ----------
    kelvin, rate : array_like (n,)
        Temperatures and first-order rates above zero; at least three.
    """
    temperature, k = finite(kelvin, "kelvin"), finite(rate, "rate")
    if len(k) != len(temperature) or len(k) < 3:
        raise InputError("length", "kelvin and rate need the same number of entries, at least 3", "rate")
    if (temperature <= 0).any() or store_at <= 0:
        raise InputError("range", "temperatures are in kelvin and above zero", "kelvin")
    if (k <= 0).any():
        raise InputError("range", "every rate must be above zero; leave out temperatures without decay", "rate")
    if not 0 < tolerated < 1:
        raise InputError("range", f"tolerated is {tolerated:g}; a relative loss lies between 0 and 1", "tolerated")
    line = fit(1.0 / temperature, np.log(k))
    gas = 8.31446261815324
    ln_rate, u_ln_rate = line.value(1.0 / store_at)
    # one-sided 95 % upper rate, so that the shelf life errs to the safe side
    upper = math.exp(ln_rate + quantiles.t_ppf(0.95, line.dof) * u_ln_rate)
    return Arrhenius(
        -line.b * gas, line.u_b * gas, math.exp(ln_rate), u_ln_rate, -math.log1p(-tolerated) / upper, line.dof
    )


def crossing(line: Line, low: float, high: float, *, confidence: float = 0.95, horizon: float) -> float | None:
    """First time up to `horizon` at which the band of the line leaves [low, high]; None if it stays inside.

    The one-sided confidence band is that of the mean line (ICH Q1E; Guide 35:2017, 8.7.4).
    """
    factor = quantiles.t_ppf(confidence, line.dof)

    def room(at: float) -> float:
        value, u = line.value(at)
        return min(high - value - factor * u, value - factor * u - low)

    if room(0.0) <= 0:
        return 0.0
    grid = np.linspace(0.0, horizon, 400)
    inside: Floats = np.array([room(float(g)) for g in grid])
    below = np.flatnonzero(inside <= 0)
    if not below.size:
        return None
    return rising_root(lambda at: -room(at), float(grid[below[0] - 1]), float(grid[below[0]]))
