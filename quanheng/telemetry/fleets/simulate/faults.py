"""What goes wrong in real areas: each fault bends the readings of one area in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class AreaReadings:
    """Readings of one area on the way to the file; shapes (T, n) and (T,). NaN is a missing row."""

    imports: Array
    exports: Array
    master: Array
    master_export: Array
    true: Array  # net true energy of each meter
    per_day: int
    changes: dict[int, int] = field(default_factory=dict)  # meter → interval at which it was replaced
    notes: dict[int, str] = field(default_factory=dict)  # meter → what was done to it
    hidden: set[int] = field(default_factory=set)  # meters that feed the master but are not listed


def clock_skew(rng: np.random.Generator, area: AreaReadings) -> None:
    """Every meter's clock is off by some minutes (sd 5 min), so energy moves across the boundary of the interval."""
    step = 1440 / area.per_day
    skews = np.array(rng.standard_normal(area.imports.shape[1])) * 5
    for meter, minutes in enumerate(skews):
        part = abs(minutes) / step
        near = np.roll(area.imports[:, meter], -1 if minutes > 0 else 1)
        area.imports[:, meter] = (1 - part) * area.imports[:, meter] + part * near
        area.notes[meter] = f"clock {minutes:+.1f} min"


def imputation(rng: np.random.Generator, area: AreaReadings) -> None:
    """2 % of readings were missing and were filled: by the meter's mean, the hour's mean or a straight line."""
    way = int(rng.integers(0, 3))
    steps, meters = area.imports.shape
    lost = rng.random((steps, meters)) < 0.02
    hour = np.arange(steps) % area.per_day
    for meter in range(meters):
        own, gone = area.imports[:, meter], lost[:, meter]
        if way == 0:
            own[gone] = own[~gone].mean()
        elif way == 1:
            means = np.array([own[~gone & (hour == h)].mean() for h in range(area.per_day)])
            own[gone] = means[hour[gone]]
        else:
            own[gone] = np.interp(np.flatnonzero(gone), np.flatnonzero(~gone), own[~gone])


def unlisted_consumer(rng: np.random.Generator, area: AreaReadings) -> None:
    """One consumer is fed here and stands on no list."""
    share = area.true.mean(axis=0)
    likely = np.flatnonzero(share > 0.4 * share.mean())
    area.hidden.add(int(rng.choice(likely)))


def foreign_meter(rng: np.random.Generator, area: AreaReadings) -> None:
    """One listed meter is fed from elsewhere: a stranger's load in its column."""
    meter = int(rng.integers(0, area.imports.shape[1]))
    area.master -= area.true[:, meter]
    area.imports[:, meter] = np.roll(area.imports[:, meter], area.per_day * int(rng.integers(2, 9)) + 2)
    area.notes[meter] = "foreign"


def theft(rng: np.random.Generator, area: AreaReadings) -> None:
    """Two consumers bypass part of their load for part of the time: from a day on, or on some evenings."""
    steps = area.imports.shape[0]
    share = area.true.mean(axis=0)
    hour = (np.arange(steps) % area.per_day) * 24 / area.per_day
    day = np.arange(steps) // area.per_day
    for meter in rng.choice(np.flatnonzero(share > 0.5 * share.mean()), 2, replace=False):
        if rng.random() < 0.5:
            when = day >= int(rng.integers(int(day[-1] * 0.3), int(day[-1] * 0.8) + 1))
            part = rng.uniform(0.3, 0.9)
        else:
            when = (rng.random(int(day[-1]) + 1) < 0.4)[day] & ((hour >= 17) | (hour < 1))
            part = rng.uniform(0.5, 1.0)
        area.imports[when, meter] *= 1 - part
        area.notes[int(meter)] = "theft"


def quantised_register(rng: np.random.Generator, area: AreaReadings) -> None:
    """The master's register counts steps of 0.01 kWh before a CT of 80: only whole steps are seen."""
    step = 0.01 * 80
    total = np.floor(np.cumsum(area.master) / step + rng.random())
    area.master[:] = np.diff(total, prepend=0.0) * step
    area.master[0] = max(area.master[0], 0.0)


def wrong_ct(rng: np.random.Generator, area: AreaReadings) -> None:
    """The master's CT ratio is on file as the next size."""
    area.master *= float(rng.choice([0.75, 0.8, 1.25, 4 / 3]))


def non_stationary(rng: np.random.Generator, area: AreaReadings) -> None:
    """A fifth of the meters change their error half-way, by ±(2 to 5) %: work on the wiring, heat, tampering."""
    steps, meters = area.imports.shape
    at = int(steps * rng.uniform(0.35, 0.65))
    for meter in rng.choice(meters, max(2, meters // 5), replace=False):
        area.imports[at:, meter] *= 1 + float(rng.choice([-1, 1])) * rng.uniform(0.02, 0.05)
        area.notes[int(meter)] = "drift"


def missing(rng: np.random.Generator, area: AreaReadings) -> None:
    """Readings that did not arrive: single ones, whole days of one meter, one outage of the area."""
    steps, meters = area.imports.shape
    area.imports[rng.random((steps, meters)) < 0.001] = np.nan
    for meter in rng.choice(meters, max(1, meters // 40), replace=False):
        first = int(rng.integers(0, steps - area.per_day))
        area.imports[first : first + area.per_day * 2, meter] = np.nan
    first = int(rng.integers(0, steps - 6))
    area.master[first : first + 5] = np.nan


def meter_change(rng: np.random.Generator, area: AreaReadings) -> None:
    """Two meters are replaced within the window; the successor has a new id."""
    steps, meters = area.imports.shape
    for meter in rng.choice(meters, 2, replace=False):
        area.changes[int(meter)] = int(steps * rng.uniform(0.3, 0.7))


FAULTS: dict[str, Callable[[np.random.Generator, AreaReadings], None]] = {
    "clock_skew": clock_skew,
    "imputation": imputation,
    "unlisted_consumer": unlisted_consumer,
    "foreign_meter": foreign_meter,
    "theft": theft,
    "quantised_register": quantised_register,
    "wrong_ct": wrong_ct,
    "non_stationary": non_stationary,
    "missing": missing,
    "meter_change": meter_change,
}
