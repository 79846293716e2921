"""What a worker does with a part of the areas: the estimator of ``telemetry.fleets``, from Arrow to kept parts.

Nothing here knows Spark. A worker first shows that it computes as the driver does, to the last bit.
"""

from __future__ import annotations

import functools
import hashlib
import io
import platform
import socket
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import scipy
from scipy import special
from scipy.linalg import lapack

from quanheng import __version__
from quanheng.errors import InputError
from quanheng.metrology import energy_balance
from quanheng.telemetry import fleets
from quanheng.telemetry.engines.codec import pack, unpack
from quanheng.telemetry.engines.parts import Stage
from quanheng.telemetry.fleets.evaluate import Concluded, conclude_one, measure_all
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile
from quanheng.telemetry.fleets.readings import normalise, scan
from quanheng.telemetry.fleets.result import VERDICT_COLUMNS

ROWS = pa.schema([
    ("part", pa.int64()), ("area_id", pa.string()), ("meter_id", pa.string()), ("role", pa.string()),
    ("at", pa.int64()), ("kwh", pa.float64()), ("out", pa.float64()),
])  # fmt: skip
DONE = pa.schema([("part", pa.int64()), ("areas", pa.int64())])
_ORDER = ("area_id", "role", "meter_id", "at", "kwh", "out")


class TaskError(Exception):
    """An :class:`InputError` that travels as text through a worker's process."""

    MARK = "QUANHENG\x1f"

    def __init__(self, error: InputError) -> None:
        # the full stop: Spark strips white space from the end of what a worker said, and \x1f counts as such
        super().__init__(f"{self.MARK}{error.code}\x1f{error.message}\x1f{error.place}\x1f.")

    @classmethod
    def found_in(cls, text: str) -> InputError | None:
        """The error, where `text` carries one."""
        _head, mark, tail = text.partition(cls.MARK)
        fields = tail.split("\x1f")
        return InputError(*fields[:3]) if mark and len(fields) > 3 else None


@dataclass(frozen=True)
class Unit:
    """A stretch of rows of one file; `rows` None is all of it. Of a store, rows of the usual interval `seconds`."""

    path: str
    start: int = 0
    rows: int | None = None
    seconds: int | None = None


@dataclass(frozen=True)
class Task:
    """What every worker is told. `identity` is how the driver computes, `folder` where both find the parts."""

    measured: Stage
    parts: int
    profile: Profile
    identity: dict[str, str]


@functools.cache
def identity() -> dict[str, str]:
    """Software and the bits that this machine's arithmetic yields on fixed numbers."""
    return {
        "quanheng": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "scipy": scipy.__version__, "polars": pl.__version__, "kernels": _source(), "arithmetic": _arithmetic(),
    }  # fmt: skip


def _source() -> str:
    total = hashlib.sha256()
    for package in (energy_balance, fleets):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.glob("*.py")):
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:16]


def _arithmetic() -> str:
    rows = np.sin(np.arange(1, 301 * 97 + 1, dtype=float)).reshape(301, 97)
    gram = np.asfortranarray(rows.T @ rows + np.eye(97))
    factor, _info = lapack.dpotrf(gram)
    inverse, _info = lapack.dpotri(factor)
    tails = special.ndtr(rows) + np.exp(rows) + np.log1p(np.abs(rows))
    total = hashlib.sha256()
    for array in (gram, factor, inverse, tails, np.einsum("ti,ti->t", rows, rows), rows.sum(axis=1), rows @ rows[0]):
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def same_digits(task: Task) -> None:
    """Refuse to work where the answer would differ from the driver's in any digit."""
    own = identity()
    differs = [f"{name} {own.get(name)} there, {value} here" for name, value in task.identity.items()
               if own.get(name) != value]  # fmt: skip
    if differs:
        raise TaskError(InputError(
            "worker_differs", f"a worker would compute other digits: {'; '.join(differs)}; install the same packages"
            " on all nodes, use one kind of processor or set OPENBLAS_CORETYPE alike", socket.gethostname(),
        ))  # fmt: skip
    if not (Path(task.measured.folder) / "manifest.json").is_file():
        raise TaskError(InputError("not_shared", "a worker does not see the folder of parts beside --out; put it where"
                                   " all nodes see it", f"{socket.gethostname()}:{task.measured.folder}"))  # fmt: skip


def part_of(area: str, parts: int) -> int:
    """Which part an area belongs to, the same in every run and on every machine."""
    return zlib.crc32(area.encode()) % parts


def numbered(frame: pl.DataFrame, parts: int) -> pl.DataFrame:
    """The rows that name an area, with the number of its part."""
    names = frame["area_id"].drop_nulls().unique()
    numbers = pl.DataFrame(
        {"area_id": names, "part": [part_of(name, parts) for name in names]},
        schema={"area_id": pl.String, "part": pl.Int64},
    )
    return frame.join(numbers, on="area_id", how="inner")


def read_units(
    batches: Iterator[pa.RecordBatch], *, units: list[Unit], task: Task, skip: frozenset[int]
) -> Iterator[pa.RecordBatch]:
    """Normal rows of the units whose numbers come in, without the parts that are finished."""
    same_digits(task)
    for batch in batches:
        for number in batch.column(0).to_pylist():
            rows = read_unit(units[number], task.parts)
            if skip:
                rows = rows.filter(~pl.col("part").is_in(sorted(skip)))
            yield from rows.select(ROWS.names).to_arrow().cast(ROWS).to_batches(max_chunksize=100_000)


def read_unit(unit: Unit, parts: int) -> pl.DataFrame:
    """Normal rows of one unit."""
    try:
        lazy = scan(Path(unit.path))
        if unit.rows is not None:
            lazy = lazy.slice(unit.start, unit.rows)
        if unit.seconds is not None:
            lazy = lazy.filter(pl.col("seconds") == unit.seconds)
        return numbered(normalise(lazy, unit.path).collect(), parts)
    except InputError as error:
        raise TaskError(replace_place(error, f"{socket.gethostname()}:{error.place}")) from error
    except pl.exceptions.PolarsError as error:
        message = f"the readings cannot be read to their end: {' '.join(str(error).split())[:160]}"
        raise TaskError(InputError("unreadable", message, unit.path)) from error


def replace_place(error: InputError, place: str) -> InputError:
    """The same error somewhere else."""
    return InputError(error.code, error.message, place)


def measure_part(key: tuple[Any, ...], table: pa.Table, *, task: Task) -> pa.Table:
    """First pass over all areas of one part; keeps them and returns how many there were."""
    same_digits(task)
    number = int(key[0].as_py())
    areas = keep_measured(number, pl.from_arrow(table.cast(ROWS)), task)  # type: ignore[arg-type]
    return pa.table({"part": [number], "areas": [areas]}, schema=DONE)


def keep_measured(number: int, rows: pl.DataFrame, task: Task) -> int:
    """Measure the areas of a part, those that are listed without a reading too; returns how many."""
    began = time.process_time()
    listed = pl.scan_parquet(Path(task.measured.folder) / "areas.parquet").filter(part=number).drop("part").collect()
    rows = rows.drop("part").sort(_ORDER, nulls_last=True)
    states = measure_all(rows, listed, task.profile)
    table = pa.table(
        {
            "area_id": [state.area_id for state in states], "light": [pack(light(state)) for state in states],
            "state": [pack(state) for state in states],
        },
        schema=pa.schema([("area_id", pa.string()), ("light", pa.binary()), ("state", pa.binary())]),
    )  # fmt: skip
    task.measured.write(number, table, rows=rows.height, cpu_ms=_since(began))
    return len(states)


def light(state: Measured) -> Measured:
    """What is pooled over areas needs this much of one: cavities and batches, no sums."""
    return replace(state, halves=None, sites=None, share=None, left_out={}, findings=[], suspected=[], figures={})


def conclude_parts(
    batches: Iterator[pa.RecordBatch], *, numbers: list[int], task: Task, priors: Stage, stage: Stage, language: str
) -> Iterator[pa.RecordBatch]:
    """Second pass over the parts whose places in `numbers` come in."""
    same_digits(task)
    for batch in batches:
        for place in batch.column(0).to_pylist():
            number = numbers[place]
            areas = keep_concluded(number, task, priors, stage, language)
            yield pa.record_batch({"part": [number], "areas": [areas]}, schema=DONE)


def keep_concluded(number: int, task: Task, priors: Stage, stage: Stage, language: str) -> int:
    """Conclude the areas of a measured part and keep the verdicts; returns how many areas there were."""
    began = time.process_time()
    try:
        table, own = task.measured.read(number, ["area_id", "state"]), priors.read(number)
    except InputError as error:
        raise TaskError(error) from error
    known = dict(zip(own["area_id"].to_pylist(), own["prior"].to_pylist(), strict=True))
    verdicts, reports = [], []
    for area, data in zip(table["area_id"].to_pylist(), table["state"].to_pylist(), strict=True):
        rows, report = conclude_one((unpack(data), unpack(known[area]), task.profile, language))
        sink = io.BytesIO()
        pl.DataFrame(rows, schema=VERDICT_COLUMNS, orient="row").write_ipc(sink)
        verdicts.append(sink.getvalue())
        reports.append(pack(report))
    kept = pa.table({"area_id": table["area_id"], "verdicts": pa.array(verdicts, pa.binary()),
                     "report": pa.array(reports, pa.binary())})  # fmt: skip
    stage.write(number, kept, cpu_ms=_since(began))
    return len(reports)


def keep_priors(stage: Stage, parts: int, priors: dict[str, bytes]) -> None:
    """Each part's own priors (fleet and batches differ by meter) for the workers of the second pass."""
    by_part: dict[int, list[str]] = {number: [] for number in range(parts)}
    for area in sorted(priors):
        by_part[part_of(area, parts)].append(area)
    for number, areas in by_part.items():
        if stage.receipt(number) is None:
            own = pa.array([priors[area] for area in areas], pa.binary())
            stage.write(number, pa.table({"area_id": pa.array(areas, pa.string()), "prior": own}))


def _since(began: float) -> int:
    return round(1000 * (time.process_time() - began))


def gather_light(stage: Stage, parts: int) -> list[Measured]:
    """From all measured parts, in the order of the areas' ids: what is pooled over areas."""
    states = [unpack(data) for number in range(parts) for data in stage.read(number, ["light"])["light"].to_pylist()]
    return sorted(states, key=lambda state: str(state.area_id))


def gather_concluded(stage: Stage, parts: int) -> dict[str, Concluded]:
    """From all concluded parts: rows of verdicts and the report of each area."""
    found: dict[str, Concluded] = {}
    for number in range(parts):
        table = stage.read(number)
        for area, verdicts, report in zip(
            *(table[n].to_pylist() for n in ("area_id", "verdicts", "report")), strict=True
        ):
            found[area] = (pl.read_ipc(io.BytesIO(verdicts)).rows(), unpack(report))
    return found
