"""Expressions over numpy arrays: one formula evaluated for many trials at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError
from quanheng.metrology.expressions import MAX_EXPONENT, Domain, Logic, flatten

Floats = npt.NDArray[np.float64]


def _power(base: Any, exponent: Any) -> Any:
    largest = np.max(np.abs(exponent))
    if largest > MAX_EXPONENT:
        raise OverflowError("exponent")
    if np.ndim(exponent) == 0 and float(exponent).is_integer() and 0 <= exponent <= 3:
        # products are an order of magnitude faster than pow
        return (base**0, base, base * base, base * base * base)[int(exponent)]
    return np.power(base, exponent)


def _sum(*values: Any) -> Any:
    return reduce(np.add, flatten(values), 0.0)


def _mean(*values: Any) -> Any:
    return _sum(*values) / len(flatten(values))


def _deviation(*values: Any) -> Any:
    flat = flatten(values)
    centre = _mean(*flat)
    return np.sqrt(reduce(np.add, [(v - centre) ** 2 for v in flat]) / (len(flat) - 1))


def _ordered(pick: Callable[[Any, Any], Any], *values: Any) -> Any:
    flat = flatten(values)
    if any(np.iscomplexobj(v) for v in flat):
        raise TypeError("complex numbers have no order")
    return reduce(pick, flat)


class ArrayLogic(Logic):
    """Conditions of many trials at once: each trial takes its own branch."""

    def test(self, value: Any) -> Any:
        """`value` where it is one condition or one for each trial."""
        found = np.asarray(value)
        if found.dtype != np.bool_:
            raise InputError("formula_type", "a condition must be a comparison", str(value)[:40])
        return found

    def every(self, parts: Sequence[Callable[[], Any]]) -> Any:
        """Where all hold."""
        return reduce(np.logical_and, [self.test(part()) for part in parts])

    def some(self, parts: Sequence[Callable[[], Any]]) -> Any:
        """Where one holds."""
        return reduce(np.logical_or, [self.test(part()) for part in parts])

    def opposite(self, value: Any) -> Any:
        """Where it does not hold."""
        return np.logical_not(self.test(value))

    def choose(self, test: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
        """Each trial's own branch; a branch that no trial takes is not evaluated."""
        found = self.test(test)
        if found.all():
            return yes()
        return np.where(found, yes(), no()) if found.any() else no()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "complex": lambda a, b: a + 1j * np.asarray(b),
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "angle": np.angle,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arctan2": np.arctan2,
    "sum": _sum,
    "mean": _mean,
    "stdev": _deviation,
    "count": lambda *v: float(len(flatten(v))),
    "min": lambda *v: _ordered(np.minimum, *v),
    "max": lambda *v: _ordered(np.maximum, *v),
    "span": lambda *v: _ordered(np.maximum, *v) - _ordered(np.minimum, *v),
    "floor": np.floor,
    "ceil": np.ceil,
    "round_to": lambda x, step: np.round(x / step) * step,
}

ARRAYS = Domain(
    name="many trials at once",
    number=float,
    functions=FUNCTIONS,
    power=_power,
    errors=(ArithmeticError, ValueError, TypeError),
    logic=ArrayLogic(),
)
