"""Small fleets as files, and a stand-in for the cluster that runs the workers' functions in this process."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from pathlib import Path

import polars as pl
import pyarrow as pa

from quanheng.telemetry.engines.kernels import conclude_parts, measure_part, read_units
from quanheng.telemetry.engines.spark import SparkEngine
from quanheng.telemetry.fleets.simulate import FleetPlan, SimulatedFleet, simulate
from quanheng.telemetry.store import Store


@functools.cache
def make_fleet(areas: int = 5, days: int = 20, seed: int = 3) -> SimulatedFleet:
    return simulate(FleetPlan(areas=areas, days=days, seed=seed, meters=(12, 20)))


def write_fleet(folder: Path, *, shuffle: int | None = None, **plan: int) -> tuple[Path, Path]:
    """Readings in several row groups, one area without a reading, one without a list, one row that names no area."""
    fleet = make_fleet(**plan)
    rows = fleet.readings.filter(pl.col("area_id") != "A00002")
    rows = pl.concat([rows, rows.head(1).with_columns(pl.lit(None, pl.String).alias("area_id"))])
    if shuffle is not None:
        rows = rows.sample(fraction=1.0, shuffle=True, seed=shuffle)
    readings, areas = folder / "readings.parquet", folder / "areas.csv"
    rows.write_parquet(readings, row_group_size=2_000)
    fleet.areas.filter(pl.col("area_id") != "A00001").write_csv(areas)
    return readings, areas


def write_store(folder: Path, **plan: int) -> tuple[Path, Path]:
    """The same readings in a compacted store: two regions, a batch corrected by a later one, a gap told as one sum."""
    readings, areas = write_fleet(folder, **plan)
    rows = pl.read_parquet(readings).drop_nulls("area_id")
    rows = rows.with_columns(pl.lit(3600).alias("seconds"), region=pl.when(pl.col("area_id") > "A00000")
                             .then(pl.lit("990102")).otherwise(pl.lit("990101")))  # fmt: skip
    moment = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    store = Store(folder / "store")
    wrong = rows.filter(pl.col("area_id") == "A00000").with_columns(pl.col("kwh") * 3)
    store.write(wrong, batch="first", recorded_at=moment, source="t")
    store.write(rows, batch="all", recorded_at=moment + dt.timedelta(days=1), source="t")
    gap = rows.filter(pl.col("role") == "sub").tail(1).with_columns(
        pl.col("ts") + dt.timedelta(hours=1), pl.lit(7200).alias("seconds"), pl.col("kwh") * 2)  # fmt: skip
    store.write(gap, batch="gap", recorded_at=moment + dt.timedelta(days=2), source="t")
    store.compact(now=moment + dt.timedelta(days=3))
    return folder / "store", areas


class Killed(BaseException):
    """Stands for kill −9: nothing in the product catches it."""


class StandIn:
    """The two jobs of ``cluster``, in this process; `stop_after` finished parts it is killed."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after, self.measured, self.concluded, self.sessions = stop_after, [], [], 0

    @contextlib.contextmanager
    def connected(self, master, settings, log):
        self.sessions += 1
        yield self

    @contextlib.contextmanager
    def explaining(self, master, log):
        yield

    def _next(self, ran: list[int], number: int) -> None:
        if self.stop_after is not None and len(self.measured) + len(self.concluded) >= self.stop_after:
            raise Killed
        ran.append(number)

    def run_measure(self, spark, units, task, finished):
        numbers = [pa.record_batch({"id": list(range(len(units)))})]
        batches = list(read_units(iter(numbers), units=units, task=task, skip=frozenset(finished)))
        rows = pl.from_arrow(pa.Table.from_batches(batches))
        for key, part in sorted(rows.partition_by("part", as_dict=True).items(), reverse=True):
            self._next(self.measured, key[0])
            measure_part((pa.scalar(key[0]),), part.to_arrow(), task=task)
        return set(rows["part"])

    def run_conclude(self, spark, numbers, task, priors, stage, language):
        for place, number in enumerate(numbers):
            self._next(self.concluded, number)
            batch = pa.record_batch({"id": [place]})
            told = {"task": task, "priors": priors, "stage": stage, "language": language}
            list(conclude_parts(iter([batch]), numbers=numbers, **told))


def make_engine(monkeypatch, stand_in: StandIn, *, areas_per_part: int = 1) -> SparkEngine:
    """The engine with everything of Spark's taken out."""
    from quanheng.telemetry.engines import spark

    for name in ("need_pyspark", "need_java"):
        monkeypatch.setattr(spark, name, lambda: None)
    monkeypatch.setattr(spark, "reachable", lambda master: None)
    monkeypatch.setattr(spark, "_UNIT", 3_000)
    monkeypatch.setattr(spark._Cluster, "module", property(lambda self: stand_in))
    return SparkEngine("spark://127.0.0.1:7077", areas_per_part=areas_per_part)
