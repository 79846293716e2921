"""Numbers of any domain that a Python function computes with: operators and numpy functions reach the domain.

So one function, written once with operators and numpy, runs on numbers with derivatives (GUM 5.1.3), on Taylor series
(GUM 5.1.2, note) and on arrays of trials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.expressions import Domain

Apply = Callable[..., Any]

# numpy functions made of others: (apply a function of the domain, arguments) → value
DERIVED: Mapping[str, Callable[..., Any]] = {
    "add": lambda f, a, b: a + b,
    "subtract": lambda f, a, b: a - b,
    "multiply": lambda f, a, b: a * b,
    "divide": lambda f, a, b: a / b,
    "true_divide": lambda f, a, b: a / b,
    "power": lambda f, a, b: a**b,
    "float_power": lambda f, a, b: a**b,
    "negative": lambda f, a: -a,
    "positive": lambda f, a: a,
    "absolute": lambda f, a: f("abs", a),
    "fabs": lambda f, a: f("abs", a),
    "square": lambda f, a: a * a,
    "reciprocal": lambda f, a: 1.0 / a,
    "hypot": lambda f, a, b: f("sqrt", a * a + b * b),
    "maximum": lambda f, a, b: a if a >= b else b,
    "minimum": lambda f, a, b: a if a <= b else b,
    "log2": lambda f, a: f("log", a) / math.log(2.0),
    "log1p": lambda f, a: f("log", 1.0 + a),
    "expm1": lambda f, a: f("exp", a) - 1.0,
    "exp2": lambda f, a: f("exp", a * math.log(2.0)),
    "sinh": lambda f, a: (f("exp", a) - f("exp", -a)) / 2.0,
    "cosh": lambda f, a: (f("exp", a) + f("exp", -a)) / 2.0,
    "tanh": lambda f, a: 1.0 - 2.0 / (f("exp", 2.0 * a) + 1.0),
    "deg2rad": lambda f, a: a * (math.pi / 180.0),
    "radians": lambda f, a: a * (math.pi / 180.0),
    "rad2deg": lambda f, a: a * (180.0 / math.pi),
    "degrees": lambda f, a: a * (180.0 / math.pi),
    "conjugate": lambda f, a: f("conj", a),
}
_ONE = ("sqrt", "exp", "log", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan")


class Lifted:
    """One number of a domain with the operators of Python and the functions of numpy."""

    __slots__ = ("domain", "of")
    __array_priority__ = 1000

    def __init__(self, of: Any, domain: Domain) -> None:
        self.of, self.domain = of, domain

    def __add__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: b * a)

    def __truediv__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: b / a)

    def __pow__(self, other: Any) -> Any:
        return self._two(other, self.domain.power)

    def __rpow__(self, other: Any) -> Any:
        return self._two(other, lambda a, b: self.domain.power(b, a))

    def __neg__(self) -> Lifted:
        return Lifted(-self.of, self.domain)

    def __pos__(self) -> Lifted:
        return self

    def __abs__(self) -> Lifted:
        return self._apply("abs", self)

    def __lt__(self, other: Any) -> bool:
        return bool(self.of < self._of(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.of <= self._of(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.of > self._of(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.of >= self._of(other))

    def __float__(self) -> float:
        raise InputError("model", "math functions drop the derivatives; write the model with numpy's: np.sqrt", "model")

    def __complex__(self) -> complex:
        raise InputError("model", "math functions drop the derivatives; write the model with numpy's: np.sqrt", "model")

    @property
    def real(self) -> Lifted:
        """Real part."""
        return self._apply("real", self)

    @property
    def imag(self) -> Lifted:
        """Imaginary part."""
        return self._apply("imag", self)

    def conjugate(self) -> Lifted:
        """Complex conjugate."""
        return self._apply("conj", self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        if any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
            return ufunc(*[np.asarray(x, dtype=object) for x in inputs])
        if ufunc.__name__ in DERIVED:
            return DERIVED[ufunc.__name__](self._apply, *inputs)
        return self._apply(ufunc.__name__, *inputs)

    def _apply(self, name: str, *arguments: Any) -> Lifted:
        function = self.domain.functions.get(name)
        if function is None:
            raise InputError("model", f"{name} cannot be used on {self.domain.name}", name)
        return Lifted(function(*[self._of(x) for x in arguments]), self.domain)

    def _of(self, value: Any) -> Any:
        if isinstance(value, Lifted):
            return value.of
        if isinstance(value, complex | np.complexfloating):
            parts = [self.domain.number(repr(float(part))) for part in (value.real, value.imag)]
            return self.domain.functions["complex"](*parts)
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating | np.ndarray):
            raise TypeError(f"{type(value).__name__} is no number")
        return self.domain.number(repr(float(value)))

    def _two(self, other: Any, operate: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, np.ndarray) and other.ndim:
            return NotImplemented
        return Lifted(operate(self.of, self._of(other)), self.domain)


def _method(name: str) -> Callable[[Lifted], Lifted]:
    def method(self: Lifted) -> Lifted:
        return self._apply(name, self)

    method.__doc__ = f"{name} of the number, which numpy asks for in arrays of objects."
    return method


for _name in _ONE:
    setattr(Lifted, _name, _method(_name))
