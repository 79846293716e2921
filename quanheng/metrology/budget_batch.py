"""Many budgets of one model at once: first-order propagation over arrays (JCGM 100:2008, 5.1.2, 5.2.2, G.4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.correlation import Correlation, correlation_matrix
from quanheng.metrology.duals import slopes
from quanheng.metrology.expressions import MAX_EXPONENT, Domain, flatten
from quanheng.metrology.models import Model
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.vectors import FUNCTIONS, Floats


@dataclass(frozen=True)
class Budgets(Result, cites="JCGM 100:2008, 5.1.2, 5.2.2, G.4.1"):
    """One output of n budgets: value and u of shape (n,), contributions c·u of shape (inputs, n), dof of shape (n,).

    `dof` is NaN where correlated inputs have finite degrees of freedom: no effective degrees of freedom exist.
    """

    names: tuple[str, ...]  # of the inputs, in the order of the contributions
    value: Floats
    u: Floats
    contributions: Floats
    dof: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Slopes:
    """Values (n,) and derivatives (inputs, n); None where it is constant."""

    v: Any
    d: Any = None

    def _one(self, v: Any, slope: Any) -> _Slopes:
        return _Slopes(v, None if self.d is None else slope * self.d)

    def _two(self, other: _Slopes, v: Any, a: Any, b: Any) -> _Slopes:
        if self.d is None:
            return other._one(v, b)
        return _Slopes(v, a * self.d if other.d is None else a * self.d + b * other.d)

    def __add__(self, o: _Slopes) -> _Slopes:
        return self._two(o, self.v + o.v, 1.0, 1.0)

    def __sub__(self, o: _Slopes) -> _Slopes:
        return self._two(o, self.v - o.v, 1.0, -1.0)

    def __mul__(self, o: _Slopes) -> _Slopes:
        return self._two(o, self.v * o.v, o.v, self.v)

    def __truediv__(self, o: _Slopes) -> _Slopes:
        quotient = np.true_divide(self.v, o.v)
        return self._two(o, quotient, np.true_divide(1.0, o.v), -np.true_divide(quotient, o.v))

    def __neg__(self) -> _Slopes:
        return self._one(-self.v, -1.0)


def _power(base: _Slopes, exponent: _Slopes) -> _Slopes:
    if np.max(np.abs(exponent.v)) > MAX_EXPONENT:
        raise OverflowError("exponent")
    value = np.power(base.v, exponent.v)
    by_base = exponent.v * np.power(base.v, np.subtract(exponent.v, 1.0))
    return base._two(exponent, value, by_base, 0.0 if exponent.d is None else value * np.log(base.v))


def _lift(function: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Callable[[_Slopes], _Slopes]:
    def apply(x: _Slopes) -> _Slopes:
        value = function(x.v)
        return x._one(value, 0.0 if x.d is None else slope(x.v, value))

    return apply


def _arctan2(y: _Slopes, x: _Slopes) -> _Slopes:
    square = x.v**2 + y.v**2
    return y._two(x, np.arctan2(y.v, x.v), x.v / square, -y.v / square)


def _sum(*values: Any) -> _Slopes:
    return reduce(lambda a, b: a + b, flatten(values), _Slopes(0.0))


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _lift(FUNCTIONS[name], slope) for name, slope in slopes(FUNCTIONS).items()},
    "abs": _lift(np.abs, lambda x, y: np.where(x == 0, np.nan, np.sign(x))),
    "arctan2": _arctan2,
    "sum": _sum,
    "mean": lambda *v: _sum(*v) / _Slopes(float(len(flatten(v)))),
}
_SLOPES = Domain("many budgets at once", lambda text: _Slopes(float(text)), _FUNCTIONS, _power,
                 (ArithmeticError, ValueError, TypeError, AttributeError))  # fmt: skip


@recorded
def budgets(
    model: Model,
    values: Mapping[str, Floats],
    u: Mapping[str, Floats],
    *,
    dof: Mapping[str, Floats] | None = None,
    correlations: Sequence[Correlation] = (),
) -> dict[str, Budgets]:
    """First-order budgets for every output; `values`, `u` and `dof` are name → shape (n,) or scalar.

    Examples
    --------
    >>> from quanheng.metrology.models import model_from
    >>> found = budgets(model_from("Y = a*b"), {"a": np.array([1.0, 2.0]), "b": 3.0}, {"a": 0.1, "b": 0.0})
    >>> found["Y"].u.round(6).tolist()
    [0.3, 0.3]
    """
    names = tuple(values)
    if set(u) != set(names) or not model.inputs <= set(names):
        raise InputError("inputs", "values and u name the same inputs, all that the model reads", "u")
    sizes = {
        key: {np.size(v) for v in part.values()} for key, part in (("values", values), ("u", u), ("dof", dof or {}))
    }
    n = max(size for found in sizes.values() for size in found)
    for key, found in sizes.items():
        if found - {1, n}:
            raise InputError("length", f"{key} holds {min(found - {1, n})} budgets where others hold {n}", key)
    x = {name: np.broadcast_to(np.asarray(values[name], np.float64), (n,)) for name in names}
    spread = np.array([np.broadcast_to(np.asarray(u[name], np.float64), (n,)) for name in names])
    if not np.isfinite(spread).all() or (spread < 0).any():
        raise InputError("uncertainty", "every u is finite and not negative", "u")
    unit = np.eye(len(names))
    lifted = {name: _Slopes(x[name], unit[i][:, None]) for i, name in enumerate(names)}
    with np.errstate(all="ignore"):
        answers = model.evaluate(lifted, _SLOPES)
    matrix = correlation_matrix(names, correlations)
    freedom = np.array([np.broadcast_to((dof or {}).get(name, np.inf), (n,)) for name in names])
    return {key: _budgets(key, names, y, spread, matrix, freedom) for key, y in answers.items()}


def _budgets(key: str, names: tuple[str, ...], y: _Slopes, spread: Floats, matrix: Floats, dof: Floats) -> Budgets:
    value = np.broadcast_to(y.v, spread.shape[1:])
    parts = np.zeros_like(spread) if y.d is None else y.d * spread
    good = np.asarray(np.isfinite(value) & np.all(np.isfinite(parts), axis=0))
    if not good.all():
        raise InputError("model_undefined", f"budget {int(np.argmin(good))} has no finite value or sensitivity", key)
    variance = np.sum(parts**2, axis=0)
    off = matrix - np.eye(len(names))
    tied = np.asarray(np.any(off, axis=1))
    if tied.any():
        variance = variance + np.sum(parts * (off @ parts), axis=0)
    u = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(all="ignore"):
        total = np.sum((parts / u) ** 4 / dof, axis=0)
        effective = np.where(total > 0, 1 / total, np.inf)
    refused = (np.isfinite(dof) & tied[:, None] & (parts != 0)).any(axis=0)
    return Budgets(names, np.asarray(value), u, parts, np.where(refused, np.nan, effective))
