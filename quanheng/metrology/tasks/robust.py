"""Task `robust`: robust location and scale of a proficiency round, scores, and tests for outliers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats
from quanheng.metrology.comparison import scores
from quanheng.metrology.robust import algorithm_a, outliers, q_hampel
from quanheng.metrology.robust.algorithm_a import Robust
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, numbers, text, whole

METHODS = ("algorithm-a", "q-hampel", "median-mad", "median-niqr", "mean")
TESTS = ("grubbs", "cochran", "mandel", "youden")

SCHEMA = layout.schema(
    "robust",
    {
        "values": {
            "type": "array",
            "minItems": 3,
            "items": {"anyOf": [layout.NUMBER, layout.NUMBERS]},
            "description": "one result of each participant, or a list of replicates of each",
        },
        "labs": {"type": "array", "items": {"type": "string"}},
        "method": {"enum": list(METHODS)},
        "stop": {"enum": list(algorithm_a.STOPS), "default": "converged"},
        "iterations": {"type": "integer", "minimum": 1, "maximum": 1000},
        "tests": {"type": "array", "items": {"enum": list(TESTS)}},
        "second": {**layout.NUMBERS, "description": "results on a second, similar sample, for Youden's diagram"},
        "scores": layout.fields(
            {
                "sigma": {**layout.POSITIVE, "description": "standard deviation for assessment; s* when absent"},
                "assigned": layout.NUMBER,
                "u_assigned": layout.NUMBER,
                "u": {**layout.NUMBERS, "description": "standard uncertainties of the participants, for zeta and En"},
            }
        ),
    },
    ("values", "method"),
)

# ISO 5725-5:1998, determination of the softening point and creosote: means of nine laboratories
_CREOSOTE = [24.14, 20.155, 19.5, 20.3, 20.705, 17.57, 20.1, 20.94, 21.185]
EXAMPLES: dict[str, Mapping[str, Any]] = {
    "creosote": {"values": _CREOSOTE, "method": "algorithm-a", "tests": ["grubbs"], "scores": {}},
    "creosote-as-printed": {"values": _CREOSOTE, "method": "algorithm-a", "iterations": 4},
    "q-hampel": {"values": _CREOSOTE, "method": "q-hampel", "scores": {"sigma": "1.0"}},
    "replicates": {
        "values": [["10.11", "10.09"], ["10.02", "10.05"], ["9.87", "9.93"], ["10.10", "10.31"], ["10.20", "10.16"]],
        "method": "q-hampel",
        "tests": ["mandel", "cochran", "grubbs"],
    },
}


@dataclass(frozen=True)
class RobustResult:
    """Answer of the task."""

    labs: tuple[str, ...]
    means: Floats
    found: Robust
    rows: tuple[dict[str, Any], ...]
    tests: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        f = self.found
        out: dict[str, Any] = {
            "method": f.method,
            "document": f.document,
            "mean": f.mean,
            "sd": f.sd,
            "u": f.u,
            "n": f.n,
            "iterations": f.iterations,
            "rule": f.rule,
            "text": {"mean": text(f.mean, f.u), "sd": text(f.sd, f.sd, 3), "u": text(f.u, f.u)},
        }
        if self.rows:
            out["scores"] = list(self.rows)
        if self.tests:
            out["tests"] = self.tests
        return out

    def table(self) -> str:
        """Location, scale, rule, scores and tests for a person."""
        f = self.found
        parts = [
            layout.lines(
                ("method", f"{f.method} ({f.document})"),
                ("x*", text(f.mean, f.u)),
                ("s*", text(f.sd, f.sd, 3)),
                ("u(x*)", text(f.u, f.u)),
                ("n", str(f.n)),
                ("stopped", f"{f.rule}, {f.iterations} iteration(s)" if f.iterations else f.rule),
            )
        ]
        if self.rows:
            names = [k for k in ("z", "z_prime", "zeta", "en") if k in self.rows[0]]
            body = [(r["lab"], f"{r['x']:.6g}", *(f"{r[k]:.2f}" for k in names), r["verdict"]) for r in self.rows]
            parts.append(layout.columns(("lab", "x", *names, "verdict"), body))
        for name, test in self.tests.items():
            verdict = test.get("verdict", "")
            parts.append(layout.lines((name, verdict), *_short(test)))
        return "\n\n".join(parts)

    def figures(self) -> tuple[Figure, ...]:
        """Results in order with x* and two and three s*."""
        f, order = self.found, np.argsort(self.means, kind="stable")
        place = tuple(float(i) for i in range(len(order)))
        ends = (-0.5, len(order) - 0.5)
        bands = tuple(
            Series(f"x* ± {m} s*", "band", ends, low=(f.mean - m * f.sd,) * 2, high=(f.mean + m * f.sd,) * 2)
            for m in (3, 2)
        )
        points = Series(
            "x",
            "points",
            place,
            tuple(float(self.means[i]) for i in order),
            names=tuple(self.labs[i] for i in order),
        )
        title = ("结果与稳健平均值", "Results and robust mean")
        axes = (("实验室", "Laboratory"), ("测得值", "Value"))
        return (Figure(title, *axes, (*bands, points), (("y", "x*", f.mean),)),)


@guarded
def compute(request: Mapping[str, Any]) -> RobustResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("values", "method"), optional=tuple(SCHEMA["properties"]))
    method = choice(request["method"], "method", METHODS)
    groups = _groups(request["values"])
    means = np.array([g.mean() for g in groups])
    labs = _labs(request.get("labs"), len(groups))
    found = _robust(request, method, groups, means)
    rows = _scores(request["scores"], labs, means, found) if "scores" in request else ()
    return RobustResult(labs, means, found, rows, _tests(request, groups, means, labs))


def _groups(value: Any) -> list[Floats]:
    if not isinstance(value, list | tuple):
        raise InputError("numbers", "expected a list of results", "values")
    if len(value) < 3:
        raise InputError("length", f"has {len(value)} participant(s); it needs at least 3", "values")
    return [
        numbers(v, f"values[{i}]") if isinstance(v, list | tuple) else numbers([v], f"values[{i}]")
        for i, v in enumerate(value)
    ]


def _labs(value: Any, n: int) -> tuple[str, ...]:
    if value is None:
        return tuple(str(i + 1) for i in range(n))
    if not isinstance(value, list | tuple) or len(value) != n:
        raise InputError("length", f"labs must be a list of {n} names, one for each participant", "labs")
    return tuple(str(name)[:80] for name in value)


def _robust(request: Mapping[str, Any], method: str, groups: list[Floats], means: Floats) -> Robust:
    if method != "algorithm-a" and ("stop" in request or "iterations" in request):
        raise InputError("unused", f"{method} does not iterate; drop stop and iterations", "method")
    if method == "algorithm-a":
        stop = choice(request.get("stop", "converged"), "stop", algorithm_a.STOPS)
        steps = whole(request["iterations"], "iterations", 1) if "iterations" in request else None
        return algorithm_a.algorithm_a(means, stop=stop, iterations=steps)
    if method == "q-hampel":
        return q_hampel.q_hampel(groups)
    return algorithm_a.simple(means, method)


def _scores(value: Any, labs: tuple[str, ...], x: Floats, found: Robust) -> tuple[dict[str, Any], ...]:
    keys(value, "scores", required=(), optional=("sigma", "assigned", "u_assigned", "u"))
    sigma = number(value.get("sigma", found.sd), "scores.sigma", above=0)
    assigned = number(value.get("assigned", found.mean), "scores.assigned")
    given = "assigned" in value or "u_assigned" in value
    u_assigned = number(value.get("u_assigned", 0.0 if given else found.u), "scores.u_assigned", minimum=0)
    columns = {"z": scores.z(x, assigned, sigma), "z_prime": scores.z_prime(x, assigned, sigma, u_assigned)}
    if "u" in value:
        u = numbers(value["u"], "scores.u", length=len(x), minimum=0)
        columns["zeta"] = scores.zeta(x, u, assigned, u_assigned)
        columns["en"] = scores.en(x, 2 * u, assigned, 2 * u_assigned)
    # ISO 13528 9.5: where u(x_pt) is not small beside sigma_pt, z' judges instead of z
    judged = "z_prime" if u_assigned > 0.3 * sigma else "z"
    return tuple(
        {
            "lab": lab,
            "x": float(x[i]),
            **{name: float(column[i]) for name, column in columns.items()},
            "judged_by": judged,
            "verdict": scores.verdict(float(columns[judged][i])),
        }
        for i, lab in enumerate(labs)
    )


def _tests(request: Mapping[str, Any], groups: list[Floats], means: Floats, labs: tuple[str, ...]) -> dict[str, Any]:
    wanted = request.get("tests", ())
    if not isinstance(wanted, list | tuple):
        raise InputError("choice", f"expected a list of {', '.join(TESTS)}", "tests")
    out: dict[str, Any] = {}
    for i, name in enumerate(wanted):
        choice(name, f"tests[{i}]", TESTS)
        if name == "grubbs":
            out[name] = _test(outliers.grubbs(means), labs)
        elif name == "cochran":
            out[name] = _test(outliers.cochran(groups), labs)
        elif name == "mandel":
            out[name] = _mandel(outliers.mandel(groups), labs)
        else:
            out[name] = _youden(request, means, labs)
    return out


def _test(found: outliers.Test, labs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "statistic": found.statistic,
        "lab": labs[found.index],
        "critical_5": found.critical[0],
        "critical_1": found.critical[1],
        "verdict": found.verdict,
    }


def _mandel(found: outliers.Mandel, labs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "h": {lab: float(found.h[i]) for i, lab in enumerate(labs)},
        "k": {lab: layout.plain(float(found.k[i])) for i, lab in enumerate(labs)},
        "h_critical_5": found.h_critical[0],
        "h_critical_1": found.h_critical[1],
        "k_critical_5": layout.plain(found.k_critical[0]),
        "k_critical_1": layout.plain(found.k_critical[1]),
    }


def _youden(request: Mapping[str, Any], means: Floats, labs: tuple[str, ...]) -> dict[str, Any]:
    if "second" not in request:
        raise InputError("missing", "youden needs second, the results on a second sample", "second")
    found = outliers.youden(means, numbers(request["second"], "second", length=len(means)))
    return {
        "centre": list(found.centre),
        "s_random": found.s_random,
        "s_systematic": found.s_systematic,
        "radius_95": found.radius,
        "outside": [lab for i, lab in enumerate(labs) if found.distance[i] > found.radius],
    }


def _short(test: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in test.items():
        if isinstance(value, float):
            rows.append((f"  {name}", f"{value:.4g}"))
        elif isinstance(value, dict):
            shown = (f"{lab} {v:.2f}" for lab, v in value.items() if v is not None)
            rows.append((f"  {name}", ", ".join(shown)))
        elif isinstance(value, list):
            rows.append((f"  {name}", ", ".join(v if isinstance(v, str) else f"{v:.6g}" for v in value)))
        elif name == "lab":
            rows.append(("  lab", str(value)))
    return rows


TASK = Task(
    name="robust",
    title=("稳健统计与能力验证", "Robust statistics and scores"),
    document="ISO 13528:2022; ISO 5725-2:2019",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["creosote"],
    examples=EXAMPLES,
)
