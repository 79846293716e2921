"""First-order propagation of uncertainty (JCGM 100:2008, "GUM"): budget, effective degrees of freedom, coverage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import special

from quanheng.errors import InputError
from quanheng.metrology import poles
from quanheng.metrology.correlation import Correlation, correlation_matrix
from quanheng.metrology.distributions import Distribution, Estimate
from quanheng.metrology.duals import gradient
from quanheng.metrology.expressions import Expression, parse
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.vectors import ARRAYS

ZERO_SENSITIVITY = "every sensitivity is zero: first order fails"  # GUM 5.1.2, note


@dataclass(frozen=True)
class BudgetLine(Result):
    """One row of the budget: input, estimate, u(x), sensitivity c, contribution |c|·u(x) and its share of u²."""

    input: str
    value: float
    u: float
    dof: float
    distribution: str
    c: float
    contribution: float
    share: float


@dataclass(frozen=True)
class UncertaintyResult(Result, cites="JCGM 100:2008, 5.1.2, 5.2.2, G.4.1"):
    """Frozen answer of :func:`propagate`.

    Attributes
    ----------
    value, u : float
        Estimate and combined standard uncertainty (GUM 4.1.4, 5.1.2, 5.2.2).
    dof : float or None
        Effective degrees of freedom (GUM G.4.1); None where correlation makes the formula invalid.
    k, U : float
        Coverage factor and expanded uncertainty (GUM 6.2, G.3).
    coverage : float or None
        Coverage probability asked for; None when `k` was given.
    budget : tuple of BudgetLine
    warnings : tuple of str
    """

    value: float
    u: float
    dof: float | None
    k: float
    U: float
    coverage: float | None
    budget: tuple[BudgetLine, ...]
    warnings: tuple[str, ...] = ()

    @property
    def interval(self) -> tuple[float, float]:
        """value − U, value + U."""
        return self.value - self.U, self.value + self.U


@recorded
def propagate(
    model: Expression | str,
    inputs: Mapping[str, Distribution],
    *,
    correlations: Sequence[Correlation] = (),
    coverage: float | None = None,
    k: float | None = None,
) -> UncertaintyResult:
    """Propagate uncertainty through a model by the first-order law (GUM 5.1.2, 5.2.2).

    Parameters
    ----------
    model : Expression or str
        One formula over the names of `inputs`.
    inputs : mapping of str to Distribution
    correlations : sequence of (name, name, r), optional
        Correlation coefficients (GUM 5.2.2, 5.2.3).
    coverage : float, optional
        Probability of the interval; k is then the t quantile at the effective degrees of freedom, truncated to the
        next lower integer (GUM G.4.1, G.6.4). Default 0.95 when `k` is not given.
    k : float, optional
        A fixed coverage factor (GUM 6.3.1).

    Returns
    -------
    UncertaintyResult

    Notes
    -----
    Terms of higher order (GUM 5.1.2, note) are left out. A warning says when every sensitivity is zero, where the first
    order cannot be used. With correlated inputs of finite degrees of freedom the Welch-Satterthwaite formula does not
    hold, so that k cannot be found from `coverage` and the request is refused.

    Examples
    --------
    >>> from quanheng.metrology.distributions import Normal, Rectangular
    >>> r = propagate("a + b", {"a": Normal(1.0, 0.3), "b": Rectangular(-1.0, 1.0)}, k=2)
    >>> round(r.u, 6)
    0.650641
    """
    expression = parse(model) if isinstance(model, str) else model
    missing = expression.names - set(inputs)
    if missing:
        raise InputError("input_missing", f"describe the inputs {', '.join(sorted(missing))}", expression.text)
    estimates = {name: distribution.estimate() for name, distribution in inputs.items()}
    value, slopes = gradient(expression, {name: e.value for name, e in estimates.items()})
    if not (math.isfinite(value) and all(math.isfinite(c) for c in slopes.values())):
        raise InputError(
            "formula_undefined", "value or sensitivity is not finite; check the estimates", expression.text
        )
    pairs, matrix = list(correlations), correlation_matrix(list(estimates), correlations)
    found = poles.look(lambda values: {"": expression.evaluate(values, ARRAYS)}, inputs, matrix, text=expression.text)
    outside = found.get("", 0.0)
    parts, u, budget = combine(slopes, estimates, pairs)
    dof = effective_dof(u, parts, estimates, pairs)
    factor, probability = _coverage_factor(dof, coverage, k)
    warnings: tuple[str, ...] = (ZERO_SENSITIVITY,) if flat(parts, estimates) else ()
    warnings += (poles.OUTSIDE.format(part=outside),) if outside else ()
    return UncertaintyResult(value, u, dof, factor, factor * u, probability, budget, warnings)


def combine(
    slopes: Mapping[str, float], estimates: Mapping[str, Estimate], pairs: Sequence[Correlation]
) -> tuple[dict[str, float], float, tuple[BudgetLine, ...]]:
    """Signed contributions c·u(x), the combined standard uncertainty and the budget (GUM 5.1.2, 5.2.2)."""
    parts = {name: slopes[name] * e.u for name, e in estimates.items()}
    variance = math.fsum([p * p for p in parts.values()] + [2 * r * parts[a] * parts[b] for a, b, r in pairs])
    u = math.sqrt(max(variance, 0.0))
    budget = tuple(
        BudgetLine(n, e.value, e.u, e.dof, e.kind, slopes[n], abs(parts[n]), parts[n] ** 2 / u**2 if u else 0.0)
        for n, e in estimates.items()
    )
    return parts, u, budget


def flat(parts: Mapping[str, float], estimates: Mapping[str, Estimate]) -> bool:
    """Whether every uncertain input has the sensitivity zero; contributions that cancel are no such case."""
    return any(e.u for e in estimates.values()) and not any(parts.values())


def effective_dof(
    u: float, parts: Mapping[str, float], estimates: Mapping[str, Estimate], pairs: Sequence[Correlation]
) -> float | None:
    """Welch-Satterthwaite (GUM G.4.1, equation G.2b); None where correlation makes it invalid."""
    tied = {name for a, b, r in pairs if r for name in (a, b)}
    if any(math.isfinite(estimates[name].dof) and parts[name] for name in tied):
        return None
    if u == 0:
        return math.inf
    total = math.fsum((p / u) ** 4 / estimates[n].dof for n, p in parts.items() if math.isfinite(estimates[n].dof))
    return 1 / total if total > 0 else math.inf


def coverage_factor(dof: float, coverage: float) -> float:
    """Two-sided quantile of Student's t, degrees of freedom truncated to an integer (GUM G.3.2, G.4.1).

    Examples
    --------
    >>> round(coverage_factor(16.7, 0.99), 2)
    2.92
    """
    if not 0 < coverage < 1:
        raise InputError("coverage", "coverage is a probability between 0 and 1", str(coverage))
    if dof < 1:
        raise InputError("dof", "fewer than one effective degree of freedom: no coverage factor exists", str(dof))
    tail = (1 + coverage) / 2
    # a surplus of float noise must not lose a whole degree
    return float(special.stdtrit(math.floor(dof + 1e-9), tail) if math.isfinite(dof) else special.ndtri(tail))


def _coverage_factor(dof: float | None, coverage: float | None, k: float | None) -> tuple[float, float | None]:
    if k is not None:
        if coverage is not None or not (math.isfinite(k) and k > 0):
            raise InputError("coverage", "give either coverage or a factor k above zero", str(k))
        return k, None
    if dof is None:
        raise InputError(
            "dof_correlated", "effective degrees of freedom do not exist for these correlated inputs; give k", ""
        )
    probability = 0.95 if coverage is None else coverage
    return coverage_factor(dof, probability), probability
