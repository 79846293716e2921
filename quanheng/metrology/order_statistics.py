"""Single values of a large sample in rising order, without putting all of it in order."""

from __future__ import annotations

import math

import numpy as np

from quanheng.metrology.vectors import Floats

_LARGE = 100_000  # below this a partial sort of everything is as fast
_LOOKED_AT = 8192
_WIDTH = 4.5  # standard deviations of a rank among the values looked at


def smallest(values: Floats, ranks: tuple[int, ...]) -> tuple[float, ...]:
    """The values that have these ranks, counted from zero; none may be NaN.

    Of a large sample every so-manyth value tells between which two values each rank lies; those below are counted and
    only those between are sorted. Where the rank is not there after all, everything is.

    Examples
    --------
    >>> smallest(np.array([3.0, 1.0, 2.0]), (0, 2))
    (1.0, 3.0)
    """
    if len(values) >= _LARGE:
        looked_at = np.sort(values[:: len(values) // _LOOKED_AT])
        found = tuple(_between(values, looked_at, rank) for rank in ranks)
        if None not in found:
            return tuple(float(y) for y in found if y is not None)
    ordered = np.partition(values, ranks)
    return tuple(float(ordered[rank]) for rank in ranks)


def _between(values: Floats, looked_at: Floats, rank: int) -> float | None:
    few, part = len(looked_at), rank / len(values)
    reach = _WIDTH * math.sqrt(few * part * (1 - part)) + 2
    first, last = math.floor(few * part - reach), math.ceil(few * part + reach)
    above = values >= looked_at[first] if first >= 0 else np.ones(len(values), np.bool_)
    below = len(values) - int(np.count_nonzero(above))
    if last < few:
        above &= values <= looked_at[last]
    near = values[above]
    if not below <= rank < below + len(near):
        return None
    return float(np.partition(near, rank - below)[rank - below])


def tails(values: Floats, count: int) -> tuple[Floats, Floats]:
    """The `count` smallest and the `count` largest values, each in rising order.

    Examples
    --------
    >>> low, high = tails(np.array([3.0, 1.0, 2.0, 5.0]), 2)
    >>> low.tolist(), high.tolist()
    ([1.0, 2.0], [3.0, 5.0])
    """
    if 2 * count > len(values) // 2:
        ordered = np.sort(values)
        return ordered[:count], ordered[len(values) - count :]
    parted = np.partition(values, (count - 1, len(values) - count))
    return np.sort(parted[:count]), np.sort(parted[len(values) - count :])
