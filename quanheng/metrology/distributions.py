"""Input quantities of an uncertainty budget: what is known of each (JCGM 101:2008, 6.4; GUM 4.2, 4.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from quanheng.errors import InputError


@dataclass(frozen=True)
class Estimate:
    """Best estimate, standard uncertainty and degrees of freedom of one input (GUM 4.1.6)."""

    value: float
    u: float
    dof: float = math.inf
    kind: str = "normal"


@dataclass(frozen=True)
class Distribution:
    """What is known of one input. `dof` expresses how well `u` itself is known (GUM G.4.2)."""

    dof: float = field(default=math.inf, kw_only=True)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, float | int | np.number | tuple | np.ndarray) or isinstance(value, bool):
                raise InputError("number", f"{item.name} is {str(value)[:40]!r}, which is no number", item.name)

    def estimate(self) -> Estimate:
        """Estimate and standard uncertainty for the law of propagation (GUM 5.1)."""
        value, u = self._moments()
        if not (math.isfinite(value) and math.isfinite(u) and u >= 0):
            raise InputError(
                "distribution",
                f"estimate {value:g} and uncertainty {u:g} must be finite, the latter not negative",
                repr(self)[:80],
            )
        if not self.dof > 0:
            raise InputError(
                "distribution_dof", f"degrees of freedom are {self.dof:g}; they must be above zero", repr(self)[:80]
            )
        return Estimate(value, u, self.dof, type(self).__name__.lower())

    def _moments(self) -> tuple[float, float]:
        raise NotImplementedError


@dataclass(frozen=True)
class Normal(Distribution):
    """Estimate with standard deviation (GUM 4.3.3 to 4.3.6)."""

    mean: float
    std: float

    def _moments(self) -> tuple[float, float]:
        return self.mean, self.std


@dataclass(frozen=True)
class Constant(Distribution):
    """A value without uncertainty."""

    value: float

    def _moments(self) -> tuple[float, float]:
        return self.value, 0.0


@dataclass(frozen=True)
class _Bounded(Distribution):
    low: float
    high: float

    def _variance_factor(self) -> float:
        raise NotImplementedError

    def _moments(self) -> tuple[float, float]:
        if not self.low <= self.high:
            raise InputError(
                "distribution_bounds", f"low {self.low:g} must not be above high {self.high:g}", repr(self)[:80]
            )
        half = (self.high - self.low) / 2
        return (self.low + self.high) / 2, half * math.sqrt(self._variance_factor())


@dataclass(frozen=True)
class Rectangular(_Bounded):
    """Anywhere between two bounds alike: u = a/√3 (GUM 4.3.7)."""

    def _variance_factor(self) -> float:
        return 1 / 3


@dataclass(frozen=True)
class Triangular(_Bounded):
    """Symmetric triangle: u = a/√6 (GUM 4.3.9)."""

    def _variance_factor(self) -> float:
        return 1 / 6


@dataclass(frozen=True)
class Arcsine(_Bounded):
    """Cyclic between two bounds: u = a/√2 (GUM H.1.3.4)."""

    def _variance_factor(self) -> float:
        return 1 / 2


@dataclass(frozen=True)
class Trapezoidal(_Bounded):
    """Symmetric trapezoid with top β of the base: u² = a²(1 + β²)/6 (GUM 4.3.9)."""

    beta: float = 0.5

    def _variance_factor(self) -> float:
        if not 0 <= self.beta <= 1:
            raise InputError(
                "distribution_beta", f"beta is {self.beta:g}; it must lie between 0 and 1", repr(self)[:80]
            )
        return (1 + self.beta**2) / 6


@dataclass(frozen=True)
class StudentT(Distribution):
    """Scaled and shifted t: `scale` is the experimental standard uncertainty with `dof` (JCGM 101, 6.4.9; GUM 4.2.3).

    The law of propagation uses the scale, and Welch-Satterthwaite the degrees of freedom; the standard deviation of
    the distribution itself, scale·√(ν/(ν−2)), is :attr:`std`.
    """

    loc: float
    scale: float

    @property
    def std(self) -> float:
        """Standard deviation of the distribution, for dof above 2."""
        return self.scale * math.sqrt(self.dof / (self.dof - 2)) if self.dof > 2 else math.inf

    def _moments(self) -> tuple[float, float]:
        return self.loc, self.scale


@dataclass(frozen=True)
class Observations(Distribution):
    """Repeated observations: mean, s/√n and n − 1 degrees of freedom (GUM 4.2.1 to 4.2.3, 4.2.6)."""

    values: tuple[float, ...]

    def estimate(self) -> Estimate:
        """Mean with the experimental standard deviation of the mean."""
        return self._estimate

    @cached_property
    def _estimate(self) -> Estimate:
        # asked for with every block of trials
        n = len(self.values)
        if n < 2 or not all(math.isfinite(v) for v in self.values):
            raise InputError("distribution_observations", "give at least two finite observations", repr(self)[:80])
        mean = math.fsum(self.values) / n
        variance = math.fsum((v - mean) ** 2 for v in self.values) / (n - 1)
        return Estimate(mean, math.sqrt(variance / n), n - 1, "observations")


Entry = tuple[type[Distribution], frozenset[str], frozenset[str]]

_KEYS: dict[str, Entry] = {
    "normal": (Normal, frozenset({"mean", "std"}), frozenset({"dof"})),
    "constant": (Constant, frozenset({"value"}), frozenset()),
    "rectangular": (Rectangular, frozenset({"low", "high"}), frozenset({"dof"})),
    "triangular": (Triangular, frozenset({"low", "high"}), frozenset({"dof"})),
    "arcsine": (Arcsine, frozenset({"low", "high"}), frozenset({"dof"})),
    "trapezoidal": (Trapezoidal, frozenset({"low", "high", "beta"}), frozenset({"dof"})),
    "t": (StudentT, frozenset({"loc", "dof"}), frozenset({"scale", "std"})),
    "observations": (Observations, frozenset({"values"}), frozenset()),
}


def distribution_from(data: Mapping[str, Any], place: str = "") -> Distribution:
    """A distribution from its JSON form, numbers or numeric text; unknown keys are refused."""
    name = data.get("distribution")
    if not isinstance(name, str) or name not in _KEYS:
        raise InputError("distribution_unknown", f"use one of {', '.join(sorted(_KEYS))}", place)
    kind, needed, optional = _KEYS[name]
    given = set(data) - {"distribution"}
    if not needed <= given or given - needed - optional:
        raise InputError("distribution_keys", f"{name} takes {', '.join(sorted(needed | optional))}", place)
    if name == "observations":
        values = data["values"]
        if not isinstance(values, (list, tuple)):
            raise InputError("distribution_keys", "values must be a list of numbers", place)
        return placed(Observations(tuple(_number(v, f"{place}.values[{i}]") for i, v in enumerate(values))), place)
    numbers = {key: _number(data[key], f"{place}.{key}") for key in given}
    return placed(_student(numbers, place) if name == "t" else kind(**numbers), place)


def placed(found: Distribution, place: str) -> Distribution:
    """The distribution itself; one without an estimate is refused here, where the request's name for it is known."""
    try:
        found.estimate()
    except InputError as error:
        if error.place not in ("", repr(found)[:80]):
            raise
        raise InputError(error.code, error.message, place) from None
    return found


def _student(numbers: dict[str, float], place: str) -> StudentT:
    if ("scale" in numbers) == ("std" in numbers):
        raise InputError("distribution_keys", "t takes either scale or std", place)
    dof = numbers["dof"]
    if "std" in numbers:
        if dof <= 2:
            raise InputError(
                "distribution_dof", f"std of a t distribution needs dof above 2, found {dof:g}; give scale", place
            )
        return StudentT(numbers["loc"], numbers["std"] * math.sqrt((dof - 2) / dof), dof=dof)
    return StudentT(numbers["loc"], numbers["scale"], dof=dof)


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InputError("not_a_number", f"expected a number, found {str(value)[:40]!r}", place)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise InputError("not_a_number", f"{str(value)[:30]!r} is not a number", place) from None
    if isinstance(value, str) and "_" in value:  # Python's 1_000; a person may have meant 1.000
        raise InputError("not_a_number", f"{value[:30]!r} is not a number", place)
    if not math.isfinite(number):
        raise InputError("not_a_number", f"expected a finite number, found {number}", place)
    return number
