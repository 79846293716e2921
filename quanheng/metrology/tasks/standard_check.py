"""Task `standard-check`: the checks a measurement standard must pass, one kind for each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats
from quanheng.metrology.standard_check import assessment, charts
from quanheng.metrology.tasks import Figure, Series, Task, clauses, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, numbers, text, whole
from quanheng.metrology.tasks.standard_check_request import EXAMPLES, KINDS, SCHEMA

Answer = tuple[dict[str, Any], tuple[Figure, ...]]


@dataclass(frozen=True)
class CheckResult:
    """Answer of the task: the documented keys of its kind, and figures."""

    kind: str
    answer: dict[str, Any]
    drawn: tuple[Figure, ...]

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        return {"kind": self.kind, "document": "JJF 1033-2023", **self.answer}

    def table(self) -> str:
        """One line for each number, and broken rules of charts."""
        rows = []
        for name, value in self.answer.items():
            if isinstance(value, bool):
                rows.append((name, "yes" if value else "no"))
            elif isinstance(value, float):
                rows.append((name, f"{value:.6g}"))
            elif isinstance(value, int | str):
                rows.append((name, str(value)))
        parts = [layout.lines(("kind", self.kind), *rows)]
        for chart in self.answer.get("charts", ()):
            broken = ", ".join(f"{s['rule']} at {s['point']}" for s in chart["signals"]) or "in control"
            limits = f"{chart['lower'][-1]:.6g} to {chart['upper'][-1]:.6g}"
            parts.append(layout.lines((chart["name"], f"{chart['centre']:.6g}, {limits}: {broken}")))
        parts += [f"note: {note}" for note in self.answer.get("warnings", ())]
        return "\n".join(parts)

    def figures(self) -> tuple[Figure, ...]:
        """Control charts, or the checks against their limit."""
        return self.drawn


@guarded
def compute(request: Mapping[str, Any]) -> CheckResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("kind",), optional=tuple(SCHEMA["properties"]))
    kind = choice(request["kind"], "kind", tuple(KINDS))
    required, optional = KINDS[kind]
    keys(request, "request", required=("kind", *required), optional=optional)
    answer, drawn = _COMPUTE[kind](request)
    return CheckResult(kind, answer, drawn)


def _repeatability(request: Mapping[str, Any]) -> Answer:
    x = numbers(request["readings"], "readings", at_least=2)
    limit = number(request["limit"], "limit", above=0) if "limit" in request else None
    r = assessment.repeatability(x, limit)
    answer: dict[str, Any] = {
        "mean": r.mean,
        "s": r.s,
        "n": r.n,
        "limit": r.limit,
        "passed": r.passed,
        "text": {"mean": text(r.mean, r.s), "s": text(r.s, r.s or None)},
        "warnings": [] if r.enough else [f"{r.n} readings; the rule asks for at least 10"],
    }
    return answer, (_plain(("重复性测量", "Repeatability"), x, r.mean, ()),)


def _stability(request: Mapping[str, Any]) -> Answer:
    limit = number(request["limit"], "limit", above=0)
    service = choice(request.get("phase", "new"), "phase", ("new", "in_service"))
    found = assessment.stability(_groups(request["groups"]), limit, service)
    answer: dict[str, Any] = {
        "phase": service,
        "means": found.means.tolist(),
        "change": found.change,
        "limit": found.limit,
        "passed": found.passed,
        "rule": "largest minus smallest mean" if service == "new" else "largest difference of neighbouring checks",
        "warnings": list(found.warnings),
    }
    centre = float(found.means.mean())
    marks = (("y", "+", centre + limit / 2), ("y", "-", centre - limit / 2)) if service == "new" else ()
    return answer, (_plain(("稳定性考核", "Stability"), found.means, centre, marks),)


def _transfer(request: Mapping[str, Any]) -> Answer:
    y, reference = number(request["y"], "y"), number(request["reference"], "reference")
    u, u0 = number(request["U"], "U", above=0), number(request["U_reference"], "U_reference", above=0)
    k, k0 = number(request.get("k", 2), "k", above=0), number(request.get("k_reference", 2), "k_reference", above=0)
    v = assessment.by_transfer(y, u, reference, u0, k=k, reference_k=k0)
    figure = _claims(("检定或校准结果的验证", "Verification of results"), [y, reference], [u, u0], ["y", "y0"])
    return {**_verdict(v), "y": y, "reference": reference}, (figure,)


def _comparison(request: Mapping[str, Any]) -> Answer:
    y = numbers(request["values"], "values", at_least=3)
    u = numbers(request["U"], "U", length=len(y))
    k = numbers(request["k"], "k", length=len(y)) if "k" in request else None
    own = whole(request.get("own", 1), "own", 1)
    if own > len(y):
        raise InputError("range", f"own is {own}; there are {len(y)} laboratories", "own")
    v, mean = assessment.by_comparison(y, u, k, own - 1)
    names = [str(i + 1) for i in range(len(y))]
    figure = _claims(("实验室比对验证", "Comparison of laboratories"), y.tolist(), u.tolist(), names, mean)
    return {**_verdict(v), "mean": mean, "n": len(y)}, (figure,)


def _pooled(request: Mapping[str, Any]) -> Answer:
    p = assessment.pooled(_groups(request["groups"]))
    m = whole(request.get("readings_of_result", 1), "readings_of_result", 1)
    u = p.s / m**0.5
    answer: dict[str, Any] = {"s": p.s, "dof": p.dof, "groups": p.groups, "readings_of_result": m, "u": u}
    answer |= {"u_relative_of_s": p.u_relative, "text": {"s": text(p.s, p.s or None), "u": text(u, u or None)}}
    return answer, ()


def _chart(request: Mapping[str, Any]) -> Answer:
    name = choice(request["chart"], "chart", ("xbar-s", "xbar-r", "i-mr", "ewma"))
    if name in ("xbar-s", "xbar-r"):
        if "groups" not in request:
            raise InputError("missing", f"{name} needs groups of readings", "groups")
        maker = charts.xbar_s if name == "xbar-s" else charts.xbar_r
        found: tuple[charts.Chart, ...] = maker(_groups(request["groups"]))
    else:
        if "values" not in request:
            raise InputError("missing", f"{name} needs values", "values")
        values = numbers(request["values"], "values", at_least=2)
        found = charts.i_mr(values) if name == "i-mr" else (_ewma(request, values),)
    answer: dict[str, Any] = {
        "chart": name,
        "in_control": not any(c.signals for c in found),
        "sigma": found[0].sigma,
        "charts": [
            {
                "name": c.name,
                "values": c.values.tolist(),
                "centre": c.centre,
                "lower": c.lower.tolist(),
                "upper": c.upper.tolist(),
                "signals": [{"rule": rule, "point": at + 1} for rule, at in c.signals],
            }
            for c in found
        ],
    }
    return answer, tuple(_drawn(c) for c in found)


def _ewma(request: Mapping[str, Any], values: Floats) -> charts.Chart:
    return charts.ewma(
        values,
        weight=number(request.get("weight", 0.2), "weight", above=0),
        width=number(request.get("width", 3), "width", above=0),
        centre=number(request["centre"], "centre") if "centre" in request else None,
        sigma=number(request["sigma"], "sigma", above=0) if "sigma" in request else None,
    )


_COMPUTE: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "repeatability": _repeatability,
    "stability": _stability,
    "transfer": _transfer,
    "comparison": _comparison,
    "pooled": _pooled,
    "chart": _chart,
}


def _verdict(v: assessment.Verification) -> dict[str, Any]:
    return {"difference": v.difference, "limit": v.limit, "ratio": v.score, "passed": v.passed, "rule": v.rule}


def _groups(value: Any) -> list[Floats]:
    if not isinstance(value, list | tuple):
        raise InputError("numbers", "expected a list of lists of readings", "groups")
    return [
        numbers(v, f"groups[{i}]") if isinstance(v, list | tuple) else numbers([v], f"groups[{i}]")
        for i, v in enumerate(value)
    ]


def _plain(title: tuple[str, str], values: Floats, centre: float, marks: tuple[tuple[str, str, float], ...]) -> Figure:
    at = tuple(float(i + 1) for i in range(len(values)))
    series = (Series("y", "points", at, values.tolist()),)
    return Figure(title, ("序号", "Number"), ("测得值", "Value"), series, (("y", "mean", centre), *marks))


def _claims(
    title: tuple[str, str], values: list[float], u: list[float], names: list[str], mean: float | None = None
) -> Figure:
    at = tuple(float(i + 1) for i in range(len(values)))
    series = (Series("y ± U", "points", at, values, u=u, names=names),)
    marks = () if mean is None else (("y", "mean", mean),)
    return Figure(title, ("实验室", "Laboratory"), ("测得值", "Value"), series, marks)


def _drawn(chart: charts.Chart) -> Figure:
    at = tuple(float(i + 1) for i in range(len(chart.values)))
    broken = sorted({i for _, i in chart.signals})
    series = [
        Series("limits", "band", at, low=chart.lower.tolist(), high=chart.upper.tolist()),
        Series(chart.name, "line", at, chart.values.tolist()),
    ]
    if broken:
        series.append(Series("signals", "points", [at[i] for i in broken], [float(chart.values[i]) for i in broken]))
    title = (f"{chart.name} 控制图", f"{chart.name} control chart")
    return Figure(title, ("序号", "Number"), ("值", "Value"), tuple(series), (("y", "centre", chart.centre),))


TASK = Task(
    name="standard-check",
    title=("计量标准考核", "Checks of a measurement standard"),
    document="JJF 1033-2023; GB/T 17989.2; ISO 7870",
    evaluate=compute,
    cited=clauses.standard_check,
    schema=SCHEMA,
    example=EXAMPLES["ewma"],
    examples=EXAMPLES,
)
