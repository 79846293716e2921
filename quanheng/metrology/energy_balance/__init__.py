"""Errors of meters from the energy balance of an area: sums, prior, posterior, criticism, identifiability."""

from quanheng.metrology.energy_balance.batches import BatchGrade, grade
from quanheng.metrology.energy_balance.criticism import Criticism, criticise, filled, resolution
from quanheng.metrology.energy_balance.identifiability import Identifiability, foretell
from quanheng.metrology.energy_balance.losses import (
    Lines,
    Located,
    behind_each_other,
    bursts,
    coupled,
    locate,
    slope_columns,
)
from quanheng.metrology.energy_balance.pairs import locate_pairs, paired
from quanheng.metrology.energy_balance.prior import ErrorPrior, Tilted, learn, tilt
from quanheng.metrology.energy_balance.solve import Posterior, solve
from quanheng.metrology.energy_balance.sums import (
    Balance,
    Layout,
    NormalEquations,
    accumulate,
    row_variance,
    weighted_rows,
)

__all__ = [
    "Balance",
    "BatchGrade",
    "Criticism",
    "ErrorPrior",
    "Identifiability",
    "Layout",
    "Lines",
    "Located",
    "NormalEquations",
    "Posterior",
    "Tilted",
    "accumulate",
    "behind_each_other",
    "bursts",
    "coupled",
    "criticise",
    "filled",
    "foretell",
    "grade",
    "learn",
    "locate",
    "locate_pairs",
    "paired",
    "resolution",
    "row_variance",
    "slope_columns",
    "solve",
    "tilt",
    "weighted_rows",
]
