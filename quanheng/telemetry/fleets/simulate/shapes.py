"""Load shapes of homes, shops, chargers and roofs; every one drawn anew, or resampled from measured homes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Weather:
    """Outdoor temperature in °C and clear-sky fraction times cloud cover, one value per fine step."""

    temperature: Array
    sun: Array
    hour: Array  # local hour of day, 0..24
    day: NDArray[np.int64]  # day number from the start


def weather(rng: np.random.Generator, days: int, per_day: int) -> Weather:
    """Season, day and persistent noise; one sky for a whole area."""
    steps = days * per_day
    at = np.arange(steps)
    hour = (at % per_day) * 24.0 / per_day
    day = at // per_day
    start = rng.uniform(0, 365)
    season = rng.uniform(4, 14) * np.sin(2 * np.pi * (start + at / per_day) / 365)
    daily = rng.normal(0, 1, days + 1)
    slow = np.convolve(daily, np.array([0.25, 0.5, 0.25]), mode="same")[day] * 3.0
    temperature = rng.uniform(10, 20) + season + slow + rng.uniform(3, 7) * np.sin(2 * np.pi * (hour - 9) / 24)
    cloud_day = rng.beta(1.5, 1.0, days)
    jitter = np.clip(1 + 0.25 * rng.standard_normal(steps), 0.2, 1.4)
    clear = np.clip(np.sin(np.pi * (hour - 6) / 12), 0, None) ** 1.3
    return Weather(temperature, np.clip(clear * cloud_day[day] * jitter, 0, 1.1), hour, day)


def _pulses(rng: np.random.Generator, profile: Array, per_day: float, days: int, power: float, steps: float) -> Array:
    """Appliances that come on at random by a daily profile: kW per fine step."""
    per = profile.size
    load = np.zeros(per * days)
    count = int(rng.poisson(per_day * days))
    if not count:
        return load
    start = rng.integers(0, days, count) * per + rng.choice(per, count, p=profile / profile.sum())
    size = power * rng.lognormal(0, 0.4, count)
    length = np.maximum(1, rng.poisson(steps, count))
    for k in range(int(min(length.max(), 4 * steps + 8))):
        on = (length > k) & (start + k < load.size)
        np.add.at(load, start[on] + k, size[on])
    return load


def _bump(hours: Array, centre: float, width: float) -> Array:
    gap = np.abs(hours - centre % 24)
    return np.asarray(np.exp(-0.5 * (np.minimum(gap, 24 - gap) / width) ** 2))


def household(rng: np.random.Generator, sky: Weather, per_day: int, days: int) -> Array:
    """One home, kW per fine step: stand-by, cooking, evenings, heating or cooling, weekends, holidays."""
    hours = np.arange(per_day) * 24.0 / per_day
    fine = per_day / 24
    life = 0.1 + rng.uniform(0.2, 1.0) * _bump(hours, rng.normal(7.3, 1), 1.2)
    life += rng.uniform(0.1, 0.9) * _bump(hours, rng.normal(12.3, 0.8), 1.2)
    life += rng.uniform(0.6, 1.6) * _bump(hours, rng.normal(19.5, 1.2), 2.0)
    load = np.full(per_day * days, rng.lognormal(np.log(0.09), 0.6))
    for power, often, minutes in ((1.6, 5.0, 12), (0.35, 9.0, 50), (2.2, 1.6, 30)):
        load += _pulses(rng, life, often * rng.lognormal(0, 0.5), days, power, max(1.0, minutes / 60 * fine))
    level = rng.lognormal(0, 0.6)
    if rng.random() < 0.6:
        over = np.clip(sky.temperature - rng.normal(24, 1.5), 0, None) + np.clip(
            rng.normal(9, 2) - sky.temperature, 0, None
        )
        at_home = np.tile(0.25 + life / life.max(), days)
        cycling = rng.gamma(3.0, 1 / 3.0, load.size)
        load += 0.14 * rng.lognormal(0, 0.5) * over * at_home * cycling
    weekday = (sky.day + int(rng.integers(0, 7))) % 7
    load *= np.where(weekday >= 5, rng.uniform(0.8, 1.4), 1.0)
    if rng.random() < 0.35:
        first = int(rng.integers(0, days))
        load[(sky.day >= first) & (sky.day < first + int(rng.integers(3, 12)))] *= 0.12
    return np.asarray(level * load)


def shop(rng: np.random.Generator, sky: Weather, per_day: int, days: int) -> Array:
    """A small business with opening hours and refrigeration."""
    opens, closes = rng.uniform(6.5, 10), rng.uniform(17, 23)
    weekday = (sky.day + int(rng.integers(0, 7))) % 7
    open_now = (sky.hour >= opens) & (sky.hour < closes) & ((weekday < 6) | (rng.random() < 0.5))
    base, peak = rng.lognormal(np.log(0.4), 0.6), rng.lognormal(np.log(3.5), 0.7)
    cooling = 1 + 0.04 * np.clip(sky.temperature - 22, 0, None)
    return np.asarray((base + peak * open_now * rng.gamma(8, 1 / 8, open_now.size)) * cooling)


def charger(rng: np.random.Generator, per_day: int, days: int) -> Array:
    """Charging of one car at home, evenings."""
    hours = np.arange(per_day) * 24.0 / per_day
    profile = _bump(hours, rng.normal(21, 2), 2.0) + 0.02
    power = float(rng.choice([3.3, 7.0, 11.0], p=[0.3, 0.6, 0.1]))
    return _pulses(rng, profile, rng.uniform(0.2, 0.7), days, power, rng.uniform(1.0, 4.0) * per_day / 24)


def rooftop(rng: np.random.Generator, sky: Weather) -> Array:
    """Photovoltaic output of one roof, kW."""
    return np.asarray(rng.uniform(2.5, 9.0) * sky.sun * np.clip(1 + 0.08 * rng.standard_normal(sky.sun.size), 0.5, 1.2))


def read_homes(path: Path) -> Array:
    """Measured homes of a Parquet file: every column whose name ends in ``_load_kwh``; shape (homes, hours)."""
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("unreadable", f"the load shapes cannot be read: {error}", str(path)) from error
    names = [name for name in frame.columns if name.endswith("_load_kwh")]
    if not names or frame.height < 24 * 14:
        raise InputError("shapes", "load shapes need columns NAME_load_kwh, hourly, 14 days or more", str(path))
    homes = frame.select(pl.col(names).cast(pl.Float64).fill_null(0.0).clip(0.0, 1e4)).to_numpy().T
    return np.ascontiguousarray(np.nan_to_num(homes))


def resampled(rng: np.random.Generator, homes: Array, per_day: int, days: int) -> Array:
    """A home that is nobody's: blocks of days of a measured one, its clock shifted and stretched, another mixed in.

    kW per fine step.
    """
    hours = days * 24

    def one() -> Array:
        source = homes[int(rng.integers(0, homes.shape[0]))]
        out, year = np.empty(hours), source.size // 24 * 24
        at = 0
        while at < hours:
            length = min(int(rng.integers(7, 40)) * 24, hours - at)
            first = int(rng.integers(0, year // 24)) * 24
            out[at : at + length] = source[(first + np.arange(length)) % year]
            at += length
        return out

    load = one()
    if rng.random() < 0.3:
        load = 0.7 * load + 0.3 * one()
    shift, warp = rng.normal(0, 1.2), rng.normal(0, 0.4)
    at_hour = np.arange(hours * per_day // 24) * 24.0 / per_day
    bent = at_hour + shift + warp * np.sin(2 * np.pi * at_hour / 24)
    out = np.interp(bent, np.arange(hours), load, period=hours)
    noise = rng.lognormal(0, rng.uniform(0.02, 0.2), out.size)
    return np.asarray(out * noise * rng.lognormal(0, 0.5))
