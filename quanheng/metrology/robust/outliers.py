"""Outliers of collaborative studies: Mandel's h and k, Grubbs and Cochran (ISO 5725-2:2019 8.3), Youden's pairs.

Critical values are computed from Student and F quantiles, not read from tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite, groups_of
from quanheng.metrology.results import Result, recorded

LEVELS = (0.05, 0.01)  # straggler, outlier


@dataclass(frozen=True)
class Test(Result, cites="ISO 5725-2:2019, 8.3"):
    """One test: statistic, where it was found, critical values at 5 % and 1 %, and what follows."""

    __test__ = False  # not a test of pytest

    name: str
    statistic: float
    index: int
    critical: tuple[float, float]

    @property
    def verdict(self) -> str:
        """accepted, straggler (beyond 5 %) or outlier (beyond 1 %)."""
        if self.statistic > self.critical[1]:
            return "outlier"
        return "straggler" if self.statistic > self.critical[0] else "accepted"


@dataclass(frozen=True)
class Mandel(Result, cites="ISO 5725-2:2019, 8.3.1"):
    """Mandel's h and k of each laboratory with critical values at 5 % and 1 %; k is NaN for single results."""

    h: Floats
    k: Floats
    h_critical: tuple[float, float]
    k_critical: tuple[float, float]


def grubbs_critical(n: int, level: float) -> float:
    """Critical value of the largest |x - mean| / s of `n` (two-sided), at least 3."""
    t2 = quantiles.t_ppf(1 - level / (2 * n), n - 2) ** 2
    return (n - 1) / math.sqrt(n) * math.sqrt(t2 / (n - 2 + t2))


@recorded
def grubbs(values: object) -> Test:
    """Grubbs' test for one outlying value."""
    x = finite(values, "values")
    n = len(x)
    if n < 3:
        raise InputError("length", f"values has {n}; Grubbs' test needs at least 3", "values")
    s = float(x.std(ddof=1))
    if s == 0:
        raise InputError("zero_variance", "all values are equal, so Grubbs' test cannot be made", "values")
    size = np.abs(x - x.mean()) / s
    at = int(size.argmax())
    five, one = (grubbs_critical(n, level) for level in LEVELS)
    return Test("grubbs", float(size[at]), at, (five, one))


def cochran_critical(p: int, n: int, level: float) -> float:
    """Critical value of the largest share of `p` variances of `n` replicates each."""
    f = quantiles.f_isf(level / p, n - 1, (p - 1) * (n - 1))
    return 1.0 / (1.0 + (p - 1) / f)


@recorded
def cochran(groups: Sequence[object]) -> Test:
    """Cochran's test for one outlying variance; every laboratory with the same number of replicates, at least 2.

    Unequal numbers are refused: the published tables do not cover them.
    """
    arrays = _groups(groups, at_least=2)
    sizes = {len(a) for a in arrays}
    if len(sizes) > 1:
        rule = "Cochran's test needs the same number of replicates from every laboratory"
        raise InputError("shape", f"{rule}, found {sorted(sizes)}", "values")
    variances = np.array([a.var(ddof=1) for a in arrays])
    if variances.sum() == 0:
        raise InputError("zero_variance", "all replicates are equal, so Cochran's test cannot be made", "values")
    share = variances / variances.sum()
    at = int(share.argmax())
    five, one = (cochran_critical(len(arrays), sizes.copy().pop(), level) for level in LEVELS)
    return Test("cochran", float(share[at]), at, (five, one))


@recorded
def mandel(groups: Sequence[object]) -> Mandel:
    """Mandel's h (between) and k (within) of at least three laboratories."""
    arrays = _groups(groups, at_least=1)
    p = len(arrays)
    if p < 3:
        raise InputError("length", f"values has {p} laboratories; Mandel's statistics need at least 3", "values")
    means = np.array([a.mean() for a in arrays])
    spread = float(means.std(ddof=1))
    if spread == 0:
        raise InputError("zero_variance", "all laboratory means are equal, so h cannot be formed", "values")
    sizes = np.array([len(a) for a in arrays])
    k, k_critical = np.full(p, np.nan), (math.nan, math.nan)
    if (sizes > 1).all():
        variances = np.array([a.var(ddof=1) for a in arrays])
        pooled = float(((sizes - 1) @ variances) / (sizes - 1).sum())
        if pooled == 0:
            raise InputError("zero_variance", "all replicates are equal, so k cannot be formed", "values")
        k = np.sqrt(variances / pooled)
        n = int(sizes.min())
        k_critical = (mandel_k_critical(p, n, 0.05), mandel_k_critical(p, n, 0.01))
    h_critical = (mandel_h_critical(p, 0.05), mandel_h_critical(p, 0.01))
    return Mandel((means - means.mean()) / spread, k, h_critical, k_critical)


def mandel_h_critical(p: int, level: float) -> float:
    """Critical |h| for `p` laboratories (ISO 5725-2, tables of h and k)."""
    t = quantiles.t_ppf(1 - level / 2, p - 2)
    return (p - 1) * t / math.sqrt(p * (t * t + p - 2))


def mandel_k_critical(p: int, n: int, level: float) -> float:
    """Critical k for `p` laboratories of `n` replicates."""
    f = quantiles.f_isf(level, n - 1, (p - 1) * (n - 1))
    return math.sqrt(p / (1.0 + (p - 1) / f))


@dataclass(frozen=True)
class Youden(Result, cites="Youden, Ind. Qual. Control 15 (1959) 24"):
    """Two samples at every laboratory: medians, random and systematic standard deviations, and the 95 % circle.

    `perpendicular` is each point's distance from the 45° line (random), `along` its position on it (systematic).
    """

    centre: tuple[float, float]
    s_random: float
    s_systematic: float
    radius: float
    distance: Floats
    along: Floats
    perpendicular: Floats


@recorded
def youden(a: object, b: object) -> Youden:
    """Youden's diagram of results `a` and `b` of two similar samples (Youden, Ind. Qual. Control 15 (1959) 24)."""
    x, y = finite(a, "a"), finite(b, "b")
    if len(x) != len(y) or len(x) < 3:
        rule = "Youden's diagram needs two results from each of at least 3 laboratories"
        raise InputError("length", f"{rule}, found {len(x)} and {len(y)}", "a")
    dx, dy = x - np.median(x), y - np.median(y)
    difference, total = x - y, x + y
    s_random = float(difference.std(ddof=1)) / math.sqrt(2.0)
    if s_random == 0:
        raise InputError("zero_variance", "both samples differ by the same amount everywhere", "a")
    between = float(total.var(ddof=1)) / 2.0 - s_random**2
    radius = s_random * math.sqrt(float(quantiles.chi2_ppf(0.95, 2)))
    return Youden(
        (float(np.median(x)), float(np.median(y))),
        s_random,
        math.sqrt(max(0.0, between / 2.0)),
        radius,
        np.hypot(dx, dy),
        (dx + dy) / math.sqrt(2.0),
        (dx - dy) / math.sqrt(2.0),
    )


def _groups(groups: Sequence[object], *, at_least: int) -> list[Floats]:
    arrays = groups_of(groups, "values", single=True)
    for i, found in enumerate(arrays):
        if len(found) < at_least:
            raise InputError("length", f"values[{i}] has {len(found)}; it needs at least {at_least}", f"values[{i}]")
    if len(arrays) < 2:
        raise InputError("length", f"values has {len(arrays)} laboratories; it needs at least 2", "values")
    return arrays
