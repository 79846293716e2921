"""Roots of functions of one variable, without the weight of an optimisation package."""

from __future__ import annotations

from collections.abc import Callable


def rising_root(function: Callable[[float], float], low: float, high: float, steps: int = 200) -> float:
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
