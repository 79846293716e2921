"""Control charts of check standards (JJF 1033-2023 annex C.3; GB/T 17989.2, ISO 7870-2): X-s, X-R, I-MR, EWMA.

The factors c4, d2, d3 are computed from the normal distribution for any subgroup size, not looked up.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats, finite, groups_of
from quanheng.metrology.results import Result, recorded

RULES = ("beyond", "nine", "trend", "alternating", "two_of_three", "four_of_five", "fifteen", "eight")


@dataclass(frozen=True)
class Chart(Result, cites="JJF 1033-2023, C.3; GB/T 17989.2; ISO 7870"):
    """One chart: points, centre, limits at each point, and broken rules as (rule, index of the point that broke it)."""

    name: str
    values: Floats
    centre: float
    lower: Floats
    upper: Floats
    signals: tuple[tuple[str, int], ...]
    sigma: float


def c4(n: int) -> float:
    """E(s) / sigma for n normal readings."""
    return math.sqrt(2.0 / (n - 1)) * math.exp(special.gammaln(n / 2) - special.gammaln((n - 1) / 2))


@functools.lru_cache(maxsize=200)
def d2(n: int) -> float:
    """E(R) / sigma for the range of n normal readings."""
    value, _ = integrate.quad(lambda x: 1.0 - special.ndtr(x) ** n - special.ndtr(-x) ** n, -12, 12, limit=200)
    return float(value)


@functools.lru_cache(maxsize=200)
def d3(n: int) -> float:
    """Standard deviation of the range of n normal readings, over sigma."""

    def inner(y: float, x: float) -> float:
        gap = special.ndtr(y) - special.ndtr(x)
        return float(1.0 - special.ndtr(y) ** n - special.ndtr(-x) ** n + gap**n)

    value, _ = integrate.dblquad(inner, -9, 9, lambda x: x, 9, epsabs=1e-9, epsrel=1e-9)
    return math.sqrt(2.0 * value - d2(n) ** 2)


@recorded
def xbar_s(groups: Sequence[object]) -> tuple[Chart, Chart]:
    """Charts of means and standard deviations of subgroups of one size, at least 2 readings each."""
    data = _subgroups(groups)
    n = data.shape[1]
    means, s = data.mean(axis=1), data.std(axis=1, ddof=1)
    mean_s = float(s.mean())
    if mean_s == 0:
        raise InputError("zero_variance", "no subgroup varies; the resolution hides the scatter", "groups")
    sigma = mean_s / c4(n)
    width = 3.0 * math.sqrt(1.0 - c4(n) ** 2) / c4(n)
    spread = _flat("s", s, mean_s, max(0.0, 1.0 - width) * mean_s, (1.0 + width) * mean_s, sigma, rules=("beyond",))
    return _means(means, sigma, n), spread


@recorded
def xbar_r(groups: Sequence[object]) -> tuple[Chart, Chart]:
    """Charts of means and ranges of subgroups of one size, 2 to 25 readings each."""
    data = _subgroups(groups)
    n = data.shape[1]
    if n > 25:
        raise InputError("length", f"a subgroup has {n}; ranges lose meaning beyond 25, use xbar-s", "groups")
    ranges = np.ptp(data, axis=1)
    mean_r = float(ranges.mean())
    if mean_r == 0:
        raise InputError("zero_variance", "no subgroup varies; the resolution hides the scatter", "groups")
    sigma = mean_r / d2(n)
    width = 3.0 * d3(n) * sigma
    spread = _flat("R", ranges, mean_r, max(0.0, mean_r - width), mean_r + width, sigma, rules=("beyond",))
    return _means(data.mean(axis=1), sigma, n), spread


@recorded
def i_mr(values: object) -> tuple[Chart, Chart]:
    """Charts of single readings and of their moving ranges of two."""
    x = finite(values, "values")
    if len(x) < 3:
        raise InputError("length", f"values has {len(x)}; the chart needs at least 3", "values")
    moving = np.abs(np.diff(x))
    mean_r = float(moving.mean())
    if mean_r == 0:
        raise InputError("zero_variance", "all values are equal; the resolution hides the scatter", "values")
    sigma = mean_r / d2(2)
    centre = float(x.mean())
    individual = _flat("I", x, centre, centre - 3 * sigma, centre + 3 * sigma, sigma)
    width = 3.0 * d3(2) * sigma
    return individual, _flat("MR", moving, mean_r, 0.0, mean_r + width, sigma, rules=("beyond",))


@recorded
def ewma(
    values: object, *, weight: float = 0.2, width: float = 3.0, centre: float | None = None, sigma: float | None = None
) -> Chart:
    """Exponentially weighted moving average; limits widen to their steady state (ISO 7870-6).

    Parameters
    ----------
    weight : float
        lambda, above 0 and up to 1; 1 is the chart of single readings.
    centre, sigma : float, optional
        Known from earlier; else the mean and the moving range of `values`.
    """
    x = finite(values, "values")
    if len(x) < 2:
        raise InputError("length", f"values has {len(x)}; the chart needs at least 2", "values")
    if not 0 < weight <= 1:
        raise InputError("range", f"weight is {weight:g}; it lies above 0 and up to 1", "weight")
    if not width > 0:
        raise InputError("range", f"width is {width:g}; it must be above zero", "width")
    middle = float(x.mean()) if centre is None else centre
    spread = float(np.abs(np.diff(x)).mean()) / d2(2) if sigma is None else sigma
    if not (math.isfinite(spread) and spread > 0):
        raise InputError("zero_variance", "sigma is zero; give it from earlier checks", "sigma")
    smooth, last = np.empty(len(x)), middle
    for i, value in enumerate(x):
        last = weight * float(value) + (1 - weight) * last
        smooth[i] = last
    steps = np.arange(1, len(x) + 1)
    half = width * spread * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2.0 * steps)))
    beyond = np.flatnonzero(np.abs(smooth - middle) > half)
    signals = tuple(("beyond", int(i)) for i in beyond)
    return Chart("EWMA", smooth, middle, middle - half, middle + half, signals, spread)


def signals(z: Floats, rules: Sequence[str] = RULES) -> tuple[tuple[str, int], ...]:
    """Broken rules of a chart whose points are `z`, standard deviations from the centre (GB/T 17989.2 annex; ISO
    7870-2).

    beyond 3 s · nine on one side · trend of six · fourteen alternating · two of three beyond 2 s on one side · four
    of five beyond 1 s on one side · fifteen within 1 s · eight beyond 1 s on both sides.
    """
    found: list[tuple[str, int]] = []
    for rule in rules:
        if rule not in RULES:
            raise InputError("choice", f"rule {rule!r} is not one of {', '.join(RULES)}", "rules")
        found += [(rule, int(i)) for i in np.flatnonzero(_BROKEN[rule](z))]
    return tuple(sorted(found, key=lambda pair: (pair[1], RULES.index(pair[0]))))


def _windows(flags: npt.NDArray[np.bool_], width: int, least: int) -> npt.NDArray[np.bool_]:
    """Whether the window that ends at each point holds at least so many flags."""
    total = np.concatenate([[0], np.cumsum(flags)])
    out = np.zeros(len(flags), dtype=bool)
    if len(flags) >= width:
        out[width - 1 :] = total[width:] - total[:-width] >= least
    return out


def _sides(z: Floats, bound: float, width: int, least: int) -> npt.NDArray[np.bool_]:
    up = _windows(z > bound, width, least) & (z > bound)
    return np.asarray(up | (_windows(z < -bound, width, least) & (z < -bound)))


def _run(z: Floats, steps: int, *, alternating: bool) -> npt.NDArray[np.bool_]:
    sign = np.sign(np.diff(z))
    if alternating:
        turn = np.concatenate([[False], sign[1:] * sign[:-1] < 0])
        good = _windows(turn, steps - 1, steps - 1)
    else:
        good = _windows(sign > 0, steps, steps) | _windows(sign < 0, steps, steps)
    return np.concatenate([[False], good])


_BROKEN: dict[str, Callable[[Floats], npt.NDArray[np.bool_]]] = {
    "beyond": lambda z: np.abs(z) > 3,
    "nine": lambda z: _sides(z, 0.0, 9, 9),
    "trend": lambda z: _run(z, 5, alternating=False),
    "alternating": lambda z: _run(z, 13, alternating=True),
    "two_of_three": lambda z: _sides(z, 2.0, 3, 2),
    "four_of_five": lambda z: _sides(z, 1.0, 5, 4),
    "fifteen": lambda z: _windows(np.abs(z) < 1, 15, 15),
    "eight": lambda z: _windows(np.abs(z) > 1, 8, 8),
}


def _means(means: Floats, sigma: float, n: int) -> Chart:
    centre, half = float(means.mean()), 3.0 * sigma / math.sqrt(n)
    return _flat("X", means, centre, centre - half, centre + half, sigma)


def _flat(
    name: str, values: Floats, centre: float, low: float, high: float, sigma: float, rules: Sequence[str] = RULES
) -> Chart:
    if rules == RULES:
        broken = signals((values - centre) / ((high - centre) / 3.0))
    else:
        outside = np.flatnonzero((values > high) | (values < low))
        broken = tuple(("beyond", int(i)) for i in outside)
    n = len(values)
    return Chart(name, values, centre, np.full(n, low), np.full(n, high), broken, sigma)


def _subgroups(groups: Sequence[object]) -> Floats:
    arrays = groups_of(groups, "groups")
    if len(arrays) < 2:
        raise InputError("length", f"groups has {len(arrays)}; a chart needs at least 2 subgroups", "groups")
    sizes = {len(a) for a in arrays}
    if len(sizes) > 1 or sizes == {1}:
        rule = "subgroups must have one size of at least 2"
        raise InputError("shape", f"{rule}, found {sorted(sizes)}; use i-mr for single readings", "groups")
    return np.array(arrays)
