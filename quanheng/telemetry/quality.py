"""How good the readings of an area are: acquisition, gaps, dead, reversed and impossible meters, clocks, resolution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

FLAGS: dict[str, str] = {
    "not_read": "no reading at all",
    "stopped": "停走: zero or unchanged for at least a week while the area draws",
    "flat": "the same value again and again: estimated or copied, not read",
    "runaway": "飞走: above the physical limit of the connection",
    "reverse": "倒走: more export than import without a declared export register",
    "clock": "the balance shows that its clock is five minutes or more off",
    "coarse": "the step of the register is more than 2 % of the mean energy of an interval",
}
_STOPPED_HOURS = 168
_FLAT_RUN = 24
_LIMIT_KW = (
    100.0  # a single-phase 5(60) A meter carries 13 kW, a three-phase 3×100 A one 69 kW; with CT: times its ratio
)
_LEAST_ROWS = 200
_CERTAIN = 6.0  # standard deviations
_LEAST_MINUTES = 5.0  # below it a clock does not disturb hourly balances
SCHEMA: dict[str, pl.DataType] = {
    "area_id": pl.String(), "meter_id": pl.String(), "role": pl.String(), "expected": pl.Int64(), "present": pl.Int64(),
    "acquisition": pl.Float64(), "gaps": pl.Int64(), "longest_gap_h": pl.Float64(), "zero_share": pl.Float64(),
    "longest_flat_h": pl.Float64(), "above_limit": pl.Int64(), "export_share": pl.Float64(), "resolution": pl.Float64(),
    "resolution_share": pl.Float64(), "lag_min": pl.Float64(), "sources": pl.String(), "flags": pl.String(),
}  # fmt: skip


def quality(rows: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    """One line for each listed meter, also for those never read (columns of ``SCHEMA``).

    ``rows``: readings of the store. ``meters``: the list of areas. Expected intervals run from the area's first to its
    last reading in the step that is commonest there. ``acquisition`` = present / expected; ``lag_min`` is what
    ``clock_lags`` finds.
    """
    parts = [
        _area(area, rows.filter(pl.col("area_id") == area), meters.filter(pl.col("area_id") == area))
        for area in meters["area_id"].unique().sort().to_list()
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def completeness(table: pl.DataFrame) -> pl.DataFrame:
    """By area: acquisition, complete rows expected from it (Π of the meters' rates), meters flagged by kind.

    At 99 % acquisition an area of 180 meters has 0.99^180 = 16 % complete rows: the law that makes a good rate useless.
    """
    flagged = [pl.col("flags").str.contains(flag).sum().alias(flag) for flag in FLAGS]
    return table.group_by("area_id", maintain_order=True).agg(
        pl.len().alias("meters"),
        (pl.col("present").sum() / pl.col("expected").sum()).alias("acquisition"),
        pl.col("acquisition").clip(1e-12, 1.0).log().sum().exp().alias("complete_rows"),
        *flagged,
    )


def _area(area: str, rows: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    step = int(rows["seconds"].mode().sort()[0]) if rows.height else 3600
    rows = rows.filter(pl.col("seconds") == step)
    span = rows.select((pl.col("ts").max() - pl.col("ts").min()).dt.total_seconds()).item()
    expected = int(span // step) + 1 if rows.height else 0
    lags = clock_lags(rows, step, meters.filter(pl.col("role") == "sub").height) if rows.height else {}
    by_meter = rows.partition_by("meter_id", as_dict=True)
    lines = []
    for one in meters.sort("role", "meter_id").iter_rows(named=True):
        part = by_meter.get((one["meter_id"],))
        line = {"area_id": area, "meter_id": one["meter_id"], "role": one["role"], "expected": expected}
        limit = _LIMIT_KW * float(one.get("ct_ratio") or 1) * step / 3600
        lines.append(
            {
                **line,
                **(
                    _meter(part.sort("ts"), step, expected, limit, lags.get(one["meter_id"]))
                    if part is not None
                    else _unread()
                ),
            }
        )
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")


def _unread() -> dict[str, Any]:
    empty = dict.fromkeys(list(SCHEMA)[6:], None)
    return {**empty, "present": 0, "acquisition": 0.0, "gaps": 0, "above_limit": 0, "sources": "", "flags": "not_read"}


def _meter(part: pl.DataFrame, step: int, expected: int, limit: float, lag: float | None) -> dict[str, Any]:
    energy = part["kwh"].to_numpy()
    hours = part["ts"].diff().dt.total_seconds().to_numpy()[1:] / 3600
    jumps = hours[hours > step / 3600 + 1e-9]
    export = float(part["kwh_export"].fill_null(0.0).sum())
    flat, zero = _runs(energy, step)
    resolution = _resolution(energy)
    mean = float(energy.mean())
    above = int((energy > limit).sum())
    share = resolution / mean if resolution and mean > 0 else None
    declared = part["kwh_export"].null_count() < part.height
    flags = [
        name
        for name, holds in (
            ("stopped", zero >= _STOPPED_HOURS),
            ("flat", flat >= _FLAT_RUN * step / 3600 and mean > 0),
            ("runaway", above > 0),
            ("reverse", declared and export > float(energy.sum())),
            ("clock", lag is not None),
            ("coarse", share is not None and share > 0.02),
        )
        if holds
    ]
    return {
        "present": part.height, "acquisition": part.height / expected if expected else 0.0, "gaps": len(jumps),
        "longest_gap_h": float(jumps.max()) - step / 3600 if len(jumps) else 0.0,
        "zero_share": float((energy == 0).mean()), "longest_flat_h": flat, "above_limit": above,
        "export_share": export / float(energy.sum()) if energy.sum() > 0 else None, "resolution": resolution,
        "resolution_share": share, "lag_min": lag,
        "sources": " ".join(sorted(set(part["source"].to_list()))[:5]), "flags": " ".join(flags),
    }  # fmt: skip


def _runs(energy: NDArray[np.float64], step: int) -> tuple[float, float]:
    """Hours of the longest run of one same value above zero, and of zeros."""
    edges = np.flatnonzero(np.diff(energy) != 0)
    starts = np.concatenate(([0], edges + 1))
    lengths = np.diff(np.concatenate((starts, [len(energy)])))
    zero = energy[starts] == 0
    hours = lengths * step / 3600
    return float(hours[~zero].max(initial=0.0)), float(hours[zero].max(initial=0.0))


def _resolution(energy: NDArray[np.float64]) -> float | None:
    """The step of the register: the largest amount of which all values are whole multiples, if above 0.001 kWh."""
    positive = energy[energy > 0]
    if len(positive) < 20:
        return None
    scaled = np.round(positive * 1e6).astype(np.int64)
    if np.abs(scaled - positive * 1e6).max() > 1e-3 * scaled.max(initial=1):
        return None
    step = int(np.gcd.reduce(scaled))
    return step / 1e6 if step >= 1000 else None


def clock_lags(rows: pl.DataFrame, step: int, listed: int = 0) -> dict[str, float]:
    """About how many minutes the clocks of meters are behind (positive) or ahead, where the balance shows it.

    A clock that is late by a share f of the interval books x(t) - f (x(t) - x(t-1)): what the balance lacks then
    follows the meter's change between neighbouring intervals. The residual of master - sum, freed from 1, S and S², is
    regressed on the meter's load before, now and after; later minus earlier coefficient grows with f (equal to it
    while f is small). Its uncertainty is widened by the residual's autocorrelation. Nothing is said where a listed
    meter is not read.
    """
    wide = rows.filter(pl.col("role") == "sub").pivot(
        on="meter_id", index="ts", values="kwh", aggregate_function="first"
    )
    master = rows.filter(pl.col("role") == "master").group_by("ts").agg(pl.col("kwh").sum().alias("__master"))
    table = master.join(wide, on="ts").drop_nulls().sort("ts")
    names = [n for n in table.columns if n not in ("ts", "__master")]
    if table.height < _LEAST_ROWS or len(names) < max(2, listed):
        return {}
    loads = table.select(names).to_numpy()
    moments = table["ts"].dt.epoch("s").to_numpy()
    before, after = np.diff(moments, prepend=moments[0]), np.diff(moments, append=moments[-1])
    inner = np.flatnonzero((before == step) & (after == step))
    if len(inner) < _LEAST_ROWS:
        return {}
    total = loads.sum(axis=1)
    basis, _r = np.linalg.qr(np.stack([np.ones(len(inner)), total[inner], total[inner] ** 2], axis=1))
    residual = _free(basis, (table["__master"].to_numpy() - total)[inner])
    found = {}
    for n, name in enumerate(names):
        x = loads[:, n]
        around = np.stack([_free(basis, x[inner + k]) for k in (-1, 0, 1)], axis=1)
        share, certain = _later_minus_earlier(residual, around)
        minutes = max(-1.0, min(1.0, share)) * step / 60
        if certain > _CERTAIN and abs(minutes) >= _LEAST_MINUTES:
            found[name] = round(minutes, 1)
    return found


def _free(basis: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of the values that the basis does not explain."""
    return np.asarray(values - basis @ (basis.T @ values))


def _later_minus_earlier(residual: NDArray[np.float64], around: NDArray[np.float64]) -> tuple[float, float]:
    """Coefficient after minus coefficient before, and by how many standard deviations it differs from zero."""
    gram = around.T @ around
    if np.linalg.cond(gram) > 1e10:
        return 0.0, 0.0
    inverse = np.linalg.inv(gram)
    beta = inverse @ (around.T @ residual)
    left = residual - around @ beta
    drag = max(0.0, min(0.95, float(left[1:] @ left[:-1]) / float(left @ left)))
    contrast = np.array([-1.0, 0.0, 1.0])
    variance = float(left @ left) / max(len(residual) - 6, 1) * float(contrast @ inverse @ contrast)
    sd = math.sqrt(variance * (1 + drag) / (1 - drag))
    share = float(contrast @ beta)
    return share, abs(share) / sd if sd > 0 else 0.0


def daily_balance(rows: pl.DataFrame, verdicts: pl.DataFrame, zone: str = "UTC") -> list[dict[str, Any]]:
    """Day by day of the zone: master, sum of the meters as registered and as corrected by their errors, complete share.

    Only intervals in which the master was read and no meter that is read at all is missing enter the sums.
    """
    if not rows.height:
        return []
    step = rows["seconds"].mode().sort()[0]
    rows = rows.filter(pl.col("seconds") == step)
    masters = rows.filter(pl.col("role") == "master").group_by("ts").agg(pl.col("kwh").sum().alias("master"))
    subs = rows.filter(pl.col("role") == "sub").join(verdicts.select("meter_id", "error"), on="meter_id", how="left")
    net = pl.col("kwh") - pl.col("kwh_export").fill_null(0.0)
    wanted = subs["meter_id"].n_unique()
    summed = subs.group_by("ts").agg(
        net.sum().alias("sub"),
        (net / (1 + pl.col("error").fill_null(0.0).clip(-0.9, 9.0))).sum().alias("corrected"),
        pl.len().alias("n"),
    )
    joined = masters.join(summed, on="ts").with_columns((pl.col("n") == wanted).alias("whole"))
    daily = joined.group_by(pl.col("ts").dt.convert_time_zone(zone).dt.date().alias("day")).agg(
        *(pl.col(n).filter("whole").sum().round(3) for n in ("master", "sub", "corrected")),
        pl.col("whole").mean().round(4).alias("complete"),
    )
    return [{**r, "day": r["day"].isoformat()} for r in daily.sort("day").iter_rows(named=True)]
