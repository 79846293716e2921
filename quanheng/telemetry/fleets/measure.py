"""First pass over one area: gates, sums, the structure of its losses, criticism. Reads the rows once and keeps sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.metrology.energy_balance import (
    Balance,
    NormalEquations,
    Posterior,
    Structure,
    accumulate,
    group_loads,
    row_variance,
    solve,
    weighted_rows,
)
from quanheng.telemetry.fleets.arrange import AreaData, Unfit, arrange
from quanheng.telemetry.fleets.profiles import Profile

Array = NDArray[np.float64]
_SLOPE_SDS = (0.01, 0.02, 0.04)
_SLOPE_GAIN = 12.0  # log evidence that loss slopes must bring


@dataclass
class Measured:
    """What one area leaves behind for the second pass. `cause` is ``ok`` where the model fits."""

    area_id: str
    cause: str
    meters: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    suspected: list[dict[str, Any]] = field(default_factory=list)
    rows_used: int = 0
    sigma: float | None = None
    loss_rate: float | None = None
    acquisition: float | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    share: Array | None = None
    halves: tuple[NormalEquations, NormalEquations] | None = None
    structure: Structure = field(default_factory=Structure)
    cavity: tuple[Array, Array] | None = None
    sites: tuple[Array, Array] | None = None


def measure(area_id: str, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile) -> Measured:
    """Everything that needs the readings of one area; never raises for bad data."""
    try:
        data = arrange(area_id, rows, listed, profile)
    except Unfit as refusal:
        meters = rows.filter(pl.col("role") == "sub")["meter_id"].drop_nulls().unique().sort().to_list()
        names = sorted(set(meters) | set(listed.filter(pl.col("role") != "master")["meter_id"].to_list()))
        return Measured(area_id, refusal.cause, meters=names, findings=[refusal.finding] if refusal.finding else [])
    out = Measured(area_id, "ok", meters=data.meters, left_out=data.left_out, findings=data.findings,
                   acquisition=data.acquisition, rows_used=int(data.complete.sum()))  # fmt: skip
    out.listed = {name: data.column(name) for name in ("accuracy_class", "manufacturer", "batch", "installed_on")}
    try:
        balance = _gate(data, out, profile)
        _fit(data, balance, out, profile)
    except Unfit as refusal:
        out.cause = refusal.cause
        out.findings += [refusal.finding] if refusal.finding else []
        out.figures |= refusal.figures
    except np.linalg.LinAlgError as error:
        out.cause = "model_misfit"
        out.findings.append(str(error))
    return out


def _gate(data: AreaData, out: Measured, profile: Profile) -> Balance:
    gates = profile.gates
    if data.acquisition < gates.acquisition:
        raise Unfit("low_acquisition", f"{data.acquisition:.1%} read, {gates.acquisition:.0%} needed")
    if out.rows_used < max(gates.rows, 3):
        raise Unfit("too_few_rows", f"{out.rows_used} complete intervals, {gates.rows} needed")
    balance = make_balance(data)
    energy = float(balance.master.sum())
    out.loss_rate = float(1 - balance.net().sum() / energy) if energy > 0 else None
    out.share = np.asarray(balance.imports.sum(axis=0) / max(float(balance.imports.sum()), 1e-12))
    if data.step > 6 * 3600:
        raise Unfit("cadence_too_coarse", f"one reading every {data.step / 3600:g} h")
    if out.loss_rate is None or not gates.loss_low <= out.loss_rate <= gates.loss_high:
        cause = "loss_out_of_range"
        raise Unfit(cause, f"loss {out.loss_rate if out.loss_rate is not None else float('nan'):.2%}")
    return balance


def make_balance(data: AreaData) -> Balance:
    """The complete rows of an area, with one set of slopes by feeder and one by feeder and phase where known."""
    imports, exports = data.imports[data.complete], data.exports[data.complete]
    exporters = np.flatnonzero(exports.sum(axis=0) > 0)
    groups = _groups(data)
    plain = Balance(imports, data.master[data.complete], exports[:, exporters], exporters, groups)
    scale = max(float(np.abs(plain.net()).mean()), 1e-9)
    scales = tuple(np.maximum(np.abs(group_loads(plain, group)).mean(axis=0), 1e-6 * scale) for group in groups)
    return Balance(imports, plain.master, plain.exports, exporters, groups, 0.0, scale, scales)


def _groups(data: AreaData) -> tuple[NDArray[np.int64], ...]:
    feeder, phase = data.column("feeder"), data.column("phase")
    known = np.mean([bool(name) for name in feeder])
    if known < 0.8:
        return ()
    groups = [np.unique(feeder, return_inverse=True)[1].astype(np.int64)]
    if np.mean([bool(name) for name in phase]) >= 0.8 and len(set(phase)) > 1:
        both = [f"{f}\x1f{p}" for f, p in zip(feeder, phase, strict=True)]
        groups.append(np.unique(both, return_inverse=True)[1].astype(np.int64))
    return tuple(groups)


def _fit(data: AreaData, balance: Balance, out: Measured, profile: Profile) -> None:
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    middle = rows.shape[0] // 2
    out.halves = (
        accumulate(rows[:middle], variance[:middle], layout),
        accumulate(rows[middle:], variance[middle:], layout),
    )
    best = choose_structure(out.halves[0] + out.halves[1], profile)
    out.sigma, out.structure, out.sites = best.sigma, best.structure, best.sites
    out.cavity = (best.cavity_mean, best.cavity_variance)


def choose_structure(sums: NormalEquations, profile: Profile) -> Posterior:
    """Lumped loss, or loss slopes by feeder or by feeder and phase: what the evidence asks for."""
    best = plain = solve(sums, profile.prior)
    for which in range(len(sums.layout.groups)):
        for slope_sd in _SLOPE_SDS:
            tried = solve(sums, profile.prior, Structure(which, slope_sd))
            if tried.evidence < plain.evidence + _SLOPE_GAIN:
                break
            if tried.evidence > best.evidence:
                best = tried
    return best
