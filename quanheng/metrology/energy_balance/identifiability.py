"""What an area can tell before anything is fitted: the identifiability law and the arithmetic of completeness.

u(θ_i) ≈ κ σ / (share_i · CV_i · √T): the share of a meter in the area's energy, the coefficient of variation of that
share over time, and the number of intervals decide; no algorithm can do better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
COLLINEARITY = 1.7  # median of κ in twelve fits, 1.5 to 2.6
SIGMA = 0.0011  # relative noise of a healthy row


@dataclass(frozen=True)
class Identifiability:
    """Foretold uncertainty of each meter of one area.

    share, variation, u : (n,) share of energy, CV of the share, standard uncertainty of e
    rows : complete intervals
    determinable : (n,) whether 3 u fits into the limit
    rows_needed : intervals for the median meter to become determinable
    complete_expected : share of intervals expected complete at this acquisition, acquisition ** n
    """

    share: Array
    variation: Array
    u: Array
    rows: int
    determinable: NDArray[np.bool_]
    rows_needed: int
    complete_expected: float

    @property
    def covered(self) -> float:
        """Share of meters that can be determined."""
        return float(self.determinable.mean()) if self.determinable.size else 0.0


def foretell(
    energy: Array, rows: int, *, limit: float, acquisition: float = 1.0, sigma: float = SIGMA
) -> Identifiability:
    """Apply the law to the complete rows of an area.

    energy : (T, n) net energy, without gaps; rows : T that the estimate will use
    """
    total = energy.sum(axis=1)
    use = total > 0
    if not use.any():
        raise ValueError("an area without energy has nothing to tell")
    part = energy[use] / total[use, None]
    mean = energy[use].sum(axis=0) / total[use].sum()
    average = part.mean(axis=0)
    variation = part.std(axis=0) / np.maximum(np.abs(average), 1e-12)
    signal = np.maximum(np.abs(mean) * variation, 1e-12)
    u = COLLINEARITY * sigma / (signal * np.sqrt(max(rows, 1)))
    median = float(np.median(signal))
    needed = int(np.ceil((COLLINEARITY * sigma * 3 / (limit * median)) ** 2))
    return Identifiability(mean, variation, u, rows, 3 * u <= limit, needed, float(acquisition ** energy.shape[1]))
