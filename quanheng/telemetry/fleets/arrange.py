"""From long rows to the arrays of one area: grid, duplicates, impossible values, replaced meters, complete rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.telemetry.fleets.profiles import Profile

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_DAY = 86_400
_MOST_STEPS = 400_000


class Unfit(Exception):
    """The area cannot be judged: a cause of ``causes.CAUSES`` and what was seen."""

    def __init__(self, cause: str, finding: str = "", **figures: float) -> None:
        super().__init__(f"{cause}: {finding}")
        self.cause, self.finding, self.figures = cause, finding, figures


@dataclass
class AreaData:
    """One area on its grid. Shapes (T, n) and (T,); NaN is not read.

    quantum : variance in kWh² of a row from the resolution of the registers
    left_out : meter → reason code; ended : meters that were replaced and will not be read again
    """

    area_id: str
    meters: list[str]
    imports: Array
    exports: Array
    master: Array
    start: int
    step: int
    listed: dict[str, dict[str, str]]
    complete: NDArray[np.bool_]
    acquisition: float
    left_out: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    bad_values: int = 0
    ended: list[str] = field(default_factory=list)

    @property
    def per_day(self) -> int:
        """Intervals of a day."""
        return max(1, _DAY // self.step)

    def column(self, name: str) -> list[str]:
        """One column of the list of meters, in the order of the meters."""
        return [self.listed.get(meter, {}).get(name, "") for meter in self.meters]


def _grid(at: Whole) -> tuple[int, int, int]:
    """Start, step and length of the master's grid, free of stamps that lie far away."""
    stamps = np.unique(at)
    if stamps.size < 2:
        raise Unfit("too_few_rows", f"the master has {stamps.size} time stamps")
    breaks = np.flatnonzero(np.diff(stamps) > 45 * _DAY) + 1
    parts = np.split(stamps, breaks)
    stamps = max(parts, key=len)
    if stamps.size < 2:
        raise Unfit("too_few_rows", "the master's time stamps are scattered")
    gaps, counts = np.unique(np.diff(stamps), return_counts=True)
    step = int(gaps[np.argmax(counts)])
    length = int(stamps[-1] - stamps[0]) // step + 1
    if step < 60 or length > _MOST_STEPS:
        raise Unfit("bad_values", f"an interval of {step} s over {length} steps is not of this method")
    phase = stamps % step
    kinds, seen = np.unique(phase, return_counts=True)
    start = int(stamps[phase == kinds[np.argmax(seen)]][0])
    return start, step, length


def _scatter(
    rows: pl.DataFrame, codes: Whole, count: int, grid: tuple[int, int, int], data: dict[str, int]
) -> tuple[Array, Array]:
    """Values on the grid; a stamp off the grid is dropped, contradicting duplicates are not read."""
    start, step, length = grid
    at = rows["at"].to_numpy()
    place, rest = np.divmod(at - start, step)
    keep = (rest == 0) & (place >= 0) & (place < length)
    data["off_grid"] = data.get("off_grid", 0) + int((~keep).sum())
    keep &= ~np.isnan(rows["kwh"].to_numpy())  # else the order of rows would choose between a value and a null
    flat = codes[keep] * length + place[keep]
    kwh, out = rows["kwh"].to_numpy()[keep], rows["out"].to_numpy()[keep]
    values, exports = np.full(count * length, np.nan), np.full(count * length, np.nan)
    values[flat], exports[flat] = kwh, out
    seen = np.bincount(flat, minlength=values.size)
    if seen.max(initial=0) > 1:
        differs = (values[flat] != kwh) | (exports[flat] != out)
        clash = np.unique(flat[differs])
        values[clash] = np.nan
        data["duplicates"] = data.get("duplicates", 0) + int((seen - 1)[seen > 1].sum())
        data["contradictions"] = data.get("contradictions", 0) + int(clash.size)
    return values.reshape(count, length).T.copy(), exports.reshape(count, length).T.copy()


def _cleanse(values: Array, exports: Array, cap: Array) -> int:
    """Impossible readings become not read, in place; returns how many there were."""
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) | (exports < 0) | (values > cap) | (exports > cap) | np.isinf(values) | np.isinf(exports)
    read = np.where(np.isnan(values) | wrong, 0.0, values)
    top = np.partition(read, int(0.995 * (read.shape[0] - 1)), axis=0)[int(0.995 * (read.shape[0] - 1))]
    wrong |= read > 40 * top + 0.02 * cap
    values[wrong] = np.nan
    exports[wrong] = np.nan
    exports[np.isnan(exports) & ~np.isnan(values)] = 0.0
    return int(wrong.sum())


def _lives(data: AreaData) -> None:
    """A replaced meter: where one ends and another begins, each is zero outside its own life."""
    read = ~np.isnan(data.imports)
    length = read.shape[0]
    first = np.where(read.any(axis=0), read.argmax(axis=0), length)
    last = np.where(read.any(axis=0), length - 1 - read[::-1].argmax(axis=0), -1)
    near = 3 * data.per_day
    enders = [i for i in np.argsort(last, kind="stable") if 0 <= last[i] < length - 1 and first[i] < length // 2]
    starters = {i for i in range(len(data.meters)) if 0 < first[i] < length}
    since = data.column("installed_on")
    for old in enders:
        fits = [i for i in starters if i != old and 0 <= first[i] - last[old] - 1 <= near]
        if not fits:
            continue
        new = min(fits, key=lambda i: (not _named_alike(data.meters[old], data.meters[i]), first[i] - last[old]))
        starters.discard(new)
        data.imports[first[new] :, old] = data.exports[first[new] :, old] = 0.0
        data.imports[: last[old] + 1, new] = data.exports[: last[old] + 1, new] = 0.0
        data.imports[last[old] + 1 : first[new], new] = np.nan
        data.ended.append(data.meters[old])
        data.findings.append(f"{data.meters[old]} was replaced by {data.meters[new]}")
    for new in sorted(starters):
        begin = data.start + int(first[new]) * data.step
        if first[new] > near and since[new][:10] and abs(_day_number(since[new]) - begin // _DAY) <= 3:
            data.imports[: first[new], new] = data.exports[: first[new], new] = 0.0
            data.findings.append(f"{data.meters[new]} was installed on {since[new][:10]}")


def _named_alike(one: str, other: str) -> bool:
    return other.startswith(one) or one.startswith(other)


def _day_number(text: str) -> int:
    try:
        return int(np.datetime64(text[:10], "D").astype(int))
    except ValueError:
        return -(10**9)


def arrange(
    area_id: str, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile, *, known: bool = False
) -> AreaData:
    """Arrays of one area.

    known : the rows continue an area whose meters are known, so none is taken for replaced or left out

    Raises
    ------
    Unfit
        No master, two masters, too few rows, too much missing.
    """
    data: dict[str, int] = {}
    usable = rows.filter(
        pl.col("at").is_not_null() & pl.col("role").is_in(["master", "sub"]) & pl.col("meter_id").is_not_null()
    )
    data["unreadable_rows"] = rows.height - usable.height
    listing = {row["meter_id"]: row for row in listed.iter_rows(named=True)}
    masters = usable.filter(pl.col("role") == "master")
    if masters.is_empty():
        raise Unfit("no_master")
    grid = _grid(masters["at"].to_numpy())
    hours = grid[1] / 3600
    master = _master(masters, grid, data, profile.gates.max_kw * hours, listing)
    subs = usable.filter(pl.col("role") == "sub")
    if subs.is_empty():
        raise Unfit("too_few_meters")
    names, codes = _codes(subs)
    imports, exports = _scatter(subs, codes, len(names), grid, data)
    ratio = np.array([_ratio(listing.get(name, {}).get("ct_ratio", "")) for name in names])
    bad = _cleanse(imports, exports, 200.0 * hours * np.maximum(ratio, 1.0))
    area = AreaData(area_id, names, imports, exports, master, grid[0], grid[1], listing,
                    np.zeros(0, bool), 0.0, bad_values=bad)  # fmt: skip
    area.findings += [f"{count} {name.replace('_', ' ')}" for name, count in data.items() if count]
    if bad:
        area.findings.append(f"{bad} negative or impossible readings taken as not read")
    if known:
        return area
    _lives(area)
    _drop_unread(area, subs_listed=[m for m, row in listing.items() if row["role"] != "master"])
    return area


def _codes(rows: pl.DataFrame) -> tuple[list[str], Whole]:
    """Meters in the order of their ids, and the number of each row's meter."""
    names: list[str] = rows["meter_id"].unique().sort().to_list()
    codes = rows["meter_id"].cast(pl.Enum(names)).to_physical().to_numpy()
    return names, codes.astype(np.int64)


def _master(
    rows: pl.DataFrame, grid: tuple[int, int, int], data: dict[str, int], cap: float, listing: dict[str, dict[str, str]]
) -> Array:
    names, codes = _codes(rows)
    values, exports = _scatter(rows, codes, len(names), grid, data)
    ratio = np.array([_ratio(listing.get(name, {}).get("ct_ratio", "")) for name in names])
    _cleanse(values, exports, cap * np.maximum(ratio, 1.0))
    read = ~np.isnan(values)
    if len(names) > 1 and (read.sum(axis=1) > 1).mean() > 0.001:
        raise Unfit("two_masters", ", ".join(names[:4]))
    net = np.where(read, values - exports, 0.0).sum(axis=1)
    net[~read.any(axis=1)] = np.nan
    return np.asarray(net)


def _ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if 0 < value < 1e5 else 1.0


def _drop_unread(area: AreaData, subs_listed: list[str]) -> None:
    """Leave out meters that were hardly read; then count the acquisition and the complete rows."""
    read = ~np.isnan(area.imports)
    share = read.mean(axis=0)
    present = set(area.meters)
    never = [name for name in subs_listed if name not in present]
    area.acquisition = float(read.sum()) / (read.shape[0] * (len(area.meters) + len(never)))
    keep = share >= 0.5
    for meter in np.flatnonzero(~keep):
        area.left_out[area.meters[meter]] = "few_readings"
    area.left_out |= dict.fromkeys(never, "not_read")
    unlisted = [name for name in area.meters if area.listed and name not in area.listed]
    if unlisted:
        area.findings.append(f"{len(unlisted)} meters have readings but stand on no list: {', '.join(unlisted[:3])}")
    if not keep.all():
        area.imports, area.exports = area.imports[:, keep], area.exports[:, keep]
        area.meters = [name for name, kept in zip(area.meters, keep, strict=True) if kept]
    if not area.meters:
        raise Unfit("too_few_meters")
    area.complete = ~np.isnan(area.imports).any(axis=1) & ~np.isnan(area.master)
