"""Q method and Hampel estimator (ISO 13528:2022 C.5): robust against many outliers and against equal results.

Both are exact: the scale inverts a step function, the location solves a piecewise linear equation on its breakpoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats, groups_of
from quanheng.metrology.results import recorded
from quanheng.metrology.robust.algorithm_a import Robust

_KNEES = np.array([-4.5, -3.0, -1.5, 1.5, 3.0, 4.5])
_MOST = 3000  # laboratories: pairs of results are formed


def q_scale(groups: Sequence[Floats]) -> float:
    """Robust standard deviation (reproducibility where a group holds replicates) from differences between groups.

    Parameters
    ----------
    groups : sequence of ndarray
        Results of each laboratory; at least two laboratories. One result each gives the Q method of C.5.2.2.
    """
    p = len(groups)
    if not 2 <= p <= _MOST:
        raise InputError("length", f"values has {p} laboratories; the Q method takes 2 to {_MOST}", "values")
    sizes = np.array([len(g) for g in groups])
    flat = np.concatenate(groups)
    owner = np.repeat(np.arange(p), sizes)
    i, j = np.triu_indices(len(flat), 1)
    apart = owner[i] != owner[j]
    i, j = i[apart], j[apart]
    gap = np.abs(flat[i] - flat[j])
    weight = 2.0 / (p * (p - 1)) / (sizes[owner[i]] * sizes[owner[j]])
    points, where = np.unique(gap, return_inverse=True)
    steps = np.cumsum(np.bincount(where, weights=weight))
    at_zero = float(steps[0]) if points[0] == 0 else 0.0
    if points[0] > 0:
        points, steps = np.concatenate([[0.0], points]), np.concatenate([[0.0], steps])
    middle = 0.5 * (steps[1:] + steps[:-1])  # G1 at the jumps above zero
    start = 0.5 * at_zero if at_zero else 0.0
    level = 0.25 + 0.75 * at_zero
    quantile = float(np.interp(level, np.concatenate([[start], middle]), points))
    scale = quantile / (math.sqrt(2.0) * float(special.ndtri(0.625 + 0.375 * at_zero)))
    if not (math.isfinite(scale) and scale > 0):
        raise InputError("zero_variance", "all values are equal, so the Q method finds no scale", "values")
    return scale


def hampel(values: Floats, sd: float) -> tuple[float, int]:
    """Location x*: the root of sum psi((y - x*) / sd) nearest the median, with knees at 1.5, 3 and 4.5 (C.5.3.2).

    Returns the root and how many breakpoints were searched.
    """
    breaks = np.unique((values[:, None] - sd * _KNEES[None, :]).ravel())
    total = _psi((values[None, :] - breaks[:, None]) / sd).sum(axis=1)
    tolerance = 1e-12 * len(values)
    roots = list(breaks[np.abs(total) <= tolerance])
    crossing = np.flatnonzero(np.sign(total[:-1]) * np.sign(total[1:]) < 0)
    for k in crossing:
        share = total[k] / (total[k] - total[k + 1])
        roots.append(breaks[k] + share * (breaks[k + 1] - breaks[k]))
    middle = float(np.median(values))
    if not roots:
        raise InputError("no_root", "the Hampel equation has no solution; the values are too scattered", "values")
    distance = np.abs(np.array(roots) - middle)
    nearest = [r for r, d in zip(roots, distance, strict=True) if d <= distance.min() * (1 + 1e-12)]
    # two roots at the same distance leave the median (C.5.3.2, NOTE)
    answer = middle if len(nearest) > 1 and np.ptp(nearest) > 0 else float(nearest[0])
    return answer, len(breaks)


def _psi(q: Floats) -> Floats:
    size = np.abs(q)
    return np.asarray(np.sign(q) * np.clip(np.minimum(size, 1.5), 0.0, np.clip(4.5 - size, 0.0, None)))


@recorded
def q_hampel(groups: Sequence[object]) -> Robust:
    """Q scale and Hampel location of one result or several replicates from each laboratory."""
    arrays = groups_of(groups, "values", single=True)
    sd = q_scale(arrays)
    means = np.array([a.mean() for a in arrays])
    x, searched = hampel(means, sd)
    rule = f"exact: root of a piecewise linear equation among {searched} breakpoints"
    return Robust("q-hampel", "ISO 13528:2022 C.5", x, sd, 1.25 * sd / math.sqrt(len(means)), len(means), 0, rule)
