"""Characterisation and certified value (ISO Guide 35:2017 9, 10; ISO 33405:2024; JJF 1343-2022).

u_CRM² = u_char² + u_bb² + u_lts² + u_sts² (+ others).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import finite, groups_of
from quanheng.metrology.comparison import estimators
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.robust import outliers

LABORATORIES = ("mean", "weighted-mean", "median", "dersimonian-laird", "mandel-paule")


@dataclass(frozen=True)
class Characterisation(Result, cites="ISO Guide 35:2017, 9"):
    """Value and u_char, how they were found, and what the outlier tests said about laboratory means."""

    method: str
    value: float
    u: float
    laboratories: int
    dof: int | None
    outlying: tuple[str, ...]


@recorded
def laboratories(results: Sequence[object], method: str = "mean", u: object | None = None) -> Characterisation:
    """Characterisation by several laboratories, from the results of each.

    method : ``mean`` of means with u = s / sqrt(p); the other methods of comparisons need `u`, standard uncertainties.
    Stragglers and outliers by Cochran (equal replicates) and Grubbs are named, never dropped: a person decides.
    """
    if method not in LABORATORIES:
        raise InputError("choice", f"method {method!r} is not one of {', '.join(LABORATORIES)}", "method")
    groups = groups_of(results, "results", single=True)
    p = len(groups)
    if p < 3:
        raise InputError("length", f"results has {p} laboratories; it needs at least 3", "results")
    means = np.array([g.mean() for g in groups])
    found = _outlying(groups, means)
    if method == "mean":
        s = float(means.std(ddof=1))
        if s == 0:
            raise InputError("zero_variance", "all laboratory means are equal", "results")
        return Characterisation(method, float(means.mean()), s / math.sqrt(p), p, p - 1, found)
    if u is None:
        raise InputError("missing", f"{method} needs u, a standard uncertainty for each laboratory", "u")
    x, spread = estimators.read_results(means, u)
    if method == "dersimonian-laird":
        consensus = estimators.dersimonian_laird(x, spread)
    elif method == "mandel-paule":
        consensus = estimators.mandel_paule(x, spread)
    else:
        maker = estimators.weighted_mean if method == "weighted-mean" else estimators.median
        consensus = maker(x, np.diag(spread**2))
    return Characterisation(method, consensus.value, consensus.u, p, None, found)


@recorded
def one_method(results: object, systematic: Mapping[str, float]) -> Characterisation:
    """Characterisation by one method in one laboratory: u² = s²/n + Σ u², `systematic` being what all results share.

    Calibrant, purity, method bias and such belong there; without any of them the scatter alone would be certified, so
    at least one is asked for. At least two results, which vary.
    """
    x = finite(results, "results")
    n = len(x)
    if n < 2:
        raise InputError("length", f"results has {n}; one method needs at least 2", "results")
    if not systematic:
        rule = "one method needs the uncertainties that all its results share, such as calibrant or method bias"
        raise InputError("missing", rule, "systematic")
    for name, u in systematic.items():
        if not (math.isfinite(u) and u >= 0):
            raise InputError("range", f"systematic.{name} is {u:g}; an uncertainty must not be negative", name)
    s = float(x.std(ddof=1))
    if s == 0:
        raise InputError("zero_variance", "all results are equal; the resolution hides what varies", "results")
    u = math.hypot(s / math.sqrt(n), *systematic.values())
    return Characterisation("one-method", float(x.mean()), u, 1, None, ())


def _outlying(groups: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]], means: object) -> tuple[str, ...]:
    notes = []
    test = outliers.grubbs(means)
    if test.verdict != "accepted":
        notes.append(_note(test))
    sizes = {len(g) for g in groups}
    if sizes != {1} and len(sizes) == 1:
        test = outliers.cochran(groups)
        if test.verdict != "accepted":
            notes.append(_note(test))
    return tuple(notes)


def _note(test: outliers.Test) -> str:
    return f"{test.name}: laboratory {test.index + 1} is {'an outlier' if test.verdict == 'outlier' else 'a straggler'}"


@dataclass(frozen=True)
class Certified(Result, cites="ISO Guide 35:2017, 10"):
    """Certified value with its budget: (component, u, share of u²)."""

    value: float
    u: float
    k: float
    budget: tuple[tuple[str, float, float], ...]

    @property
    def U(self) -> float:
        """Expanded uncertainty."""
        return self.k * self.u


@recorded
def certify(value: float, components: Mapping[str, float], k: float = 2.0) -> Certified:
    """Combine standard uncertainties, all in the unit of the value: characterisation, u_bb, u_lts, u_sts and others."""
    if not math.isfinite(value):
        raise InputError("number", f"value is {value}; it must be finite", "value")
    if not (math.isfinite(k) and k > 0):
        raise InputError("range", f"k is {k:g}; it must be above zero", "k")
    if not components:
        raise InputError("missing", "components holds no uncertainty", "components")
    for name, u in components.items():
        if not (math.isfinite(u) and u >= 0):
            raise InputError("range", f"components.{name} is {u:g}; an uncertainty must not be negative", name)
    total = math.fsum(u * u for u in components.values())
    if total == 0:
        raise InputError("zero_variance", "all components are zero", "components")
    budget = tuple((name, u, u * u / total) for name, u in components.items())
    return Certified(value, math.sqrt(total), k, budget)
