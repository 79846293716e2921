"""The task `conformity`: a measured value against limits (JCGM 106:2012, ILAC-G8:09/2019, GB/T 18779.1, JJF 1094)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.conformity import Interval, Measured, Population, Risks, capability, conformance_probability
from quanheng.metrology.decision_rules import ACCEPT, CONDITIONAL_ACCEPT, RULES, WORDS, Zones, zones
from quanheng.metrology.distributions_more import distribution_from
from quanheng.metrology.tasks import Figure, Series, Task, clauses
from quanheng.metrology.tasks.conformity_forms import EXAMPLE, EXAMPLES, SCHEMA
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import keys, number, text, whole

_OPTIONAL = ("lower", "upper", "mpe", "value", "u", "U", "k", "dof", "rule", "prior", "acceptance", "digits")


@dataclass(frozen=True)
class Result:
    """Answer of the task."""

    measured: Measured
    has_value: bool
    limits: Interval
    zones: Zones
    probability: float | None
    risks: Risks | None
    population: Population | None
    warnings: tuple[str, ...]
    digits: int = 2

    @property
    def decision(self) -> str | None:
        """The decision on the measured value; None where only a rule was asked about."""
        return self.zones.decide(self.measured.value) if self.has_value else None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        zh, en, document, _ = RULES.get(self.zones.rule, _GIVEN)
        p = self.probability
        accepted = self.decision in (ACCEPT, CONDITIONAL_ACCEPT)
        return {
            "decision": self.decision,
            "decision_text": None if self.decision is None else dict(zip(("zh", "en"), self._sentence(), strict=True)),
            "rule": {"name": self.zones.rule, "zh": zh, "en": en, "document": document},
            "value": self.measured.value if self.has_value else None,
            "u": self.measured.u,
            "limits": _ends(self.limits),
            "acceptance": _ends(self.zones.inner),
            "rejection_beyond": _ends(self.zones.outer),
            "guard_band": self.zones.guard_band,
            "p_conform": p,
            "specific_consumer_risk": None if p is None or not accepted else 1 - p,
            "specific_producer_risk": None if p is None or self.decision is None or accepted else p,
            "capability_index": capability(self.measured, self.limits),
            "global": None if self.risks is None else self._global(self.risks),
            "text": self._text(),
            "warnings": list(self.warnings),
        }

    def _global(self, risks: Risks) -> dict[str, Any]:
        return {
            "consumer": risks.consumer,
            "producer": risks.producer,
            "conforming": risks.conforming,
            "accepted": risks.accepted,
            "text": {"consumer": f"{100 * risks.consumer:.3g} %", "producer": f"{100 * risks.producer:.3g} %"},
        }

    def _shown(self, value: float) -> str:
        return text(value, self.measured.u, self.digits)

    def _text(self) -> str:
        part = "" if self.probability is None else f", p_c = {100 * self.probability:.4g} %"
        return f"{self.decision or 'rule'}: accepted {self._span(self.zones.inner)}{part}"

    def _span(self, interval: Interval) -> str:
        """An interval of one or two ends; an end that is a limit as asked keeps all its digits."""
        given = self.limits.ends
        low, high = (f"{e:.12g}" if e in given else self._shown(e) for e in interval.ends)
        if interval.low is None:
            return f"up to {high}"
        return f"from {low}" if interval.high is None else f"in [{low}, {high}]"

    def _sentence(self) -> tuple[str, str]:
        zh, en = WORDS[self.zones.decide(self.measured.value)]
        rule_zh, rule_en = RULES.get(self.zones.rule, _GIVEN)[:2]
        value = self._shown(self.measured.value)
        expanded = text(2 * self.measured.u, 2 * self.measured.u, self.digits)
        p = f"{100 * (self.probability or 0.0):.4g} %"
        return (
            f"测得值 {value}，U = {expanded}（k = 2），按“{rule_zh}”规则判定：{zh}；符合概率 {p}。",
            f"Measured {value} with U = {expanded} (k = 2); by {rule_en} it {en}; conformance probability {p}.",
        )

    def table(self) -> str:
        """The decision in words and figures."""
        answer = self.to_dict()
        lines = [answer["decision_text"]["zh"], answer["decision_text"]["en"]] if self.decision else []
        lines.append(f"{'rule':<24}{answer['rule']['en']} ({answer['rule']['document']})")
        for key, interval in (
            ("tolerance", self.limits),
            ("acceptance", self.zones.inner),
            ("not rejected", self.zones.outer),
        ):
            lines.append(f"{key:<24}{self._span(interval)}")
        for key in ("guard_band", "p_conform", "specific_consumer_risk", "specific_producer_risk", "capability_index"):
            if answer[key] is not None:
                lines.append(f"{key:<24}{answer[key]:.6g}")
        if self.risks is not None:
            lines.append(f"{'global consumer risk':<24}{self.risks.consumer:.6g}")
            lines.append(f"{'global producer risk':<24}{self.risks.producer:.6g}")
        return "\n".join([*lines, *(f"warning: {w}" for w in self.warnings)])

    def figures(self) -> tuple[Figure, ...]:
        """The density of the measured value with all limits; the risks against the guard band."""
        found = [self._density()] if self.has_value else []
        return tuple(found) if self.population is None else (*found, self._curve(self.population))

    def _density(self) -> Figure:
        m = self.measured
        ends = [e for e in self.limits.ends if math.isfinite(e)]
        low, high = min([m.value - 4 * m.u, *ends]), max([m.value + 4 * m.u, *ends])
        x = np.linspace(low - 0.5 * m.u, high + 0.5 * m.u, 241)
        h = 1e-4 * m.u
        density = (m.below(x + h) - m.below(x - h)) / (2 * h)
        lines = [("x", name, end) for name, end in zip(("T_L", "T_U"), self.limits.ends, strict=True)]
        lines += [("x", name, end) for name, end in zip(("A_L", "A_U"), self.zones.inner.ends, strict=True)]
        return Figure(
            ("测得值与限值", "Measured value and limits"),
            ("量值", "value"),
            ("概率密度", "density"),
            (Series("g(η)", "line", x.tolist(), density.tolist()),),
            tuple(line for line in lines if math.isfinite(line[2])),
        )

    def _curve(self, population: Population) -> Figure:
        expanded = 2 * self.measured.u
        most = min(1.0, 0.49 * self.limits.width / expanded)
        steps = np.linspace(-1.0, most, 17)
        found = [population.risks(self.measured, self.limits, self.limits.guarded(float(r) * expanded)) for r in steps]
        return Figure(
            ("总体风险与保护带", "Global risks against the guard band"),
            ("w / U", "w / U"),
            ("风险", "risk"),
            (
                Series("R_C", "line", steps.tolist(), [f.consumer for f in found]),
                Series("R_P", "line", steps.tolist(), [f.producer for f in found]),
            ),
            (("x", "w", self.zones.guard_band / expanded),),
        )


_GIVEN = ("给定接受限", "given acceptance limits", "JCGM 106:2012, 8.1", None)


@guarded
def compute(request: Mapping[str, Any]) -> Result:
    """Judge a measured value, or a rule over a population, against limits."""
    data = keys(request, "request", required=(), optional=_OPTIONAL)
    limits = _limits(data)
    measured = _measured(data)
    population = None if data.get("prior") is None else Population(distribution_from(data["prior"], "prior"))
    has_value = data.get("value") is not None
    if not has_value and population is None:
        raise InputError("missing", "give a measured value, or a prior to judge the rule by", "value")
    found = _zones(data, measured, limits, population)
    probability = None
    if has_value and population is None:
        probability = conformance_probability(measured, limits)
    elif has_value and population is not None:
        probability = population.conformance_probability(measured, limits)
    risks = None
    warnings = []
    if population is not None and found.binary:
        risks = population.risks(measured, limits, found.inner)
    elif population is not None:
        warnings.append("global risks belong to a rule that always decides; none are given for this one")
    index = capability(measured, limits)
    if found.rule == "simple" and index is not None and index < 3:
        warnings.append("U exceeds a third of the limit: simple acceptance is usually restricted to U ≤ MPE/3 (8.2.3)")
    digits = whole(data.get("digits", 2), "digits", 1, 6)
    return Result(measured, has_value, limits, found, probability, risks, population, tuple(warnings), digits)


def _limits(data: Mapping[str, Any]) -> Interval:
    if data.get("mpe") is not None:
        if data.get("lower") is not None or data.get("upper") is not None:
            raise InputError("limits", "give either mpe or lower and upper", "mpe")
        mpe = number(data["mpe"], "mpe", above=0)
        return Interval(-mpe, mpe)
    ends = [None if data.get(key) is None else number(data[key], key) for key in ("lower", "upper")]
    return Interval(*ends)


def _measured(data: Mapping[str, Any]) -> Measured:
    if (data.get("u") is None) == (data.get("U") is None):
        raise InputError("missing", "give either the standard uncertainty u, or U with k", "u")
    if data.get("u") is not None:
        u = number(data["u"], "u", above=0)
    else:
        u = number(data["U"], "U", above=0) / number(data.get("k", 2), "k", above=0)
    dof = math.inf if data.get("dof") is None else number(data["dof"], "dof", minimum=1)
    value = 0.0 if data.get("value") is None else number(data["value"], "value")
    return Measured(value, u, dof)


def _zones(data: Mapping[str, Any], measured: Measured, limits: Interval, population: Population | None) -> Zones:
    if data.get("acceptance") is not None:
        if data.get("rule") is not None:
            raise InputError("rule", "give either a rule or acceptance limits", "acceptance")
        ends = keys(data["acceptance"], "acceptance", required=(), optional=("lower", "upper"))
        low, high = (None if ends.get(k) is None else number(ends[k], f"acceptance.{k}") for k in ("lower", "upper"))
        zone = Interval(low, high)
        distance = (limits.high - high) if limits.high is not None and high is not None else math.nan
        if math.isnan(distance) and limits.low is not None and low is not None:
            distance = low - limits.low
        return Zones("acceptance", zone, zone, 0.0 if math.isnan(distance) else distance, limits)
    rule = data.get("rule", "simple")
    if isinstance(rule, str):
        return zones(rule, None, measured, limits, population)
    if not isinstance(rule, Mapping) or not isinstance(rule.get("name"), str) or rule["name"] not in RULES:
        raise InputError("rule", f"name one of {', '.join(RULES)}", "rule")
    takes = RULES[rule["name"]][3]
    keys(rule, "rule", required=("name",), optional=() if takes is None else (takes[0],))
    value = None if takes is None or takes[0] not in rule else number(rule[takes[0]], f"rule.{takes[0]}")
    return zones(rule["name"], value, measured, limits, population)


def _ends(interval: Interval) -> dict[str, float | None]:
    return {"lower": interval.low, "upper": interval.high}


TASK = Task(
    name="conformity",
    title=("符合性评定", "Conformity assessment"),
    document="JCGM 106:2012; ILAC-G8:09/2019; GB/T 18779.1 (ISO 14253-1); JJF 1094-2002",
    evaluate=compute,
    cited=clauses.conformity,
    schema=SCHEMA,
    example=EXAMPLE,
    examples=EXAMPLES,
)
