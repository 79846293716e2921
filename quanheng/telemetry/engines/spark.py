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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.errors import InputError
from quanheng.metrology.energy_balance import ErrorPrior
from quanheng.telemetry.engines.codec import pack
from quanheng.telemetry.engines.kernels import (
    ROWS,
    Task,
    Unit,
    gather_concluded,
    gather_light,
    identity,
    keep_measured,
    keep_priors,
    numbered,
)
from quanheng.telemetry.engines.parts import Stage, WorkFolder, hash_file, put
from quanheng.telemetry.fleets.evaluate import Concluded, digest
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile
from quanheng.telemetry.fleets.readings import files_of, normalise, scan, usual_seconds

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
    """Stretches that tasks can read apart: row groups of Parquet, all of a CSV; of a folder file by file."""
    usual = usual_seconds(path)
    return [replace(unit, seconds=usual) for file in files_of(path) for unit in _plan_file(file)]


def _plan_file(path: Path) -> list[Unit]:
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
        self._out = Path("verdicts.parquet")
        self._say: Callable[[str], None] = _quiet
        self._work: WorkFolder | None = None
        self._task: Task | None = None
        self._cluster: _Cluster | None = None

    def attach(self, out: Path, say: Callable[[str], None]) -> None:
        """Parts are kept in OUT with `.work` at its end."""
        self._out, self._say = out, say

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._cluster is not None:
            self._cluster.close()
        if self._work is not None:
            self._work.close()
        self._work = self._task = self._cluster = None

    def settle(self) -> None:
        """Remove the parts."""
        if self._work is not None:
            self._work.remove()

    def measure(self, readings: Path, listed: pl.DataFrame, profile: Profile) -> list[Measured]:
        """First pass on the cluster; the sums stay in the parts."""
        need_pyspark()
        need_java()
        reachable(self.master)
        units = plan(readings)
        work = self._open(readings, listed, profile)
        stage = work.stage("measured")
        task = self._task = Task(stage, work.parts, profile, identity())
        cluster = self._cluster = _Cluster(self, work.folder / "spark.log")
        kept = self._kept(stage, work.parts)
        if len(kept) < work.parts:
            with cluster.explained(), _progress(self._say, stage, work.parts, len(kept)):
                wrote = cluster.module.run_measure(cluster.session(), units, task, kept)
                _complete(task, kept | wrote)
        return gather_light(stage, work.parts)

    def conclude(self, tasks: list[tuple[Measured, ErrorPrior, Profile, str]]) -> list[Concluded]:
        """Second pass on the cluster."""
        work, task, cluster = self._work, self._task, self._cluster
        if work is None or task is None or cluster is None:
            raise ValueError("the first pass comes first")
        packed = {id(prior): pack(prior) for _area, prior, _profile, _language in tasks}
        own = {area.area_id: packed[id(prior)] for area, prior, _profile, _language in tasks}
        language = tasks[0][3] if tasks else ""
        pooled = _hash(b"".join(hashlib.sha256(own[area]).digest() for area in sorted(own)))
        stage = work.stage("concluded", prior=pooled, language=language)
        ready = self._kept(stage, work.parts)
        missing = sorted(set(range(work.parts)) - ready)
        if missing:
            priors = work.stage("priors", prior=pooled)
            keep_priors(priors, work.parts, own)
            with cluster.explained(), _progress(self._say, stage, work.parts, len(ready)):
                cluster.module.run_conclude(cluster.session(), missing, task, priors, stage, language)
        found = gather_concluded(stage, work.parts)
        return [found[area.area_id] for area, _prior, _profile, _language in tasks]

    def _kept(self, stage: Stage, parts: int) -> set[int]:
        found = stage.finished(parts)
        if found:
            self._say(f"{stage.name}: {len(found)} of {parts} parts kept from an earlier run")
        return found

    def _open(self, readings: Path, listed: pl.DataFrame, profile: Profile) -> WorkFolder:
        inputs: dict[str, Any] = {
            "readings": _hash_of(readings), "areas": digest(listed), "rules": _hash(pack(profile)),
            "software": identity(),
        }  # fmt: skip
        parts = -(-max(1, listed["area_id"].n_unique()) // self.areas_per_part)
        work = self._work = WorkFolder(self._out.with_name(self._out.name + ".work"), inputs, parts, self._say)
        table = numbered(listed, work.parts).sort("part", maintain_order=True)
        sink = pa.BufferOutputStream()
        pq.write_table(table.to_arrow(), sink, compression="zstd", row_group_size=100_000)
        put(work.folder / "areas.parquet", sink.getvalue().to_pybytes())
        return work


def _hash_of(readings: Path) -> str:
    """Of a folder, over the contents of its files in order."""
    found = [hash_file(file) for file in files_of(readings)]
    return found[0] if len(found) == 1 else _hash("".join(found).encode())


def _quiet(line: str) -> None:
    """Nobody listens."""


class _Cluster:
    """A session that is opened only when there is something to do."""

    def __init__(self, engine: SparkEngine, log: Path) -> None:
        self.engine, self.log = engine, log
        self._stack = ExitStack()
        self._session: Any = None

    @property
    def module(self) -> ModuleType:
        """The module that knows pyspark."""
        return importlib.import_module("quanheng.telemetry.engines.cluster")

    def session(self) -> Any:
        """The one session of this run."""
        if self._session is None:
            opened = self.module.connected(self.engine.master, self.engine.settings, self.log)
            self._session = self._stack.enter_context(opened)
        return self._session

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What Spark says of a job that failed, as one line."""
        with self.module.explaining(self.engine.master, self.log):
            yield

    def close(self) -> None:
        """Leave the cluster."""
        self._stack.close()


def _complete(task: Task, written: set[int]) -> None:
    """Parts whose areas are all listed without a reading; and whether this machine sees what the workers wrote."""
    unseen = [number for number in sorted(written) if task.measured.receipt(number) is None]
    if unseen:
        raise InputError("not_shared", f"workers kept part {unseen[0]} but it is not here; put --out where all nodes"
                         " see it", str(task.measured.place))  # fmt: skip
    nothing = pl.DataFrame(schema=pl.Schema(ROWS))
    for number in sorted(set(range(task.parts)) - written):
        keep_measured(number, nothing, task)


@contextmanager
def _progress(say: Callable[[str], None], stage: Stage, parts: int, kept: int) -> Iterator[None]:
    """A line whenever more parts are finished."""
    over, began = threading.Event(), time.monotonic()

    def watch() -> None:
        last = kept
        while not over.wait(_POLL):
            with suppress(OSError):
                now = min(stage.seen(), parts)
                if now > last:
                    last = now
                    say(f"{stage.name}: {now} of {parts} parts, {time.monotonic() - began:.0f} s")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    spent, cost = time.monotonic() - began, stage.processor_seconds(parts)
    say(f"{stage.name}: {parts} of {parts} parts, {spent:.0f} s; all parts took {cost:.1f} s of processors")


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
