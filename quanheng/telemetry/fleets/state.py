"""Kept sums: all that an area's readings said, so that a new day costs one update and no old row is read again.

One file per area holds what the first pass left behind. New rows are added day by day to the second window, in the
structure of the run that began the epoch; a meter that is new or no longer read needs a whole run.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.errors import InputError
from quanheng.metrology.energy_balance import (
    Balance,
    NormalEquations,
    accumulate,
    bursts,
    coupled,
    paired,
    row_variance,
    solve,
    weighted_rows,
)
from quanheng.telemetry.engines.codec import pack, unpack
from quanheng.telemetry.fleets.arrange import AreaData, Unfit, arrange
from quanheng.telemetry.fleets.measure import Measured, Structure, measure
from quanheng.telemetry.fleets.profiles import Profile

Array = NDArray[np.float64]
FORMAT = b"quanheng-area-state-3\n"
_DIGEST = 32
STRANGE_DAY = 4.0  # mean squared residual of a day, in units of σ², from which it is not added to the sums
_DAY = 86_400


def load(folder: Path, area_id: str) -> Measured | None:
    """What is kept of an area; None where nothing is.

    Raises
    ------
    InputError
        The file is damaged or of another format.
    """
    path = state_path(folder, area_id)
    if not path.exists():
        return None
    try:
        data = path.read_bytes()
        head, body = data[: len(FORMAT)], data[len(FORMAT) + _DIGEST :]
        if head != FORMAT or hashlib.sha256(body).digest() != data[len(FORMAT) : len(FORMAT) + _DIGEST]:
            raise ValueError("damaged, or written by another version")
        kept = unpack(body)
        if not isinstance(kept, Measured) or kept.area_id != area_id:
            raise ValueError("of another area")
    except (OSError, ValueError) as error:
        message = f"no kept sums: {error}; evaluate all readings into a new --state"
        raise InputError("unreadable", message, str(path)) from error
    return kept


def save(folder: Path, measured: Measured) -> Path:
    """Keep one area; the file appears whole or not at all."""
    path = state_path(folder, measured.area_id)
    part = path.with_name(path.name + ".part")
    body = pack(replace(measured, findings=[]))
    part.write_bytes(FORMAT + hashlib.sha256(body).digest() + body)
    part.replace(path)
    return path


def state_path(folder: Path, area_id: str) -> Path:
    """File of one area; an id may hold any character."""
    return folder / (hashlib.sha256(area_id.encode()).hexdigest()[:24] + ".area")


class Keeper:
    """Measures areas from kept sums where there are some, else from their rows; ``save`` keeps them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def measure(self, area_id: str, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile) -> Measured:
        """First pass over one area. Raises InputError where its file is damaged."""
        kept = load(self.folder, area_id)
        if kept is None or kept.structure is None:
            return _refresh(measure(area_id, rows, listed, profile, keep=True), profile)
        return continue_area(kept, rows, listed, profile)

    def save(self, measured: list[Measured]) -> None:
        """Keep the areas that can be continued."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for area in measured:
            if area.structure is not None:
                save(self.folder, area)


def continue_area(kept: Measured, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile) -> Measured:
    """The area with later rows added. What cannot be added is said in its findings, and the sums stay as they are."""
    if kept.structure is None:
        raise ValueError("an area is continued from its sums")
    fresh = rows.filter(pl.col("at") >= kept.structure.until)
    findings = []
    if fresh.height < rows.height:
        findings.append(f"{rows.height - fresh.height} readings before the end of the kept sums were not looked at")
    out = replace(kept, findings=findings)
    if fresh.filter(role="master").height:
        try:
            out = _add(out, arrange(kept.area_id, fresh, listed, profile, known=True))
        except Unfit as refusal:
            out.findings.append(f"nothing was added: {refusal}")
    return _refresh(out, profile)


def _add(kept: Measured, data: AreaData) -> Measured:
    structure, halves = kept.structure, kept.halves
    if structure is None or halves is None:
        return kept
    if data.step != structure.step:
        raise Unfit("bad_values", f"a reading every {data.step} s continues no sums of {structure.step} s")
    imports, exports = _columns(kept, structure, data)
    complete = ~np.isnan(imports).any(axis=1) & ~np.isnan(data.master)
    stamps = data.start + data.step * np.arange(data.master.size)
    exporters = np.array([kept.meters.index(name) for name in structure.exporters], np.int64)
    second, energy, fed, until, used = halves[1], structure.energy, structure.fed, structure.until, kept.rows_used
    for day in np.unique(stamps[complete] // _DAY):
        own = complete & (stamps // _DAY == day)
        balance = Balance(imports[own], data.master[own], exports[own][:, exporters], exporters, structure.quantum,
                          structure.scale)  # fmt: skip
        sums, power = _day(balance, structure, kept.sigma or 1.0)
        until = int(stamps[own][-1]) + data.step
        if power > STRANGE_DAY:
            date = np.datetime64(int(day), "D")
            kept.findings.append(f"{date} is not in the sums: its residuals are {np.sqrt(power):.1f} times the noise")
            continue
        second, used = second + sums, used + sums.rows
        energy = energy + balance.imports.sum(axis=0)
        fed = (fed[0] + float(balance.master.sum()), fed[1] + float(balance.net().sum()))
    return replace(kept, halves=(halves[0], second), rows_used=used,
                   structure=replace(structure, until=until, energy=energy, fed=fed))  # fmt: skip


def _columns(kept: Measured, structure: Structure, data: AreaData) -> tuple[Array, Array]:
    """Columns in the order of the kept meters; a replaced meter stands still."""
    strange = sorted(set(data.meters) - set(kept.meters) - set(kept.left_out))
    lacking = [name for name in kept.meters if name not in data.meters and name not in structure.ended]
    if strange or lacking:
        names = ", ".join((strange or lacking)[:3])
        what = "new meters" if strange else "meters that are no longer read"
        raise Unfit("too_few_rows", f"{what} ({names}) begin another epoch: evaluate all readings into a new --state")
    place = {name: k for k, name in enumerate(data.meters)}
    shape = (data.master.size, len(kept.meters))
    imports, exports = np.zeros(shape), np.zeros(shape)
    for column, name in enumerate(kept.meters):
        if name in place and name not in structure.ended:
            imports[:, column], exports[:, column] = data.imports[:, place[name]], data.exports[:, place[name]]
    return imports, exports


def _day(balance: Balance, structure: Structure, sigma: float) -> tuple[NormalEquations, float]:
    """Sums of one day, and the mean square of its residuals under the fit that began the epoch, in units of σ²."""
    variance, slopes = row_variance(balance), None
    if structure.coupling.size:
        energy = balance.net_each()
        if structure.pairs:
            slopes = paired(energy, structure.coupling, structure.feeder, structure.scale)
        else:
            slopes = coupled(energy, structure.coupling)
        variance = variance + structure.restless * bursts(energy, structure.feeder)
    feeder = structure.feeder if structure.coupling.size and not structure.pairs else None
    rows, layout = weighted_rows(balance, variance, slopes, feeder)
    rest = rows[:, -1] - rows[:, :-1] @ structure.coefficients
    return accumulate(rows, variance, layout), float(rest @ rest) / (rest.size * sigma**2)


def _refresh(kept: Measured, profile: Profile) -> Measured:
    """Figures that follow from the sums. Every solve begins at the sites of the whole run, so that the answer depends
    on the sums alone and not on how many updates made them."""
    if kept.halves is None or kept.structure is None:
        return kept
    whole = solve(kept.halves[0] + kept.halves[1], profile.prior, kept.slope_sd, sigma=kept.sigma, gain=kept.gain,
                  within=kept.within, start=kept.sites)  # fmt: skip
    energy, (fed, taken) = kept.structure.energy, kept.structure.fed
    return replace(
        kept, cavity=(whole.cavity_mean, whole.cavity_variance), share=energy / max(float(energy.sum()), 1e-12),
        loss_rate=1 - taken / fed if fed > 0 else None,
    )  # fmt: skip
