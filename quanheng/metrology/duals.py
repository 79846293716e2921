"""Forward-mode automatic differentiation: a number that carries its partial derivatives (GUM 5.1.3, sensitivities)."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.metrology.expressions import MAX_EXPONENT, Domain, Expression, flatten


@dataclass(frozen=True, eq=False, slots=True)
class Dual:
    """A value, real or complex, and its derivatives by each input, in the order of the inputs, which are real."""

    value: Any
    partials: tuple[Any, ...] = ()

    def _with(self, value: Any, slope: Any) -> Dual:
        return Dual(value, tuple(slope * p for p in self.partials))

    def _join(self, other: Dual, value: Any, by_self: Any, by_other: Any) -> Dual:
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
        return bool(self.value < other.value)

    def __le__(self, other: Dual) -> bool:
        return bool(self.value <= other.value)

    def __gt__(self, other: Dual) -> bool:
        return bool(self.value > other.value)

    def __ge__(self, other: Dual) -> bool:
        return bool(self.value >= other.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dual) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


Function = Callable[[Any], Any]
Slope = Callable[[Any, Any], Any]
_REAL: Mapping[str, Function] = {
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10, "sin": math.sin, "cos": math.cos,
    "tan": math.tan, "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan,
}  # fmt: skip
_COMPLEX: Mapping[str, Function] = {
    name: getattr(cmath, function.__name__) for name, function in _REAL.items()
}  # the same names


def slopes(functions: Mapping[str, Function]) -> dict[str, Slope]:
    """Derivatives of the functions of one number, from argument and value, for any kind of number."""
    return {
        "sqrt": lambda x, y: 0.5 / y,
        "exp": lambda x, y: y,
        "log": lambda x, y: 1.0 / x,
        "log10": lambda x, y: 1.0 / (x * math.log(10.0)),
        "sin": lambda x, y: functions["cos"](x),
        "cos": lambda x, y: -functions["sin"](x),
        "tan": lambda x, y: 1.0 + y * y,
        "arcsin": lambda x, y: (1.0 - x * x) ** -0.5,
        "arccos": lambda x, y: -((1.0 - x * x) ** -0.5),
        "arctan": lambda x, y: 1.0 / (1.0 + x * x),
    }


_REAL_SLOPES, _COMPLEX_SLOPES = slopes(_REAL), slopes(_COMPLEX)


def _lift(name: str) -> Callable[[Dual], Dual]:
    def apply(x: Dual) -> Dual:
        whole = isinstance(x.value, complex)
        value = (_COMPLEX if whole else _REAL)[name](x.value)
        slope = (_COMPLEX_SLOPES if whole else _REAL_SLOPES)[name]
        return x._with(value, slope(x.value, value) if any(x.partials) else 0.0)

    return apply


def _power(base: Dual, exponent: Dual) -> Dual:
    if abs(exponent.value) > MAX_EXPONENT:
        raise OverflowError("exponent")
    value = base.value**exponent.value
    whole = isinstance(base.value, complex) or isinstance(exponent.value, complex)
    if isinstance(value, complex) and not whole:
        raise ValueError("a negative base needs a whole exponent")
    by_base = exponent.value * base.value ** (exponent.value - 1) if exponent.value else 0.0
    log = cmath.log if whole else math.log
    by_exponent = value * log(base.value) if any(exponent.partials) else 0.0
    return base._join(exponent, value, by_base, by_exponent)


def _arctan2(y: Dual, x: Dual) -> Dual:
    square = x.value**2 + y.value**2
    return y._join(x, math.atan2(y.value, x.value), x.value / square, -y.value / square)


def _abs(x: Dual) -> Dual:
    if x.value == 0:
        raise ValueError("abs has no derivative at zero")
    if not isinstance(x.value, complex):
        return x._with(abs(x.value), math.copysign(1.0, x.value))
    size = abs(x.value)
    return Dual(size, tuple((x.value.conjugate() * p).real / size for p in x.partials))


def _angle(x: Dual) -> Dual:
    square = abs(x.value) ** 2
    return Dual(cmath.phase(x.value), tuple((x.value.conjugate() * p).imag / square for p in x.partials))


def _part(take: Function) -> Callable[[Dual], Dual]:
    return lambda x: Dual(take(x.value), tuple(take(p) for p in x.partials))


def _sum(*values: Any) -> Dual:
    flat = flatten(values)
    total = Dual(0.0)
    for value in flat:
        total = total + value
    return total


def _mean(*values: Any) -> Dual:
    return _sum(*values) / Dual(float(len(flatten(values))))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _lift(name) for name in _REAL},
    "abs": _abs,
    "complex": lambda a, b: a + Dual(1j) * b,
    "real": _part(lambda z: z.real),
    "imag": _part(lambda z: z.imag),
    "conj": _part(lambda z: z.conjugate()),
    "angle": _angle,
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
