"""Each wrong or slow answer found in another tool, and the test of ours that would have caught it."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pytest

from quanheng.metrology import monte_carlo
from quanheng.metrology.comparison import subset
from quanheng.metrology.distributions import Normal
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.joint import joint
from quanheng.metrology.monte_carlo import coverage_interval, run

HERE = "test_what_peers_get_wrong"
# tool, what goes wrong there, module and test of ours
DEFECTS = (
    ("suncal", "A3 compares with 1 where n is meant: 1 of 10 in tolerance gives (0.933, 1)",
     "intervals.test_reactive", "test_one_pass_in_ten_is_not_taken_for_ten"),
    ("MetroloPy", "the curvilinear trapezoid of two limits draws s = 0.033 where 0.578 is right",
     "test_distributions", "test_a_curvilinear_trapezoid_on_minus_one_to_one_with_d_a_tenth_has_u_of_0_578"),
    ("GTC", "line_fit_wtls stops early: ISO/TS 28037 7.4 gives u(a) 0.48036 for 0.4764",
     "test_calibration_curve", "test_iso28037_74_errors_in_both_axes_reach_the_optimum"),
    ("suncal", "std of t is taken where JCGM 101 means the scale: 9.5 gives u = 34.3 for 36",
     "test_distributions", "test_scale_and_standard_deviation_of_t_are_told_apart"),
    ("suncal", "global risk is integrated to 1e-3, the size of the risk", "test_conformity", "test_global_risks_agree_with_adaptive_quadrature_to_ten_digits"),
    ("suncal", "the shortest interval is found by a Python loop", HERE, "test_the_shortest_interval_is_the_loops"),
    ("PyDynamic", "one Python call for each trial", HERE, "test_a_model_is_called_once_for_each_block"),
    ("metRology", "the largest consistent subset lists all 2^n subsets",
     HERE, "test_sixty_participants_need_no_enumeration"),
    ("metRology", "Algorithm A stops at a change of 1.2e-4, before its fixed point",
     "robust.test_algorithm_a", "test_creosote_fixed_point"),
    ("metRology, gconsensus", "CCQM-K25 is read once as u and once as U",
     "comparison.test_reference_values", "test_metrology_and_gconsensus_read_one_column_differently"),
)  # fmt: skip


@pytest.mark.parametrize(("tool", "defect", "module", "name"), DEFECTS)
def test_every_defect_has_its_test(tool: str, defect: str, module: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(f"tests.metrology.{module}"), name)), (tool, defect)


def test_the_shortest_interval_is_the_loops() -> None:
    values = np.sort(np.random.default_rng(5).gamma(2.0, 1.0, 4000))
    q = round(0.95 * len(values))
    low, high = min(((a, b) for a, b in zip(values, values[q:], strict=False)), key=lambda ends: ends[1] - ends[0])
    assert coverage_interval(values, 0.95, "shortest") == (low, high)


def test_a_model_is_called_once_for_each_block() -> None:
    calls = []
    model = FunctionModel(lambda a: calls.append(np.size(a)) or a * a)
    run(joint({"a": Normal(1.0, 0.1)}, ()).draw, model.on_arrays, seed=1, trials=100_000)
    assert sum(calls) == 100_000
    assert min(calls) >= monte_carlo.BLOCK


def test_sixty_participants_need_no_enumeration() -> None:
    rng = np.random.default_rng(8)
    x, u = rng.normal(0, 1, 60), rng.uniform(0.2, 0.8, 60)
    chi2, members = subset.best_subsets(x, u)
    # no exchange of one member for one outsider is better, for every size of subset
    for size in (5, 20, 40):
        inside = list(members[size - 1])
        outside = [i for i in range(60) if i not in inside]
        for leaves, comes in itertools.product(inside, outside):
            other = [i for i in inside if i != leaves] + [comes]
            w = u[other] ** -2
            mean = (w @ x[other]) / w.sum()
            assert w @ (x[other] - mean) ** 2 >= chi2[size - 1] - 1e-9
