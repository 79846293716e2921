"""The answer of the task `uncertainty`: documented keys, a table and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quanheng.metrology.monte_carlo import Validation
from quanheng.metrology.multivariate import Regions
from quanheng.metrology.tasks import Figure, Series
from quanheng.metrology.tasks.reading import text
from quanheng.metrology.vectors import Floats

_BINS = 80
_SHOWN = 0.0005  # of a share that no single input has
REST = "correlation, interaction, higher order"
_PAIRS = 3  # figures of two outputs
_DOTS = 800  # trials drawn in them


@dataclass(frozen=True)
class Row:
    """One line of the budget; None where the input alone gives no finite contribution."""

    input: str
    value: float
    u: float
    c: float | None
    contribution: float | None
    share: float | None
    distribution: str


@dataclass(frozen=True)
class Output:
    """One output quantity."""

    value: float
    u: float
    expanded: float | None
    k: float | None
    dof: float | None
    interval: tuple[float, float] | None
    budget: tuple[Row, ...]
    bias: float = 0.0
    by_trials: bool = False
    rest: float | None = None

    @property
    def dof_status(self) -> str:
        """Why `dof` is or is not a number.

        finite, infinite, refused (correlated inputs, or no first order at all), unused (Monte Carlo).
        """
        if self.by_trials:
            return "unused"
        if self.dof is None:
            return "refused"
        return "finite" if math.isfinite(self.dof) else "infinite"


@dataclass(frozen=True)
class Result:
    """Answer of the task; `values` are the trials, in memory only."""

    record: Mapping[str, Any]
    method: str
    trials: int | None
    outputs: Mapping[str, Output]
    covariance: Floats
    checks: Mapping[str, Validation] | None
    warnings: tuple[str, ...]
    values: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    regions: Regions | None = None

    @property
    def digits(self) -> int:
        """Significant digits of a printed uncertainty."""
        return int(self.record["digits"])

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        checks = self.checks or {}
        complete = len(checks) == len(self.outputs)
        return {
            "method": self.method,
            "trials": self.trials,
            "outputs": {name: self._output(o) for name, o in self.outputs.items()},
            "covariance": self.covariance.tolist(),
            "correlation": _correlation(self.covariance),
            "gum_validated": all(c.validated for c in checks.values()) if complete and checks else None,
            "validation": {
                name: {"d_low": c.d_low, "d_high": c.d_high, "tolerance": c.tolerance, "validated": c.validated}
                for name, c in checks.items()
            },
            "regions": None if self.regions is None else _regions(self.regions),
            "warnings": list(self.warnings),
            "request": dict(self.record),
        }

    def _output(self, o: Output) -> dict[str, Any]:
        return {
            "value": o.value,
            "u": o.u,
            "U": o.expanded,
            "k": o.k,
            "dof": o.dof if o.dof is not None and math.isfinite(o.dof) else None,
            "dof_status": o.dof_status,
            "interval": None if o.interval is None else list(o.interval),
            "bias": o.bias,
            "share_rest": o.rest,
            "text": self._text(o),
            "texts": self._texts(o),
            "budget": [self._row(row, o.u) for row in o.budget],
        }

    def _texts(self, o: Output) -> dict[str, Any]:
        places = o.u if o.by_trials or not o.expanded else o.expanded
        return {
            "value": text(o.value, places, self.digits),
            "u": text(o.u, o.u, self.digits),
            "U": None if o.expanded is None else text(o.expanded, o.expanded, self.digits),
            "k": None if o.k is None else f"{o.k:.2f}",
            "dof": "∞" if o.dof_status == "infinite" else None if o.dof is None else f"{o.dof:.1f}",
            "interval": None if o.interval is None else [text(x, places, self.digits) for x in o.interval],
        }

    def _text(self, o: Output) -> str:
        texts = self._texts(o)
        if o.expanded is None or not o.u:
            return f"{texts['value']}, u = {texts['u']}"
        if o.by_trials:
            return f"{texts['value']}, [{texts['interval'][0]}, {texts['interval'][1]}]"
        return f"{texts['value']} ± {texts['U']} (k = {texts['k']})"

    def _row(self, row: Row, u: float) -> dict[str, Any]:
        contribution = None if row.contribution is None else text(row.contribution, u, self.digits + 1)
        return {
            "input": row.input, "value": row.value, "u": row.u, "c": row.c, "contribution": row.contribution,
            "share": row.share, "distribution": row.distribution,
            "text": {"u": text(row.u, row.u, 3), "contribution": contribution},
        }  # fmt: skip

    def table(self) -> str:
        """Outputs with their budgets, warnings last."""
        coverage = f"{100 * float(self.record['coverage']):g} %"
        lines = [f"method {self.method}" + (f", {self.trials} trials" if self.trials else "")]
        for name, o in self.outputs.items():
            texts = self._texts(o)
            u = f", u = {texts['u']}" if o.expanded is not None and o.u else ""
            lines.append(f"\n{name} = {self._text(o)}{u}, dof = {texts['dof'] or o.dof_status}")
            if o.interval is not None:
                lines.append(f"{coverage} interval [{texts['interval'][0]}, {texts['interval'][1]}]")
            lines.append(f"  {'input':<14}{'value':>16}{'u':>13}{'c':>13}{'|c|u':>13}{'share':>9}  distribution")
            lines += [_line(row) for row in o.budget]
            if o.rest is not None and abs(o.rest) >= _SHOWN:
                lines.append(f"  {REST:<69}{100 * o.rest:>7.1f} %")
        if self.regions is not None:
            lines.append(f"\nregions of {coverage}: k_p = {self.regions.k_p:.2f}, k_q = {self.regions.k_q:.2f}")
        lines += [f"warning: {w}" for w in self.warnings]
        return "\n".join(lines)

    def figures(self) -> tuple[Figure, ...]:
        """For each output its budget and, after Monte Carlo, the density with its interval."""
        found: list[Figure] = []
        for name, o in self.outputs.items():
            if name in self.values and o.u > 0:
                found.append(self._density(name, o))
            found.append(_budget(name, o))
        if self.regions is not None:
            pairs = [(i, j) for i in range(len(self.outputs)) for j in range(i)][:_PAIRS]
            found += [self._region(j, i) for i, j in pairs if self.covariance[i, i] > 0 < self.covariance[j, j]]
        return tuple(found)

    def _region(self, i: int, j: int) -> Figure:
        """Ellipse and rectangle of two outputs; of more they are the shadows of the joint regions."""
        assert self.regions is not None  # noqa: S101 asked above
        names = list(self.outputs)
        a, b = names[i], names[j]
        part = self.covariance[np.ix_([i, j], [i, j])]
        root = np.linalg.cholesky(part + 1e-12 * np.diag(np.diag(part)))
        turn = np.linspace(0, 2 * math.pi, 181)
        ring = self.regions.k_p * root @ np.array([np.cos(turn), np.sin(turn)])
        centre = (self.outputs[a].value, self.outputs[b].value)
        (left, right), (low, high) = self.regions.box[a], self.regions.box[b]
        trials = [self.values[name][:_DOTS].tolist() for name in (a, b)] if a in self.values else [[], []]
        dots = (Series("Monte Carlo", "dots", trials[0], trials[1]),) if trials[0] else ()
        return Figure(
            (f"{a} 与 {b} 的包含区域", f"Coverage regions of {a} and {b}"),
            (a, a),
            (b, b),
            (
                *dots,
                Series("k_p", "line", (centre[0] + ring[0]).tolist(), (centre[1] + ring[1]).tolist()),
                Series("k_q", "line", [left, right, right, left, left], [low, low, high, high, low]),
            ),
        )

    def _density(self, name: str, o: Output) -> Figure:
        values = self.values[name]
        low, high = np.quantile(values, [0.0005, 0.9995])
        density, edges = np.histogram(values, bins=_BINS, range=(float(low), float(high)))
        middles = (edges[:-1] + edges[1:]) / 2
        bars = density / (len(values) * (edges[1] - edges[0]))
        z = (middles - o.value) / o.u
        normal = np.exp(-z * z / 2) / (o.u * math.sqrt(2 * math.pi))
        ends = o.interval or ()
        return Figure(
            (f"{name} 的概率密度", f"Density of {name}"),
            (name, name),
            ("概率密度", "density"),
            (
                Series("Monte Carlo", "bars", middles.tolist(), bars.tolist()),
                Series("normal", "line", middles.tolist(), normal.tolist()),
            ),
            tuple(("x", label, end) for label, end in zip(("low", "high"), ends, strict=False)),
        )


def _budget(name: str, o: Output) -> Figure:
    rows = sorted((r for r in o.budget if r.contribution is not None), key=lambda r: -(r.contribution or 0.0))[:20]
    return Figure(
        (f"{name} 的不确定度分量", f"Contributions to u({name})"),
        ("输入量", "input"),
        ("|c|·u(x)", "|c|·u(x)"),
        (
            Series(
                "|c|·u(x)",
                "bars",
                [float(i) for i in range(len(rows))],
                [r.contribution or 0.0 for r in rows],
                names=[r.input for r in rows],
            ),
        ),
        (("y", f"u({name})", o.u),),
    )


def _line(row: Row) -> str:
    def shown(value: float | None, width: int) -> str:
        return f"{'-' if value is None else f'{value:.6g}':>{width}}"

    share = "-" if row.share is None else f"{100 * row.share:.1f} %"
    return (
        f"  {row.input:<14}{row.value:>16.9g}{shown(row.u, 13)}{shown(row.c, 13)}{shown(row.contribution, 13)}"
        f"{share:>9}  {row.distribution}"
    )


def _regions(found: Regions) -> dict[str, Any]:
    return {
        "coverage": found.coverage,
        "k_p": found.k_p,
        "k_q": found.k_q,
        "rank": found.rank,
        "box": {name: list(ends) for name, ends in found.box.items()},
        "smallest_area": found.smallest_area,
        "smallest_content": found.smallest_content,
    }


def _correlation(covariance: Floats) -> list[list[float | None]]:
    u = np.sqrt(np.diag(covariance))
    return [
        [float(covariance[i, j] / (u[i] * u[j])) if u[i] * u[j] else None for j in range(len(u))] for i in range(len(u))
    ]
