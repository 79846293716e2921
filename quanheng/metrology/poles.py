"""Does a model stay defined over its inputs? The law of propagation looks at one point and cannot see (JCGM 101, 5.10).

The model is evaluated once on a thousand joint values of its inputs, spread evenly over their distributions, by arrays
that watch what they divide by. A divisor that changes its sign, or that comes so close to zero that one value of the
thousand carries most of the sum of squares, is a pole: the output has no standard uncertainty, whatever the slope says.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.correlation import factor
from quanheng.metrology.distributions import Distribution, Normal, Observations, StudentT
from quanheng.metrology.draws import quantile
from quanheng.metrology.vectors import Floats

_POINTS = 1000
_BRANCH = re.compile(r"\bif\b")
_DIVIDING = {"true_divide", "divide", "floor_divide", "remainder", "reciprocal", "tan", "power", "float_power"}
_NEAR, _SHARE = 2e-3, 0.5
OUTSIDE = (
    "the model has no value for {part:.1%} of what its inputs may be, which the law of propagation does not see; "
    "use method mc"
)


class Watched(np.ndarray[Any, np.dtype[Any]]):
    """An array that refuses to be a divisor with a zero inside its values."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [x.view(np.ndarray) if isinstance(x, Watched) else x for x in inputs]
        if method == "__call__" and ufunc.__name__ in _DIVIDING:
            divisor = _divisor(ufunc.__name__, plain)
            if divisor is not None and _has_pole(np.asarray(divisor)):
                raise InputError(
                    "pole",
                    "the model divides by something that becomes zero inside the inputs: it has a pole there, and the "
                    "output has no standard uncertainty (JCGM 101, 5.10); narrow or truncate the inputs",
                    "model",
                )
        kwargs.pop("out", None)
        found = ufunc(*plain, **kwargs) if method == "__call__" else getattr(ufunc, method)(*plain, **kwargs)
        return found.view(Watched) if isinstance(found, np.ndarray) else found


def _divisor(name: str, inputs: list[Any]) -> Any:
    if name in ("true_divide", "divide", "floor_divide", "remainder"):
        return inputs[1]
    if name == "reciprocal":
        return inputs[0]
    if name == "tan":
        return np.cos(inputs[0])
    if name in ("power", "float_power") and np.ndim(inputs[1]) == 0 and np.real(inputs[1]) < 0:
        return inputs[0] ** -inputs[1]
    return None


def _has_pole(divisor: Any) -> bool:
    if np.iscomplexobj(divisor) or np.ndim(divisor) == 0:
        return False
    d = divisor
    low, high = float(d.min()), float(d.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        d = divisor[np.isfinite(divisor)]
        if not d.size:
            return False
        low, high = float(d.min()), float(d.max())
    if min(abs(low), abs(high)) > _NEAR * max(abs(low), abs(high)) and low * high > 0:
        return False  # the usual case: of one sign and far from zero
    if low == high:
        return low == 0
    if low <= 0 <= high and low < 0 < high:
        return True
    size = np.abs(d)
    least, middle = float(size.min()), float(np.median(size))
    if least > _NEAR * middle:
        return False
    if least == 0:
        return True
    squares = (least / size) ** 2
    return bool(_SHARE * float(squares.sum()) < 1.0)


@functools.lru_cache(maxsize=64)
def _scores(count: int) -> Floats:
    """Normal scores, each input's evenly spread over its distribution and in an order of its own; always the same."""
    even = special.ndtri((np.arange(_POINTS) + 0.5) / _POINTS)
    rng = np.random.Generator(np.random.PCG64(5))
    found = np.array([rng.permutation(even) for _ in range(count)])
    found.flags.writeable = False
    return found


def look(
    evaluate: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    inputs: Mapping[str, Distribution],
    matrix: Floats,
    *,
    text: str = "",
) -> dict[str, float]:
    """For each output the part of the inputs for which the model has no finite value.

    A model whose `text` has branches is not watched while it divides: an array takes both branches.

    Raises
    ------
    InputError
        ``pole`` where a divisor becomes zero inside the inputs.
    """
    scores = _scores(len(inputs))
    if np.count_nonzero(matrix) > len(inputs):
        scores = factor(matrix) @ scores
    values = {name: _values(d, scores[i]) for i, (name, d) in enumerate(inputs.items())}
    if not _BRANCH.search(text):
        values = {name: x.view(Watched) for name, x in values.items()}
    try:
        with np.errstate(all="ignore"):
            found = evaluate(values)
    except InputError as error:
        if error.code == "pole":
            raise
        return {}
    return {name: 1.0 - float(np.mean(np.isfinite(np.asarray(y)))) for name, y in found.items()}


def _values(distribution: Distribution, score: Floats) -> Floats:
    known = distribution.estimate()
    if known.u == 0:
        return np.full(len(score), known.value)
    if isinstance(distribution, Normal | StudentT | Observations):
        # of few degrees of freedom too: their far tails say how well u is known, not where the quantity is
        return np.asarray(known.value + known.u * score)
    return quantile(distribution, special.ndtr(score))
