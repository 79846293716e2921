"""Repeatability, stability and verification of the results of a measurement standard (JJF 1033-2023, annex C)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.checks import PRECISION, Floats, finite, groups_of
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Repeatability(Result, cites="JJF 1033-2023, C.1"):
    """Experimental standard deviation s of n readings; `enough` is n of at least 10 (C.1.2)."""

    mean: float
    s: float
    n: int
    enough: bool
    limit: float | None
    passed: bool | None


@recorded
def repeatability(readings: object, limit: float | None = None) -> Repeatability:
    """s by Bessel's formula; compared with `limit`, the repeatability stated in the report, where one is given."""
    x = finite(readings, "readings")
    if len(x) < 2:
        raise InputError("length", f"readings has {len(x)}; repeatability needs at least 2 and by rule 10", "readings")
    s = float(x.std(ddof=1))
    limit = _limit(limit)
    return Repeatability(float(x.mean()), s, len(x), len(x) >= 10, limit, None if limit is None else s <= limit)


@dataclass(frozen=True)
class Stability(Result, cites="JJF 1033-2023, C.2"):
    """Change of a standard.

    new : largest minus smallest mean of at least four groups of ten, a month or more apart (C.2.2.1)
    in service : difference of neighbouring yearly values, the largest one counted (C.2.2.2)
    limit : the standard's U where it is used with its actual value, the magnitude of its MPE where with its nominal
    value
    """

    kind: str
    means: Floats
    change: float
    limit: float
    passed: bool
    warnings: tuple[str, ...]


@recorded
def stability(groups: Sequence[object], limit: float, kind: str = "new") -> Stability:
    """Stability from groups of readings (or single values), in order of time.

    Parameters
    ----------
    groups : sequence of array_like
        Readings of each check.
    limit : float
        Above zero; the change must be smaller.
    kind : {"new", "in_service"}
    """
    arrays = groups_of(groups, "groups", single=True)
    if len(arrays) < 2:
        raise InputError("length", f"groups has {len(arrays)}; stability needs at least 2 checks", "groups")
    if not (math.isfinite(limit) and limit > 0):
        raise InputError("range", f"limit is {limit:g}; it must be above zero", "limit")
    means = np.array([a.mean() for a in arrays])
    notes = []
    if kind == "new":
        change = float(np.ptp(means))
        if len(arrays) < 4:
            notes.append(f"{len(arrays)} checks; a new standard needs at least 4, a month or more apart")
        if min(len(a) for a in arrays) < 10:
            notes.append("a check has fewer than 10 readings")
    elif kind == "in_service":
        change = float(np.abs(np.diff(means)).max())
    else:
        raise InputError("choice", f"kind {kind!r} is not one of new, in_service", "kind")
    return Stability(kind, means, change, limit, change < limit, tuple(notes))


@dataclass(frozen=True)
class Verification(Result, cites="JJF 1033-2023, C.5"):
    """Whether results hold: |y - y_ref| against its limit; `rule` says which inequality was used and why."""

    difference: float
    limit: float
    passed: bool
    score: float
    rule: str


def unify(expanded: float, k: float, to: float) -> float:
    """An expanded uncertainty restated for another coverage factor, U' = U k' / k."""
    for name, value in (("U", expanded), ("k", k), ("k", to)):
        if not (math.isfinite(value) and value > 0):
            raise InputError("range", f"{name} is {value:g}; it must be above zero", name)
    return expanded * to / k


@recorded
def by_transfer(
    y: float, expanded: float, reference: float, reference_expanded: float, *, k: float = 2.0, reference_k: float = 2.0
) -> Verification:
    """Transfer comparison with a higher standard (C.5.2.1).

    |y - y0| <= sqrt(U² + U0²); |y - y0| <= U where U0 <= U / 3. Both U are brought to the larger k first.
    """
    common = max(k, reference_k)
    u, u0 = unify(expanded, k, common), unify(reference_expanded, reference_k, common)
    difference = _number("y", y) - _number("reference", reference)
    if u0 <= u / 3:
        return _verdict(difference, u, f"|y - y0| <= U, because U0 <= U/3 (k = {common:g})")
    return _verdict(difference, math.hypot(u, u0), f"|y - y0| <= sqrt(U² + U0²) (k = {common:g})")


@recorded
def by_comparison(
    values: object, expanded: object, ks: object | None = None, own: int = 0
) -> tuple[Verification, float]:
    """Comparison with other laboratories (C.5.2.2): |y - mean| <= sqrt((n - 1) / n) U, the mean over all n.

    Returns the verdict for laboratory `own` and the mean. The rule assumes uncertainties of the same order; n is at
    least 3.
    """
    y, u = finite(values, "values"), finite(expanded, "U")
    n = len(y)
    if n < 3 or len(u) != n:
        raise InputError("length", f"needs values and U of at least 3 laboratories, found {n} and {len(u)}", "values")
    k = np.full(n, 2.0) if ks is None else finite(ks, "k")
    if len(k) != n:
        raise InputError("length", f"k must have {n} entries, found {len(k)}", "k")
    if not 0 <= own < n:
        raise InputError("range", f"own is {own}; it must be 0 to {n - 1}", "own")
    common = float(k.max())
    same = [unify(float(u[i]), float(k[i]), common) for i in range(n)]
    mean = float(y.mean())
    limit = math.sqrt((n - 1) / n) * same[own]
    rule = f"|y - mean| <= sqrt((n - 1)/n) U with n = {n} (k = {common:g})"
    found = _verdict(float(y[own]) - mean, limit, rule)
    wide = max(same) / min(same)
    if not math.isfinite(wide):
        raise InputError("precision", PRECISION, "U")
    if wide > 3:
        rule = f"{rule}; the uncertainties differ by {wide:.3g} times, so the plain mean is a weak reference"
        found = Verification(found.difference, found.limit, found.passed, found.score, rule)
    return found, mean


@dataclass(frozen=True)
class Pooled(Result, cites="GUM 4.2.4; JJF 1059.1-2012, 4.3.2.4"):
    """Pooled standard deviation of groups with its degrees of freedom (GUM 4.2.4; JJF 1059.1-2012, 4.3.2.4)."""

    s: float
    dof: int
    groups: int

    @property
    def u_relative(self) -> float:
        """Relative standard uncertainty of s itself, about 1 / sqrt(2 dof) (exact from the chi distribution)."""
        half = self.dof / 2
        c4 = math.sqrt(2.0 / self.dof) * math.exp(special.gammaln(half + 0.5) - special.gammaln(half))
        return math.sqrt(max(0.0, 1.0 / c4**2 - 1.0))


@recorded
def pooled(groups: Sequence[object]) -> Pooled:
    """Pooled s of groups of readings, each with its own mean; groups of one reading add nothing."""
    arrays = groups_of(groups, "groups", single=True)
    if not arrays:
        raise InputError("length", "groups is empty", "groups")
    dof = sum(len(a) - 1 for a in arrays)
    if dof == 0:
        raise InputError("length", "no group has two readings, so nothing can be pooled", "groups")
    total = math.fsum(float(((a - a.mean()) ** 2).sum()) for a in arrays)
    return Pooled(math.sqrt(total / dof), dof, len(arrays))


def _verdict(difference: float, limit: float, rule: str) -> Verification:
    # a difference on the limit passes; the last bits of a subtraction must not decide
    passed = abs(difference) <= limit * (1 + 1e-12)
    return Verification(difference, limit, passed, abs(difference) / limit, rule)


def _number(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise InputError("number", f"{name} is {value}; it must be finite", name)
    return value


def _limit(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError("range", f"limit is {value:g}; it must be above zero", "limit")
    return value
