"""The GUM uncertainty framework for models of several outputs (JCGM 100:2008; JCGM 102:2011, clause 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import poles
from quanheng.metrology.correlation import Correlation, correlation_matrix
from quanheng.metrology.distributions import Distribution, Estimate
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.models import Model, model_from
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.second_order import second_order_terms
from quanheng.metrology.uncertainty import (
    ZERO_SENSITIVITY,
    BudgetLine,
    combine,
    coverage_factor,
    effective_dof,
    flat,
)
from quanheng.metrology.vectors import Floats

CORRELATED_DOF = (
    "effective degrees of freedom do not exist for these inputs, which are correlated and of finite degrees of freedom "
    "(the Welch-Satterthwaite formula needs independent inputs: GUM G.4.1, JCGM 102 9.4.2.8); "
    "no expanded uncertainty is given, state k or use method mc"
)
_ROUNDING = 1e-12  # of a sum of shares
TOO_FEW_DOF = "fewer than one effective degree of freedom: no coverage factor exists; state k or use method mc"


@dataclass(frozen=True)
class Propagated(Result, cites="JCGM 100:2008, 5.1.2, 5.2.2, G.4.1"):
    """One output: estimate, u, effective degrees of freedom, k, U and budget.

    `dof` is infinite where every input is exactly known in its uncertainty, and None where it does not exist; then `k`
    and `expanded` are None unless a factor was given. They are None too where every sensitivity is zero, which leaves
    the law of first order without an answer. `bias` is the second-order shift of the estimate. `rest` is the share of
    u² that is no single input's: correlation and terms of higher order, so that it and the shares of the budget add up
    to one.
    """

    value: float
    u: float
    dof: float | None
    k: float | None
    budget: tuple[BudgetLine, ...]
    bias: float = 0.0
    warnings: tuple[str, ...] = ()
    rest: float = 0.0

    @property
    def expanded(self) -> float | None:
        """U = k·u (GUM 6.2.1)."""
        return None if self.k is None else self.k * self.u

    @property
    def interval(self) -> tuple[float, float] | None:
        """value − U, value + U."""
        return None if self.k is None else (self.value - self.k * self.u, self.value + self.k * self.u)


@dataclass(frozen=True)
class Framework(Result, cites="JCGM 100:2008, 5.1.2, 5.2.2; JCGM 102:2011, 6.2"):
    """All outputs and their covariance matrix (GUM H.2.3; JCGM 102, 6.2)."""

    outputs: Mapping[str, Propagated]
    covariance: Floats
    order: int


@recorded
def propagate_model(
    model: Model | FunctionModel | Callable[..., Any] | str,
    inputs: Mapping[str, Distribution],
    *,
    correlations: Sequence[Correlation] = (),
    coverage: float = 0.95,
    k: float | None = None,
    order: int = 1,
) -> Framework:
    """Propagate uncertainty by the law of first order (GUM 5.1.2, 5.2.2) or with the next terms (GUM 5.1.2, note).

    Parameters
    ----------
    model : Model, FunctionModel, callable or str
        A text is read by `model_from`; a callable takes the inputs by the names of its parameters.
    inputs : mapping of str to Distribution
        Exactly those that the model reads.
    correlations : sequence of (name, name, r), optional
    coverage : float
        Probability of the interval, between 0 and 1.
    k : float, optional
        A fixed coverage factor above zero.
    order : {1, 2}

    Raises
    ------
    InputError
        ``input_missing``, ``input_unused``; ``pole`` where the model divides by zero inside its inputs;
        ``model_undefined`` and ``formula_undefined`` where it has no value or slope at the estimates;
        ``correlation_matrix`` where the coefficients contradict each other.

    Examples
    --------
    >>> from quanheng.metrology.distributions import Normal
    >>> found = propagate_model("P = V**2/R", {"V": Normal(10, 0.01), "R": Normal(50, 0.1)})
    >>> round(found.outputs["P"].u, 6)
    0.005657
    """
    model = as_model(model)
    _check(model, inputs, coverage, k, order)
    estimates = {name: distribution.estimate() for name, distribution in inputs.items()}
    matrix = correlation_matrix(list(inputs), correlations)
    slopes = _gradients(model, estimates)
    extra = second_order_terms(model, estimates, matrix) if order == 2 else {}
    outside = poles.look(model.on_arrays, inputs, matrix, text=getattr(model, "text", ""))
    outputs = {}
    for name, (value, by_input) in slopes.items():
        variance, bias = extra.get(name, (0.0, 0.0))
        found = _output(value, by_input, estimates, list(correlations), coverage, k, variance, bias)
        if outside.get(name, 0.0) > 0:
            found = replace(found, warnings=(*found.warnings, poles.OUTSIDE.format(part=outside[name])))
        outputs[name] = found
    spread = np.diag([e.u for e in estimates.values()])
    jacobian = np.array([[by_input[n] for n in estimates] for _, by_input in slopes.values()])
    covariance = jacobian @ (spread @ matrix @ spread) @ jacobian.T
    for i, found in enumerate(outputs.values()):
        covariance[i, i] = found.u**2
    return Framework(outputs, covariance, order)


def as_model(model: Model | FunctionModel | Callable[..., Any] | str) -> Model | FunctionModel:
    """A model from a text, a callable, or one already made."""
    if isinstance(model, Model | FunctionModel):
        return model
    return FunctionModel(model) if callable(model) else model_from(model)


def check_inputs(model: Model | FunctionModel, inputs: Mapping[str, Distribution]) -> None:
    """Refuse inputs that are missing, that the model does not read, and none at all."""
    missing, unused = sorted(model.inputs - set(inputs)), sorted(set(inputs) - model.inputs)
    if missing:
        raise InputError("input_missing", f"describe the inputs {', '.join(missing)}", "inputs")
    if unused:
        raise InputError("input_unused", f"the model does not read {', '.join(unused)[:80]}", "inputs")
    if not inputs:
        raise InputError("model", "the model reads no input, so nothing is uncertain", "model")


def check_distributions(inputs: Mapping[str, Any]) -> None:
    """Refuse what is no distribution, such as a bare number."""
    for name, found in inputs.items():
        if not isinstance(found, Distribution):
            shown = str(found)[:40]
            raise InputError(
                "distribution", f"{name} is {shown}; describe it by a distribution, such as Constant", name
            )


def _check(
    model: Model | FunctionModel, inputs: Mapping[str, Distribution], coverage: float, k: float | None, order: int
) -> None:
    check_inputs(model, inputs)
    check_distributions(inputs)
    if order not in (1, 2):
        raise InputError("order", f"order is {order}; it is 1 or 2", "order")
    if k is not None and not (math.isfinite(k) and k > 0):
        raise InputError("range", f"k is {k:g}; it must be above zero", "k")
    if not 0 < coverage < 1:
        raise InputError("coverage", "coverage is a probability between 0 and 1", "coverage")


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
    if flat(parts, estimates) and not extra:
        return Propagated(value, u, None, None, budget, bias, (ZERO_SENSITIVITY,))
    warnings = []
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
    rest = 1.0 - math.fsum(b.share for b in budget) if u > 0 else 0.0
    return Propagated(value, u, dof, k, budget, bias, tuple(warnings), rest if abs(rest) > _ROUNDING else 0.0)
