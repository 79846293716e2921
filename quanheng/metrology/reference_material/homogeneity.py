"""Homogeneity of a reference material by one-way analysis of variance (ISO Guide 35:2017 7; ISO 33405:2024; JJF 1343).

Sums of squares are formed from deviations, twice, so that readings with many constant leading digits keep theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import PRECISION, Floats, groups_of
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Anova(Result, cites="ISO Guide 35:2017, 7.7"):
    """One-way analysis of variance; `n0` is the effective number of replicates of unbalanced groups (Guide 35, 7.7)."""

    mean: float
    groups: int
    n: int
    n0: float
    ss_between: float
    ss_within: float
    dof_between: int
    dof_within: int
    means: Floats
    sizes: Floats

    @property
    def ms_between(self) -> float:
        """Mean square between groups."""
        return self.ss_between / self.dof_between

    @property
    def ms_within(self) -> float:
        """Mean square within groups."""
        return self.ss_within / self.dof_within

    @property
    def f(self) -> float:
        """F ratio; infinite where nothing varies within."""
        return self.ms_between / self.ms_within if self.ms_within else math.inf

    @property
    def p(self) -> float:
        """Probability of a larger F if nothing varied between groups."""
        return quantiles.f_sf(self.f, self.dof_between, self.dof_within)

    @property
    def r_squared(self) -> float:
        """Share of the variation that lies between groups."""
        total = self.ss_between + self.ss_within
        return self.ss_between / total if total else math.nan


@recorded
def anova(groups: Sequence[object]) -> Anova:
    """One-way analysis of at least two groups, at least one of them with replicates."""
    arrays = groups_of(groups, "groups")
    if len(arrays) < 2:
        raise InputError("length", f"groups has {len(arrays)}; an analysis of variance needs at least 2", "groups")
    sizes = np.array([len(a) for a in arrays], dtype=np.float64)
    n = int(sizes.sum())
    if n == len(arrays):
        raise InputError("length", "no group has replicates, so nothing measures the scatter within", "groups")
    shift = float(arrays[0][0])
    arrays = [a - shift for a in arrays]
    centre = math.fsum(math.fsum(a) for a in arrays) / n
    means = np.array([math.fsum(a - centre) / len(a) for a in arrays])
    between = math.fsum(size * m * m for size, m in zip(sizes, means, strict=True))
    within = math.fsum(
        float(math.fsum((a - centre - m) ** 2) - math.fsum(a - centre - m) ** 2 / len(a))
        for a, m in zip(arrays, means, strict=True)
    )
    n0 = (n - float(sizes @ sizes) / n) / (len(arrays) - 1)
    return Anova(
        shift + centre,
        len(arrays),
        n,
        n0,
        between,
        within,
        len(arrays) - 1,
        n - len(arrays),
        shift + centre + means,
        sizes,
    )


@dataclass(frozen=True)
class Homogeneity(Result, cites="ISO Guide 35:2017, 7.7; ISO 33405:2024"):
    """Between-unit standard uncertainty of a batch.

    s_w : repeatability within a unit (of this study, or `s_r` given)
    s_bb : sqrt((MS_between - MS_within) / n0), zero where negative
    u_bb_min : what inhomogeneity could hide behind the repeatability (T. P. J. Linsinger, J. Pauwels, A. M. H. van
        der Veen, H. Schimmel, A. Lamberty, Homogeneity and stability of reference materials, Accred. Qual. Assur. 6
        (2001) 20-25)
    u_bb : the larger of the two
    rule : which of the two it is
    """

    anova: Anova
    s_w: float
    s_bb: float
    u_bb_min: float
    u_bb: float
    rule: str
    homogeneous: bool
    adequate: bool | None


@recorded
def homogeneity(
    groups: Sequence[object], *, s_r: float | None = None, level: float = 0.05, sigma: float | None = None
) -> Homogeneity:
    """Between-unit uncertainty with its floor.

    Parameters
    ----------
    groups : sequence of array_like
        Results of each unit (bottle); unequal numbers allowed.
    s_r : float, optional
        Repeatability of the method, where known better than from this study; it takes the place of the scatter within
        in s_bb and the floor, with the study's degrees of freedom.
    level : float
        Of the F test.
    sigma : float, optional
        Standard deviation for assessment of a proficiency test: adequate if s_bb does not exceed 0.3 sigma
        (ISO 13528:2022 B.2.2).
    """
    if not 0 < level < 1:
        raise InputError("range", f"level is {level:g}; it lies between 0 and 1", "level")
    if sigma is not None and not (math.isfinite(sigma) and sigma > 0):
        raise InputError("range", f"sigma is {sigma:g}; it must be above zero", "sigma")
    found = anova(groups)
    within = found.ms_within
    if s_r is not None:
        if not (math.isfinite(s_r) and s_r > 0):
            raise InputError("range", f"s_r is {s_r:g}; it must be above zero", "s_r")
        within = s_r * s_r
        if not math.isfinite(within):
            raise InputError("precision", PRECISION, "s_r")
    if found.ss_within == 0 and found.ss_between == 0:
        raise InputError("zero_variance", "all results are equal; the resolution hides what varies", "groups")
    if within == 0:
        rule = "no unit varies within itself, so neither F nor the floor can be formed; give s_r, or read more digits"
        raise InputError("zero_variance", rule, "groups")
    difference = found.ms_between - within
    s_bb = math.sqrt(difference / found.n0) if difference > 0 else 0.0
    floor = math.sqrt(within / found.n0) * (2.0 / found.dof_within) ** 0.25
    rule = "s_bb from the analysis of variance" if s_bb >= floor else "floor from the repeatability"
    adequate = None if sigma is None else s_bb <= 0.3 * sigma
    return Homogeneity(found, math.sqrt(within), s_bb, floor, max(s_bb, floor), rule, found.p >= level, adequate)
