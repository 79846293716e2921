"""All cores of this machine, by processes; each takes some areas from the file, measures them and later concludes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import polars as pl

from quanheng.errors import InputError
from quanheng.metrology.energy_balance import ErrorPrior
from quanheng.telemetry.fleets.evaluate import Concluded, conclude_one, measure_all
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile
from quanheng.telemetry.fleets.readings import normalise, scan

CHUNK_ROWS = 4_000_000
WORTH_PROCESSES = 2_000_000  # rows from which starting processes pays


class LocalEngine:
    """One run over one file of readings; use as a context manager."""

    name = "local"

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def attach(self, out: Path, say: Callable[[str], None]) -> None:
        """Nothing is kept beside the answer."""

    def settle(self) -> None:
        """Nothing was kept."""

    def measure(self, readings: Path, listed: pl.DataFrame, profile: Profile) -> list[Measured]:
        """First pass over every area of the file, in the order of their ids."""
        counts = area_counts(readings)
        listed_only = sorted(set(listed["area_id"]) - set(counts["area_id"]))
        chunks = make_chunks(counts, listed_only, max(1, min(CHUNK_ROWS, int(counts["len"].sum()) // self.workers)))
        tasks = [(readings, chunk, listed.filter(pl.col("area_id").is_in(chunk)), profile) for chunk in chunks]
        if self.workers > 1 and int(counts["len"].sum()) >= WORTH_PROCESSES:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))
            parts = list(self._pool.map(_measure_chunk, tasks))
        else:
            parts = [_measure_chunk(task) for task in tasks]
        return sorted((area for part in parts for area in part), key=lambda area: area.area_id)

    def conclude(self, tasks: list[tuple[Measured, ErrorPrior, Profile, str]]) -> list[Concluded]:
        """Second pass."""
        if self._pool:
            return list(self._pool.map(conclude_one, tasks, chunksize=4))
        return [conclude_one(task) for task in tasks]


def area_counts(readings: Path) -> pl.DataFrame:
    """area_id and its number of rows, by area_id; refuses a file that cannot be read to its end."""
    try:
        lazy = normalise(scan(readings), str(readings))
        known = lazy.filter(pl.col("area_id").is_not_null())
        return known.group_by("area_id").len().sort("area_id").collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise InputError(
            "unreadable", f"the readings cannot be read to their end: {str(error)[:160]}", str(readings)
        ) from error


def make_chunks(counts: pl.DataFrame, listed_only: list[str], rows: int) -> list[list[str]]:
    """Groups of neighbouring areas of about `rows` rows."""
    chunks: list[list[str]] = [[]]
    size = 0
    for area, count in counts.iter_rows():
        if chunks[-1] and size + count > rows:
            chunks.append([])
            size = 0
        chunks[-1].append(area)
        size += count
    chunks[-1] += listed_only
    return [chunk for chunk in chunks if chunk]


def _measure_chunk(task: tuple[Path, list[str], pl.DataFrame, Profile]) -> list[Measured]:
    readings, areas, listed, profile = task
    return measure_all(rows_of(readings, areas), listed, profile, names=areas)


def chunks(readings: Path, listed: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, list[str]]]:
    """Rows, list and names of some areas after the other, in one process."""
    counts = area_counts(readings)
    for names in make_chunks(counts, sorted(set(listed["area_id"]) - set(counts["area_id"])), CHUNK_ROWS):
        yield rows_of(readings, names), listed.filter(pl.col("area_id").is_in(names)), names


def rows_of(readings: Path, areas: list[str]) -> pl.DataFrame:
    """Normal rows of some areas."""
    try:
        return normalise(scan(readings), str(readings)).filter(pl.col("area_id").is_in(areas)).collect()
    except pl.exceptions.PolarsError as error:
        raise InputError(
            "unreadable", f"the readings cannot be read to their end: {str(error)[:160]}", str(readings)
        ) from error
