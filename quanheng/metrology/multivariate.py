"""Coverage regions of several outputs together (JCGM 102:2011, 6.5 and 7.7): ellipsoid, box and smallest region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.metrology.results import Result
from quanheng.metrology.vectors import Floats

_SMALL = 1e-10  # eigenvalues of the correlation matrix below this part of the largest count as zero
_MESH = 100
_MESHES = {2: _MESH, 3: 40, 4: 20}  # cells along each axis, so that a million trials fill them
SINGULAR = "the outputs depend on each other exactly: the ellipsoid lies in the {rank} dimensions that they span"


@dataclass(frozen=True)
class Regions(Result, cites="JCGM 102:2011, 6.5, 7.7"):
    """Coverage regions of one probability for the same outputs.

    Attributes
    ----------
    k_p : float
        Factor of the ellipsoid (y − η)ᵀ U⁻¹ (y − η) = k_p².
    k_q : float
        Factor of the box y_j ± k_q·u(y_j).
    rank : int
        Dimensions that the outputs span; below their number where the covariance is singular.
    box : mapping of str to (float, float)
    smallest_area : float or None
        Area of the smallest region, for two outputs after Monte Carlo.
    smallest_content : float or None
        Area, volume or content of the smallest region of two to four outputs after Monte Carlo, in the product of their
        units; None where the outputs depend on each other exactly, so that their region has no content.
    """

    coverage: float
    k_p: float
    k_q: float
    rank: int
    box: Mapping[str, tuple[float, float]]
    smallest_area: float | None = None
    smallest_content: float | None = None


def gum_factors(count: int, coverage: float) -> tuple[float, float]:
    """k_p from χ² and k_q by Bonferroni for `count` normal outputs (6.5.2, tables 1 and 2).

    Examples
    --------
    >>> [round(k, 2) for k in gum_factors(2, 0.95)]
    [2.45, 2.24]
    """
    k_p = math.sqrt(float(special.chdtri(count, 1 - coverage)))
    return k_p, float(special.ndtri(1 - (1 - coverage) / (2 * count)))


def gum_regions(values: Mapping[str, float], covariance: Floats, coverage: float) -> Regions:
    """Regions of the GUM framework: the outputs are taken as jointly normal (6.5.2)."""
    u = np.sqrt(np.diag(covariance))
    rank = len(_whitening(covariance)) if u.all() else int(np.count_nonzero(u))
    k_p, k_q = gum_factors(max(rank, 1), coverage)[0], gum_factors(len(u), coverage)[1]
    return Regions(coverage, k_p, k_q, rank, _box(values, u, k_q))


def trial_regions(values: Mapping[str, Floats], coverage: float) -> Regions:
    """Regions from the trials (7.7.2 to 7.7.4)."""
    y = np.array(list(values.values()))
    centre, covariance = y.mean(axis=1), np.cov(y)
    u = np.sqrt(np.diag(covariance))
    whitening = _whitening(covariance)
    k_p, k_q = _factors(y - centre[:, None], whitening, u, coverage)
    means = dict(zip(values, centre.tolist(), strict=True))
    area = smallest_area(y[0], y[1], coverage) if len(y) == 2 else None
    whole = len(whitening) == len(y) and len(y) in _MESHES
    content = smallest_content(y, coverage) if whole else None
    return Regions(coverage, k_p, k_q, len(whitening), _box(means, u, k_q), area, content)


def block_statistics(y: Floats, coverage: float) -> tuple[float, float]:
    """Largest eigenvalue of the correlation matrix and k_p, for the adaptive procedure (7.8.2, 7.8.3)."""
    covariance = np.cov(y)
    u = np.sqrt(np.diag(covariance))
    if not u.all():
        return 0.0, 0.0
    largest = float(np.linalg.eigvalsh(covariance / np.outer(u, u))[-1])
    return largest, _factors(y - y.mean(axis=1)[:, None], _whitening(covariance), u, coverage)[0]


def smallest_area(a: Floats, b: Floats, coverage: float, mesh: int = _MESH) -> float:
    """Area of the fewest cells of a mesh that hold the probability (7.7.4)."""
    return smallest_content(np.array([a, b]), coverage, mesh)


def smallest_content(y: Floats, coverage: float, mesh: int | None = None) -> float:
    """Content of the fewest cells of a mesh that hold the probability (7.7.4); y has shape (outputs, M).

    The mesh spans all trials, or their central 99.98 % along each axis where the far tails would leave it too coarse.
    """
    bins = mesh or _MESHES[len(y)]
    ends = [(row.min(), row.max()) for row in y]
    if len(y) > 2:
        low, high = np.quantile(y, [0.0001, 0.9999], axis=1)
        ends = list(zip(low.tolist(), high.tolist(), strict=True))
    counts, edges = np.histogramdd(y.T, bins=bins, range=ends)
    ordered = np.sort(counts.ravel())[::-1]
    cells = int(np.searchsorted(np.cumsum(ordered), coverage * y.shape[1])) + 1
    return float(cells * np.prod([edge[1] - edge[0] for edge in edges]))


def _whitening(covariance: Floats) -> Floats:
    """Rows that turn deviations into independent ones of unit variance, one for each dimension spanned."""
    u = np.sqrt(np.diag(covariance))
    scale = np.where(u > 0, u, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    kept = values > _SMALL * values[-1]
    return np.asarray((vectors[:, kept] / np.sqrt(values[kept])).T / scale, np.float64)


def _factors(deviation: Floats, whitening: Floats, u: Floats, coverage: float) -> tuple[float, float]:
    elliptic = np.sqrt(np.sum((whitening @ deviation) ** 2, axis=0))
    scale = np.where(u > 0, u, 1.0)
    boxed = np.max(np.abs(deviation) / scale[:, None], axis=0)
    at = max(math.ceil(coverage * deviation.shape[1] - 1e-9), 1) - 1
    return float(np.partition(elliptic, at)[at]), float(np.partition(boxed, at)[at])


def _box(values: Mapping[str, float], u: Floats, k: float) -> dict[str, tuple[float, float]]:
    return {name: (y - k * float(s), y + k * float(s)) for (name, y), s in zip(values.items(), u, strict=True)}
