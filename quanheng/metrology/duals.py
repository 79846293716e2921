"""Forward-mode automatic differentiation: a number that carries its partial derivatives (GUM 5.1.3, sensitivities)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.metrology.expressions import MAX_EXPONENT, Domain, Expression, flatten


@dataclass(frozen=True, eq=False, slots=True)
class Dual:
    """A value and its derivatives by each input, in the order of the inputs."""

    value: float
    partials: tuple[float, ...] = ()

    def _with(self, value: float, slope: float) -> Dual:
        return Dual(value, tuple(slope * p for p in self.partials))

    def _join(self, other: Dual, value: float, by_self: float, by_other: float) -> Dual:
        if not self.partials:
            return other._with(value, by_other)
        if not other.partials:
            return self._with(value, by_self)
        pairs = zip(self.partials, other.partials, strict=True)
        return Dual(value, tuple(by_self * a + by_other * b for a, b in pairs))

    def __add__(self, other: Dual) -> Dual:
        return self._join(other, self.value + other.value, 1.0, 1.0)

    def __sub__(self, other: Dual) -> Dual:
        return self._join(other, self.value - other.value, 1.0, -1.0)

    def __mul__(self, other: Dual) -> Dual:
        return self._join(other, self.value * other.value, other.value, self.value)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return self._join(other, quotient, 1.0 / other.value, -quotient / other.value)

    def __neg__(self) -> Dual:
        return self._with(-self.value, -1.0)

    def __lt__(self, other: Dual) -> bool:
        return self.value < other.value

    def __le__(self, other: Dual) -> bool:
        return self.value <= other.value

    def __gt__(self, other: Dual) -> bool:
        return self.value > other.value

    def __ge__(self, other: Dual) -> bool:
        return self.value >= other.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dual) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


def _power(base: Dual, exponent: Dual) -> Dual:
    if abs(exponent.value) > MAX_EXPONENT:
        raise OverflowError("exponent")
    value = base.value**exponent.value
    if isinstance(value, complex):
        raise ValueError("a negative base needs a whole exponent")
    by_base = exponent.value * base.value ** (exponent.value - 1) if exponent.value else 0.0
    by_exponent = value * math.log(base.value) if any(exponent.partials) else 0.0
    return base._join(exponent, value, by_base, by_exponent)


def _lift(function: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Dual], Dual]:
    def apply(x: Dual) -> Dual:
        value = function(x.value)
        return x._with(value, slope(x.value, value) if any(x.partials) else 0.0)

    return apply


def _arctan2(y: Dual, x: Dual) -> Dual:
    square = x.value**2 + y.value**2
    return y._join(x, math.atan2(y.value, x.value), x.value / square, -y.value / square)


def _sum(*values: Any) -> Dual:
    flat = flatten(values)
    total = Dual(0.0)
    for value in flat:
        total = total + value
    return total


def _mean(*values: Any) -> Dual:
    return _sum(*values) / Dual(float(len(flatten(values))))


def _sign(x: float, _: float) -> float:
    if x == 0:
        raise ValueError("abs has no derivative at zero")
    return math.copysign(1.0, x)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": _lift(abs, _sign),
    "sqrt": _lift(math.sqrt, lambda x, y: 0.5 / y),
    "exp": _lift(math.exp, lambda x, y: y),
    "log": _lift(math.log, lambda x, y: 1.0 / x),
    "log10": _lift(math.log10, lambda x, y: 1.0 / (x * math.log(10.0))),
    "sin": _lift(math.sin, lambda x, y: math.cos(x)),
    "cos": _lift(math.cos, lambda x, y: -math.sin(x)),
    "tan": _lift(math.tan, lambda x, y: 1.0 + y * y),
    "arcsin": _lift(math.asin, lambda x, y: 1.0 / math.sqrt(1.0 - x * x)),
    "arccos": _lift(math.acos, lambda x, y: -1.0 / math.sqrt(1.0 - x * x)),
    "arctan": _lift(math.atan, lambda x, y: 1.0 / (1.0 + x * x)),
    "arctan2": _arctan2,
    "sum": _sum,
    "mean": _mean,
    "min": lambda *v: min(flatten(v), key=lambda d: d.value),
    "max": lambda *v: max(flatten(v), key=lambda d: d.value),
}

DUALS = Domain(
    name="numbers with derivatives",
    number=lambda text: Dual(float(text)),
    functions=FUNCTIONS,
    power=_power,
    errors=(ArithmeticError, ValueError, TypeError, AttributeError),
)


def gradient(expression: Expression, point: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Value and partial derivatives of `expression` at `point` (GUM 5.1.3, sensitivity coefficients).

    Examples
    --------
    >>> from quanheng.metrology.expressions import parse
    >>> gradient(parse("a*b"), {"a": 2.0, "b": 3.0})
    (6.0, {'a': 3.0, 'b': 2.0})
    """
    names = list(point)
    size = len(names)
    lifted = {n: Dual(float(point[n]), tuple(1.0 if i == j else 0.0 for j in range(size))) for i, n in enumerate(names)}
    answer = expression.evaluate(lifted, DUALS)
    partials = answer.partials or (0.0,) * size
    return answer.value, dict(zip(names, partials, strict=True))
