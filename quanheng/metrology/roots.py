"""Roots of functions of one variable, without the weight of an optimisation package."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quanheng.metrology.vectors import Floats

_STEPS = 200


def rising_roots(function: Callable[[Floats], Floats], low: float, high: float, count: int) -> Floats:
    """`rising_root` of `count` functions at once: `function` maps an array of places to the array of their values."""
    lows, highs = np.full(count, low), np.full(count, high)
    for _step in range(_STEPS):
        middle = (lows + highs) / 2
        if ((middle == lows) | (middle == highs)).all():
            break
        below = function(middle) < 0
        lows, highs = np.where(below, middle, lows), np.where(below, highs, middle)
    return highs


def rising_root(function: Callable[[float], float], low: float, high: float, steps: int = _STEPS) -> float:
    """Where a rising function crosses zero between `low` and `high`, by halving down to adjacent floats.

    Examples
    --------
    >>> rising_root(lambda x: x**3 - 8, 0, 5)
    2.0
    """
    for _step in range(steps):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return high
