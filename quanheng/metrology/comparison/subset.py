"""The largest consistent subset (M. G. Cox, Metrologia 44 (2007) 187) found exactly, without enumeration.

A subset of size m is best when its chi-squared about its own weighted mean is least. At that mean its members are the m
results with the smallest |x - mu| / u, because exchanging any member for a closer outsider would lower the sum. That
order changes only where two of these ratios cross, at most n(n - 1) places on the axis of mu. So one sweep over the
intervals between crossings meets every candidate: about n**2 orders in place of 2**n subsets.

Correlated results have no such order. There members are chosen one by one, and a choice is given up as soon as its
chi-squared passes the limit: adding a result never lowers it, so nothing is missed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats
from quanheng.metrology.comparison.estimators import (
    LEVEL,
    Consensus,
    chi_squared,
    read_joint,
    read_results,
    weighted,
)
from quanheng.metrology.results import recorded

MOST = 300  # participants; the sweep grows as n**3 log n
MOST_NODES = 100_000  # choices looked at among correlated results
_TIE = "another subset of the same size agrees as well as this one: the choice between them is not the data's"
_BLOCK = 2_000_000  # entries of one block of orders


def best_subsets(x: object, u: object) -> tuple[Floats, list[npt.NDArray[np.intp]]]:
    """For each size 1 … n the least chi-squared and the subset that has it.

    Parameters
    ----------
    x, u : ndarray (n,)
        Independent results and their standard uncertainties.

    Returns
    -------
    chi2 : ndarray (n,)
    members : list of index arrays, sorted
    """
    return _best_subsets(*read_results(x, u, at_least=1))


def _best_subsets(x: Floats, u: Floats) -> tuple[Floats, list[npt.NDArray[np.intp]]]:
    n = len(x)
    if n > MOST:
        raise InputError("participants", f"x has {n}; at most {MOST} are searched for a consistent subset", "x")
    scale = float(np.median(u))
    z, s = (x - np.median(x)) / scale, u / scale
    centres = _between_crossings(z, s)
    least = np.full(n, np.inf)
    members: list[npt.NDArray[np.intp]] = [np.arange(0)] * n
    rows = max(1, _BLOCK // n)
    for start in range(0, len(centres), rows):
        order = np.argsort(np.abs(z - centres[start : start + rows, None]) / s, axis=1, kind="stable")
        chi2 = _running_chi2(z[order], s[order])
        best = chi2.argmin(axis=0)
        for m in np.flatnonzero(chi2[best, np.arange(n)] < least):
            least[m] = chi2[best[m], m]
            members[m] = np.sort(order[best[m], : m + 1])
    exact = [_chi2_of(z[chosen], s[chosen]) for chosen in members]
    return np.array(exact), members


@recorded
def largest_consistent_subset(x: object, v: object, level: float = LEVEL) -> Consensus:
    """Weighted mean of the largest subset that chi-squared accepts; of equal sizes the one with least chi-squared.

    Parameters
    ----------
    x : ndarray (n,)
    v : ndarray (n,) or (n, n)
        Standard uncertainties of independent results, or the covariance of correlated ones.
    """
    if not 0 < level < 1:
        raise InputError("range", f"level is {level:g}; it lies between 0 and 1", "level")
    return _largest(*read_joint(x, v), level)


def _largest(x: Floats, covariance: Floats, level: float) -> Consensus:
    u = np.sqrt(np.diag(covariance))
    limits = np.concatenate([[np.inf], quantiles.chi2_ppf(1 - level, np.arange(1, len(x)))])
    if np.abs(covariance - np.diag(u**2)).max() > 1e-6 * u.min() ** 2:
        chosen, alone = _correlated(x, covariance, limits), True
    else:
        chi2, members = _best_subsets(x, u)
        size = int(np.flatnonzero(chi2 <= limits).max())
        chosen = members[size]
        # the sweep takes the first of equal subsets; seen in a mirror the first is the last
        alone = np.array_equal(chosen, _best_subsets(-x, u)[1][size])
    inner = weighted(x[chosen], covariance[np.ix_(chosen, chosen)])
    weights = np.zeros(len(x))
    weights[chosen] = inner.weights
    outside = tuple(int(i) for i in np.setdiff1d(np.arange(len(x)), chosen))
    if len(chosen) == 1:
        raise InputError("no_consensus", "no two results agree, so there is no consistent subset; use a median", "x")
    return replace(
        inner,
        method="largest-consistent-subset",
        document="Cox 2007",
        weights=weights,
        excluded=outside,
        notes=inner.notes if alone else (*inner.notes, _TIE),
    )


def _correlated(x: Floats, v: Floats, limits: Floats) -> npt.NDArray[np.intp]:
    """The largest subset of correlated results within its limit: branch and bound over who is left out."""
    n = len(x)
    scale = float(np.sqrt(np.diag(v)).min())
    z, s = (x - np.median(x)) / scale, v / scale**2
    # results far from the middle first: a wrong choice is seen early
    order = np.argsort(-np.abs(z) / np.sqrt(np.diag(s)), kind="stable")
    nodes = 0
    for left_out in range(n):
        best, chosen, limit = np.inf, None, float(limits[n - left_out - 1])
        open_choices: list[tuple[int, tuple[int, ...], int]] = [(0, (), left_out)]
        while open_choices:
            at, kept, spare = open_choices.pop()
            nodes += 1
            if nodes > MOST_NODES:
                raise InputError("too_large", "too many correlated results disagree; exclude the farthest", "x")
            chi2 = chi_squared(z[list(kept)], s[np.ix_(kept, kept)])[0] if kept else 0.0
            if chi2 > limit or chi2 >= best:
                continue
            if at == n:
                best, chosen = chi2, kept
                continue
            i = int(order[at])
            if spare:
                open_choices.append((at + 1, kept, spare - 1))
            if n - at > spare:
                open_choices.append((at + 1, (*kept, i), spare))
        if chosen is not None:
            return np.sort(np.array(chosen))
    raise AssertionError("one result agrees with itself")


def _between_crossings(z: Floats, s: Floats) -> Floats:
    """One point inside each interval on which the order of |z - mu| / s is constant."""
    i, j = np.triu_indices(len(z), 1)
    total, gap = s[i] + s[j], s[j] - s[i]
    inside = (z[i] * s[j] + z[j] * s[i]) / total
    apart = gap != 0
    outside = (z[i] * s[j] - z[j] * s[i])[apart] / gap[apart]
    cuts = np.unique(np.concatenate([inside, outside]))
    if not len(cuts):
        return z[:1]
    edges = np.concatenate([[cuts[0] - 1.0], cuts, [cuts[-1] + 1.0]])
    return np.unique(np.concatenate([(edges[:-1] + edges[1:]) / 2, cuts, z]))


def _running_chi2(z: Floats, s: Floats) -> Floats:
    """Chi-squared of the first 1 … n entries of each row about their weighted mean, by Welford's update."""
    w = s**-2.0
    rows, n = z.shape
    total, centre = w[:, 0].copy(), z[:, 0].copy()
    out = np.zeros((rows, n))
    for m in range(1, n):
        total = total + w[:, m]
        step = z[:, m] - centre
        moved = step * w[:, m] / total
        out[:, m] = out[:, m - 1] + w[:, m] * step * (step - moved)
        centre = centre + moved
    return out


def _chi2_of(z: Floats, s: Floats) -> float:
    w = s**-2.0
    return float(w @ (z - (w @ z) / w.sum()) ** 2)
