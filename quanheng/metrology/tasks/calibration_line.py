"""The task `calibration-line`: a calibration function and its use (ISO/TS 28037:2010, ISO 6143:2001)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.calibration_curve import Errors, Fit, fit
from quanheng.metrology.curve_prediction import Prediction, covariance, x_at, y_at
from quanheng.metrology.curve_selection import DEFAULT_CANDIDATES, Candidate, choose, family_of
from quanheng.metrology.tasks import Figure, Series, Task, clauses
from quanheng.metrology.tasks.calibration_line_forms import EXAMPLE, EXAMPLES, SCHEMA
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import keys, number, numbers, text, whole
from quanheng.metrology.vectors import Floats

_OPTIONAL = (
    "u_x", "u_y", "cov_x", "cov_y", "cov_xy", "predict", "model", "candidates", "coverage", "digits",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Answer of the task."""

    x: Floats
    y: Floats
    u_x: Floats | None
    u_y: Floats | None
    name: str
    fit: Fit
    predictions: tuple[Prediction, ...]
    coverage: float
    selection: tuple[Candidate, ...]
    digits: int

    @property
    def k(self) -> float:
        """Coverage factor: normal, or t where the uncertainties came from the residuals."""
        tail = (1 + self.coverage) / 2
        if self.fit.deviation is None:
            return float(special.ndtri(tail))
        return float(special.stdtrit(self.fit.dof, tail))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before using the function."""
        found = []
        p = self.fit.p_value
        if p is not None and p < 0.05:
            found.append(
                f"χ² = {self.fit.chi2:.4g} on {self.fit.dof} degrees of freedom exceeds its 95 % quantile: data, "
                "uncertainties and this function do not agree (ISO/TS 28037, 6.3); do not use it"
            )
        if p is not None and np.max(np.abs(self.fit.weighted)) > 2:
            found.append("a point deviates by more than twice its uncertainty (ISO 6143, goodness of fit)")
        if any(not prediction.inside for prediction in self.predictions):
            found.append("a prediction lies outside the calibrated range")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """The documented keys; a, b, u_a, u_b and cov_ab are those of a straight line."""
        values, spread = self.fit.coefficients
        u = np.sqrt(np.diag(spread))
        line = len(values) == 2
        return {
            "model": self.name,
            "a": float(values[0]) if line else None,
            "b": float(values[1]) if line else None,
            "u_a": float(u[0]) if line else None,
            "u_b": float(u[1]) if line else None,
            "cov_ab": float(spread[0, 1]) if line else None,
            "coefficients": [
                {"name": n, "value": float(v), "u": float(s), "text": text(float(v), float(s), self.digits)}
                for n, v, s in zip(self._names(), values, u, strict=True)
            ],
            "covariance": spread.tolist(),
            "chi2": self.fit.chi2,
            "dof": self.fit.dof,
            "p_value": self.fit.p_value,
            "consistent": None if self.fit.p_value is None else self.fit.p_value >= 0.05,
            "goodness": None if self.fit.deviation is not None else float(np.max(np.abs(self.fit.weighted))),
            "deviation": self.fit.deviation,
            "predictions": [self._prediction(p) for p in self.predictions],
            "prediction_covariance": covariance(self.fit, self.predictions).tolist() if self.predictions else [],
            "residuals": (self.y - self.fit.family.value(self.x, self.fit.parameters)).tolist(),
            "selection": [_candidate(c) for c in self.selection],
            "text": self._equation(),
            "warnings": list(self.warnings),
        }

    def _names(self) -> list[str]:
        count = self.fit.family.size
        return ["a", "b"] if count == 2 else [f"b{i}" for i in range(count)]

    def _prediction(self, p: Prediction) -> dict[str, Any]:
        value = p.y if p.given == "x" else p.x
        other = "y" if p.given == "x" else "x"
        expanded = self.k * p.u
        shown = f"{other} = {text(value, expanded, self.digits)} ± {text(expanded, expanded, self.digits)}"
        return {
            "given": p.given, "x": p.x, "y": p.y, "value": value, "u": p.u, "U": expanded, "k": self.k,
            "inside": p.inside, "text": shown + f" (k = {self.k:.2f})",
        }  # fmt: skip

    def _equation(self) -> str:
        values, spread = self.fit.coefficients
        shown = [text(float(v), float(s), self.digits) for v, s in zip(values, np.sqrt(np.diag(spread)), strict=True)]
        if self.name == "power":
            return f"y = {shown[0]} + {shown[1]}·x^(1 + {shown[2]})"
        if self.name == "exponential":
            return f"y = {shown[0]} + {shown[1]}·exp({shown[2]}·x)"
        terms = [shown[0], *(f"{s}·x" + (f"^{i}" if i > 1 else "") for i, s in enumerate(shown[1:], 1))]
        return "y = " + " + ".join(terms)

    def table(self) -> str:
        """Coefficients, agreement and predictions."""
        answer = self.to_dict()
        lines = [f"{answer['text']}   ({self.name})"]
        lines += [f"  {c['name']:<4}{c['value']:>18.10g}   u = {c['u']:.6g}" for c in answer["coefficients"]]
        if len(self._names()) == 2:
            lines.append(f"  cov(a, b) = {answer['cov_ab']:.6g}")
        p = "" if self.fit.p_value is None else f", p = {self.fit.p_value:.3g}"
        lines.append(f"χ² = {self.fit.chi2:.6g} on {self.fit.dof} degrees of freedom{p}")
        if self.fit.deviation is not None:
            lines.append(f"residual standard deviation {self.fit.deviation:.6g}")
        for c in self.selection:
            lines.append(f"  {c.name:<16}" + (c.reason or f"AICc {c.criterion:.4g}"))
        lines += [f"given {p['given']}: {p['text']}" for p in answer["predictions"]]
        return "\n".join([*lines, *(f"warning: {w}" for w in self.warnings)])

    def figures(self) -> tuple[Figure, ...]:
        """The function with its coverage band, data and predictions; and the residuals."""
        low, high = float(self.x.min()), float(self.x.max())
        x = np.linspace(low, high, 121)
        y = self.fit.family.value(x, self.fit.parameters)
        rows = self.fit.family.by_parameters(x, self.fit.parameters)
        half = self.k * np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, self.fit.covariance, rows), 0.0))
        bars = () if self.u_y is None else tuple((self.k * self.u_y).tolist())
        used = [
            Series("predictions", "points", [p.x for p in self.predictions], [p.y for p in self.predictions]),
        ]
        curve = Figure(
            ("校准函数", "Calibration function"),
            ("x", "x"),
            ("y", "y"),
            (
                Series("band", "band", x.tolist(), low=(y - half).tolist(), high=(y + half).tolist()),
                Series("f(x)", "line", x.tolist(), y.tolist()),
                Series("data", "points", self.x.tolist(), self.y.tolist(), u=bars),
                *(used if self.predictions else ()),
            ),
        )
        residuals = self.y - self.fit.family.value(self.x, self.fit.parameters)
        rest = Series("residuals", "points", self.x.tolist(), residuals.tolist(), u=bars)
        return curve, Figure(("残差", "Residuals"), ("x", "x"), ("y − f(x)", "y − f(x)"), (rest,), (("y", "0", 0.0),))


@guarded
def compute(request: Mapping[str, Any]) -> Result:
    """Fit the function the request names, or choose one, and use it."""
    data = keys(request, "request", required=("x", "y"), optional=_OPTIONAL)
    x = numbers(data["x"], "x", at_least=2)
    y = numbers(data["y"], "y", length=len(x))
    errors, u_x, u_y = _errors(data, len(x))
    coverage = number(data.get("coverage", 0.95), "coverage", above=0)
    if coverage >= 1:
        raise InputError("coverage", "a coverage probability lies between 0 and 1", "coverage")
    digits = whole(data.get("digits", 2), "digits", 1, 6)
    name = data.get("model", "line")
    selection: tuple[Candidate, ...] = ()
    if name == "auto":
        selection = choose(_candidates(data), x, y, errors)
        best = selection[0].fit
        if best is None:
            raise InputError("model", "no candidate can be fitted", "model")
        name, found = selection[0].name, best
    elif not isinstance(name, str):
        raise InputError("model", "name a model, or auto", "model")
    else:
        found = fit(family_of(name, x), x, y, errors)
    if found.deviation is not None and found.deviation <= 1e-14 * float(np.abs(y).max()):
        rule = "the points lie exactly on the curve, so their scatter gives no uncertainty; give u_y"
        raise InputError("zero_variance", rule, "y")
    predictions = _predictions(data.get("predict", []), found)
    return Result(x, y, u_x, u_y, name, found, predictions, coverage, selection, digits)


def _candidates(data: Mapping[str, Any]) -> tuple[str, ...]:
    given = data.get("candidates", DEFAULT_CANDIDATES)
    if isinstance(given, str) or not isinstance(given, Sequence) or not 1 <= len(given) <= 20:
        raise InputError("model", "candidates is a list of models", "candidates")
    return tuple(str(name) for name in given)


def _errors(data: Mapping[str, Any], m: int) -> tuple[Errors | None, Floats | None, Floats | None]:
    cov_x, u_x = _covariance(data, "x", m)
    cov_y, u_y = _covariance(data, "y", m)
    cov_xy = None if data.get("cov_xy") is None else _matrix(data["cov_xy"], "cov_xy", m)
    if cov_y is None:
        if cov_x is not None or cov_xy is not None:
            raise InputError("missing", "errors in x need the uncertainty of y too: give u_y or cov_y", "u_y")
        return None, None, None
    if cov_xy is not None and cov_x is None:
        raise InputError("missing", "cov_xy needs u_x or cov_x", "u_x")
    return Errors(cov_y, cov_x, cov_xy), u_x, u_y


def _covariance(data: Mapping[str, Any], axis: str, m: int) -> tuple[Floats | None, Floats | None]:
    matrix, u = data.get(f"cov_{axis}"), data.get(f"u_{axis}")
    if matrix is not None and u is not None:
        raise InputError("covariance", f"give either u_{axis} or cov_{axis}", f"cov_{axis}")
    if matrix is not None:
        found = _matrix(matrix, f"cov_{axis}", m)
        if not np.allclose(found, found.T, rtol=1e-9, atol=0) or (np.diag(found) < 0).any():
            raise InputError("covariance", "a covariance matrix is symmetric, no variance below zero", f"cov_{axis}")
        return found, np.sqrt(np.diag(found))
    if u is None:
        return None, None
    alike = isinstance(u, int | float | str) and not isinstance(u, bool)
    values = np.full(m, number(u, f"u_{axis}", minimum=0)) if alike else numbers(u, f"u_{axis}", length=m, minimum=0)
    return values**2, values


def _matrix(value: Any, place: str, m: int) -> Floats:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != m:
        raise InputError("covariance", f"expected {m} rows of {m} numbers", place)
    return np.array([numbers(row, f"{place}[{i}]", length=m) for i, row in enumerate(value)])


def _predictions(data: Any, found: Fit) -> tuple[Prediction, ...]:
    if isinstance(data, str | Mapping) or not isinstance(data, Sequence) or len(data) > 10_000:
        raise InputError("predict", 'expected a list of {"x", "u"} or {"y", "u"}', "predict")
    answers = []
    for i, row in enumerate(data):
        place = f"predict[{i}]"
        keys(row, place, required=(), optional=("x", "y", "u"))
        if ("x" in row) == ("y" in row):
            raise InputError("predict", "give either x or y", place)
        if "x" in row:
            u = number(row.get("u", 0), f"{place}.u", minimum=0)
            answers.append(y_at(found, number(row["x"], f"{place}.x"), u))
        else:
            u = number(row.get("u", found.deviation or 0), f"{place}.u", minimum=0)
            answers.append(x_at(found, number(row["y"], f"{place}.y"), u))
    return tuple(answers)


def _candidate(c: Candidate) -> dict[str, Any]:
    return {
        "model": c.name,
        "aicc": c.criterion if math.isfinite(c.criterion) else None,
        "chi2": None if c.fit is None else c.fit.chi2,
        "dof": None if c.fit is None else c.fit.dof,
        "reason": c.reason,
    }


TASK = Task(
    name="calibration-line",
    title=("校准函数", "Calibration function"),
    document="ISO/TS 28037:2010; ISO 6143:2001",
    evaluate=compute,
    cited=clauses.calibration,
    schema=SCHEMA,
    example=EXAMPLE,
    examples=EXAMPLES,
)
