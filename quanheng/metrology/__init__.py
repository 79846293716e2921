"""Numbers only: no input or output, no clock, no globals. docs/compute.md lists the modules.

The names below are those of the modules, gathered; a module is loaded when one of its names is first asked for.

>>> from quanheng import metrology as qm
>>> P = qm.propagate_model("P = V**2/R", {"V": qm.Normal(10, 0.01), "R": qm.Normal(50, 0.1)}).outputs["P"]
>>> round(P.u, 6)
0.005657
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES: dict[str, str] = {
    "distributions": "Normal Constant Rectangular Triangular Arcsine Trapezoidal StudentT Observations",
    "distributions_more": "CurvilinearTrapezoidal Exponential Gamma Beta Sampled Curve distribution_from",
    "models": "Model model_from",
    "function_models": "FunctionModel",
    "framework": "propagate_model",
    "uncertainty": "propagate coverage_factor",
    "budget_batch": "budgets",
    "simulation": "simulate",
    "uncertain_number": "Origin Uncertain correlation covariance",
    "uncertain_complex": "UncertainComplex polar",
    "number_archive": "write_archive read_archive",
    "conformity": "Interval Measured Population conformance_probability guard_band_for_risk capability",
    "decision_rules": "zones",
    "comparison.estimators": "weighted_mean mean_scatter median dersimonian_laird mandel_paule",
    "comparison.subset": "largest_consistent_subset",
    "comparison.simulated": "procedure_b hierarchical",
    "comparison.degrees": "unilateral bilateral",
    "comparison.linking": "link",
    "comparison.scores": "en z z_prime zeta",
    "robust.algorithm_a": "algorithm_a algorithm_a_rounds",
    "robust.q_hampel": "q_hampel",
    "robust.outliers": "grubbs cochran mandel youden",
    "reference_material.homogeneity": "anova homogeneity",
    "reference_material.stability": "stability arrhenius",
    "reference_material.certified": "laboratories certify",
    "standard_check.assessment": "repeatability by_transfer by_comparison pooled",
    "standard_check.charts": "xbar_s xbar_r i_mr ewma",
    "calibration_curve": "Errors fit",
    "intervals.reactive": "staircase a1 a2 a3",
    "intervals.drift": "gaussian_process",
    "unit_algebra": "parse_ucum parse_dsi convert",
    "quantities": "round_uncertainty round_to_step",
    "tasks": "find answer_from",
}
_WHERE: dict[str, str] = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
