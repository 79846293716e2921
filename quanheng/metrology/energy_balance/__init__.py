"""Errors of meters from the energy balance of an area: sums, prior, posterior, criticism, identifiability."""

from quanheng.metrology.energy_balance.prior import ErrorPrior, Tilted, learn, tilt
from quanheng.metrology.energy_balance.solve import Posterior, Structure, solve
from quanheng.metrology.energy_balance.sums import (
    Balance,
    Layout,
    NormalEquations,
    accumulate,
    group_loads,
    row_variance,
    weighted_rows,
)

__all__ = [
    "Balance",
    "ErrorPrior",
    "Layout",
    "NormalEquations",
    "Posterior",
    "Structure",
    "Tilted",
    "accumulate",
    "group_loads",
    "learn",
    "row_variance",
    "solve",
    "tilt",
    "weighted_rows",
]
