"""Small fleets as files, and a stand-in for the cluster that runs the workers' functions in this process."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

import polars as pl
import pyarrow as pa

from quanheng.telemetry.engines.kernels import conclude_parts, measure_part, read_units
from quanheng.telemetry.engines.spark import SparkEngine
from quanheng.telemetry.fleets.simulate import FleetPlan, SimulatedFleet, simulate


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
