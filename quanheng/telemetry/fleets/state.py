"""Kept sums: all that an area's readings said, so that a new day costs one update and no old row is read again.

One file per area holds the sums of both halves, the structure of the losses and the sites of the last solve. A new day
goes to the open half; a meter that is new, gone or on another feeder starts a new epoch, which needs a full run.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.errors import InputError
from quanheng.metrology.energy_balance import (
    Balance,
    ErrorPrior,
    Layout,
    NormalEquations,
    Posterior,
    accumulate,
    row_variance,
    solve,
    weighted_rows,
)

Array = NDArray[np.float64]
FORMAT = 2


@dataclass(frozen=True)
class KeptSums:
    """Sums of one epoch of one area.

    halves : sums of the two disjoint windows; scale : S̄ that all rows were divided by
    slopes : (n, n) coupling of the location model, None for lumped loss; feeder : (n,) or None
    until : first second that is not in the sums
    """

    area_id: str
    meters: tuple[str, ...]
    halves: tuple[NormalEquations, NormalEquations]
    scale: float
    sigma: float
    gain: Array
    slope_sd: float
    sites: tuple[Array, Array]
    coupling: Array | None
    feeder: NDArray[np.int64] | None
    until: int

    def add(self, balance: Balance, until: int) -> KeptSums:
        """Add complete rows of the same meters; only their products are kept.

        Raises
        ------
        ValueError
            Other meters, or rows that begin before `until` of these sums.
        """
        if balance.imports.shape[1] != len(self.meters):
            raise ValueError("the new rows have other meters: a new epoch begins")
        if until <= self.until:
            raise ValueError("these rows are in the sums already")
        rows_of = replace(balance, scale=self.scale)
        variance = row_variance(rows_of)
        columns = None
        if self.coupling is not None:
            energy = rows_of.net_each()
            columns = energy * (energy @ self.coupling.T)
        rows, layout = weighted_rows(rows_of, variance, columns, self.feeder)
        fresh = accumulate(rows, variance, layout)
        return replace(self, halves=(self.halves[0], self.halves[1] + fresh), until=until)

    def posterior(self, prior: ErrorPrior) -> Posterior:
        """Estimates from the sums, begun at the sites of the last solve."""
        return solve(
            self.halves[0] + self.halves[1], prior, self.slope_sd, sigma=self.sigma, gain=self.gain, start=self.sites
        )

    def save(self, folder: Path) -> Path:
        """Write the sums; the file appears whole or not at all."""
        head = {
            "format": FORMAT, "area_id": self.area_id, "meters": list(self.meters), "scale": self.scale,
            "sigma": self.sigma, "slope_sd": self.slope_sd, "until": self.until,
            "layout": [self.halves[0].layout.meters, self.halves[0].layout.exporters, self.halves[0].layout.feeders],
            "rows": [half.rows for half in self.halves], "log_weight": [half.log_weight for half in self.halves],
        }  # fmt: skip
        path = state_path(folder, self.area_id)
        part = path.with_name(path.name + ".part")
        none = np.zeros(0)
        with part.open("wb") as stream:
            np.savez(
                stream, head=np.frombuffer(json.dumps(head).encode(), np.uint8),
                first=_packed(self.halves[0].gram), second=_packed(self.halves[1].gram),
                precision=self.sites[0], shift=self.sites[1], gain=self.gain,
                coupling=none if self.coupling is None else self.coupling,
                feeder=np.zeros(0, np.int64) if self.feeder is None else self.feeder,
            )  # fmt: skip
        part.replace(path)
        return path

    @classmethod
    def load(cls, folder: Path, area_id: str) -> KeptSums:
        """Read kept sums.

        Raises
        ------
        InputError
            The file is missing, damaged or of another format.
        """
        path = state_path(folder, area_id)
        try:
            with np.load(path, allow_pickle=False) as data:
                head: dict[str, Any] = json.loads(bytes(data["head"]).decode())
                if head["format"] != FORMAT:
                    raise ValueError(f"format {head['format']} is not {FORMAT}")
                layout = Layout(*head["layout"])
                halves = [
                    NormalEquations(_unpacked(data[name], layout.y + 1), rows, weight, layout)
                    for name, rows, weight in zip(("first", "second"), head["rows"], head["log_weight"], strict=True)
                ]
                coupling, feeder = data["coupling"], data["feeder"]
                return cls(
                    head["area_id"], tuple(head["meters"]), (halves[0], halves[1]), head["scale"], head["sigma"],
                    data["gain"], head["slope_sd"], (data["precision"], data["shift"]),
                    coupling if coupling.size else None, feeder if feeder.size else None, head["until"],
                )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise InputError("unreadable", f"no kept sums here: {error}", str(path)) from error


def state_path(folder: Path, area_id: str) -> Path:
    """File of one area; an id may hold any character."""
    return folder / (hashlib.sha256(area_id.encode()).hexdigest()[:24] + ".npz")


def _packed(gram: Array) -> Array:
    return np.asarray(gram[np.tril_indices(gram.shape[0])])


def _unpacked(lower: Array, size: int) -> Array:
    out = np.zeros((size, size))
    out[np.tril_indices(size)] = lower
    return out + np.tril(out, -1).T
