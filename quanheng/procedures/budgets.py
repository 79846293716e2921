"""Evaluates the uncertainty budget of one quantity at one point (GUM first order) and prints its rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quanheng.metrology.decimals import evaluate
from quanheng.metrology.distributions import (
    Arcsine,
    Constant,
    Distribution,
    Normal,
    Rectangular,
    Trapezoidal,
    Triangular,
)
from quanheng.metrology.quantities import round_uncertainty, short_text, text_of
from quanheng.metrology.uncertainty import UncertaintyResult, propagate
from quanheng.procedures.checking import compiled
from quanheng.procedures.results import BudgetRow
from quanheng.procedures.schema import Budget, BudgetInput

_BOUNDED: Mapping[str, Callable[..., Distribution]] = {
    "rectangular": Rectangular,
    "triangular": Triangular,
    "arcsine": Arcsine,
    "trapezoidal": Trapezoidal,
}


@dataclass(frozen=True)
class Spread:
    """Uncertainty of a quantity: exact enough to judge with, rounded to print."""

    u: Decimal
    U: Decimal
    k: str
    rows: tuple[BudgetRow, ...]


def spread(budget: Budget, scope: Mapping[str, Any]) -> Spread:
    """Propagate and round: U first (upward), u printed with the same rule."""
    inputs = {item.name: _distribution(item, scope) for item in budget.inputs}
    pairs = [(pair.a, pair.b, float(evaluate(compiled(pair.r), scope))) for pair in budget.correlations]
    k = None if budget.k is None else float(evaluate(compiled(budget.k), scope))
    coverage = None if budget.coverage is None else float(evaluate(compiled(budget.coverage), scope))
    answer = propagate(compiled(budget.model), inputs, correlations=pairs, k=k, coverage=coverage)
    return Spread(
        u=round_uncertainty(answer.u, budget.digits, budget.rule),
        U=round_uncertainty(answer.U, budget.digits, budget.rule),
        k=short_text(Decimal(f"{answer.k:.3g}")),
        rows=_printed(budget, answer),
    )


def _distribution(item: BudgetInput, scope: Mapping[str, Any]) -> Distribution:
    value = float(evaluate(compiled(item.value), scope))
    dof = math.inf if item.dof is None else float(evaluate(compiled(item.dof), scope))
    if item.kind == "constant":
        return Constant(value)
    if item.kind == "normal":
        return Normal(value, float(evaluate(compiled(item.std or "0"), scope)), dof=dof)
    half = float(evaluate(compiled(item.half_width or "0"), scope))
    more = {} if item.beta is None else {"beta": float(evaluate(compiled(item.beta), scope))}
    return _BOUNDED[item.kind](value - half, value + half, dof=dof, **more)


def _printed(budget: Budget, answer: UncertaintyResult) -> tuple[BudgetRow, ...]:
    rows = []
    for item, line in zip(budget.inputs, answer.budget, strict=True):
        rows.append(
            BudgetRow(
                input=item.name,
                zh=item.label.zh,
                en=item.label.en,
                value=_short(line.value, 10),
                u=_short(line.u, 3),
                c=_short(line.c, 4),
                contribution=_short(line.contribution, 3),
                dof="∞" if math.isinf(line.dof) else _short(line.dof, 3),
                distribution=line.distribution,
            )
        )
    return tuple(rows)


def _short(value: float, digits: int) -> str:
    return text_of(Decimal(f"{value:.{digits}g}")) if value else "0"
