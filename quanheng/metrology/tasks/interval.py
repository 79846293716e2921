"""Task `interval`: when to calibrate again, by one of twelve methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.intervals import drift, reactive, reliability
from quanheng.metrology.tasks import Figure, Series, Task, clauses, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.interval_request import EXAMPLES, METHODS, SCHEMA
from quanheng.metrology.tasks.reading import called, choice, keys, number, numbers

Answer = tuple[dict[str, Any], tuple[Figure, ...]]
_MOST = 5000  # times, or calibrations in all
_TIME = ("距上次校准时间", "Time since calibration")


@dataclass(frozen=True)
class IntervalResult:
    """Answer of the task."""

    method: str
    answer: dict[str, Any]
    drawn: tuple[Figure, ...]

    def to_dict(self) -> dict[str, Any]:
        """The documented keys; `interval` is null where no limit is ever reached."""
        interval = self.answer["interval"]
        text = "not limited" if interval is None else f"{interval:.4g}"
        return {"method": self.method, **self.answer, "text": {"interval": text}}

    def table(self) -> str:
        """Interval and rule for a person."""
        a = self.to_dict()
        rows = [
            ("method", f"{a['method']} ({a['document']})"),
            ("interval", a["text"]["interval"]),
            ("rule", a["rule"]),
        ]
        for name in ("current", "target", "reliability", "low", "high", "rejection", "model", "p", "cost_interval"):
            value = a.get(name)
            if value is not None:
                rows.append((name, value if isinstance(value, str) else f"{value:.4g}"))
        rows += [("note", note) for note in a.get("warnings", ())]
        return layout.lines(*rows)

    def figures(self) -> tuple[Figure, ...]:
        """Reliability curve, drift with band, or the intervals on the way."""
        return self.drawn


@guarded
def compute(request: Mapping[str, Any]) -> IntervalResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("method",), optional=tuple(SCHEMA["properties"]))
    method = choice(request["method"], "method", tuple(METHODS))
    required, optional = METHODS[method]
    keys(request, "request", required=("method", *required), optional=optional)
    answer, drawn = _COMPUTE[method](request)
    return IntervalResult(method, answer, drawn)


def _optional(request: Mapping[str, Any], name: str, default: float, **limits: float) -> float:
    return number(request.get(name, default), name, **limits)


def _bounds(request: Mapping[str, Any], factor: float) -> reactive.Bounds:
    shortest = _optional(request, "shortest", 0.0, minimum=0)
    longest = number(request["longest"], "longest", above=shortest) if "longest" in request else math.inf
    if "largest_factor" in request:
        factor = number(request["largest_factor"], "largest_factor", above=1)
    return reactive.Bounds(shortest, longest, factor)


def _current(request: Mapping[str, Any]) -> float:
    return number(request["current"], "current", above=0)


def _target(request: Mapping[str, Any]) -> float:
    return number(request["target"], "target", above=0)


def _count(request: Mapping[str, Any], name: str) -> int:
    value = number(request[name], name, minimum=0)
    if value % 1:
        raise InputError("range", f"{value:g} is not a count", name)
    return int(value)


def _passed(value: Any, place: str) -> list[bool]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, bool) for v in value):
        raise InputError("choice", "expected a list of true and false", place)
    return list(value)


def _reactive(found: reactive.Interval, target: float | None = None) -> Answer:
    answer: dict[str, Any] = {
        "document": found.document,
        "interval": found.interval,
        "current": found.current,
        "changed": found.changed,
        "rule": found.rule,
        "history": list(found.history),
    }
    if found.reliability is not None:
        answer |= {"reliability": found.reliability, "low": found.low, "high": found.high}
    if found.confidence is not None:
        answer["rejection"] = found.confidence
    if target is not None:
        answer["target"] = target
    if not found.history:
        return answer, ()
    at = tuple(float(i) for i in range(len(found.history)))
    series = (Series("interval", "steps", at, found.history),)
    figure = Figure(("间隔调整过程", "Intervals on the way"), ("校准次序", "Calibration"), ("间隔", "Interval"), series)
    return answer, (figure,)


def _staircase(request: Mapping[str, Any]) -> Answer:
    return _reactive(
        reactive.staircase(
            numbers(request["errors"], "errors"),
            number(request["mpe"], "mpe", above=0),
            _current(request),
            up=_optional(request, "up", 0.1, above=0),
            inside=_optional(request, "inside", 0.8, above=0),
            bounds=_bounds(request, 2.0),
        )
    )


def _control(request: Mapping[str, Any]) -> Answer:
    t, errors = numbers(request["t"], "t"), numbers(request["errors"], "errors")
    mpe = number(request["mpe"], "mpe", above=0)
    found = reactive.control_chart(t, errors, mpe, _current(request), _optional(request, "U", 0.0, minimum=0))
    answer, _ = _reactive(found)
    series = (Series("error", "points", t.tolist(), errors.tolist()),)
    marks = (("y", "MPE", mpe), ("y", "-MPE", -mpe))
    return answer, (Figure(("示值误差控制图", "Errors over time"), ("时间", "Time"), ("误差", "Error"), series, marks),)


def _in_use(request: Mapping[str, Any]) -> Answer:
    rate = numbers(request["use_per_day"], "use_per_day", minimum=0)
    return _reactive(reactive.in_use(number(request["hours"], "hours", above=0), rate, _current(request)))


def _a1(request: Mapping[str, Any]) -> Answer:
    target, up = _target(request), _optional(request, "up", 0.1, above=0)
    passed = _passed(request["passed"], "passed")
    return _reactive(reactive.a1(passed, _current(request), target, up=up, bounds=_bounds(request, math.inf)), target)


def _a2(request: Mapping[str, Any]) -> Answer:
    target = _target(request)
    passed = _passed(request["passed"], "passed")
    return _reactive(reactive.a2(passed, _current(request), target, _bounds(request, math.inf)), target)


def _a3(request: Mapping[str, Any]) -> Answer:
    target, confidence = _target(request), _optional(request, "confidence", 0.5, above=0)
    n, passed = _count(request, "n"), _count(request, "in_tolerance")
    with called(passed="in_tolerance"):
        found = reactive.a3(n, passed, _current(request), target, confidence=confidence, bounds=_bounds(request, 2.0))
    return _reactive(found, target)


def _binomial(request: Mapping[str, Any]) -> Answer:
    target, confidence = _target(request), _optional(request, "confidence", 0.95, above=0)
    n, passed = _count(request, "n"), _count(request, "in_tolerance")
    with called(passed="in_tolerance"):
        found = reactive.binomial(n, passed, _current(request), target, confidence=confidence)
    return _reactive(found, target)


def _counts(request: Mapping[str, Any]) -> reliability.Counts:
    t = numbers(request["t"], "t")
    if len(t) > _MOST:
        raise InputError("too_large", f"at most {_MOST} times, found {len(t)}; count neighbouring times together", "t")
    n = numbers(request["counts"], "counts", length=len(t))
    return reliability.counts(t, n, numbers(request["in_tolerance_counts"], "in_tolerance_counts", length=len(t)))


def _s1(request: Mapping[str, Any]) -> Answer:
    data = _counts(request)
    return _modelled(request, data, ("exponential",), "NCSLI RP-1, method S1")


def _s2(request: Mapping[str, Any]) -> Answer:
    return _modelled(request, _counts(request), _models(request), "NCSLI RP-1, method S2")


def _s3(request: Mapping[str, Any]) -> Answer:
    value = request["histories"]
    if not isinstance(value, list | tuple):
        raise InputError("request", "expected a list of {t, passed}", "histories")
    histories = []
    for i, entry in enumerate(value):
        keys(entry, f"histories[{i}]", required=("t", "passed"))
        times = numbers(entry["t"], f"histories[{i}].t")
        histories.append((times, _passed(entry["passed"], f"histories[{i}].passed")))
    if sum(len(times) for times, _ in histories) > _MOST:
        raise InputError("too_large", f"at most {_MOST} calibrations in all", "histories")
    renew = choice(request.get("renewal", "failures"), "renewal", ("all", "failures"))
    data = reliability.sequences(histories, renew == "all")
    return _modelled(request, data, _models(request), "NCSLI RP-1, method S3")


def _models(request: Mapping[str, Any]) -> tuple[str, ...]:
    value = request.get("models", tuple(reliability.MODELS))
    if not isinstance(value, list | tuple) or not value:
        raise InputError("choice", f"expected a list of {', '.join(reliability.MODELS)}", "models")
    return tuple(choice(name, f"models[{i}]", tuple(reliability.MODELS)) for i, name in enumerate(value))


def _modelled(
    request: Mapping[str, Any], data: reliability.Counts | reliability.Sequences, models: tuple[str, ...], document: str
) -> Answer:
    target, confidence = _target(request), _optional(request, "confidence", 0.95, above=0)
    found = reliability.reliability(data, target, models=models, confidence=confidence)
    best = found.best
    answer: dict[str, Any] = {
        "document": document,
        "interval": found.interval,
        "low": found.low,
        "high": found.high,
        "target": target,
        "rule": f"{best.model} of least AIC meets the target",
        "model": best.model,
        "parameters": best.parameters.tolist(),
        "log_likelihood": best.log_likelihood,
        "models": [{"model": f.model, "aic": f.aic, "parameters": f.parameters.tolist()} for f in found.fits],
        "p": found.p,
        "warnings": list(found.notes),
    }
    span = 3 * (found.interval or 1.0)
    if isinstance(data, reliability.Counts):
        span = max(span, 1.1 * float(data.t.max()))
    drawn = [_curve(best, data, target, span, confidence)]
    if "costs" in request:
        costs = keys(request["costs"], "costs", required=("calibration", "out_of_tolerance"))
        c = reliability.least_cost(
            best,
            number(costs["calibration"], "costs.calibration", above=0),
            number(costs["out_of_tolerance"], "costs.out_of_tolerance", above=0),
            2 * span,
        )
        answer |= {"cost_interval": c.interval, "cost": c.cost}
        shown = slice(40, None, 40)
        series = (Series("cost", "line", c.t[shown].tolist(), c.curve[shown].tolist()),)
        title = ("单位时间成本", "Cost per unit of time")
        drawn.append(Figure(title, _TIME, ("成本", "Cost"), series, (("x", "least", c.interval),)))
    return answer, tuple(drawn)


def _curve(best: reliability.Fit, data: Any, target: float, span: float, confidence: float) -> Figure:
    grid = np.linspace(span / 200, span, 100)
    middle = best.reliability(grid)
    series = [Series(best.model, "line", grid.tolist(), middle.tolist())]
    if best.covariance is not None:
        z = float(special.ndtri((1 + confidence) / 2))
        half = z * np.array([best.standard_error(float(t)) for t in grid])
        low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
        series.insert(0, Series(f"{confidence:g}", "band", grid.tolist(), low=low.tolist(), high=high.tolist()))
    if isinstance(data, reliability.Counts):
        series.append(Series("observed", "points", data.t.tolist(), (data.passed / data.n).tolist()))
    title = ("可靠性曲线", "Reliability")
    return Figure(title, _TIME, ("合格概率", "Probability in tolerance"), tuple(series), (("y", "target", target),))


def _variables(request: Mapping[str, Any]) -> Answer:
    t, change = numbers(request["t"], "t"), numbers(request["change"], "change")
    order = int(_optional(request, "order", 1, minimum=1))
    line = drift.polynomial(t, change, order)
    u0, y0 = _optional(request, "u0", 0.0, minimum=0), _optional(request, "y0", 0.0)
    horizon = _optional(request, "horizon", 20 * float(t.max()), above=0)
    if ("u_target" in request) == ("limits" in request):
        raise InputError("missing", "needs either u_target or limits", "u_target")
    marks: list[tuple[str, str, float]] = []
    if "u_target" in request:
        found = drift.uncertainty_target(line, u0, number(request["u_target"], "u_target", above=0), horizon)
    else:
        limits = keys(request["limits"], "limits", required=(), optional=("low", "high"))
        low = number(limits["low"], "limits.low") if "low" in limits else None
        high = number(limits["high"], "limits.high") if "high" in limits else None
        confidence = _optional(request, "confidence", 0.95, above=0)
        found = drift.reliability_target(line, u0, y0, low=low, high=high, confidence=confidence, horizon=horizon)
        marks = [("y", name, value) for name, value in (("low", low), ("high", high)) if value is not None]
    answer: dict[str, Any] = {
        "document": "NASA-HDBK-8739.19-5, chapter 7",
        "interval": found.interval,
        "rule": found.rule,
        "b": line.b.tolist(),
        "covariance": line.covariance.tolist(),
        "s": line.s,
        "dof": line.dof,
    }
    grid = np.linspace(0, 1.2 * max(found.interval or 0.0, float(t.max())), 80)
    middle = [y0 + line.value(float(g)) for g in grid]
    half = [2 * math.hypot(u0, line.u_prediction(float(g))) for g in grid]
    return answer, (_band(grid, middle, half, t, change + y0, marks),)


def _drift(request: Mapping[str, Any]) -> Answer:
    t, errors = numbers(request["t"], "t"), numbers(request["errors"], "errors")
    u = numbers(request["u"], "u", length=len(t))
    mpe, target = number(request["mpe"], "mpe", above=0), _target(request)
    process = drift.gaussian_process(t, errors, u)
    horizon = _optional(request, "horizon", 20 * float(t[-1] - t[0]), above=0)
    found = drift.process_interval(process, mpe, target, horizon)
    answer: dict[str, Any] = {
        "document": "Gaussian process: offset, drift rate, random walk",
        "interval": found.interval,
        "target": target,
        "rule": found.rule,
        "s_rate": process.s_rate,
        "s_walk": process.s_walk,
        "log_likelihood": process.log_likelihood,
    }
    grid = np.linspace(float(t[0]), float(t[-1]) + 1.2 * (found.interval or float(t[-1] - t[0])), 100)
    mean, spread = process.predict(grid)
    marks = [("y", "MPE", mpe), ("y", "-MPE", -mpe)]
    return answer, (_band(grid, mean.tolist(), (2 * spread).tolist(), t, errors, marks),)


def _band(
    grid: Any, middle: list[float], half: list[float], t: Any, y: Any, marks: list[tuple[str, str, float]]
) -> Figure:
    low = [m - h for m, h in zip(middle, half, strict=True)]
    high = [m + h for m, h in zip(middle, half, strict=True)]
    series = (
        Series("± 2 u", "band", grid.tolist(), low=low, high=high),
        Series("drift", "line", grid.tolist(), middle),
        Series("observed", "points", t.tolist(), y.tolist()),
    )
    return Figure(("漂移与预测", "Drift and prediction"), ("时间", "Time"), ("示值误差", "Error"), series, tuple(marks))


_COMPUTE: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "staircase": _staircase,
    "control-chart": _control,
    "in-use": _in_use,
    "a1": _a1,
    "a2": _a2,
    "a3": _a3,
    "s1": _s1,
    "s2": _s2,
    "s3": _s3,
    "binomial": _binomial,
    "variables": _variables,
    "drift": _drift,
}

TASK = Task(
    name="interval",
    title=("校准间隔", "Calibration interval"),
    document="ILAC-G24:2022 / OIML D 10:2022; NCSLI RP-1",
    cited=clauses.own,
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["rp1-s2"],
    examples=EXAMPLES,
)
