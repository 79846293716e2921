"""Bad input from Python: an error that names argument, value and rule, never a number (issue "Bad input")."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quanheng import metrology as qm
from quanheng.errors import InputError
from quanheng.metrology import reporting, unit_algebra
from quanheng.metrology.budget_batch import budgets
from quanheng.metrology.calibration_curve import Errors, fit
from quanheng.metrology.comparison import estimators, scores, simulated, subset
from quanheng.metrology.comparison.degrees import unilateral
from quanheng.metrology.comparison.estimators import weighted_mean
from quanheng.metrology.conformity import Interval, Measured, Population, guard_band_for_risk
from quanheng.metrology.curve_families import Polynomial
from quanheng.metrology.distributions import Normal, Observations, Rectangular, Triangular
from quanheng.metrology.distributions_more import Exponential
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.joint import joint
from quanheng.metrology.models import model_from
from quanheng.metrology.monte_carlo import coverage_interval, run
from quanheng.metrology.reference_material.homogeneity import homogeneity
from quanheng.metrology.standard_check.assessment import by_comparison
from quanheng.metrology.tasks.uncertainty import compute
from quanheng.metrology.uncertain_number import Origin
from quanheng.metrology.uncertainty import propagate

NAN = math.nan


def draws(**changes: Any) -> Any:
    inputs = changes.pop("inputs", {"a": Normal(1, 0.1)})
    asked = {"seed": 1, "trials": 1000} | changes
    return run(joint(inputs, ()).draw, model_from(asked.pop("model", "a")).on_arrays, **asked)


def line(x: Any, y: Any, errors: Errors | None) -> Any:
    return fit(Polynomial.over(1, np.array([0.0, 1.0])), x, y, errors)


METRE = unit_algebra.parse_ucum("m")
# what is asked, code, argument named
REFUSED: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: estimators.weighted_mean([1, NAN, 3], [0.1, 0.1, 0.1]), "number", "x"),
    (lambda: estimators.weighted_mean([1, 2, 3], [0.1, -0.1, 0.1]), "range", "u"),
    (lambda: estimators.weighted_mean([1, 2, 3], np.diag([0.1, -0.1, 0.1])), "range", "u"),
    (lambda: estimators.weighted_mean([1, 2], [[1, 2], [2, 1]]), "correlation", "u"),
    (lambda: estimators.weighted_mean([1, 2], [[1, 0.5], [0, 1]]), "correlation", "u"),
    (lambda: estimators.weighted_mean([1, 2], np.eye(3)), "shape", "u"),
    (lambda: estimators.weighted_mean([1], [0.1]), "participants", "x"),
    (lambda: estimators.mean([], []), "participants", "x"),
    (lambda: estimators.mean_scatter(["a", "b"], [1, 1]), "number", "x"),
    (lambda: estimators.median([1], [0.1]), "participants", "x"),
    (lambda: estimators.single([1, 2], [0.1, 0.1], 7), "range", "index"),
    (lambda: estimators.dersimonian_laird([1], [0.1]), "participants", "x"),
    (lambda: estimators.mandel_paule([1, 3], [0.1, 0.1, 0.1]), "length", "u"),
    (lambda: estimators.mandel_paule([1, 2, 3], [0.1, 0, 0.1]), "range", "u"),
    (lambda: subset.largest_consistent_subset([1, 2, 3], [0.1, -0.1, 0.1]), "range", "u"),
    (lambda: subset.largest_consistent_subset([1, 2, 3], [0.1, 0.1, 0.1], level=2), "range", "level"),
    (lambda: simulated.procedure_b([1, NAN], [1, 1], np.random.default_rng(1)), "number", "x"),
    (lambda: simulated.hierarchical([1, 2, NAN], [1, 1, 1]), "number", "x"),
    (lambda: scores.en([1, 2, 3], [1, 2], 1, 1), "shape", "x"),
    (lambda: scores.zeta([1, 2], [1, 2, 3], 1, [1, 2]), "shape", "u"),
    (lambda: scores.z(["x"], 1, 1), "number", "x"),
    (lambda: Measured(1, 0), "range", "u"),
    (lambda: Measured(1, -1), "range", "u"),
    (lambda: Measured(NAN, 1), "number", "value"),
    (lambda: Measured(1, 1, dof=0.5), "range", "dof"),
    (lambda: Interval(high=NAN), "limits", "limits"),
    (lambda: Interval(low=-math.inf, high=1), "limits", "limits"),
    (lambda: guard_band_for_risk(Population(Normal(0, 1)), Measured(0, 0.1), Interval(-1, 1), 1.5), "rule", "risk"),
    (lambda: draws(trials=-5), "range", "trials"),
    (lambda: draws(trials="all"), "trials", "trials"),
    (lambda: draws(trials=1e4), "trials", "trials"),
    (lambda: Normal("1", 1), "number", "mean"),
    (lambda: Rectangular(None, 1), "number", "low"),
    (lambda: propagate_model("a", {"a": 3}), "distribution", "a"),
    (lambda: weighted_mean([1e308, 1e308], [1e-300, 1e-300]), "precision", "u"),
    (lambda: unilateral([1.0, 2.0], np.eye(3), weighted_mean([1, 2], [0.1, 0.1])), "shape", "v"),
    (lambda: draws(seed=-1), "range", "seed"),
    (lambda: draws(coverage=1.0), "coverage", "coverage"),
    (lambda: draws(threads=0), "range", "threads"),
    (lambda: qm.weighted_mean([1, 2], [[1, 2], [3]]), "number", "u"),
    (lambda: qm.bilateral(np.array(3.0), np.eye(2)), "shape", "x"),
    (lambda: qm.bilateral(np.ones(3), np.eye(2)), "shape", "v"),
    (lambda: qm.anova(np.array(3.0)), "shape", "groups"),
    (lambda: qm.pooled("12"), "shape", "groups"),
    (lambda: qm.cochran(5), "shape", "values"),
    (lambda: qm.q_hampel([[1, 2], ["x"]]), "number", "values[1]"),
    (lambda: qm.homogeneity([[1, 2], [1, 3]], s_r=1e308), "precision", "s_r"),
    (lambda: draws(inputs={"a": Rectangular(2, 1)}), "distribution_bounds", ""),
    (lambda: draws(inputs={"a": Normal(1, -1)}), "distribution", ""),
    (lambda: draws(model="a*b"), "input_missing", "inputs"),
    (lambda: coverage_interval(np.arange(3.0), 0.99, "symmetric"), "trials", "trials"),
    (lambda: homogeneity([[1, 1], [2, 2]]), "zero_variance", "groups"),
    (lambda: homogeneity([[1, 2], [2, 2]], level=5), "range", "level"),
    (lambda: homogeneity([[1, 2], [2, 2]], sigma=-5), "range", "sigma"),
    (lambda: by_comparison([1, 2, 3], [1, 1, 1], own=7), "range", "own"),
    (lambda: budgets(model_from("a*b"), {"a": [1, 2], "b": [1, 2, 3]}, {"a": 0.1, "b": 0.1}), "length", "values"),
    (lambda: line([0, 1], [0], None), "length", "y"),
    (lambda: line([0, 1, 2], [0, 1, NAN], None), "number", "y"),
    (lambda: line([0, 1, 2], [0, 1, 2], Errors(np.ones(2))), "shape", "y"),
    (lambda: line([0, 1, 2], [0, 1, 2], Errors(np.array([1, 1, NAN]))), "number", "y"),
    (lambda: unit_algebra.convert(NAN, METRE, METRE), "number", "value"),
    (lambda: reporting.Result(NAN, 1, METRE), "number", "value"),
    (lambda: reporting.Result(1, -1, METRE), "range", "U"),
    (lambda: reporting.Result(1, 1, METRE, k=0), "range", "k"),
    (lambda: Origin("o").correlated({"a": (1, -0.1), "b": (1, 0.1)}, []), "uncertain", "a"),
    (lambda: Origin("o").correlated({"a": (NAN, 0.1), "b": (1, 0.1)}, []), "uncertain", "a"),
    (lambda: propagate_model("P = V*R", {"V": Normal(1, 0.1)}), "input_missing", "inputs"),
    (lambda: propagate_model("P = V", {"V": Normal(1, 0.1), "R": Normal(1, 0.1)}), "input_unused", "inputs"),
    (lambda: propagate_model("P = V", {"V": Normal(1, 0.1)}, k=-1), "range", "k"),
    (lambda: propagate_model("P = V", {"V": Normal(1, 0.1)}, k=NAN), "range", "k"),
    (lambda: propagate_model("P = V", {"V": Normal(1, 0.1)}, order=3), "order", "order"),
    (lambda: propagate_model("P = V", {"V": Normal(1, 0.1)}, coverage=95), "coverage", "coverage"),
    (lambda: propagate_model("P = 3", {}), "model", "model"),
    (lambda: propagate("a + b + c", {n: Normal(1, 0.1) for n in "abc"}, k=2,
                       correlations=[("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9)]),
     "correlation_matrix", "correlations"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "code", "place"), REFUSED, ids=[f"{i}-{c}-{p}" for i, (_, c, p) in enumerate(REFUSED)])
def test_the_library_refuses_with_the_argument_named(ask: Callable[[], Any], code: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        ask()
    assert caught.value.code == code
    assert caught.value.place.startswith(place)
    assert len(caught.value.message) > 15


def normal(mean: float, std: float) -> dict[str, Any]:
    return {"distribution": "normal", "mean": mean, "std": std}


@pytest.mark.parametrize("method", ["gum", "gum2", "mc", "auto"])
@pytest.mark.parametrize(
    ("model", "x"),
    [
        ("1/x", normal(0.1, 1)),
        ("1/x", {"distribution": "rectangular", "low": -1, "high": 2}),
        ("1/x", {"distribution": "exponential", "mean": 1}),
        ("1/x**2", normal(0.1, 1)),
        ("x**(-3)", normal(0.2, 1)),
        ("tan(x)", normal(1.5, 0.2)),
    ],
)
def test_a_pole_inside_the_inputs_is_refused_by_every_method(method: str, model: str, x: dict[str, Any]) -> None:
    # the law of propagation alone would print 10 ± 200 for the first
    with pytest.raises(InputError) as caught:
        compute({"model": model, "inputs": {"x": x}, "method": method, "trials": 100_000})
    assert caught.value.code in {"pole", "heavy_tails", "model_undefined"}


@pytest.mark.parametrize(
    ("model", "inputs", "pairs"),
    [
        ("1/x", {"x": Normal(5, 1)}, ()),
        ("1/x", {"x": Rectangular(0.1, 2)}, ()),
        ("1/x", {"x": Triangular(1, 3)}, ()),
        ("1/x", {"x": Observations((1.0, 1.4))}, ()),  # one degree of freedom, yet far from zero
        ("x/exp(y)", {"x": Normal(1, 0.1), "y": Normal(0, 1)}, ()),
        ("1/(a - b)", {"a": Normal(3, 1), "b": Normal(1, 1)}, (("a", "b", 0.999),)),
        ("1/x if x > 0.5 else x", {"x": Normal(1, 1)}, ()),
        ("a/(1 + e)", {"a": Normal(1, 0.1), "e": Exponential(1)}, ()),
    ],
)
def test_a_divisor_that_stays_away_from_zero_is_none(model: str, inputs: Any, pairs: Any) -> None:
    assert propagate_model(model, inputs, correlations=pairs).outputs["Y"].u > 0


def test_a_domain_that_some_inputs_leave_is_said() -> None:
    found = propagate_model("log(x)", {"x": Normal(1, 0.5)}).outputs["Y"]
    assert found.u == 0.5
    assert "no value for 2.3%" in found.warnings[0]  # the probability below zero is Φ(−2) = 2.28 %


@pytest.mark.parametrize("k", [None, 2])
def test_where_first_order_vanishes_no_interval_is_printed(k: float | None) -> None:
    answer = compute({"model": "x**2", "inputs": {"x": normal(0, 1)}, "method": "gum", "k": k})
    shown = answer.to_dict()["outputs"]["Y"]
    assert (shown["U"], shown["k"], shown["interval"], shown["dof"], shown["dof_status"]) == (
        None,
        None,
        None,
        None,
        "refused",
    )
    assert "every sensitivity is zero" in answer.warnings[0]
    assert "[0, 0]" not in answer.table()


def test_the_second_order_answers_where_the_first_vanishes_and_does_not_warn_of_it() -> None:
    answer = compute({"model": "x**2", "inputs": {"x": normal(0, 1)}, "method": "gum2"})
    assert answer.outputs["Y"].u == pytest.approx(math.sqrt(2))
    assert answer.warnings == ()


def test_contributions_that_cancel_are_not_called_zero_sensitivities() -> None:
    pair = [{"a": "a", "b": "b", "r": 1}]
    answer = compute(
        {"model": "a - b", "inputs": {"a": normal(1, 1), "b": normal(1, 1)}, "correlations": pair, "method": "gum"}
    )
    assert (answer.outputs["Y"].u, answer.outputs["Y"].budget[0].c) == (0, 1)
    assert not any("sensitivity" in w for w in answer.warnings)


@pytest.mark.parametrize(
    ("value", "expanded", "text"),
    [
        (1.23456e15, 3e10, "(1.234560 ± 0.000030)×10¹⁵ m, k = 2"),
        (123456.7, 2900, "(123500 ± 2900) m, k = 2"),
        (50_000_838.4, 93, "(50000838 ± 93) m, k = 2"),
        (1.5, 0.25, "(1.50 ± 0.25) m, k = 2"),
        (1.23456e-15, 3e-19, "(1.23456 ± 0.00030)×10⁻¹⁵ m, k = 2"),
    ],
)
def test_a_result_shows_no_digit_beyond_its_uncertainty(value: float, expanded: float, text: str) -> None:
    assert reporting.Result(value, expanded, METRE).text() == text
