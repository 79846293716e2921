"""The GUM uncertainty framework for models of several outputs (JCGM 100:2008; JCGM 102:2011, clause 6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.distributions import Distribution, Estimate
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.joint import correlation_matrix
from quanheng.metrology.models import Model
from quanheng.metrology.second_order import second_order_terms
from quanheng.metrology.uncertainty import (
    ZERO_SENSITIVITY,
    BudgetLine,
    Correlation,
    combine,
    coverage_factor,
    effective_dof,
)
from quanheng.metrology.vectors import Floats

CORRELATED_DOF = (
    "effective degrees of freedom do not exist for these inputs, which are correlated and of finite degrees of freedom "
    "(the Welch-Satterthwaite formula needs independent inputs: GUM G.4.1, JCGM 102 9.4.2.8); "
    "no expanded uncertainty is given, state k or use method mc"
)
TOO_FEW_DOF = "fewer than one effective degree of freedom: no coverage factor exists; state k or use method mc"


@dataclass(frozen=True)
class Propagated:
    """One output: estimate, u, effective degrees of freedom, k, U and budget.

    `dof` is infinite where every input is exactly known in its uncertainty, and None where it does not exist; then `k`
    and `expanded` are None unless a factor was given. `bias` is the second-order shift of the
    estimate.
    """

    value: float
    u: float
    dof: float | None
    k: float | None
    budget: tuple[BudgetLine, ...]
    bias: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def expanded(self) -> float | None:
        """U = k·u (GUM 6.2.1)."""
        return None if self.k is None else self.k * self.u

    @property
    def interval(self) -> tuple[float, float] | None:
        """value − U, value + U."""
        return None if self.k is None else (self.value - self.k * self.u, self.value + self.k * self.u)


@dataclass(frozen=True)
class Framework:
    """All outputs and their covariance matrix (GUM H.2.3; JCGM 102, 6.2)."""

    outputs: Mapping[str, Propagated]
    covariance: Floats
    order: int


def propagate_model(
    model: Model | FunctionModel,
    inputs: Mapping[str, Distribution],
    *,
    correlations: Sequence[Correlation] = (),
    coverage: float = 0.95,
    k: float | None = None,
    order: int = 1,
) -> Framework:
    """Propagate uncertainty by the law of first order (GUM 5.1.2, 5.2.2) or with the next terms (GUM 5.1.2, note).

    Examples
    --------
    >>> from quanheng.metrology.distributions import Normal
    >>> from quanheng.metrology.models import model_from
    >>> found = propagate_model(model_from("P = V**2/R"), {"V": Normal(10, 0.01), "R": Normal(50, 0.1)})
    >>> round(found.outputs["P"].u, 6)
    0.005657
    """
    estimates = {name: distribution.estimate() for name, distribution in inputs.items()}
    matrix = correlation_matrix(list(inputs), correlations)
    slopes = _gradients(model, estimates)
    if order == 2 and not isinstance(model, Model):
        raise InputError("model", "second order needs the model as text", "model")
    extra = second_order_terms(model, estimates, matrix) if order == 2 and isinstance(model, Model) else {}
    outputs = {}
    for name, (value, by_input) in slopes.items():
        variance, bias = extra.get(name, (0.0, 0.0))
        outputs[name] = _output(value, by_input, estimates, list(correlations), coverage, k, variance, bias)
    spread = np.diag([e.u for e in estimates.values()])
    jacobian = np.array([[by_input[n] for n in estimates] for _, by_input in slopes.values()])
    covariance = jacobian @ (spread @ matrix @ spread) @ jacobian.T
    for i, found in enumerate(outputs.values()):
        covariance[i, i] = found.u**2
    return Framework(outputs, covariance, order)


def _gradients(
    model: Model | FunctionModel, estimates: Mapping[str, Estimate]
) -> dict[str, tuple[float, dict[str, float]]]:
    found = model.gradients({name: e.value for name, e in estimates.items()})
    for name, (value, slopes) in found.items():
        if not (math.isfinite(value) and all(math.isfinite(c) for c in slopes.values())):
            raise InputError("model_undefined", "value or sensitivity is not finite at the estimates", name)
    return found


def _output(
    value: float,
    slopes: Mapping[str, float],
    estimates: Mapping[str, Estimate],
    pairs: list[Correlation],
    coverage: float,
    k: float | None,
    extra: float,
    bias: float,
) -> Propagated:
    parts, first, budget = combine(slopes, estimates, pairs)
    u = math.sqrt(max(first * first + extra, 0.0)) if extra else first
    warnings = []
    if first == 0 and any(e.u for e in estimates.values()):
        warnings.append(ZERO_SENSITIVITY)
    dof = effective_dof(u, parts, estimates, pairs)
    if dof is None and k is None:
        warnings.append(CORRELATED_DOF)
    elif dof is not None and dof < 1 and k is None:
        warnings.append(TOO_FEW_DOF)
    elif k is None and dof is not None:
        k = coverage_factor(dof, coverage)
    if u > 0 and extra:
        budget = tuple(
            BudgetLine(b.input, b.value, b.u, b.dof, b.distribution, b.c, b.contribution, (b.contribution / u) ** 2)
            for b in budget
        )
    return Propagated(value, u, dof, k, budget, bias, tuple(warnings))
