"""The area balance as weighted rows, and their sums, which add up day by day.

For each interval t, with registered energies x, master M and errors e of the registers,

    M_t − Σ x_it = Σ θ_i x_it + c S_t + k S_t²/S̄ + F S̄ + Σ ρ_i J_it + ν_t

c holds the common mode (master, its CT, linear loss), k lumped I²R, F fixed loss, ρ_i the way to meter
i (see ``losses``). The squares are of registered energy, never of the master's: its noise stands on the left side too,
and M² − S² would explain it away. What a meter fails to register is missing in S² as well; ``solve`` corrects for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
READING_NOISE = 1e-3  # of a healthy reading; it only weighs the noise of resolution against the rest


@dataclass(frozen=True)
class Balance:
    """Complete rows of one area. Energies in kWh per interval.

    imports : (T, n)
    master : (T,) net, import less export
    exports : (T, m) columns of the meters that feed back, `exporters` (m,) their indices
    quantum : variance in kWh² that the resolution of the registers adds to each row
    scale : mean net load S̄ in kWh; keep it fixed for sums that shall be added
    """

    imports: Array
    master: Array
    exports: Array
    exporters: NDArray[np.int64]
    quantum: float = 0.0
    scale: float = 0.0

    def net(self) -> Array:
        """Sum of the listed meters, import less export; (T,)."""
        return np.asarray(self.imports.sum(axis=1) - self.exports.sum(axis=1))

    def net_each(self) -> Array:
        """Import less export of each meter; (T, n)."""
        if not self.exporters.size:
            return self.imports
        out = self.imports.copy()
        out[:, self.exporters] -= self.exports
        return out


@dataclass(frozen=True)
class Layout:
    """Which column is what: θ, θ of exports, commons (c, k, F), then the feeders' quadratics and the meters' slopes, or
    the losses of pairs."""

    meters: int
    exporters: int
    feeders: int = 0
    pairs: int = 0

    @property
    def common(self) -> slice:
        """Columns c, k, F."""
        start = self.meters + self.exporters
        return slice(start, start + 3)

    @property
    def quadratic(self) -> slice:
        """Loss of each feeder as if all its meters stood at one place."""
        return slice(self.common.stop, self.common.stop + self.feeders)

    @property
    def slope(self) -> slice:
        """Loss on the way to each meter beyond that; else of pairs."""
        return slice(self.quadratic.stop, self.y)

    @property
    def y(self) -> int:
        """Column of the difference master − sum."""
        return self.meters + self.exporters + 3 + self.feeders + (self.meters if self.feeders else self.pairs)


@dataclass(frozen=True)
class NormalEquations:
    """Sums of weighted products: all the data say about one epoch of one area.

    gram : (p, p) with y as last row and column
    rows : number of intervals
    log_weight : Σ log w_t
    """

    gram: Array
    rows: int
    log_weight: float
    layout: Layout = field(compare=False)

    def __add__(self, other: NormalEquations) -> NormalEquations:
        """Sums of disjoint sets of rows of the same epoch add up."""
        if self.layout != other.layout:
            raise ValueError("sums of different layouts cannot be added; a changed meter starts a new epoch")
        return NormalEquations(
            self.gram + other.gram, self.rows + other.rows, self.log_weight + other.log_weight, self.layout
        )


def row_variance(balance: Balance) -> Array:
    """Variance of each row up to σ²: every register contributes its relative noise; kWh², shape (T,)."""
    through = balance.imports.sum(axis=1) + balance.exports.sum(axis=1)
    noise = balance.master**2 + np.einsum("ti,ti->t", balance.imports, balance.imports)
    noise += np.einsum("ti,ti->t", balance.exports, balance.exports) + (0.15 * through) ** 2
    return np.asarray(noise + (1e-3 * abs(balance.scale)) ** 2 + balance.quantum / READING_NOISE**2)


def weighted_rows(
    balance: Balance, variance: Array, slopes: Array | None = None, feeder: NDArray[np.int64] | None = None
) -> tuple[Array, Layout]:
    """The rows of the balance divided by their standard deviation; shape (T, p) with y last.

    slopes : (T, n) columns of :func:`losses.slope_columns` with feeder : (n,) feeder numbers from 0; or (T, m) columns
    of :func:`pairs.paired` without
    """
    net, scale = balance.net(), balance.scale
    meters, exporters = balance.imports.shape[1], balance.exports.shape[1]
    feeders = 0 if slopes is None or feeder is None else int(feeder.max()) + 1
    layout = Layout(meters, exporters, feeders, 0 if slopes is None or feeders else slopes.shape[1])
    rows = np.empty((net.size, layout.y + 1))
    rows[:, :meters] = balance.imports
    np.negative(balance.exports, out=rows[:, meters : meters + exporters])
    rows[:, layout.common] = np.stack([net, net * np.abs(net) / scale, np.full(net.size, scale)], 1)
    if slopes is not None:
        rows[:, layout.slope] = slopes
    if slopes is not None and feeder is not None:
        member = np.zeros((meters, feeders))
        member[np.arange(meters), feeder] = 1.0
        rows[:, layout.quadratic] = slopes @ member
    rows[:, -1] = balance.master - net
    rows /= np.sqrt(variance)[:, None]
    return rows, layout


def accumulate(rows: Array, variance: Array, layout: Layout) -> NormalEquations:
    """Sums of weighted rows."""
    return NormalEquations(rows.T @ rows, rows.shape[0], float(-np.log(variance).sum()), layout)
