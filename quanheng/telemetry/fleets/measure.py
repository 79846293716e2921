"""First pass over one area: gates, sums, the structure of its losses, criticism. Reads the rows once and keeps sums."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.metrology.energy_balance import (
    Balance,
    Criticism,
    Layout,
    Lines,
    Located,
    NormalEquations,
    Posterior,
    accumulate,
    criticise,
    filled,
    locate,
    locate_pairs,
    resolution,
    row_variance,
    solve,
    weighted_rows,
)
from quanheng.metrology.energy_balance.sums import READING_NOISE
from quanheng.telemetry.fleets.arrange import AreaData, Unfit, arrange
from quanheng.telemetry.fleets.diagnose import NORMAL_SIGMA, diagnose
from quanheng.telemetry.fleets.oddities import hours_shifted, meter_shifted, stopped, unread
from quanheng.telemetry.fleets.profiles import Profile

Array = NDArray[np.float64]
COARSEST = 3 * 3600  # seconds between readings; the square of a longer mean is not the loss
MOVING = 3.5  # mean score of errors that change within the window, from which it widens the intervals
COARSE = 2.0  # noise of resolution over that of reading, as variances, beyond which nothing can be told


@dataclass(frozen=True)
class Structure:
    """How rows of an area are made, so that later rows can be added to its sums.

    scale, quantum : of the balance; exporters : names; coupling, feeder : of the location model, empty where losses are
    lumped; restless : factor on ``bursts`` in the variance of a row; pairs : the coupling is the anchors of ``paired``
    step : seconds; until : first second that is not in the sums; ended : meters that were replaced
    coefficients : of the fit that began the sums, in the columns of its rows
    energy : (n,) imports so far; fed : master's energy and sum of the meters so far
    """

    scale: float
    quantum: float
    exporters: list[str]
    coupling: Array
    feeder: NDArray[np.int64]
    step: int
    until: int
    ended: list[str]
    coefficients: Array
    energy: Array
    fed: tuple[float, float]
    restless: float = 0.0
    pairs: bool = False


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
    slope_sd: float = 0.0
    digest: str = ""
    cavity: tuple[Array, Array] | None = None
    sites: tuple[Array, Array] | None = None
    gain: Array | None = None
    within: Array | None = None
    structure: Structure | None = None


def measure(
    area_id: str, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile, *, keep: bool = False
) -> Measured:
    """Everything that needs the readings of one area; never raises for bad data.

    keep : leave the structure too, so that later rows can be added
    """
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
        _fit(data, balance, out, profile, keep=keep)
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
    _describe(data, balance, out)
    if data.step > COARSEST:
        raise Unfit("cadence_too_coarse", f"one reading every {data.step / 3600:g} h")
    hours = hours_shifted(data)
    if hours:
        raise Unfit("clock_skew", f"the meters' readings stand {hours:+g} h against the master's: another time zone?")
    if out.loss_rate is None or not gates.loss_low <= out.loss_rate <= gates.loss_high:
        cause = "wrong_ct" if _only_scaled(balance, data, profile) else "loss_out_of_range"
        cause = "meters_not_read" if cause == "loss_out_of_range" and _lacking(out, data) else cause
        raise Unfit(cause, f"loss {out.loss_rate if out.loss_rate is not None else float('nan'):.2%}")
    quantum = balance.quantum / (READING_NOISE**2 * float(np.median(row_variance(replace(balance, quantum=0.0)))))
    out.figures["resolution"] = round(quantum, 3)
    if quantum > COARSE:
        out.suspected = [{"cause": "register_resolution", "evidence": round(quantum / COARSE, 3)}]
        raise Unfit("register_resolution", f"steps of the registers add {math.sqrt(quantum):.1f} times the usual noise")
    return balance


def _lacking(out: Measured, data: AreaData) -> bool:
    """Whether the loss is too high just because listed meters were not read."""
    return bool(unread(data)) and out.loss_rate is not None and out.loss_rate > 0


def make_balance(data: AreaData) -> Balance:
    """The complete rows of an area."""
    imports, exports = data.imports[data.complete], data.exports[data.complete]
    exporters = np.flatnonzero(exports.sum(axis=0) > 0)
    plain = Balance(imports, data.master[data.complete], exports[:, exporters], exporters)
    scale = max(float(np.abs(plain.net()).mean()), 1e-9)
    steps = resolution(np.column_stack([plain.master, imports]))
    return Balance(imports, plain.master, plain.exports, exporters, float((steps**2).sum() / 6), scale)


def _only_scaled(balance: Balance, data: AreaData, profile: Profile) -> bool:
    """Would the area fit if the master's ratio were another one?"""
    energy = float(balance.master.sum())
    if energy <= 0:
        return False
    scaled = replace(balance, master=balance.master * (1.03 * float(balance.net().sum()) / energy))
    variance = row_variance(scaled)
    rows, layout = weighted_rows(scaled, variance)
    best = solve(accumulate(rows, variance, layout), profile.prior)
    figures = criticise(rows, layout, best, scaled, variance, index=np.flatnonzero(data.complete), per_day=data.per_day)
    return best.sigma < 0.004 and figures.lag1 < 0.6


def feeders_known(data: AreaData) -> bool:
    """Are the feeders of 80 % of the meters on file?"""
    return bool(np.mean([bool(name) for name in data.column("feeder")]) >= 0.8)


def lines_of(data: AreaData) -> Lines:
    """Feeders and phases where known, else one line for all."""
    feeder, phase = data.column("feeder"), data.column("phase")
    one = np.zeros(len(feeder), np.int64)
    numbers = np.unique(feeder, return_inverse=True)[1].astype(np.int64) if feeders_known(data) else one
    if np.mean([bool(name) for name in phase]) < 0.8:
        return Lines(numbers, one, known=False)
    return Lines(numbers, np.unique(phase, return_inverse=True)[1].astype(np.int64), known=feeders_known(data))


def _fit(data: AreaData, balance: Balance, out: Measured, profile: Profile, *, keep: bool = False) -> None:
    fitted = _model(data, balance, profile)
    strangers = _strangers(fitted, balance, out)
    for meter in strangers:
        hours = meter_shifted(data, meter)
        if hours:
            said = f"{data.meters[meter]} stands {hours:+g} h against the balance: another time zone or a wrong clock?"
            raise Unfit("clock_skew", said)
    if strangers:
        better = _without(data, strangers)
        refit = _model(better, make_balance(better), profile)
        if refit.posterior.sigma < 1.1 * fitted.posterior.sigma:
            for meter in strangers:
                out.left_out[data.meters[meter]] = "foreign"
            out.findings.append("taken out as fed from elsewhere: " + ", ".join(data.meters[m] for m in strangers))
            data, fitted, balance = better, refit, make_balance(better)
            _describe(data, balance, out)
    best = fitted.posterior
    figures = fitted.figures
    doubtful = figures.sigma > NORMAL_SIGMA or figures.kurtosis > 1
    copied = filled(data.imports) if doubtful else 0.0
    out.figures |= figures.to_dict() | {"filled": round(copied, 5), "location_gain": round(fitted.location_gain, 1)}
    out.sigma = best.sigma
    wrong = int((best.tilted.outside(profile.limit) > profile.check_above).sum())
    out.suspected = diagnose(
        figures, filled=copied, located=best.slope_sd > 0, rows=fitted.rows.shape[0], meters=len(out.meters),
        limit=profile.limit, wrong=wrong,
    )  # fmt: skip
    out.suspected = _plain_first(data, out)
    if out.suspected:
        raise Unfit(str(out.suspected[0]["cause"]))
    middle = fitted.rows.shape[0] // 2
    first, second = (slice(None, middle), slice(middle, None))
    out.halves = (
        accumulate(fitted.rows[first], fitted.variance[first], fitted.layout),
        accumulate(fitted.rows[second], fitted.variance[second], fitted.layout),
    )
    if keep:
        out.structure = _structure(data, balance, fitted)
    widen = math.sqrt(dependence(figures, best, fitted.rows.shape[0]))
    out.sigma = best.sigma * widen
    out.slope_sd, out.sites, out.gain, out.within = best.slope_sd, best.sites, best.gain, best.within
    out.cavity = (best.cavity_mean, best.cavity_variance * widen**2)


def _plain_first(data: AreaData, out: Measured) -> list[dict[str, Any]]:
    """Energy that goes unmetered is laid to meters that were not read or stand still before it is laid to anybody."""
    found = out.suspected
    if not {"theft", "unlisted_consumer", "model_misfit", "non_stationary"} & {str(c["cause"]) for c in found}:
        return found
    strongest = float(found[0]["evidence"])
    lacking, still = unread(data), stopped(data)
    plain = []
    if lacking:
        out.findings.append(f"{len(lacking)} listed meters were not read: {', '.join(lacking[:3])}")
        plain.append({"cause": "meters_not_read", "evidence": round(strongest + 1, 3)})
    if still:
        out.findings.append(f"no energy for a week while the balance lacks it: {', '.join(still[:3])}")
        plain.append({"cause": "stopped_meter", "evidence": round(strongest + 0.5, 3)})
    return plain + found


def dependence(figures: Criticism, best: Posterior, rows: int) -> float:
    """By how much the noise counts for more than independent rows would: T over the effective sample size, ≥ 1.

    Residuals of a fit are smaller than the noise by what the fit took from them, so that share is given back. Errors
    that move within the window by less than would make the area unfit count as noise too.
    """
    taken = min((best.theta.size + best.nuisance.size) / max(rows, 1), 0.5)
    moving = figures.change if figures.change > MOVING else 1.0
    return max(1.0, figures.blocks / (1 - taken), moving)


@dataclass(frozen=True)
class _Model:
    posterior: Posterior
    rows: Array
    layout: Layout
    variance: Array
    figures: Criticism
    location_gain: float
    coupling: Array
    feeder: NDArray[np.int64]
    restless: float
    pairs: bool


def _model(data: AreaData, balance: Balance, profile: Profile) -> _Model:
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    best = solve(accumulate(rows, variance, layout), profile.prior)
    index = np.flatnonzero(data.complete)
    figures = criticise(rows, layout, best, balance, variance, index=index, per_day=data.per_day)
    gain, lines, coupling, restless = 0.0, lines_of(data), np.zeros(0), 0.0
    located, pairs = _located(balance, variance, lines, profile, best)
    if located is not None:
        gain, coupling = located.posterior.evidence - best.evidence, located.coupling
        restless = located.restless
        best, rows, layout, variance = located.posterior, located.rows, located.sums.layout, located.variance
        figures = criticise(rows, layout, best, balance, variance, index=index, per_day=data.per_day)
    return _Model(best, rows, layout, variance, figures, gain, coupling, lines.feeder, restless, pairs)


def _located(
    balance: Balance, variance: Array, lines: Lines, profile: Profile, plain: Posterior
) -> tuple[Located | None, bool]:
    """The model of losses by location that what is on file allows, where one is asked for; is it that of pairs?

    Feeders without phases may be all there is to know, or half of it: the evidence says which.
    """
    located = locate(balance, variance, lines, profile.prior, plain) if lines.known or lines.feeder.max() > 0 else None
    if lines.known:
        return located, False
    free = locate_pairs(balance, variance, lines, profile.prior, plain)
    if free is None or (located is not None and located.posterior.evidence >= free.posterior.evidence):
        return located, False
    return free, True


def _structure(data: AreaData, balance: Balance, fitted: _Model) -> Structure:
    last = int(np.flatnonzero(data.complete)[-1])
    return Structure(
        scale=balance.scale, quantum=balance.quantum, exporters=[data.meters[i] for i in balance.exporters],
        coupling=fitted.coupling, feeder=fitted.feeder if fitted.coupling.size else np.zeros(0, np.int64),
        step=data.step, until=data.start + (last + 1) * data.step, ended=data.ended,
        coefficients=fitted.posterior.coefficients(fitted.layout),
        energy=balance.imports.sum(axis=0), fed=(float(balance.master.sum()), float(balance.net().sum())),
        restless=fitted.restless, pairs=fitted.pairs,
    )  # fmt: skip


def _strangers(fitted: _Model, balance: Balance, out: Measured) -> list[int]:
    """Meters whose energy does not reach the master: θ near −1, told by the data."""
    best = fitted.posterior
    share = balance.imports.mean(axis=0)
    told = (best.theta < -0.6) & (best.cavity_variance < 0.12**2) & (share > 0.1 * share.mean())
    return [int(meter) for meter in np.flatnonzero(told)][:5]


def _without(data: AreaData, strangers: list[int]) -> AreaData:
    keep = np.ones(len(data.meters), bool)
    keep[strangers] = False
    names = [name for name, kept in zip(data.meters, keep, strict=True) if kept]
    imports, exports = data.imports[:, keep], data.exports[:, keep]
    complete = ~np.isnan(imports).any(axis=1) & ~np.isnan(data.master)
    return replace(data, meters=names, imports=imports, exports=exports, complete=complete)


def _describe(data: AreaData, balance: Balance, out: Measured) -> None:
    """Facts of the meters that take part, in their order."""
    out.meters, out.rows_used = data.meters, int(data.complete.sum())
    out.listed = {name: data.column(name) for name in ("accuracy_class", "manufacturer", "batch", "installed_on")}
    energy = float(balance.master.sum())
    out.loss_rate = float(1 - balance.net().sum() / energy) if energy > 0 else None
    out.share = np.asarray(balance.imports.sum(axis=0) / max(float(balance.imports.sum()), 1e-12))
