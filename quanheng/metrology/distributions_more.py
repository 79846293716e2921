"""Further input quantities of JCGM 101:2008, 6.4: inexact limits, counts, positive quantities, samples and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import distributions as basic
from quanheng.metrology.distributions import Distribution, Estimate

MAX_VALUES = 1_000_000


@dataclass(frozen=True)
class CurvilinearTrapezoidal(Distribution):
    """Rectangle whose limits are known to ±d only: u² = (b − a)²/12 + d²/9 (JCGM 101, 6.4.3)."""

    low: float
    high: float
    d: float

    def _moments(self) -> tuple[float, float]:
        if not (self.low < self.high and 0 <= self.d <= (self.high - self.low) / 2):
            raise InputError(
                "distribution_bounds",
                f"needs low < high and 0 ≤ d ≤ (high − low)/2, found {self.low:g}, {self.high:g}, {self.d:g}",
                repr(self)[:80],
            )
        return (self.low + self.high) / 2, math.sqrt((self.high - self.low) ** 2 / 12 + self.d**2 / 9)


@dataclass(frozen=True)
class Exponential(Distribution):
    """A quantity that is not negative, of which only the estimate is known (JCGM 101, 6.4.10)."""

    mean: float

    def _moments(self) -> tuple[float, float]:
        _above_zero(self, self.mean)
        return self.mean, self.mean


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma with shape α and scale β: mean αβ, u = β√α (JCGM 101, 6.4.11)."""

    shape: float
    scale: float

    def _moments(self) -> tuple[float, float]:
        _above_zero(self, self.shape, self.scale)
        return self.shape * self.scale, math.sqrt(self.shape) * self.scale


@dataclass(frozen=True)
class Beta(Distribution):
    """A fraction between 0 and 1."""

    a: float
    b: float

    def _moments(self) -> tuple[float, float]:
        _above_zero(self, self.a, self.b)
        total = self.a + self.b
        return self.a / total, math.sqrt(self.a * self.b / (total + 1)) / total


@dataclass(frozen=True)
class Sampled(Distribution):
    """Values drawn elsewhere, such as the trials of an earlier evaluation (JCGM 101, 6.5)."""

    values: tuple[float, ...]

    def estimate(self) -> Estimate:
        """Mean and standard deviation of the values."""
        if len(self.values) < 2 or not all(math.isfinite(v) for v in self.values):
            raise InputError("distribution_sampled", "give at least two finite values", "")
        array = np.asarray(self.values, dtype=np.float64)
        return Estimate(float(array.mean()), float(array.std(ddof=1)), self.dof, "sampled")


@dataclass(frozen=True)
class Curve(Distribution):
    """A density given by points and joined by straight lines (JCGM 101, 6.5.4); it is scaled to unit area."""

    x: tuple[float, ...]
    density: tuple[float, ...]

    def estimate(self) -> Estimate:
        """Mean and standard deviation by exact integration of each linear piece."""
        x, f = self.scaled()
        h = np.diff(x)
        mean = float(np.sum(h * (x[:-1] * (2 * f[:-1] + f[1:]) + x[1:] * (f[:-1] + 2 * f[1:])) / 6))
        z = x - mean
        a, b = z[:-1], z[1:]
        fa, fb = f[:-1], f[1:]
        square = h * (fa * (3 * a * a + 2 * a * b + b * b) + fb * (a * a + 2 * a * b + 3 * b * b)) / 12
        return Estimate(mean, math.sqrt(float(np.sum(square))), self.dof, "curve")

    def scaled(self) -> tuple[Any, Any]:
        """Points and density of unit area."""
        x, f = np.asarray(self.x, dtype=np.float64), np.asarray(self.density, dtype=np.float64)
        good = len(x) == len(f) >= 2 and np.isfinite(x).all() and np.isfinite(f).all()
        if not good or not (np.diff(x) > 0).all() or (f < 0).any() or not f.any():
            raise InputError("distribution_curve", "x rises, density is not negative and of the same length", "")
        return x, f / float(np.sum(np.diff(x) * (f[:-1] + f[1:]) / 2))


def _above_zero(distribution: Distribution, *values: float) -> None:
    if not all(v > 0 for v in values):
        rule = f"{min(values):g} is no parameter of it, which must be above zero"
        raise InputError("distribution_positive", rule, repr(distribution)[:80])


def _whole(data: Mapping[str, Any], key: str, place: str, least: int) -> int:
    value = basic._number(data[key], place)
    if value < least or value != math.floor(value):
        raise InputError("distribution_count", f"{key} is a whole number from {least}, found {value:g}", place)
    return int(value)


def poisson(data: Mapping[str, Any], place: str) -> Distribution:
    """A rate of which `count` events were seen: gamma with shape count + 1 (JCGM 101, 6.4.11.2)."""
    return Gamma(_whole(data, "count", place, 0) + 1.0, 1.0)


def binomial(data: Mapping[str, Any], place: str) -> Distribution:
    """A proportion of which `successes` of `trials` were seen, before which all were alike: beta."""
    successes, trials = _whole(data, "successes", place, 0), _whole(data, "trials", place, 1)
    if successes > trials:
        raise InputError("distribution_count", f"successes {successes} cannot exceed trials {trials}", place)
    return Beta(successes + 1.0, trials - successes + 1.0)


def specification(data: Mapping[str, Any], place: str) -> Distribution:
    """An accuracy statement, a part of the reading plus a part of the range plus a constant, where it applies.

    The half-width is |at|·relative + range·of_range + absolute, about `value`; `at` is the reading at which it is
    evaluated, the value itself unless given. `shape` is rectangular, or normal with the factor `k` of the statement.
    """
    given = {key: basic._number(data[key], f"{place}.{key}") for key in data if key not in ("distribution", "shape")}
    half = abs(given.get("at", given.get("value", 0.0))) * given.get("relative", 0.0) + given.get("absolute", 0.0)
    half += abs(given.get("range", 0.0)) * given.get("of_range", 0.0)
    for key in ("relative", "of_range", "absolute"):
        if given.get(key, 0.0) < 0:
            raise InputError("distribution_specification", f"{given[key]:g} is below 0", f"{place}.{key}")
    if not half > 0:
        raise InputError("distribution_specification", "give relative, absolute or of_range with range", place)
    value, shape = given.get("value", 0.0), data.get("shape", "rectangular")
    if shape == "normal" and given.get("k", 2.0) > 0:
        return basic.Normal(value, half / given.get("k", 2.0))
    if shape != "rectangular":
        raise InputError("distribution_specification", "shape is rectangular or normal, k above zero", f"{place}.shape")
    return basic.Rectangular(value - half, value + half)


def _vector(data: Mapping[str, Any], key: str, place: str) -> tuple[float, ...]:
    values = data[key]
    if not isinstance(values, (list, tuple)) or len(values) > MAX_VALUES:
        raise InputError("distribution_keys", f"{key} must be a list of at most {MAX_VALUES} numbers", place)
    return tuple(basic._number(v, place) for v in values)


def distribution_from(data: Any, place: str = "") -> Distribution:
    """Any distribution from its JSON form: those of :mod:`.distributions` and of this module.

    Examples
    --------
    >>> distribution_from({"distribution": "gamma", "shape": 4, "scale": 0.5}).estimate().value
    2.0
    """
    if not isinstance(data, Mapping):
        raise InputError("distribution_unknown", 'an input is an object with "distribution"', place)
    name = data.get("distribution")
    if not isinstance(name, str):
        raise InputError("distribution_unknown", f"use one of {', '.join(NAMES)}", place)
    if name == "specification":
        unknown = set(data) - {"distribution", *_SPECIFICATION}
        if unknown:
            raise InputError("distribution_keys", f"specification takes {', '.join(_SPECIFICATION)}", place)
        return specification(data, place)
    if name in _SPECIAL:
        needed, build = _SPECIAL[name]
        if set(data) - {"distribution"} != needed:
            raise InputError("distribution_keys", f"{name} takes {', '.join(sorted(needed))}", place)
        special: Distribution = build(data, place)
        return basic.placed(special, place)
    if name in _PLAIN:
        kind, needed = _PLAIN[name]
        if set(data) - {"distribution", "dof"} != needed:
            raise InputError("distribution_keys", f"{name} takes {', '.join(sorted(needed))}", place)
        numbers = {key: basic._number(data[key], f"{place}.{key}") for key in data if key != "distribution"}
        return basic.placed(kind(**numbers), place)
    if name not in basic._KEYS:
        raise InputError("distribution_unknown", f"use one of {', '.join(NAMES)}", place)
    return basic.distribution_from(data, place)


_PLAIN: Mapping[Any, tuple[type[Distribution], set[str]]] = {
    "curvilinear-trapezoidal": (CurvilinearTrapezoidal, {"low", "high", "d"}),
    "exponential": (Exponential, {"mean"}),
    "gamma": (Gamma, {"shape", "scale"}),
    "beta": (Beta, {"a", "b"}),
}
_SPECIAL: Mapping[Any, tuple[set[str], Any]] = {
    "poisson": ({"count"}, poisson),
    "binomial": ({"successes", "trials"}, binomial),
    "sampled": ({"values"}, lambda data, place: Sampled(_vector(data, "values", place))),
    "curve": ({"x", "density"}, lambda d, place: Curve(_vector(d, "x", place), _vector(d, "density", place))),
}
_SPECIFICATION = ("value", "at", "relative", "range", "of_range", "absolute", "shape", "k")
NAMES = tuple(sorted({*basic._KEYS, *_PLAIN, *_SPECIAL, "specification"}))
