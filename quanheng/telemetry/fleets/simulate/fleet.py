"""A whole fleet of areas: plan, readings, list of meters, truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.errors import InputError
from quanheng.telemetry.fleets.simulate import network, shapes
from quanheng.telemetry.fleets.simulate.faults import FAULTS, AreaReadings

Array = NDArray[np.float64]
CONDITIONS = ("none", *FAULTS, "pv")
_START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
_MAKERS = ("Hexing", "Linyang", "Sanxing", "Wasion")


@dataclass(frozen=True)
class FleetPlan:
    """What to simulate.

    faults: conditions dealt to the areas in turn. prevalence: share of meters beyond ±2 %. loss: ``area`` or
    ``location`` (radial feeders). interval: minutes, within which loads and losses
    move in up to `substeps` steps. homes: measured load shapes (homes, hours), else made ones. radial: where losses
    are by location, what finds them; called as :func:`network.radial_loss` is.
    """

    areas: int
    days: int
    seed: int
    meters: tuple[int, int] = (50, 300)
    interval: int = 60
    loss: str = "area"
    faults: tuple[str, ...] = ("none",)
    prevalence: float = 0.03
    noise: float = 0.001
    phases: int = 3
    substeps: int = 4
    homes: Array | None = field(default=None, compare=False)
    radial: Callable[..., Array] = field(default=network.radial_loss, compare=False)

    def __post_init__(self) -> None:
        rules = (
            (1 <= self.areas <= 100_000, f"--areas {self.areas} must be 1 to 100000"),
            (2 <= self.days <= 1_000, f"--days {self.days} must be 2 to 1000"),
            (1 <= self.meters[0] <= self.meters[1] <= 2_000, "--meters LOW HIGH must rise within 1 to 2000"),
            (self.interval > 0 and 1440 % self.interval == 0, f"--interval {self.interval} must divide 1440 min"),
            (self.loss in ("area", "location"), f"--loss {self.loss} must be area or location"),
            (0 <= self.prevalence <= 0.5, f"--prevalence {self.prevalence} must be 0 to 0.5"),
            (self.phases in (1, 3), f"--phases {self.phases} must be 1 or 3"),
        )  # fmt: skip
        for holds, message in rules:
            if not holds:
                raise InputError("usage", message, "fleet simulate")
        if unknown := [name for name in self.faults if name not in CONDITIONS]:
            raise InputError("usage", f"unknown fault {unknown[0]}; known: {', '.join(CONDITIONS)}", "--faults")


@dataclass(frozen=True)
class SimulatedFleet:
    """Three tables: readings and areas as ``fleet evaluate`` reads them, truth as ``fleet score`` does."""

    readings: pl.DataFrame
    areas: pl.DataFrame
    truth: pl.DataFrame


def simulate(plan: FleetPlan) -> SimulatedFleet:
    """Every area from its own stream of the one seed; the same plan gives the same bytes."""
    parts = list(simulate_each(plan))
    return SimulatedFleet(
        *(pl.concat([getattr(part, name) for part in parts]) for name in ("readings", "areas", "truth"))
    )


def simulate_each(plan: FleetPlan) -> Iterator[SimulatedFleet]:
    """One area after the other, so that a large fleet needs little memory."""
    for index, seed in enumerate(np.random.SeedSequence(plan.seed).spawn(plan.areas)):
        yield _area(plan, index, np.random.default_rng(seed))


def draw_errors(rng: np.random.Generator, meters: int, prevalence: float) -> Array:
    """Most near zero, 2 % gray (0.8 to 2 %), `prevalence` beyond ±2 % with an exponential tail of 2.5 %."""
    errors = rng.normal(0, 0.003, meters)
    draw = rng.random(meters)
    sign = rng.choice([-1.0, 1.0], meters)
    gray, out = draw < 0.02, (draw >= 0.02) & (draw < 0.02 + prevalence)
    errors[gray] = (sign * rng.uniform(0.008, 0.02, meters))[gray]
    errors[out] = (sign * (0.02 + np.minimum(rng.exponential(0.025, meters), 0.6)))[out]
    return errors


def _loads(
    rng: np.random.Generator, plan: FleetPlan, meters: int, fine: int
) -> tuple[Array, list[str], shapes.Weather]:
    sky = shapes.weather(rng, plan.days, fine)
    kinds = rng.choice(["home", "vacant", "shop", "charger"], meters, p=[0.84, 0.08, 0.03, 0.05])
    columns = []
    for kind in kinds:
        if kind == "shop":
            load = shapes.shop(rng, sky, fine, plan.days)
        elif plan.homes is not None:
            load = shapes.resampled(rng, plan.homes, fine, plan.days)
        else:
            load = shapes.household(rng, sky, fine, plan.days)
        if kind == "charger":
            load = load + shapes.charger(rng, fine, plan.days)
        columns.append(load * (0.02 if kind == "vacant" else 1.0))
    return np.stack(columns, axis=1), [str(kind) for kind in kinds], sky


def _area(plan: FleetPlan, index: int, rng: np.random.Generator) -> SimulatedFleet:
    condition = plan.faults[index % len(plan.faults)]
    meters = int(rng.integers(plan.meters[0], plan.meters[1] + 1))
    per_day = 1440 // plan.interval
    within = max(1, min(plan.interval // 15, plan.substeps))
    fine = per_day * within if per_day * within >= 24 else 24
    within = fine // per_day
    power, kinds, sky = _loads(rng, plan, meters, fine)
    if condition == "pv":
        for meter in np.flatnonzero(rng.random(meters) < 0.2):
            power[:, meter] -= shapes.rooftop(rng, sky)
    net = network.lay_out(rng, meters, phases=plan.phases)
    share = rng.uniform(0.015, 0.045)
    if plan.loss == "location":
        loss = plan.radial(rng, power, net, share=share, phases=plan.phases)
    else:
        loss = network.lumped_loss(power, share=share)
    loss = loss + 0.002 * power.sum(axis=1).mean()
    hours = 24.0 / fine

    def total(values: Array) -> Array:
        return np.asarray(values.reshape(plan.days * per_day, within, *values.shape[1:]).sum(axis=1) * hours)

    true_in, true_out = total(np.clip(power, 0, None)), total(np.clip(-power, 0, None))
    feed = total(np.clip(power.sum(axis=1) + loss, 0, None))
    back = total(np.clip(-power.sum(axis=1) - loss, 0, None))
    errors = draw_errors(rng, meters, plan.prevalence)
    readings = _register(rng, plan, true_in, true_out, feed, back, errors, per_day)
    if condition in FAULTS:
        FAULTS[condition](rng, readings)
    return _tables(plan, index, condition, readings, net, errors, kinds, rng)


def _register(
    rng: np.random.Generator, plan: FleetPlan, true_in: Array, true_out: Array, feed: Array, back: Array,
    errors: Array, per_day: int,
) -> AreaReadings:  # fmt: skip
    master_error = float(np.clip(rng.normal(0, 0.0025), -0.005, 0.005))

    def read(true: Array, error: Array | float) -> Array:
        return np.asarray(true * (1 + error) * (1 + plan.noise * rng.standard_normal(true.shape)))

    return AreaReadings(
        imports=read(true_in, errors),
        exports=read(true_out, errors),
        master=read(feed, master_error),
        master_export=read(back, master_error),
        true=true_in - true_out,
        per_day=per_day,
    )


def _batch(rng: np.random.Generator) -> tuple[str, str, int]:
    return str(rng.choice(_MAKERS)), f"B{int(rng.integers(1, 40)):03d}", int(rng.integers(2012, 2026))


def _tables(
    plan: FleetPlan, index: int, condition: str, area: AreaReadings, net: network.Network, errors: Array,
    kinds: list[str], rng: np.random.Generator,
) -> SimulatedFleet:  # fmt: skip
    name = f"A{index:05d}"
    steps = area.imports.shape[0]
    stamps = pl.Series("ts", [_START + dt.timedelta(minutes=plan.interval * k) for k in range(steps)])
    stamps = stamps.cast(pl.Datetime("ms", "UTC"))
    frames, rows, truth = [], [], []
    batches = [
        (str(rng.choice(_MAKERS)), f"B{int(rng.integers(1, 40)):03d}", int(rng.integers(2012, 2026))) for _ in range(4)
    ]

    def add(meter_id: str, role: str, use: slice, values: Array, out: Array) -> None:
        frame = pl.DataFrame({"ts": stamps[use], "kwh": values[use], "kwh_export": out[use]})
        frame = frame.filter(pl.col("kwh").is_not_nan())
        frames.append(
            frame.select(
                pl.lit(name).alias("area_id"), pl.lit(meter_id).alias("meter_id"), pl.lit(role).alias("role"),
                "ts", pl.col("kwh").round(6), pl.col("kwh_export").round(6),
            )
        )  # fmt: skip

    def note(meter: int, meter_id: str, error: float, since: str = "") -> None:
        maker, batch, year = batches[meter % len(batches)]
        where = (str(int(net.feeder[meter])), "ABC"[int(net.phase[meter])])
        rows.append((name, meter_id, "sub", *where, 1.0, "2", maker, batch, since or f"{year}-06-01"))
        truth.append((name, meter_id, error, kinds[meter], condition, area.notes.get(meter, "")))

    whole = slice(0, steps)
    rows.append((name, f"{name}-M", "master", "", "", 80.0, "0.5S", "Wasion", "", "2015-06-01"))
    add(f"{name}-M", "master", whole, area.master, area.master_export)
    for meter in range(area.imports.shape[1]):
        if meter in area.hidden:
            continue
        first = f"{name}-{meter:03d}"
        values, out = area.imports[:, meter], area.exports[:, meter]
        if at := area.changes.get(meter):
            add(first, "sub", slice(0, at), values, out)
            fresh = float(rng.normal(0, 0.003))
            add(first + "R", "sub", slice(at, steps), values * (1 + fresh) / (1 + errors[meter]), out)
            note(meter, first, float(errors[meter]))
            note(meter, first + "R", fresh, str((_START + dt.timedelta(minutes=plan.interval * at)).date()))
        else:
            add(first, "sub", whole, values, out)
            note(meter, first, float(errors[meter]))
    areas = pl.DataFrame(rows, schema=AREA_COLUMNS, orient="row")
    return SimulatedFleet(pl.concat(frames), areas, pl.DataFrame(truth, schema=TRUTH_COLUMNS, orient="row"))


AREA_COLUMNS = {
    "area_id": pl.String, "meter_id": pl.String, "role": pl.String, "feeder": pl.String, "phase": pl.String,
    "ct_ratio": pl.Float64, "accuracy_class": pl.String, "manufacturer": pl.String, "batch": pl.String,
    "installed_on": pl.String,
}  # fmt: skip
TRUTH_COLUMNS = {
    "area_id": pl.String, "meter_id": pl.String, "error": pl.Float64, "kind": pl.String, "condition": pl.String,
    "note": pl.String,
}  # fmt: skip


def write(plan: FleetPlan, folder: Path, *, say: Callable[[str], None] | None = None) -> dict[str, str]:
    """readings.parquet, areas.csv and truth.csv in `folder`; a file is moved into place only when it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    fleet = simulate(plan)
    paths = {
        name: folder / file
        for name, file in (("readings", "readings.parquet"), ("areas", "areas.csv"), ("truth", "truth.csv"))
    }
    for name, path in paths.items():
        part = path.with_name(path.name + ".part")
        table = getattr(fleet, name)
        if name == "readings":
            table.write_parquet(part, compression="zstd", statistics=True)
        else:
            table.write_csv(part)
        part.replace(path)
        if say:
            say(f"{path}: {table.height} rows")
    return {name: str(path) for name, path in paths.items()}
