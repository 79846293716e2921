"""Task `comparison`: reference value of a comparison, its consistency and degrees of equivalence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats, covariance
from quanheng.metrology.comparison import degrees, estimators, linking, simulated, subset, travelling
from quanheng.metrology.comparison.estimators import Consensus
from quanheng.metrology.tasks import Figure, Series, Task, clauses, layout
from quanheng.metrology.tasks.comparison_request import EXAMPLES, METHODS, SCHEMA
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, numbers, text, whole

_FULL: dict[str, Callable[[Floats, Floats], Consensus]] = {
    "weighted-mean": estimators.weighted_mean,
    "birge": lambda x, v: estimators.weighted_mean(x, v, birge=True),
    "mean": estimators.mean,
    "mean-scatter": estimators.mean_scatter,
    "median": estimators.median,
    "largest-consistent-subset": subset.largest_consistent_subset,
    "dersimonian-laird": estimators.dersimonian_laird,
    "mandel-paule": estimators.mandel_paule,
}

_MOST, _MOST_IN_PAIRS = 1000, 300  # participants; each with each other where bilateral degrees are asked for
_NO_OTHERS = ("given", "pilot", "procedure-b")


@dataclass(frozen=True)
class ComparisonResult:
    """Answer of the task: labels, corrected results, reference value, degrees, bilateral degrees, drift and link."""

    labs: tuple[str, ...]
    x: Floats
    v: Floats
    k: float
    digits: int
    consensus: Consensus
    equivalence: degrees.Degrees
    degrees_rule: str
    leave_one_out: bool = False
    corrected: travelling.Corrected | None = None
    pairs: tuple[Floats, Floats, Floats] | None = None
    link: linking.Link | None = None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        c = self.consensus
        out: dict[str, Any] = {
            "method": c.method,
            "document": c.document,
            "reference": c.value,
            "u_reference": c.u,
            "U_reference": self.k * c.u,
            "k": self.k,
            "text": {"reference": text(c.value, c.u, self.digits), "u_reference": text(c.u, c.u, self.digits)},
            "chi2": c.chi2,
            "dof": c.dof,
            "p": c.p,
            "consistent": c.consistent,
            "birge": c.birge,
            "tau": c.tau,
            "interval": list(c.interval) if c.interval else None,
            "excluded": [self.labs[i] for i in c.excluded],
            "degrees_rule": self.degrees_rule,
            "leave_one_out": self.leave_one_out,
            "degrees": self._degrees(self.equivalence),
            "warnings": list(c.notes),
            **c.extra,
        }
        if self.corrected is not None and self.corrected.drift is not None:
            out["travelling"] = self._travelling(self.corrected, self.corrected.drift)
        if self.pairs is not None:
            out["bilateral"] = self._bilateral(self.pairs)
        if self.link is not None:
            out["link"] = self._link(self.link)
        return out

    def _degrees(self, found: degrees.Degrees) -> list[dict[str, Any]]:
        rows = []
        for i, lab in enumerate(self.labs):
            d, u, en = float(found.d[i]), float(found.u[i]), layout.plain(float(found.en[i]))
            rows.append(
                {
                    "lab": lab,
                    "x": float(self.x[i]),
                    "u": float(np.sqrt(self.v[i, i])),
                    "d": d,
                    "u_d": u,
                    "U": found.k * u,
                    "en": en,
                    "weight": layout.plain(float(self.consensus.weights[i])),
                    "text": {"d": text(d, found.k * u, self.digits), "U": text(found.k * u, found.k * u, self.digits)},
                }
            )
        return rows

    def _travelling(self, found: travelling.Corrected, line: travelling.Drift) -> dict[str, Any]:
        return {
            "slope": line.slope,
            "u_slope": line.u_slope,
            "t0": line.t0,
            "level": line.level,
            "residual": line.residual,
            "change": line.change,
            "significant": line.significant,
            "stable": found.stable,
            "corrected": found.applied,
            "corrections": found.correction.tolist(),
        }

    def _bilateral(self, found: tuple[Floats, Floats, Floats]) -> list[dict[str, Any]]:
        d, u, en = found
        rows = []
        for i in range(len(self.labs)):
            for j in range(i + 1, len(self.labs)):
                expanded = self.k * float(u[i, j])
                score = layout.plain(float(en[i, j]))
                rows.append({"a": self.labs[i], "b": self.labs[j], "d": float(d[i, j]), "U": expanded, "en": score})
        return rows

    def _link(self, found: linking.Link) -> dict[str, Any]:
        d = degrees.Degrees(found.d, found.u, self.k)
        rows = [
            {"lab": lab, "d": float(d.d[i]), "U": layout.plain(float(d.U[i])), "en": layout.plain(float(d.en[i]))}
            for i, lab in enumerate(self.labs)
        ]
        return {
            "shift": found.shift,
            "u_shift": found.u_shift,
            "chi2": found.chi2,
            "dof": found.dof,
            "consistent": found.consistent,
            "degrees": rows,
        }

    def table(self) -> str:
        """Reference value and degrees of equivalence for a person."""
        c = self.consensus
        head = layout.lines(
            ("method", f"{c.method} ({c.document})"),
            ("reference", f"{text(c.value, c.u, self.digits)}  u {text(c.u, c.u, self.digits)}"),
            ("chi2", f"{c.chi2:.4g} with {c.dof} dof, p {c.p:.3g}: {'consistent' if c.consistent else 'inconsistent'}"),
            ("tau", f"{c.tau:.4g}" if c.tau else ""),
            ("excluded", ", ".join(self.labs[i] for i in c.excluded)),
            *(("note", note) for note in c.notes),
        )
        rows = [
            (r["lab"], r["text"]["d"], r["text"]["U"], "-" if r["en"] is None else f"{r['en']:.2f}")
            for r in self._degrees(self.equivalence)
        ]
        return f"{head}\n\n{layout.columns(('lab', 'd', 'U', 'en'), rows)}"

    def figures(self) -> tuple[Figure, ...]:
        """Participants with U around the reference value, and degrees of equivalence."""
        order = np.argsort(self.x, kind="stable")
        names = tuple(self.labs[i] for i in order)
        place = tuple(float(i) for i in range(len(order)))
        U = tuple(float(self.k * np.sqrt(self.v[i, i])) for i in order)
        c, wide = self.consensus, self.k * self.consensus.u
        ends = (-0.5, len(order) - 0.5)
        results = Figure(
            ("参比实验室结果与参考值", "Results and reference value"),
            ("实验室", "Laboratory"),
            ("测得值", "Value"),
            (
                Series("reference ± U", "band", ends, low=(c.value - wide,) * 2, high=(c.value + wide,) * 2),
                Series("x ± U", "points", place, tuple(float(self.x[i]) for i in order), u=U, names=names),
            ),
            (("y", "reference", c.value),),
        )
        shown = self.equivalence
        equivalence = Figure(
            ("等效度", "Degrees of equivalence"),
            ("实验室", "Laboratory"),
            ("d", "d"),
            (
                Series(
                    "d ± U",
                    "points",
                    place,
                    tuple(float(shown.d[i]) for i in order),
                    u=tuple(float(shown.U[i]) for i in order),
                    names=names,
                ),
            ),
            (("y", "0", 0.0),),
        )
        return results, equivalence


@guarded
def compute(request: Mapping[str, Any]) -> ComparisonResult:
    """Validate the request and answer it."""
    known = tuple(SCHEMA["properties"])
    keys(request, "request", required=("x", "u", "method"), optional=known)
    method = choice(request["method"], "method", METHODS)
    x, u = estimators.read_results(numbers(request["x"], "x"), numbers(request["u"], "u"))
    most = _MOST_IN_PAIRS if request.get("bilateral") else _MOST
    if len(x) > most:
        raise InputError("too_large", f"at most {most} participants, found {len(x)}", "x")
    labs = _labs(request.get("labs"), len(x))
    k = number(request.get("k", 2), "k", above=0)
    digits = whole(request.get("digits", 2), "digits", 1, 6)
    v = covariance(u, _pairs(request.get("correlations", ()), labs), "correlations")
    corrected = None
    if "travelling" in request:
        corrected = _travelling(request["travelling"], x, v)
        x, v = corrected.x, corrected.v
    rule = choice(request.get("degrees_rule", "mra"), "degrees_rule", degrees.RULES)
    found, equivalence = _reference(request, method, labs, x, v, k, rule)
    without = _flag(request, "leave_one_out")
    pairs = degrees.bilateral(x, v, k) if _flag(request, "bilateral") else None
    link = _link(request["link"], labs, x, np.sqrt(np.diag(v))) if "link" in request else None
    return ComparisonResult(
        labs,
        x,
        v,
        k,
        min(digits, 12),
        found,
        equivalence,
        rule,
        without,
        corrected,
        pairs,
        link,
    )


def _reference(
    request: Mapping[str, Any], method: str, labs: tuple[str, ...], x: Floats, v: Floats, k: float, rule: str
) -> tuple[Consensus, degrees.Degrees]:
    kept = _kept(request.get("exclude", ()), labs)
    if method in _NO_OTHERS and _flag(request, "leave_one_out"):
        raise InputError("leave_one_out", f"{method} has no degrees of equivalence without one result", "leave_one_out")
    if method == "given":
        found = _given(request, x, v)
        variance = np.diag(v) + found.u**2
        return found, degrees.Degrees(x - found.value, np.sqrt(variance), k)
    if method == "procedure-b":
        if len(kept) < len(x):
            raise InputError("exclude", "procedure-b resists outliers by itself; drop exclude", "exclude")
        rng = np.random.default_rng(whole(request.get("seed", 1), "seed", 0))
        trials = whole(request.get("trials", 100_000), "trials", 1)
        b = simulated.procedure_b(x, v, rng, trials)
        return b.consensus, degrees.Degrees(b.d, b.u_d, k)
    if method == "pilot":
        found = estimators.single(x, v, _index(request.get("pilot"), labs, "pilot"))
    else:
        found = _widen(_estimate(request, method, x[kept], v[np.ix_(kept, kept)]), kept, len(x))
    if _flag(request, "leave_one_out"):
        return found, _left_out(request, method, x, v, kept, k, rule)
    return found, degrees.unilateral(x, v, found, k, rule)


def _left_out(
    request: Mapping[str, Any], method: str, x: Floats, v: Floats, kept: list[int], k: float, rule: str
) -> degrees.Degrees:
    """Each result against the reference value of all others."""
    d, u = np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        others = [j for j in kept if j != i]
        if len(others) < 2:
            raise InputError("participants", "leave_one_out needs at least 3 results", "leave_one_out")
        reference = _widen(_estimate(request, method, x[others], v[np.ix_(others, others)]), others, len(x))
        own = degrees.unilateral(x, v, reference, k, rule)
        d[i], u[i] = own.d[i], own.u[i]
    return degrees.Degrees(d, u, k)


def _estimate(request: Mapping[str, Any], method: str, x: Floats, v: Floats) -> Consensus:
    if method == "bayes":
        scale = number(request["prior_scale"], "prior_scale", above=0) if "prior_scale" in request else None
        return simulated.hierarchical(x, v, scale)
    return _FULL[method](x, v)


def _widen(found: Consensus, kept: list[int], n: int) -> Consensus:
    """Bring weights and exclusions of the participants kept back to all `n`."""
    if len(kept) == n:
        return found
    weights = np.zeros(n)
    weights[kept] = found.weights
    out = set(range(n)) - set(kept) | {kept[i] for i in found.excluded}
    return replace(found, weights=weights, excluded=tuple(sorted(out)))


def _given(request: Mapping[str, Any], x: Floats, v: Floats) -> Consensus:
    source = keys(request.get("given"), "given", required=("value", "u"))
    value = number(source["value"], "given.value")
    u = number(source["u"], "given.u", minimum=0)
    chi2, dof, p = estimators.chi_squared(x, v)
    zero = np.zeros(len(x))
    return Consensus("given", "JJF 1117-2010", value, u, zero, chi2, dof, p, p >= estimators.LEVEL)


def _labs(value: Any, n: int) -> tuple[str, ...]:
    if value is None:
        return tuple(str(i + 1) for i in range(n))
    if not isinstance(value, list | tuple) or len(value) != n:
        raise InputError("length", f"labs must be a list of {n} names, one for each entry of x", "labs")
    names = tuple(str(name)[:80] for name in value)
    if len(set(names)) < n:
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError("duplicate", f"labs names {twice!r} twice; every participant needs its own name", "labs")
    return names


def _index(value: Any, labs: tuple[str, ...], place: str) -> int:
    if str(value) not in labs:
        raise InputError("unknown", f"{str(value)[:40]!r} is not one of labs", place)
    return labs.index(str(value))


def _kept(value: Any, labs: tuple[str, ...]) -> list[int]:
    if not isinstance(value, list | tuple):
        raise InputError("exclude", "expected a list of names of labs", "exclude")
    out = {_index(name, labs, f"exclude[{i}]") for i, name in enumerate(value)}
    kept = [i for i in range(len(labs)) if i not in out]
    if len(kept) < 2:
        raise InputError("exclude", f"leaves {len(kept)} participant(s); a comparison needs at least 2", "exclude")
    return kept


def _pairs(value: Any, labs: tuple[str, ...]) -> list[tuple[int, int, float]]:
    if not isinstance(value, list | tuple):
        raise InputError("correlations", "expected a list of {a, b, r}", "correlations")
    found = []
    for n, entry in enumerate(value):
        place = f"correlations[{n}]"
        keys(entry, place, required=("a", "b", "r"))
        a, b = (_index(entry[side], labs, f"{place}.{side}") for side in ("a", "b"))
        found.append((a, b, number(entry["r"], f"{place}.r")))
    return found


def _travelling(value: Any, x: Floats, v: Floats) -> travelling.Corrected:
    known = ("at", "t", "y", "u", "correct", "u_transfer")
    keys(value, "travelling", required=("at", "t", "y"), optional=known)
    at = numbers(value["at"], "travelling.at", length=len(x))
    t, y = numbers(value["t"], "travelling.t"), numbers(value["y"], "travelling.y")
    u = numbers(value["u"], "travelling.u") if "u" in value else None
    u_transfer = number(value.get("u_transfer", 0), "travelling.u_transfer", minimum=0)
    line = travelling.drift(t, y, u)
    return travelling.correct(x, v, at, line, str(value.get("correct", "auto")), u_transfer)


def _link(value: Any, labs: tuple[str, ...], x: Floats, u: Floats) -> linking.Link:
    keys(value, "link", required=("labs", "d", "u_repeat"), optional=("u_reference", "u_d"))
    if not isinstance(value["labs"], list | tuple) or not value["labs"]:
        raise InputError("length", "link.labs must name at least one laboratory of both comparisons", "link.labs")
    at = [_index(name, labs, f"link.labs[{i}]") for i, name in enumerate(value["labs"])]
    d, s = numbers(value["d"], "link.d", length=len(at)), numbers(value["u_repeat"], "link.u_repeat", length=len(at))
    u_d = numbers(value["u_d"], "link.u_d", length=len(at)) if "u_d" in value else None
    return linking.link(x, u, at, d, s, number(value.get("u_reference", 0), "link.u_reference", minimum=0), u_d)


def _flag(request: Mapping[str, Any], name: str) -> bool:
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise InputError("choice", f"expected true or false, found {str(value)[:40]!r}", name)
    return value


TASK = Task(
    name="comparison",
    title=("计量比对", "Comparison"),
    document="JJF 1117-2010; CIPM MRA; M. G. Cox, Metrologia 39 (2002) 589 and 44 (2007) 187",
    evaluate=compute,
    cited=clauses.comparison,
    schema=SCHEMA,
    example=EXAMPLES["ccqm-k30"],
    examples=EXAMPLES,
)
