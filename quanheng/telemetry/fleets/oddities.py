"""What the readings themselves show before a model is blamed: listed meters unread, readings at shifted hours, meters
that stand still. Each would else pass for theft or for a consumer who is not listed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quanheng.telemetry.fleets.arrange import AreaData

Array = NDArray[np.float64]
_REACH = 26 * 3600  # seconds by which a wrong time zone or date can shift readings
_POOR, _BETTER = 0.05, 0.25  # share of the master's variance left at no shift; what a shift leaves of that
_LEAST = 96  # intervals
_STILL = 168 * 3600  # seconds without energy
_CERTAIN = 6.0  # standard deviations


def unread(data: AreaData) -> list[str]:
    """Listed meters of which nothing or hardly anything was read: their energy is missing from the balance."""
    return sorted(m for m, why in data.left_out.items() if why in ("not_read", "few_readings"))


def hours_shifted(data: AreaData) -> float | None:
    """Hours by which the meters' readings stand later than the master's, in a quarter of the window or all of it."""
    total = np.where(data.complete, np.nansum(data.imports - data.exports, axis=1), np.nan)
    for part in [np.arange(data.master.size), *np.array_split(np.arange(data.master.size), 4)]:
        lag = _best_lag(data.master[part], total[part], data.step)
        if lag:
            return lag * data.step / 3600
    return None


def meter_shifted(data: AreaData, meter: int) -> float | None:
    """Hours by which one meter's readings stand later than its energy reached the master."""
    others = np.ones(len(data.meters), bool)
    others[meter] = False
    net = data.imports - data.exports
    rest = data.master - net[:, others].sum(axis=1)
    flow = net[:, others].sum(axis=1)
    known = ~np.isnan(rest) & ~np.isnan(net[:, meter])
    if known.sum() < _LEAST:
        return None
    basis = np.column_stack([np.ones(known.sum()), flow[known], flow[known] ** 2])
    left = np.full(rest.size, np.nan)
    left[known] = rest[known] - basis @ np.linalg.lstsq(basis, rest[known], rcond=None)[0]
    lag = _best_lag(left, net[:, meter], data.step, slope=(0.7, 1.3))
    return lag * data.step / 3600 if lag else None


def _best_lag(target: Array, source: Array, step: int, slope: tuple[float, float] = (0.5, 2.0)) -> int:
    """Intervals by which `source` lags behind `target`, 0 where no shift explains clearly more than none."""
    still = _left(target, source, 0)
    if still is None or still[0] < _POOR:
        return 0
    stride = max(1, min(3600, 86_400) // step) if step < 900 else 1
    reach = min(_REACH // step, target.size // 3)
    tried = sorted({lag for lag in range(-reach, reach + 1) if lag % stride == 0 or abs(lag) == 1} - {0})
    found = [(left[0], lag) for lag in tried if (left := _left(target, source, lag)) and slope[0] < left[1] < slope[1]]
    best, lag = min(found, default=(1.0, 0))
    return lag if best < _BETTER * still[0] else 0


def _left(target: Array, source: Array, lag: int) -> tuple[float, float] | None:
    """Share of the target's variance that a line in the shifted source leaves, and its slope."""
    a, b = (target, source) if lag == 0 else (target[:-lag], source[lag:]) if lag > 0 else (target[-lag:], source[:lag])
    known = ~np.isnan(a) & ~np.isnan(b)
    if known.sum() < _LEAST:
        return None
    a, b = a[known] - a[known].mean(), b[known] - b[known].mean()
    power, whole = float(b @ b), float(a @ a)
    if power <= 0 or whole <= 0:
        return None
    gain = float(a @ b) / power
    return max(1 - gain * float(a @ b) / whole, 0.0), gain


def stopped(data: AreaData) -> list[str]:
    """Meters that register nothing for a week while the balance lacks energy just then (停走)."""
    least = _STILL // data.step
    out: list[str] = []
    total = np.nansum(data.imports - data.exports, axis=1)
    whole = data.complete
    basis = np.column_stack([total[whole], total[whole] ** 2])
    residual = np.full(total.size, np.nan)
    lacking = (data.master - total)[whole]
    residual[whole] = lacking - basis @ np.linalg.lstsq(basis, lacking, rcond=None)[0]
    for meter, name in enumerate(data.meters):
        still = _longest_zero(data.imports[:, meter])
        own = np.zeros(residual.size, bool)
        own[still] = True
        inside, outside = residual[own & whole], residual[~own & whole]
        if still.stop - still.start < least or outside.size < _LEAST or inside.size < _LEAST:
            continue
        drawn = float(np.nanmean(data.imports[~own, meter]))
        spread = float(np.hypot(inside.std() / np.sqrt(inside.size), outside.std() / np.sqrt(outside.size)))
        step = float(inside.mean() - outside.mean())
        if drawn > 0 and step > _CERTAIN * spread and step > 0.3 * drawn:
            out.append(name)
    return out


def _longest_zero(energy: Array) -> slice:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], energy == 0, [False])).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    if not runs.size:
        return slice(0, 0)
    start, end = runs[int(np.argmax(runs[:, 1] - runs[:, 0]))]
    return slice(int(start), int(end))
