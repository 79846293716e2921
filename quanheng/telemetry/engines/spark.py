"""The engine of a Spark cluster: parts of the areas on workers, the prior learned from all of them on the driver.

Pass 1 measures every area where its rows come together and keeps sums and cavities; the driver learns the prior from
the cavities in the order of the areas' ids; pass 2 concludes every area with that prior. Both passes are the functions
that the local engine calls, on the same values in the same order, so the digits are the same.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.errors import InputError
from quanheng.telemetry.engines.codec import pack
from quanheng.telemetry.engines.job import Job
from quanheng.telemetry.engines.kernels import (
    ROWS,
    Task,
    Unit,
    gather_concluded,
    gather_pooled,
    identity,
    keep_measured,
    numbered,
)
from quanheng.telemetry.engines.parts import Stage, WorkFolder, hash_file, put
from quanheng.telemetry.fleets.evaluate import assemble, combine, digest, learn_prior
from quanheng.telemetry.fleets.readings import normalise, scan
from quanheng.telemetry.fleets.result import FleetResult

_UNIT = 1_000_000  # rows that one task reads
_JAVA = 17
_POLL = 1.0


def need_pyspark() -> None:
    """Raises InputError where pyspark is not installed."""
    missing = [name for name in ("pyspark", "pandas") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            "no_pyspark",
            f"{' and '.join(missing)} not installed; install quanheng[telemetry,spark], or use --engine local",
            "--engine spark",
        )


def need_java() -> None:
    """Raises InputError where no Java runs that Spark could use."""
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        said = subprocess.run([command or "java", "-version"], capture_output=True, text=True, timeout=60)  # noqa: S603
        version = re.search(r'version "(\d+)', said.stderr + said.stdout)
    except (OSError, subprocess.SubprocessError):
        version = None
    if version is None or int(version[1]) < _JAVA:
        seen = f"Java {version[1]}" if version else "no Java"
        raise InputError(
            "no_java",
            f"Spark needs Java {_JAVA} or newer and {seen} was found; install one (Debian: openjdk-17-jre-headless) and"
            " set JAVA_HOME, or use --engine local",
            command or "PATH",
        )


def plan(path: Path) -> list[Unit]:
    """Stretches of a file that tasks can read apart: row groups of Parquet, all of a CSV."""
    normalise(scan(path), str(path))  # refuses what is no table of readings
    with path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            return [Unit(str(path.absolute()))]
    try:
        meta = pq.ParquetFile(path).metadata
    except (OSError, pa.ArrowException) as error:
        raise InputError("unreadable", f"not whole Parquet: {str(error)[:160]}", str(path)) from error
    units, start, rows = [], 0, 0
    for group in range(meta.num_row_groups):
        rows += meta.row_group(group).num_rows
        if rows >= _UNIT or group == meta.num_row_groups - 1:
            units.append(Unit(str(path.absolute()), start, rows))
            start, rows = start + rows, 0
    return units or [Unit(str(path.absolute()))]


class SparkEngine:
    """Areas in parts on the workers of a cluster; a run that was killed goes on where it stopped."""

    name = "spark"

    def __init__(self, master: str, *, settings: dict[str, str] | None = None, areas_per_part: int = 16) -> None:
        self.master, self.settings, self.areas_per_part = master, settings or {}, areas_per_part
        self._work: WorkFolder | None = None

    def evaluate(self, job: Job) -> FleetResult:
        """Judge every area of the job on the cluster."""
        need_pyspark()
        need_java()
        reachable(self.master)
        units = plan(job.readings)
        work = self._open(job)
        try:
            return self._passes(job, work, units)
        except BaseException:
            work.close()
            raise

    def settle(self, job: Job) -> None:
        """Remove the parts."""
        if self._work is not None:
            self._work.remove()
            self._work = None

    def _open(self, job: Job) -> WorkFolder:
        inputs: dict[str, Any] = {
            "readings": hash_file(job.readings), "areas": digest(job.areas),
            "rules": _hash(pack(job.profile)), "software": identity(),
        }  # fmt: skip
        names = max(1, job.areas["area_id"].n_unique())
        parts = -(-names // self.areas_per_part)
        work = self._work = WorkFolder(job.out.with_name(job.out.name + ".work"), inputs, parts, job.say)
        listed = numbered(job.areas, work.parts).sort("part", maintain_order=True)
        sink = pa.BufferOutputStream()
        pq.write_table(listed.to_arrow(), sink, compression="zstd", row_group_size=100_000)
        put(work.folder / "areas.parquet", sink.getvalue().to_pybytes())
        return work

    def _passes(self, job: Job, work: WorkFolder, units: list[Unit]) -> FleetResult:
        measured = work.stage("measured")
        task = Task(measured, work.parts, job.profile, job.language, identity())
        with _Cluster(self, work.folder / "spark.log") as cluster:
            kept = _kept(job, measured, work.parts)
            if len(kept) < work.parts:
                with _progress(job, measured, work.parts, len(kept)):
                    wrote = cluster.module.run_measure(cluster.session(), units, task, kept)
                _complete(task, kept | wrote)
            states, hashes = gather_pooled(measured, work.parts)
            prior = learn_prior(states, job.profile)
            concluded = work.stage("concluded", prior=prior.to_dict(), language=job.language)
            ready = _kept(job, concluded, work.parts)
            missing = sorted(set(range(work.parts)) - ready)
            if missing:
                with _progress(job, concluded, work.parts, len(ready)):
                    cluster.module.run_conclude(cluster.session(), missing, task, prior, concluded)
        table, reports = gather_concluded(concluded, work.parts)
        return assemble(table, reports, prior, job.profile, {"readings": combine(hashes), "areas": digest(job.areas)})


class _Cluster:
    """A session that is opened only when there is something to do."""

    def __init__(self, engine: SparkEngine, log: Path) -> None:
        self.engine, self.log = engine, log
        self._open: Any = None
        self._session: Any = None

    def __enter__(self) -> _Cluster:
        return self

    @property
    def module(self) -> ModuleType:
        """The module that knows pyspark."""
        return importlib.import_module("quanheng.telemetry.engines.cluster")

    def session(self) -> Any:
        """The one session of this run."""
        if self._open is None:
            self._open = self.module.connected(self.engine.master, self.engine.settings, self.log)
            self._session = self._open.__enter__()
        return self._session

    def __exit__(self, *error: Any) -> bool | None:
        return self._open.__exit__(*error) if self._open is not None and self._session is not None else None


def _complete(task: Task, written: set[int]) -> None:
    """Parts whose areas are all listed without a reading; and whether this machine sees what the workers wrote."""
    unseen = [number for number in sorted(written) if task.measured.receipt(number) is None]
    if unseen:
        raise InputError("not_shared", f"workers kept part {unseen[0]} but it is not here; put --out where all nodes"
                         " see it", str(task.measured.place))  # fmt: skip
    nothing = pl.DataFrame(schema=pl.Schema(ROWS))
    for number in sorted(set(range(task.parts)) - written):
        keep_measured(number, nothing, task)


def _kept(job: Job, stage: Stage, parts: int) -> set[int]:
    """The parts that an earlier run finished."""
    found = stage.finished(parts)
    if found:
        job.say(f"{stage.name}: {len(found)} of {parts} parts kept from an earlier run")
    return found


@contextmanager
def _progress(job: Job, stage: Stage, parts: int, kept: int) -> Iterator[None]:
    """A line whenever more parts are finished."""
    over, began = threading.Event(), time.monotonic()

    def watch() -> None:
        last = kept
        while not over.wait(_POLL):
            with suppress(OSError):
                now = min(stage.seen(), parts)
                if now > last:
                    last = now
                    job.say(f"{stage.name}: {now} of {parts} parts, {time.monotonic() - began:.0f} s")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    spent, cost = time.monotonic() - began, stage.processor_seconds(parts)
    job.say(f"{stage.name}: {parts} of {parts} parts, {spent:.0f} s; all parts took {cost:.1f} s of processors")


def reachable(master: str) -> None:
    """Raises InputError where no master of a ``spark://`` address answers."""
    if not master.startswith("spark://"):
        return
    last = ""
    for address in master.removeprefix("spark://").split(","):
        host, _colon, port = address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=10):
                return
        except (OSError, OverflowError) as error:
            last = str(error)
    raise InputError("spark", f"no Spark master answers ({last}); start one, or name another with --master", master)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
