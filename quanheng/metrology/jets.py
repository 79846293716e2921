"""Truncated Taylor series in two directions up to third order, for many pairs of directions at once.

A :class:`Jet` holds the ten coefficients of s^i t^j, i + j ≤ 3, as rows of an array: its columns are the pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.metrology.expressions import MAX_EXPONENT, Domain, flatten
from quanheng.metrology.vectors import Floats

POWERS = tuple((i, n - i) for n in range(4) for i in range(n + 1))
INDEX = {power: position for position, power in enumerate(POWERS)}
_PRODUCTS = tuple(
    (INDEX[a], INDEX[b], INDEX[(a[0] + b[0], a[1] + b[1])]) for a in POWERS for b in POWERS if sum(a) + sum(b) <= 3
)
_HIGHER = tuple(t for t in _PRODUCTS if t[0] and t[1])


@dataclass(frozen=True, eq=False, slots=True)
class Jet:
    """Coefficients, shape (10, pairs)."""

    c: Floats

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.c + other.c)

    def __sub__(self, other: Jet) -> Jet:
        return Jet(self.c - other.c)

    def __neg__(self) -> Jet:
        return Jet(-self.c)

    def __mul__(self, other: Jet) -> Jet:
        out = np.zeros(np.broadcast_shapes(self.c.shape, other.c.shape))
        for a, b, to in _PRODUCTS:
            out[to] += self.c[a] * other.c[b]
        return Jet(out)

    def __truediv__(self, other: Jet) -> Jet:
        if (other.c[0] == 0).any():
            raise ZeroDivisionError
        return self * _series(other, *_reciprocal(other.c[0]))

    @property
    def value(self) -> float:
        """The value itself, the same in every pair."""
        return float(self.c[0].flat[0])

    def __lt__(self, other: Jet) -> bool:
        return self.value < other.value

    def __le__(self, other: Jet) -> bool:
        return self.value <= other.value

    def __gt__(self, other: Jet) -> bool:
        return self.value > other.value

    def __ge__(self, other: Jet) -> bool:
        return self.value >= other.value


def constant(value: float) -> Jet:
    """A jet without slopes."""
    c = np.zeros((10, 1))
    c[0] = value
    return Jet(c)


def _series(x: Jet, f0: Any, f1: Any, f2: Any, f3: Any) -> Jet:
    """f(x) from the derivatives of f at the value of x."""
    h = x.c.copy()
    h[0] = 0.0
    square, cube = np.zeros_like(h), np.zeros_like(h)
    for a, b, to in _HIGHER:
        square[to] += h[a] * h[b]
    for a, b, to in _HIGHER:
        cube[to] += square[a] * h[b]
    out = f1 * h + f2 / 2 * square + f3 / 6 * cube
    out[0] = f0
    return Jet(out)


def _reciprocal(v: Floats) -> tuple[Any, Any, Any, Any]:
    return 1 / v, -1 / v**2, 2 / v**3, -6 / v**4


def _lift(derivatives: Callable[[float], tuple[float, float, float, float]]) -> Callable[[Jet], Jet]:
    return lambda x: _series(x, *derivatives(x.value))


def _abs(x: Jet) -> Jet:
    if x.value == 0:
        raise ValueError("abs has no derivative at zero")
    return x if x.value > 0 else -x


def _sqrt(v: float) -> tuple[float, float, float, float]:
    y = math.sqrt(v)
    return y, 0.5 / y, -0.25 / (y * v), 0.375 / (y * v * v)


def _exp(v: float) -> tuple[float, float, float, float]:
    y = math.exp(v)
    return y, y, y, y


def _log(v: float) -> tuple[float, float, float, float]:
    return math.log(v), 1 / v, -1 / v**2, 2 / v**3


def _sin(v: float) -> tuple[float, float, float, float]:
    s, c = math.sin(v), math.cos(v)
    return s, c, -s, -c


def _cos(v: float) -> tuple[float, float, float, float]:
    s, c = math.sin(v), math.cos(v)
    return c, -s, -c, s


def _tan(v: float) -> tuple[float, float, float, float]:
    t = math.tan(v)
    d = 1 + t * t
    return t, d, 2 * t * d, 2 * d * (d + 2 * t * t)


def _arcsin(v: float) -> tuple[float, float, float, float]:
    d = 1 - v * v
    return math.asin(v), d**-0.5, v * d**-1.5, (1 + 2 * v * v) * d**-2.5


def _arccos(v: float) -> tuple[float, float, float, float]:
    _, a, b, c = _arcsin(v)
    return math.acos(v), -a, -b, -c


def _arctan(v: float) -> tuple[float, float, float, float]:
    d = 1 + v * v
    return math.atan(v), 1 / d, -2 * v / d**2, (6 * v * v - 2) / d**3


def _power(base: Jet, exponent: Jet) -> Jet:
    n = exponent.value
    if abs(n) > MAX_EXPONENT:
        raise OverflowError("exponent")
    if exponent.c[1:].any():
        return FUNCTIONS["exp"](exponent * FUNCTIONS["log"](base))  # type: ignore[no-any-return]
    v = base.value
    if isinstance(v**n, complex):
        raise ValueError("a negative base needs a whole exponent")
    derivatives, factor = [], 1.0
    for order in range(4):
        derivatives.append(factor * v ** (n - order) if factor else 0.0)
        factor *= n - order
    return _series(base, *derivatives)


def _arctan2(y: Jet, x: Jet) -> Jet:
    if x.value == y.value == 0:
        raise ZeroDivisionError
    # the derivative does not know the branch: take the quotient that is far from its pole
    flat = _lift(_arctan)(y / x) if abs(x.value) >= abs(y.value) else -_lift(_arctan)(x / y)
    out = flat.c.copy()
    out[0] = math.atan2(y.value, x.value)
    return Jet(out)


def _sum(*values: Any) -> Jet:
    total = constant(0.0)
    for value in flatten(values):
        total = total + value
    return total


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "sqrt": _lift(_sqrt),
    "exp": _lift(_exp),
    "log": _lift(_log),
    "log10": lambda x: _lift(_log)(x) * constant(1 / math.log(10.0)),
    "sin": _lift(_sin),
    "cos": _lift(_cos),
    "tan": _lift(_tan),
    "arcsin": _lift(_arcsin),
    "arccos": _lift(_arccos),
    "arctan": _lift(_arctan),
    "arctan2": _arctan2,
    "sum": _sum,
    "mean": lambda *v: _sum(*v) * constant(1 / len(flatten(v))),
    "min": lambda *v: min(flatten(v), key=lambda d: d.value),
    "max": lambda *v: max(flatten(v), key=lambda d: d.value),
}

JETS = Domain(
    name="Taylor series",
    number=lambda text: constant(float(text)),
    functions=FUNCTIONS,
    power=_power,
    errors=(ArithmeticError, ValueError, TypeError, AttributeError),
)
