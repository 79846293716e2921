"""The task `uncertainty`: a model and its inputs in, value, u, U and budget out (JCGM 100:2008, 101:2008, 102:2011)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.correlation import Correlation
from quanheng.metrology.distributions import Distribution
from quanheng.metrology.distributions_more import distribution_from
from quanheng.metrology.draws import quantile, standard_uncertainty
from quanheng.metrology.framework import Framework, Propagated, check_inputs, propagate_model
from quanheng.metrology.joint import COPULA, Joint, Together, joint, observed_together
from quanheng.metrology.models import Model, model_from
from quanheng.metrology.monte_carlo import LIMIT, IntervalKind, Summary, Validation, at_decade, run, validate
from quanheng.metrology.multivariate import SINGULAR, Regions, gum_regions, trial_regions
from quanheng.metrology.tasks import Task, clauses
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, whole
from quanheng.metrology.tasks.uncertainty_forms import EXAMPLE, EXAMPLES, SCHEMA
from quanheng.metrology.tasks.uncertainty_result import Output, Result, Row
from quanheng.metrology.vectors import Floats

MAX_INPUTS = 500
Pairs = list[Correlation]
_METHODS = ("gum", "gum2", "mc", "auto")
_INTERVALS = ("symmetric", "shortest")
_NAME = ("model", "inputs")
_OPTIONAL = (
    "outputs", "correlations", "simultaneous", "coverage", "k", "interval", "method", "trials", "digits", "seed",
    "threads", "most_trials",
)  # fmt: skip
_DECADE = (
    "u is rounded up to the next power of ten, so that its numerical tolerance is ten times that of a u a little "
    "smaller (JCGM 101, 7.9.2); ask for one digit more"
)
_COARSE = (
    "after {count} trials the answer is stable to its digits, not to the fifth of them that validation asks for (JCGM "
    "101, 8.2); ask for fewer digits to have both"
)
_PROBABILITIES = (np.arange(2000) + 0.5) / 2000


@dataclass(frozen=True)
class Request:
    """A request that has been read."""

    model: Model
    inputs: Mapping[str, Distribution]
    correlations: tuple[Correlation, ...]
    together: tuple[Together, ...]
    coverage: float
    k: float | None
    interval: IntervalKind
    method: str
    trials: int | None
    digits: int
    seed: int
    threads: int
    most: int
    observed: tuple[Correlation, ...] = ()


@guarded
def compute(request: Mapping[str, Any]) -> Result:
    """Evaluate the request by the method it names.

    ``gum`` and ``gum2`` propagate by first and second order, ``mc`` propagates distributions. ``auto`` does the first
    order and the Monte Carlo and validates one against the other (JCGM 101, clause 8): where every output is validated
    the answer is the GUM's, otherwise the Monte Carlo's, and a warning says so.
    """
    read = read_request(request)
    if read.method in ("gum", "gum2"):
        found = _framework(read, 2 if read.method == "gum2" else 1)
        return _gum_result(read, found)
    return _with_trials(read)


def read_request(request: Mapping[str, Any]) -> Request:
    """The request, checked."""
    data = keys(request, "request", required=_NAME, optional=_OPTIONAL)
    outputs = data.get("outputs")
    if outputs is not None and not (isinstance(outputs, list) and all(isinstance(o, str) for o in outputs)):
        raise InputError("outputs", "a list of names of outputs", "outputs")
    model = model_from(data["model"], outputs)
    inputs = _inputs(data["inputs"], model)
    trials = data.get("trials", "adaptive")
    fixed = None if trials == "adaptive" else whole(trials, "trials", 1000, LIMIT)
    coverage = number(data.get("coverage", 0.95), "coverage", above=0)
    if coverage > 0.9999:
        raise InputError("coverage", "a coverage probability lies above 0 and is at most 0.9999", "coverage")
    k = None if data.get("k") is None else number(data["k"], "k", above=0)
    interval = choice(data.get("interval", "symmetric"), "interval", _INTERVALS)
    together, observed = _together(data, inputs)
    return Request(
        model,
        inputs,
        _correlations(data.get("correlations", []), inputs),
        together,
        coverage,
        k,
        "shortest" if interval == "shortest" else "symmetric",
        choice(data.get("method", "auto"), "method", _METHODS),
        fixed,
        whole(data.get("digits", 2), "digits", 1, 6),
        whole(data.get("seed", 1), "seed", 0, 2**63),
        whole(data.get("threads", 1), "threads", 1, 64),
        whole(data.get("most_trials", LIMIT), "most_trials", 10_000, LIMIT),
        tuple(observed),
    )


def _together(data: Mapping[str, Any], inputs: Mapping[str, Distribution]) -> tuple[tuple[Together, ...], Pairs]:
    groups = data.get("simultaneous", [])
    named = isinstance(groups, list) and all(isinstance(group, list) for group in groups)
    if not named or not all(isinstance(name, str) for group in groups for name in group):
        raise InputError("simultaneous", "a list of lists of names of inputs", "simultaneous")
    return observed_together(inputs, groups)


def _inputs(data: Any, model: Model) -> dict[str, Distribution]:
    if not isinstance(data, Mapping) or len(data) > MAX_INPUTS:
        raise InputError("inputs", f"expected an object of at most {MAX_INPUTS} inputs", "inputs")
    check_inputs(model, data)
    found = {name: distribution_from(_placed(spec, data, name), f"inputs.{name}") for name, spec in data.items()}
    for name, distribution in found.items():
        try:
            distribution.estimate()
        except InputError as error:
            raise InputError(error.code, error.message, f"inputs.{name}") from None
    return found


def _placed(spec: Any, data: Mapping[str, Any], name: str) -> Any:
    """A specification whose `at` names another input is evaluated at the estimate of that input."""
    at = spec.get("at") if isinstance(spec, Mapping) and spec.get("distribution") == "specification" else None
    if not isinstance(at, str) or at not in data:
        return spec
    other = data[at]
    if isinstance(other, Mapping) and other.get("distribution") == "specification":
        raise InputError("distribution_specification", "at names an input that is itself a specification", name)
    return {**spec, "at": distribution_from(other, f"inputs.{at}").estimate().value}


def _correlations(data: Any, inputs: Mapping[str, Distribution]) -> tuple[Correlation, ...]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise InputError("correlation", 'expected a list of {"a", "b", "r"}', "correlations")
    found = []
    for i, row in enumerate(data):
        place = f"correlations[{i}]"
        shared = isinstance(row, Mapping) and "shared" in row
        pair = keys(row, place, required=("a", "b", "shared" if shared else "r"))
        a, b = str(pair["a"]), str(pair["b"])
        if a not in inputs or b not in inputs:
            raise InputError("correlation", "names inputs that do not exist", place)
        if shared:
            r = _shared(number(pair["shared"], place, minimum=0), inputs[a].estimate().u, inputs[b].estimate().u, place)
        else:
            r = number(pair["r"], place)
        found.append((a, b, r))
    return tuple(found)


def _shared(common: float, u_a: float, u_b: float, place: str) -> float:
    """Coefficient of two inputs that share a cause of standard uncertainty `common` in each (GUM F.1.2.3)."""
    if common > min(u_a, u_b) * (1 + 1e-12):
        raise InputError("correlation", "a shared part cannot exceed the uncertainty of either input", place)
    return min(common * common / (u_a * u_b), 1.0) if common else 0.0


def _framework(read: Request, order: int) -> Framework:
    return propagate_model(
        read.model,
        read.inputs,
        correlations=(*read.correlations, *read.observed),
        coverage=read.coverage,
        k=read.k,
        order=order,
    )


def _gum_result(read: Request, found: Framework) -> Result:
    outputs = {name: _of_gum(p, read) for name, p in found.outputs.items()}
    warnings = _said(found)
    method = "gum2" if found.order == 2 else "gum"
    regions = None
    if len(outputs) > 1 and found.covariance.any():
        regions = gum_regions({n: p.value for n, p in found.outputs.items()}, found.covariance, read.coverage)
        warnings += _singular(regions, len(outputs))
    return Result(_record(read), method, None, outputs, found.covariance, None, tuple(warnings), regions=regions)


def _singular(regions: Regions, count: int) -> list[str]:
    return [SINGULAR.format(rank=regions.rank)] if regions.rank < count else []


def _of_gum(p: Propagated, read: Request) -> Output:
    rows = tuple(Row(b.input, b.value, b.u, b.c, b.contribution, b.share, b.distribution) for b in p.budget)
    return Output(p.value, p.u, p.expanded, p.k, p.dof, p.interval, rows, bias=p.bias, rest=p.rest)


def _with_trials(read: Request) -> Result:
    drawn = joint(read.inputs, read.correlations, read.together)
    grouped = {name for group in read.together for name in group.names}
    for name, distribution in read.inputs.items():
        if name not in grouped and not np.isfinite(standard_uncertainty(distribution)):
            raise InputError(
                "dof_too_few",
                "a t distribution of 2 or fewer degrees of freedom has no standard deviation, so Monte Carlo gives no "
                "standard uncertainty (JCGM 101, 6.4.9.4); take more observations or use method gum",
                f"inputs.{name}",
            )
    trials = run(
        drawn.draw,
        read.model.on_arrays,
        seed=read.seed,
        trials="adaptive" if read.trials is None else read.trials,
        coverage=read.coverage,
        interval=read.interval,
        digits=read.digits,
        threads=read.threads,
        limit=read.most,
    )
    summaries = {name: trials.summary(name, read.coverage, read.interval) for name in trials.values}
    warnings = [] if drawn.plain else [COPULA]
    if trials.coarse:
        warnings.append(_COARSE.format(count=trials.count))
    warnings += [f"{name}: {_DECADE}" for name, found in summaries.items() if at_decade(found.u, read.digits)]
    if read.k is not None:
        warnings.append("k is not used by Monte Carlo, whose interval comes from the coverage probability")
    gum, reason = _attempt(read)
    checks = _validations(gum, summaries, read.digits)
    warnings += [reason] if reason else []
    validated = all(v.validated for v in checks.values()) if gum and len(checks) == len(summaries) else None
    if read.method == "auto" and validated and gum:
        return replace(_gum_result(read, gum), trials=trials.count, checks=checks, values=trials.values)
    if read.method == "auto":
        warnings.append("the GUM is not validated for this model (JCGM 101, clause 8): the answer is the Monte Carlo's")
    budgets = _budgets(read, drawn, summaries)
    outputs = {name: _of_trials(found, budgets[name]) for name, found in summaries.items()}
    covariance = np.atleast_2d(np.cov(np.array(list(trials.values.values()))))
    regions = trial_regions(trials.values, read.coverage) if len(outputs) > 1 and covariance.any() else None
    warnings += [] if regions is None else _singular(regions, len(outputs))
    return Result(
        _record(read), "mc", trials.count, outputs, covariance, checks or None, tuple(warnings), trials.values, regions
    )


def _attempt(read: Request) -> tuple[Framework | None, str]:
    try:
        found = _framework(replace(read, k=None), 1)
    except InputError as error:
        return None, f"the GUM cannot be used at the estimates ({error.message}); it is not validated"
    return found, "; ".join(_said(found))


def _said(found: Framework) -> list[str]:
    """Each warning once, with the outputs it belongs to."""
    by_text: dict[str, list[str]] = {}
    for name, p in found.outputs.items():
        for text in p.warnings:
            by_text.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in by_text.items()]


def _validations(gum: Framework | None, summaries: Mapping[str, Summary], digits: int) -> dict[str, Validation]:
    if gum is None:
        return {}
    found = {}
    for name, p in gum.outputs.items():
        if p.interval is not None:
            found[name] = validate(p.interval, summaries[name], digits)
    return found


def _of_trials(found: Summary, rows: tuple[Row, ...]) -> Output:
    half = (found.high - found.low) / 2
    k = half / found.u if found.u > 0 else None
    shares = [row.share for row in rows]
    rest = None if None in shares or found.u == 0 else 1.0 - math.fsum(s for s in shares if s is not None)
    return Output(found.value, found.u, half, k, None, (found.low, found.high), rows, by_trials=True, rest=rest)


def _budgets(read: Request, drawn: Joint, summaries: Mapping[str, Summary]) -> dict[str, tuple[Row, ...]]:
    """Each input alone over its own distribution, the others at their estimates (JCGM 101, annex B)."""
    estimates = {name: d.estimate().value for name, d in read.inputs.items()}
    rows: dict[str, list[Row]] = {name: [] for name in summaries}
    grouped = {name: u for group in drawn.together for name, u in group.spread().items()}
    for name, distribution in read.inputs.items():
        u = grouped.get(name) or standard_uncertainty(distribution)
        xs = _points(distribution, u)
        ys = read.model.on_arrays({**{n: np.full(len(xs), v) for n, v in estimates.items()}, name: xs})
        for output, y in ys.items():
            rows[output].append(_row(name, distribution, estimates[name], u, xs, y, summaries[output].u))
    return {name: tuple(found) for name, found in rows.items()}


def _points(distribution: Distribution, u: float) -> Floats:
    """Equally probable values, stretched a little so that their standard deviation is that of the distribution."""
    xs = quantile(distribution, _PROBABILITIES)
    spread = float(xs.std())
    centre = xs.mean()
    return centre + (xs - centre) * (u / spread) if spread > 0 else xs


def _row(name: str, d: Distribution, value: float, u: float, xs: Floats, y: Floats, total: float) -> Row:
    alone = float(y.std()) if np.isfinite(y).all() else None
    kind = d.estimate().kind
    if alone is None or u == 0:
        return Row(name, value, u, None if u else 0.0, None if u else 0.0, None if u else 0.0, kind)
    rising = float(np.mean((xs - xs.mean()) * (y - y.mean()))) >= 0
    return Row(name, value, u, alone / u if rising else -alone / u, alone, (alone / total) ** 2 if total else 0.0, kind)


def _record(read: Request) -> dict[str, Any]:
    return {
        "model": read.model.text, "coverage": read.coverage, "interval": read.interval, "digits": read.digits,
        "seed": read.seed, "asked": read.method,
    }  # fmt: skip


TASK = Task(
    name="uncertainty",
    title=("测量不确定度评定", "Measurement uncertainty"),
    document="JCGM 100:2008, JCGM 101:2008, JCGM 102:2011; JJF 1059.1-2012, JJF 1059.2-2012",
    evaluate=compute,
    cited=clauses.uncertainty,
    schema=SCHEMA,
    example=EXAMPLE,
    examples=EXAMPLES,
)
