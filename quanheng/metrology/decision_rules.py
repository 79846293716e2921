"""Decision rules: from limits and uncertainty to zones of acceptance and rejection (JCGM 106:2012, clause 8).

Each rule gives an inner zone, where an item is accepted, and an outer one, beyond which it is rejected; what a measured
value between them means depends on the rule. A binary rule has one zone for both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from quanheng.errors import InputError
from quanheng.metrology.conformity import (
    Interval,
    Measured,
    Population,
    guard_band_for_probability,
    guard_band_for_risk,
)
from quanheng.metrology.results import Result, recorded

ACCEPT, REJECT = "accept", "reject"
CONDITIONAL_ACCEPT, CONDITIONAL_REJECT, UNDECIDED = "conditional_accept", "conditional_reject", "undecided"

WORDS: Mapping[str, tuple[str, str]] = {
    ACCEPT: ("符合", "conforms"),
    REJECT: ("不符合", "does not conform"),
    CONDITIONAL_ACCEPT: ("有条件符合", "conforms conditionally"),
    CONDITIONAL_REJECT: ("有条件不符合", "does not conform, conditionally"),
    UNDECIDED: ("待定", "is undecided"),
}

# rule → (Chinese, English, document, the one parameter it takes with its default; None: it must be given)
RULES: Mapping[str, tuple[str, str, str, tuple[str, float | None] | None]] = {
    "simple": ("简单接受", "simple acceptance", "JCGM 106:2012, 8.2; ILAC-G8:09/2019, 4.2.1", None),
    "guarded": ("带保护带的接受", "guarded acceptance", "JCGM 106:2012, 8.3.2; ILAC-G8:09/2019, 4.2.2",
                ("factor", 1.0)),
    "guarded-rejection": ("带保护带的拒绝", "guarded rejection", "JCGM 106:2012, 8.3.3", ("factor", 1.0)),
    "width": ("给定保护带宽度", "guard band of given width", "JCGM 106:2012, 8.3", ("w", None)),
    "probability": ("给定符合概率", "stated conformance probability", "JCGM 106:2012, 8.3.2.3", ("probability", 0.95)),
    "risk": ("给定总体使用方风险", "target global consumer's risk", "JCGM 106:2012, 9.5.4", ("risk", None)),
    "non-binary": ("非二元判定", "non-binary with guard bands", "ILAC-G8:09/2019, 4.2.3", ("factor", 1.0)),
    "gb-t-18779": ("证明符合或不符合", "proof of conformity or of non-conformity", "GB/T 18779.1; ISO 14253-1",
                   ("probability", 0.95)),
    "jjf-1094": ("测量仪器特性评定", "evaluation of measuring instruments", "JJF 1094-2002, 5.3.1", ("ratio", 1 / 3)),
}  # fmt: skip


@dataclass(frozen=True)
class Zones(Result, cites="JCGM 106:2012, 8"):
    """Where a rule accepts (`inner`), and beyond which it rejects (`outer`)."""

    rule: str
    inner: Interval
    outer: Interval
    guard_band: float
    limits: Interval

    @property
    def binary(self) -> bool:
        """Whether every measured value is either accepted or rejected."""
        return self.inner == self.outer

    def decide(self, value: float) -> str:
        """The decision on a measured value."""
        if self.inner.holds(value):
            return ACCEPT
        if not self.outer.holds(value):
            return REJECT
        if self.rule != "non-binary":
            return UNDECIDED
        return CONDITIONAL_ACCEPT if self.limits.holds(value) else CONDITIONAL_REJECT


@recorded
def zones(
    rule: str, parameter: float | None, measured: Measured, limits: Interval, population: Population | None = None
) -> Zones:
    """The zones of a rule.

    Parameters
    ----------
    rule : str
        One of :data:`RULES`.
    parameter : float or None
        The rule's parameter; None takes its default.
    population : Population, optional
        Needed by ``risk``.

    Examples
    --------
    >>> zones("guarded", None, Measured(0, 0.5), Interval(-5, 5)).inner
    Interval(low=-4.0, high=4.0)
    """
    if rule not in RULES:
        raise InputError("rule", f"use one of {', '.join(RULES)}", "rule")
    value = _parameter(rule, parameter)
    expanded = 2 * measured.u
    if rule == "simple":
        return _binary(rule, limits, 0.0)
    if rule in ("guarded", "guarded-rejection"):
        return _binary(rule, limits, value * expanded if rule == "guarded" else -value * expanded)
    if rule == "width":
        return _binary(rule, limits, value)
    if rule == "probability":
        return _binary(rule, limits, guard_band_for_probability(measured, limits, value))
    if rule == "risk":
        if population is None:
            raise InputError("prior", "the rule risk needs the distribution of the population as prior", "prior")
        return _binary(rule, limits, guard_band_for_risk(population, measured, limits, value))
    if rule == "gb-t-18779":
        # non-conformity is proven on one side alone, so the outer band is the one-sided quantile
        inner = guard_band_for_probability(measured, limits, value)
        return Zones(rule, limits.guarded(inner), limits.guarded(-measured.factor(value) * measured.u), inner, limits)
    w = value * expanded if rule == "non-binary" else _instrument_band(measured, limits, value)
    return Zones(rule, limits.guarded(w), limits.guarded(-w), w, limits)


def _instrument_band(measured: Measured, limits: Interval, ratio: float) -> float:
    """U where it exceeds the stated part of the limit's size (half the tolerance), 0 where it may be neglected."""
    if math.isinf(limits.width):
        raise InputError("limits", "the rule jjf-1094 needs both limits, such as mpe", "limits")
    expanded = 2 * measured.u
    return 0.0 if expanded <= ratio * limits.width / 2 * (1 + 1e-12) else expanded


def _parameter(rule: str, given: float | None) -> float:
    takes = RULES[rule][3]
    if takes is None:
        return 0.0
    name, default = takes
    value = default if given is None else given
    if value is None:
        raise InputError("rule", f"the rule {rule} needs {name}", f"rule.{name}")
    if name in ("probability", "risk") and not 0 < value < 1:
        raise InputError("rule", f"{name} lies between 0 and 1", f"rule.{name}")
    if name == "probability" and value < 0.5:
        raise InputError("rule", "a conformance probability below 0.5 is no proof of conformity", "rule.probability")
    if name in ("factor", "ratio") and value < 0:
        raise InputError("rule", f"{name} is not negative", f"rule.{name}")
    return value


def _binary(rule: str, limits: Interval, w: float) -> Zones:
    zone = limits if w == 0 else limits.guarded(w)
    return Zones(rule, zone, zone, w, limits)
