"""Expressions over numpy arrays: one formula evaluated for many trials at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from quanheng.metrology.expressions import MAX_EXPONENT, Domain, flatten

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


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
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
    "min": lambda *v: reduce(np.minimum, flatten(v)),
    "max": lambda *v: reduce(np.maximum, flatten(v)),
    "span": lambda *v: reduce(np.maximum, flatten(v)) - reduce(np.minimum, flatten(v)),
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
)
