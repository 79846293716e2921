"""Numbers that carry their uncertainty by cause, so that whatever is computed from them keeps its correlation.

A number is a value and, for each elementary cause, the signed contribution c·u of that cause (JCGM 100:2008, 5.1.3,
H.2.3). Causes are independent of each other; correlated inputs are made of shared causes (GUM F.1.2.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.correlation import Correlation, correlation_matrix, factor
from quanheng.metrology.duals import FUNCTIONS as DERIVED
from quanheng.metrology.duals import Dual
from quanheng.metrology.lifted import DERIVED as COMPOSED
from quanheng.metrology.quantities import brief
from quanheng.metrology.uncertainty import coverage_factor


@dataclass(frozen=True)
class Cause:
    """One elementary cause of uncertainty. Its id is the same wherever it is used, in other files too.

    `dof` is None where the cause belongs to correlated inputs, for which no effective degrees of freedom exist.
    """

    id: str
    label: str
    dof: float | None = math.inf


@dataclass(frozen=True, eq=False)
class Uncertain:
    """A value with the contributions of its causes."""

    value: float
    parts: Mapping[Cause, float] = field(default_factory=dict)

    # numpy leaves arithmetic with us to our own methods
    __array_priority__ = 1000

    @property
    def u(self) -> float:
        """Combined standard uncertainty (GUM 5.1.2)."""
        return math.sqrt(math.fsum(p * p for p in self.parts.values()))

    @property
    def dof(self) -> float | None:
        """Effective degrees of freedom (GUM G.4.1); None with correlated causes (JCGM 102, 9.4.2.8)."""
        total, u = 0.0, self.u
        if u == 0:
            return math.inf
        for cause, part in self.parts.items():
            if cause.dof is None:
                return None
            total += (part / u) ** 4 / cause.dof
        return 1 / total if total else math.inf

    def expanded(self, coverage: float = 0.95) -> float:
        """U for a coverage probability (GUM 6.2, G.4.1)."""
        dof = self.dof
        if dof is None:
            raise InputError("dof_correlated", "effective degrees of freedom do not exist for correlated causes", "")
        return coverage_factor(dof, coverage) * self.u

    def budget(self) -> list[tuple[str, float, float]]:
        """Label, signed contribution and share of u², the largest first."""
        total = self.u**2
        rows = [(cause.label, part, part * part / total if total else 0.0) for cause, part in self.parts.items()]
        return sorted(rows, key=lambda row: -row[2])

    def __add__(self, other: Any) -> Uncertain:
        b = _number(other)
        return NotImplemented if b is None else _join(self, b, self.value + b.value, 1.0, 1.0)

    def __sub__(self, other: Any) -> Uncertain:
        b = _number(other)
        return NotImplemented if b is None else _join(self, b, self.value - b.value, 1.0, -1.0)

    def __mul__(self, other: Any) -> Uncertain:
        b = _number(other)
        return NotImplemented if b is None else _join(self, b, self.value * b.value, b.value, self.value)

    def __truediv__(self, other: Any) -> Uncertain:
        b = _number(other)
        if b is None:
            return NotImplemented
        if b.value == 0:
            raise InputError("formula_undefined", "division by zero", "")
        quotient = self.value / b.value
        return _join(self, b, quotient, 1 / b.value, -quotient / b.value)

    def __pow__(self, other: Any) -> Uncertain:
        b = _number(other)
        if b is None:
            return NotImplemented
        if b.parts:
            return function("exp", b * function("log", self))
        if self.value == 0 and b.value < 1:
            raise InputError("formula_undefined", "zero has no such power with a derivative", "")
        if self.value < 0 and b.value != int(b.value):
            raise InputError("formula_undefined", "a negative base needs a whole exponent", "")
        slope = b.value * self.value ** (b.value - 1) if b.value else 0.0
        return _join(self, b, self.value**b.value, slope, 0.0)

    def __radd__(self, other: Any) -> Uncertain:
        return self.__add__(other)

    def __rsub__(self, other: Any) -> Uncertain:
        return (-self).__add__(other)

    def __rmul__(self, other: Any) -> Uncertain:
        return self.__mul__(other)

    def __rtruediv__(self, other: Any) -> Uncertain:
        a = _number(other)
        return NotImplemented if a is None else a / self

    def __rpow__(self, other: Any) -> Uncertain:
        a = _number(other)
        return NotImplemented if a is None else a**self

    def __neg__(self) -> Uncertain:
        return Uncertain(-self.value, {cause: -part for cause, part in self.parts.items()})

    def __pos__(self) -> Uncertain:
        return self

    def __abs__(self) -> Uncertain:
        return function("abs", self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        name = ufunc.__name__
        if any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
            return ufunc(*[np.asarray(x, dtype=object) for x in inputs])
        if name == "arctan2":
            return arctan2(*inputs)
        if len(inputs) == 1 and name in DERIVED:
            return function(name, inputs[0])
        operator = COMPOSED.get(name)
        numbers = [_number(v) for v in inputs]
        return NotImplemented if operator is None or None in numbers else operator(function, *numbers)

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) >= 0

    def _compare(self, other: Any) -> float:
        """Values alone are ordered; equality of two numbers stays identity."""
        b = _number(other)
        if b is None:
            raise TypeError(f"{type(other).__name__} is no number")
        return self.value - b.value

    def __float__(self) -> float:
        raise InputError(
            "uncertain", "float and math functions drop the uncertainty; take .value, or numpy's np.sqrt", ""
        )

    def __str__(self) -> str:
        """Value with the standard uncertainty in its last two digits: 6.00(36)."""
        return brief(self.value, self.u)


def _number(value: Any) -> Uncertain | None:
    if isinstance(value, Uncertain):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return Uncertain(float(value))


def _join(a: Uncertain, b: Uncertain, value: float, by_a: float, by_b: float) -> Uncertain:
    if not (math.isfinite(value) and math.isfinite(by_a) and math.isfinite(by_b)):
        raise InputError("formula_undefined", "the result or its sensitivity is not finite", "")
    parts = {cause: by_a * part for cause, part in a.parts.items()}
    for cause, part in b.parts.items():
        parts[cause] = parts.get(cause, 0.0) + by_b * part
    return Uncertain(value, {cause: part for cause, part in parts.items() if part})


def function(name: str, x: Any) -> Uncertain:
    """A function of one number by its name in the expression language: sqrt, exp, log, sin, arctan, abs …

    Examples
    --------
    >>> x = Origin("doc").number(4.0, 0.1)
    >>> function("sqrt", x).value, function("sqrt", x).u
    (2.0, 0.025)
    """
    known = _number(x)
    if known is None or name not in DERIVED or name in ("min", "max", "sum", "mean", "arctan2"):
        raise InputError("formula_function", f"{name} is not a function of one number", "")
    try:
        found = DERIVED[name](Dual(known.value, (1.0,)))
    except (ArithmeticError, ValueError) as error:
        raise InputError("formula_undefined", f"{name} has no value or no derivative here", str(known.value)) from error
    return _join(known, Uncertain(0.0), found.value, found.partials[0], 0.0)


def arctan2(y: Any, x: Any) -> Uncertain:
    """The angle of the point (x, y)."""
    a, b = _number(y), _number(x)
    if a is None or b is None or (a.value == b.value == 0):
        raise InputError("formula_undefined", "the angle of the origin is not defined", "")
    square = a.value**2 + b.value**2
    return _join(a, b, math.atan2(a.value, b.value), b.value / square, -a.value / square)


def _method(name: str) -> Callable[[Uncertain], Uncertain]:
    def method(self: Uncertain) -> Uncertain:
        return function(name, self)

    method.__doc__ = f"{name} of the number, which numpy asks for in arrays of objects."
    return method


for _name in ("sqrt", "exp", "log", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan"):
    setattr(Uncertain, _name, _method(_name))


class Origin:
    """Makes numbers with causes of their own. `name` must be unique for ever, such as a certificate's number.

    Examples
    --------
    >>> lab = Origin("XZ-2026-0001")
    >>> a, b, c = lab.number(2.0, 0.1), lab.number(3.0, 0.1), lab.number(4.0, 0.2)
    >>> ((a * b / c) / (a * b) * c).u
    0.0
    """

    def __init__(self, name: str) -> None:
        if not name or len(name) > 200:
            raise InputError("origin", "an origin needs a name of at most 200 characters", "")
        self.name = name
        self._count = 0

    def number(self, value: float, u: float, *, dof: float = math.inf, label: str = "") -> Uncertain:
        """A number with one new cause."""
        if not (math.isfinite(value) and math.isfinite(u) and u >= 0 and dof > 0):
            raise InputError("uncertain", "value and u are finite, u not negative, dof above zero", label)
        return Uncertain(float(value), {self._cause(label, dof): float(u)} if u else {})

    def correlated(
        self, values: Mapping[str, tuple[float, float]], correlations: Sequence[Correlation], *, dof: float = math.inf
    ) -> dict[str, Uncertain]:
        """Numbers name → (value, u) with these coefficients, each made of causes that they share."""
        names = list(values)
        for name, (value, u) in values.items():
            if not (math.isfinite(value) and math.isfinite(u) and u >= 0 and dof > 0):
                raise InputError("uncertain", "value and u are finite, u not negative, dof above zero", name)
        root = factor(correlation_matrix(names, correlations))
        known = math.inf if math.isinf(dof) else None
        causes = [self._cause(f"{'+'.join(names)} {i + 1}", known) for i in range(root.shape[1])]
        found = {}
        for i, name in enumerate(names):
            value, u = values[name]
            parts = {cause: float(u * root[i, j]) for j, cause in enumerate(causes) if u * root[i, j]}
            found[name] = Uncertain(float(value), parts)
        return found

    def _cause(self, label: str, dof: float | None) -> Cause:
        self._count += 1
        return Cause(f"{self.name}/{self._count}", label or f"{self.name}/{self._count}", dof)


def covariance(a: Uncertain, b: Uncertain) -> float:
    """Covariance from the causes that both share (GUM H.2.3; F.1.2.3)."""
    return math.fsum(part * b.parts[cause] for cause, part in a.parts.items() if cause in b.parts)


def correlation(a: Uncertain, b: Uncertain) -> float:
    """Correlation coefficient; 0 where one of them has no uncertainty."""
    return covariance(a, b) / (a.u * b.u) if a.u and b.u else 0.0
