"""A second maker of areas, to cross-check the first: two-state appliances on daily curves of harmonics, a tree of nodes.

It shares no code with ``fleet simulate``: other loads (half-hourly chains instead of pulses or measured homes), other
networks (a tree whose edges carry what hangs below them, instead of places along a line), other laws of the errors.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.signal import lfilter

PER_DAY = 48
LAWS = ("normal", "gray", "tails", "batch")


@dataclass(frozen=True)
class Crossing:
    """Tables as ``fleet evaluate`` and ``fleet score`` read them."""

    readings: pl.DataFrame
    areas: pl.DataFrame
    truth: pl.DataFrame


def make_crossing(
    seed: int, *, areas: int, days: int, meters: tuple[int, int], law: str = "gray", tree: bool = False,
    prevalence: float = 0.04,
) -> Crossing:  # fmt: skip
    """Hourly areas; the loss is the square of the area's load, or I²R of a tree with the feeders on file."""
    parts = [
        _area(np.random.default_rng([seed, k]), f"X{k}", days, meters, law, tree, prevalence) for k in range(areas)
    ]
    return Crossing(*(pl.concat([part[i] for part in parts]) for i in range(3)))


def _area(rng, name: str, days: int, bounds: tuple[int, int], law: str, tree: bool, prevalence: float):
    meters = int(rng.integers(bounds[0], bounds[1] + 1))
    power = _loads(rng, meters, days)
    total = power.sum(axis=1)
    feeder = rng.integers(0, 3, meters)
    lost = _tree_loss(rng, power, feeder) if tree else total**2
    lost = lost * rng.uniform(0.015, 0.05) * total.sum() / lost.sum() + 0.002 * total.mean()
    errors = _errors(rng, meters, law, prevalence)
    true, fed = _hourly(power), _hourly(total + lost)
    seen = true * (1 + errors) * (1 + 1e-3 * rng.standard_normal(true.shape))
    fed = fed * (1 + rng.uniform(-0.004, 0.004)) * (1 + 1e-3 * rng.standard_normal(fed.size))
    ids = [f"{name}-{i:03d}" for i in range(meters)]
    hours = _hours(days)
    readings = pl.concat(
        [_long(name, "M", "master", hours, fed)]
        + [_long(name, ids[i], "sub", hours, seen[:, i]) for i in range(meters)]
    )
    listed = pl.DataFrame({"area_id": name, "meter_id": ids, "role": "sub", "feeder": [f"F{f}" for f in feeder]})
    truth = pl.DataFrame({"area_id": name, "meter_id": ids, "error": errors})
    return readings, listed, truth


def _hours(days: int) -> pl.Series:
    start = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
    return pl.Series("ts", [start + dt.timedelta(hours=k) for k in range(24 * days)])


def _long(area: str, meter: str, role: str, hours: pl.Series, kwh: np.ndarray) -> pl.DataFrame:
    frame = pl.DataFrame({"ts": hours, "kwh": kwh.round(6)})
    return frame.select(
        pl.lit(area).alias("area_id"), pl.lit(meter).alias("meter_id"), pl.lit(role).alias("role"), "ts", "kwh"
    )


def _hourly(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, 2, *values.shape[1:]).mean(axis=1)


def _loads(rng, meters: int, days: int) -> np.ndarray:
    at = np.arange(days * PER_DAY) / PER_DAY
    weather = np.exp(0.15 * _slow(rng, at.size, 0.98))
    columns = []
    for _ in range(meters):
        curve = _curve(rng, at)
        load = 0.08 * curve * np.exp(0.3 * _slow(rng, at.size, 0.95))
        for _ in range(int(rng.integers(2, 6))):
            on = np.clip(rng.uniform(0.03, 0.25) * curve, 0, 0.9)
            load = load + rng.lognormal(-0.6, 0.7) * _chain(rng, on, rng.uniform(0.2, 0.85))
        columns.append(load * weather * rng.lognormal(-0.7, 0.55))
    return np.stack(columns, axis=1)


def _curve(rng, at: np.ndarray) -> np.ndarray:
    swing = sum(
        rng.normal(0, 0.5 / k) * np.sin(2 * np.pi * k * at) + rng.normal(0, 0.5 / k) * np.cos(2 * np.pi * k * at)
        for k in (1, 2, 3)
    )
    return np.exp(swing)


def _slow(rng, steps: int, memory: float) -> np.ndarray:
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.standard_normal(steps))


def _chain(rng, on: np.ndarray, stay: float) -> np.ndarray:
    """A two-state appliance: each step it stays as it is, or is drawn anew."""
    drawn = np.where(rng.random(on.size) >= stay, np.arange(on.size), 0)
    return (rng.random(on.size) < on)[np.maximum.accumulate(drawn)] * np.exp(0.15 * rng.standard_normal(on.size))


def _errors(rng, meters: int, law: str, prevalence: float) -> np.ndarray:
    errors = 0.0028 * rng.standard_t(3, meters) if law == "tails" else rng.normal(0, 0.003, meters)
    draw, sign = rng.random(meters), rng.choice([-1.0, 1.0], meters)
    if law == "batch":
        errors[draw > 0.8] += 0.007 * sign[0]
    if law == "gray":
        gray = (draw > prevalence) & (draw < prevalence + 0.02)
        errors[gray] = (sign * rng.uniform(0.008, 0.02, meters))[gray]
    wrong = draw < prevalence
    errors[wrong] = (sign * (0.02 + rng.exponential(0.025, meters)))[wrong]
    return errors


def _tree_loss(rng, power: np.ndarray, feeder: np.ndarray) -> np.ndarray:
    """Nodes hang on one of the three before them; every edge has its own resistance and carries all below it."""
    lost = np.zeros(power.shape[0])
    for line in range(int(feeder.max()) + 1):
        own = np.flatnonzero(feeder == line)
        nodes = max(2, own.size // 3)
        flow = np.zeros((power.shape[0], nodes))
        for meter, node in zip(own, rng.integers(0, nodes, own.size), strict=True):
            flow[:, node] += power[:, meter]
        for node in range(nodes - 1, 0, -1):
            flow[:, int(rng.integers(max(0, node - 3), node))] += flow[:, node]
        lost += flow**2 @ rng.uniform(0.5, 1.5, nodes)
    return lost
