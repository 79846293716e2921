"""What the residuals of a fitted balance say against the model: one figure for each way in which data go wrong.

A score is z²/E[z²] of a term that is not in the model, averaged over the meters that carry load: at most about 1 where
the model holds, since what the model holds already takes part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quanheng.metrology.energy_balance.solve import Posterior
from quanheng.metrology.energy_balance.sums import Balance, Layout

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Criticism:
    """Figures about the standardised residuals of one fit.

    sigma : relative noise; lag1, lag_day : autocorrelations; skew, kurtosis : of the bulk 0 for a normal law
    clock, clock_most : score of each meter's energy moving to the neighbouring interval, mean and largest
    slope : score of loss slopes without feeders
    change, change_most : score of each meter's error changing at a quarter, half or three quarters of the window
    step : change of θ at such a break of the meter that stands out most
    day_contrast : residual power of the loudest days over that of the quietest
    quiet : relative noise of the quietest tenth of the days
    dip_by_day : depth of the mean residual's daily dip, in sd of a residual
    independent, clock_independent : how many independent scores the means `change` and `clock` are worth, n²/tr R²
    blocks : variance of what a day's residuals say about a meter over what independent ones would; 1 where they are
    """

    sigma: float
    lag1: float
    lag_day: float
    skew: float
    kurtosis: float
    clock: float
    clock_most: float
    slope: float
    change: float
    change_most: float
    step: float
    day_contrast: float
    quiet: float
    dip_by_day: float
    blocks: float
    independent: float
    clock_independent: float

    def to_dict(self) -> dict[str, float]:
        """Four significant digits of each."""
        return {name: float(f"{value:.4g}") for name, value in vars(self).items()}


def residuals(rows: Array, layout: Layout, posterior: Posterior) -> Array:
    """Residuals at the posterior means in units of σ; (T,)."""
    fitted = rows[:, : layout.meters] @ (posterior.fitted * posterior.gain)
    own = posterior.nuisance_index
    fitted += rows[:, own] @ posterior.nuisance
    return np.asarray((rows[:, -1] - fitted) / posterior.sigma)


def _correlation(r: Array, lag: int, consecutive: NDArray[np.bool_] | None) -> float:
    if r.size <= lag + 2:
        return 0.0
    product = r[lag:] * r[:-lag]
    if consecutive is not None:
        product = product[consecutive]
    return float(product.mean() / max(float((r * r).mean()), 1e-300)) if product.size else 0.0


def criticise(
    rows: Array, layout: Layout, posterior: Posterior, balance: Balance, variance: Array, *,
    index: NDArray[np.int64], per_day: int,
) -> Criticism:  # fmt: skip
    """Figures of one fit.

    rows, layout, posterior, balance, variance : what was fitted
    index : (T,) interval numbers of the rows, so that gaps and days are known
    per_day : intervals of a day
    """
    r = residuals(rows, layout, posterior)
    energy = balance.imports
    sd = np.sqrt(variance)
    tame = np.clip(r, -8, 8)
    share = energy.mean(axis=0)
    heavy = np.flatnonzero(share > 0.2 * share.mean())
    next_to = np.diff(index) == 1
    moments = tame / max(float(tame.std()), 1e-12)
    change, most, step = _changes(rows[:, heavy], r, posterior.sigma)
    days = index // per_day
    power = _power_of_days(tame, days)
    return Criticism(
        sigma=posterior.sigma,
        lag1=_correlation(tame, 1, next_to),
        lag_day=_correlation(tame, per_day, None) if np.all(next_to) else 0.0,
        skew=float((moments**3).mean()), kurtosis=float((moments**4).mean() - 3),
        **_clock(energy, sd, tame, next_to, heavy),
        slope=_slope(energy, balance, sd, tame, heavy),
        change=change, change_most=most, step=step, day_contrast=_day_contrast(power),
        quiet=posterior.sigma * float(np.sqrt(np.quantile(power, 0.1))) if power.size else posterior.sigma,
        dip_by_day=_dip(tame, index % per_day, per_day), blocks=_blocks(rows[:, heavy], r, per_day),
        independent=_independent(rows[:, heavy]),
    )  # fmt: skip


def _clock(
    energy: Array, sd: Array, r: Array, next_to: NDArray[np.bool_], heavy: NDArray[np.int64]
) -> dict[str, float]:
    inner = next_to[1:] & next_to[:-1]
    if inner.sum() < 30:
        return {"clock": 0.0, "clock_most": 0.0, "clock_independent": 1.0}
    at = np.flatnonzero(inner) + 1
    moved = (energy[at + 1] - energy[at - 1]) / (2 * sd[at, None])
    score = (r[at] @ moved) ** 2 / np.maximum(np.einsum("ti,ti->i", moved, moved), 1e-300)
    return {"clock": float(score[heavy].mean()), "clock_most": float(score[heavy].max()),
            "clock_independent": _independent(moved[:, heavy])}  # fmt: skip


def _independent(columns: Array) -> float:
    """Meters share weather and evenings, so their scores go together; every fifth row is enough to tell how much."""
    some = columns[::5]
    gram = some.T @ some
    size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    likeness = gram / size / size[:, None]
    return max(float(size.size**2 / max(float((likeness**2).sum()), 1e-12)), 1.0) if size.size else 1.0


def _slope(energy: Array, balance: Balance, sd: Array, r: Array, heavy: NDArray[np.int64]) -> float:
    load = balance.net() / balance.scale
    weighted = energy[:, heavy] * (load / sd)[:, None]
    score = (r @ weighted) ** 2 / np.maximum(np.einsum("ti,ti->i", weighted, weighted), 1e-300)
    return float(score.mean())


def _changes(weighted: Array, r: Array, sigma: float) -> tuple[float, float, float]:
    """Breaks at a quarter, half and three quarters: mean and largest score, largest step of θ that stands out."""
    bounds = np.linspace(0, r.size, 5).astype(int)
    z = np.stack([r[a:b] @ weighted[a:b] for a, b in pairwise(bounds)])
    v = np.stack([np.einsum("ti,ti->i", weighted[a:b], weighted[a:b]) for a, b in pairwise(bounds)])
    before_z, before_v = np.cumsum(z, axis=0)[:3], np.cumsum(v, axis=0)[:3]
    after_z, after_v = z.sum(axis=0) - before_z, v.sum(axis=0) - before_v
    left, right = before_z / np.maximum(before_v, 1e-300), after_z / np.maximum(after_v, 1e-300)
    score = (right - left) ** 2 / (1 / np.maximum(before_v, 1e-300) + 1 / np.maximum(after_v, 1e-300))
    best = score.max(axis=0)
    jump = np.abs(right - left).max(axis=0) * sigma
    if not best.size:
        return 0.0, 0.0, 0.0
    return float(score.mean(axis=1).max()), float(best.max()), float(jump[int(np.argmax(best))])


def _blocks(weighted: Array, r: Array, length: int) -> float:
    """Day-by-day scores of the meters: squares summed over days against the sum of squares (batch means)."""
    days = r.size // max(length, 1)
    if days < 10 or not weighted.shape[1]:
        return 1.0
    use = days * length
    energy = weighted[:use].reshape(days, length, -1)
    score = np.einsum("dti,dt->di", energy, r[:use].reshape(days, length))
    alone = np.einsum("ti,ti->i", weighted[:use], weighted[:use])
    return float(((score**2).sum(axis=0) / np.maximum(alone, 1e-300)).mean())


def _power_of_days(r: Array, days: NDArray[np.int64]) -> Array:
    """Mean squared residual of each day, the quietest first."""
    counts = np.bincount(days - days.min())
    power = np.bincount(days - days.min(), r * r)
    return np.sort(power[counts > 3] / counts[counts > 3])


def _day_contrast(mean: Array) -> float:
    edge = max(1, mean.size // 10)
    return float(mean[-edge:].mean() / max(float(mean[:edge].mean()), 1e-6)) if mean.size > 4 else 1.0


def _dip(r: Array, hour: NDArray[np.int64], per_day: int) -> float:
    counts = np.maximum(np.bincount(hour, minlength=per_day), 1)
    profile = np.bincount(hour, r, minlength=per_day) / counts
    return float(-min(profile.min(initial=0.0), 0.0))


def filled(values: Array) -> float:
    """Share of readings that are exact copies or lie exactly on a line between their neighbours, beyond chance.

    values : (T, n) energies as they were registered. Chance is judged by near copies: a register that steps coarsely or
    a load that stands still gives as many values one step apart as equal ones.
    """
    found = counted = 0.0
    for meter in range(values.shape[1]):
        own = values[:, meter]
        own = own[np.isfinite(own)]
        ranked = np.sort(own[own > 0])
        gaps = np.diff(ranked)
        if ranked.size < 50 or (gaps > 0).mean() < 0.6:
            continue
        step = max(float(gaps[gaps > 1e-12].min(initial=1.0)), 1e-9)
        low, high = np.searchsorted(ranked, ranked - 25.5 * step), np.searchsorted(ranked, ranked + 25.5 * step)
        first, last = np.searchsorted(ranked, ranked - 0.5 * step), np.searchsorted(ranked, ranked + 0.5 * step)
        density = ((high - low) - (last - first)) / 50.0
        sparse = density < 0.3
        copies = float((gaps[sparse[1:]] < 0.5 * step).sum()) - float(density[sparse].sum()) / 2
        bend = np.abs(own[2:] - 2 * own[1:-1] + own[:-2])[own[1:-1] > 1e4 * step]
        straight, bent = float((bend < 2.2 * step).sum()), float(((bend > 2.2 * step) & (bend < 8 * step)).sum())
        spread = 3 * np.sqrt(float(density[sparse].sum()) / 2 + 1)
        found += max(copies - spread, straight - bent - 3 * np.sqrt(bent + 1), 0.0)
        counted += own.size
    return float(found / counted) if counted else 0.0


def resolution(values: Array) -> Array:
    """Step of each register in kWh, 0 where none shows; values (T, n)."""
    out = np.zeros(values.shape[1])
    some = np.sort(values[: min(values.shape[0], 192)], axis=0)
    repeated = (np.diff(some, axis=0) <= 0).mean(axis=0)
    for column in np.flatnonzero(repeated > 0.3):
        own = values[:, column]
        kinds = np.unique(own[np.isfinite(own)])
        gaps = np.diff(kinds)
        gaps = gaps[gaps > 1e-9 + 1e-7 * abs(kinds[-1])]
        step = float(gaps.min(initial=np.inf))
        if kinds.size >= 3 and np.isfinite(step) and np.abs(kinds / step - np.round(kinds / step)).max() < 0.05:
            out[column] = step
    return out
