"""The area balance as weighted rows, and their sums, which add up day by day.

For each interval t, with registered energies x, master M and errors e of the registers,

    M_t − Σ x_it = Σ θ_i x_it + c S_t + k M_t²/S̄ + F S̄ + Σ s_i x_it S_f(i),t/S̄_f + ν_t,    θ = 1/(1+e) − 1.

c holds the common mode (master, its CT, linear loss), k lumped I²R, F fixed loss, s_i the loss on the way to meter i.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Balance:
    """Complete rows of one area. Energies in kWh per interval.

    imports : (T, n)
    exports : (T, m) columns of the meters that feed back, `exporters` (m,) their indices
    master : (T,) net, import less export
    groups : each an (n,) array of group numbers ≥ 0 (feeder; feeder and phase): one set of loss slopes each
    quantum : variance in kWh² that the resolution of the registers adds to each row
    scale : mean net load S̄ in kWh; keep it fixed for sums that shall be added
    """

    imports: Array
    master: Array
    exports: Array
    exporters: NDArray[np.int64]
    groups: tuple[NDArray[np.int64], ...] = ()
    quantum: float = 0.0
    scale: float = 0.0
    group_scales: tuple[Array, ...] = ()

    def net(self) -> Array:
        """Sum of the listed meters, import less export; (T,)."""
        return np.asarray(self.imports.sum(axis=1) - self.exports.sum(axis=1))


@dataclass(frozen=True)
class Layout:
    """Which column is what: θ, θ of exports, commons (c, k, F), then per set of slopes its quadratics and slopes."""

    meters: int
    exporters: int
    groups: tuple[int, ...] = ()

    @property
    def common(self) -> slice:
        """Columns c, k, F."""
        start = self.meters + self.exporters
        return slice(start, start + 3)

    def slopes(self, which: int) -> tuple[slice, slice]:
        """Columns of the feeders' quadratics and of the meters' slopes of one set."""
        start = self.meters + self.exporters + 3 + sum(g + self.meters for g in self.groups[:which])
        return slice(start, start + self.groups[which]), slice(
            start + self.groups[which], start + self.groups[which] + self.meters
        )

    @property
    def y(self) -> int:
        """Column of the difference master − sum."""
        return self.meters + self.exporters + 3 + sum(g + self.meters for g in self.groups)


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
    noise += np.einsum("ti,ti->t", balance.exports, balance.exports) + (0.03 * through) ** 2
    return np.asarray(noise + (1e-3 * abs(balance.scale)) ** 2)


def weighted_rows(balance: Balance, variance: Array) -> tuple[Array, Layout]:
    """The rows of the balance divided by their standard deviation; shape (T, p) with y last."""
    net, scale = balance.net(), balance.scale
    meters, exporters = balance.imports.shape[1], balance.exports.shape[1]
    layout = Layout(meters, exporters, tuple(int(group.max()) + 1 for group in balance.groups))
    rows = np.empty((net.size, layout.y + 1))
    rows[:, :meters] = balance.imports
    np.negative(balance.exports, out=rows[:, meters : meters + exporters])
    rows[:, layout.common] = np.stack([net, balance.master**2 / scale, np.full(net.size, scale)], axis=1)
    for which, (group, scales) in enumerate(zip(balance.groups, balance.group_scales, strict=True)):
        loads = group_loads(balance, group)
        quadratic, slope = layout.slopes(which)
        relative = loads / scales
        rows[:, quadratic] = loads * relative
        np.multiply(balance.imports, relative[:, group], out=rows[:, slope])
        for column, meter in enumerate(balance.exporters):
            rows[:, slope.start + meter] -= balance.exports[:, column] * relative[:, group[meter]]
    rows[:, -1] = balance.master - net
    rows /= np.sqrt(variance)[:, None]
    return rows, layout


def group_loads(balance: Balance, group: NDArray[np.int64]) -> Array:
    """Net load of each group of meters; shape (T, G)."""
    member = np.zeros((group.size, int(group.max()) + 1))
    member[np.arange(group.size), group] = 1.0
    loads = balance.imports @ member
    if balance.exporters.size:
        loads -= balance.exports @ member[balance.exporters]
    return np.asarray(loads)


def accumulate(rows: Array, variance: Array, layout: Layout) -> NormalEquations:
    """Sums of weighted rows."""
    return NormalEquations(rows.T @ rows, rows.shape[0], float(-np.log(variance).sum()), layout)
