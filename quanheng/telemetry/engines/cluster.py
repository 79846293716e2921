"""The only module that imports pyspark: a session on a cluster, and the two passes as Spark jobs through Arrow."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from quanheng.errors import InputError
from quanheng.telemetry.engines.kernels import Task, TaskError, Unit, conclude_parts, measure_part, read_units
from quanheng.telemetry.engines.parts import Stage

ROWS = "part long, area_id string, meter_id string, role string, at long, kwh double, out double"
DONE = "part long, areas long"
_WAIT = 90.0  # seconds for a first executor
_MOST_PARTITIONS = 4_000
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def configuration(master: str, settings: dict[str, str]) -> SparkConf:
    """Spark's settings: one thread for each area, no rearrangement at run time; `settings` of the user win."""
    values = {
        "spark.app.name": "quanheng fleet evaluate",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.speculation": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
        **{f"spark.executorEnv.{name}": "1" for name in _ONE_THREAD},
    }
    if "//127." in master or "//localhost" in master:
        values |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    conf = SparkConf(loadDefaults=False).setMaster(master)
    for key, value in (values | settings).items():
        conf.set(key, value)
    return conf


@contextmanager
def connected(master: str, settings: dict[str, str], log: Path) -> Iterator[SparkSession]:
    """A session with at least one executor. What Spark itself has to say goes to the file `log`.

    Raises
    ------
    InputError
        No worker offers an executor.
    """
    conf = configuration(master, settings)
    # of all places to name the workers' Python, a driver that was not started by spark-submit heeds only this one
    own = os.environ.get("PYSPARK_PYTHON", sys.executable)
    os.environ["PYSPARK_PYTHON"] = settings.get("spark.pyspark.python", own)
    gateway, context = None, None
    with log.open("ab") as sink:
        try:
            gateway = launch_gateway(conf, popen_kwargs={"stdout": sink, "stderr": sink})
            context = SparkContext(conf=conf, gateway=gateway)
            _await_executor(context, master)
            yield SparkSession(context)
        finally:
            _leave(gateway, context)


@contextmanager
def explaining(master: str, log: Path) -> Iterator[None]:
    """Turn what Spark raises into one line."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise explained(error, master, log) from error


def explained(error: Exception, master: str, log: Path) -> InputError:
    """One line about what the cluster said."""
    text = str(error)
    own = TaskError.found_in(text)
    if own is not None:
        return own
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = next((line for line in lines if "Error" in line or "Exception" in line), lines[0] if lines else "")
    return InputError(
        "spark", f"the cluster gave up: {telling[:200]}; finished parts are kept, the same command goes on; see {log}",
        master,
    )  # fmt: skip


def _await_executor(context: SparkContext, master: str) -> None:
    if master.startswith("local") and not master.startswith("local-cluster"):
        return
    until = time.monotonic() + _WAIT
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver counts itself
        if time.monotonic() > until:
            raise InputError(
                "spark",
                f"no worker of the cluster offered an executor within {_WAIT:.0f} s; start workers, or ask for less"
                " with --spark-conf spark.executor.memory=…",
                master,
            )
        time.sleep(0.2)


def _leave(gateway: object, context: SparkContext | None) -> None:
    """Stop the driver's Java too, so that nothing of it outlives the command."""
    with suppress(Exception):
        if context is not None:
            context.stop()
    with suppress(Exception):
        gateway.shutdown()  # type: ignore[attr-defined]
    process = getattr(gateway, "proc", None)
    if process is not None:
        with suppress(OSError):
            process.stdin.close()
        with suppress(Exception):
            process.wait(20)
    SparkContext._gateway = SparkContext._jvm = None


def run_measure(spark: SparkSession, units: list[Unit], task: Task, finished: set[int]) -> set[int]:
    """First pass: rows of all units, brought together by part, measured and kept; returns the parts that had rows."""
    missing = task.parts - len(finished)
    spark.conf.set("spark.sql.shuffle.partitions", str(max(1, min(missing, _MOST_PARTITIONS))))
    rows = spark.range(0, len(units), 1, len(units)).mapInArrow(
        partial(read_units, units=units, task=task, skip=frozenset(finished)), ROWS
    )

    def measure(key: tuple[pa.Scalar, ...], table: pa.Table) -> pa.Table:  # Spark chooses its way by these hints
        return measure_part(key, table, task=task)

    answer = rows.groupBy("part").applyInArrow(measure, DONE).collect()
    return {int(row["part"]) for row in answer}


def run_conclude(
    spark: SparkSession, numbers: list[int], task: Task, priors: Stage, stage: Stage, language: str
) -> None:
    """Second pass over the parts named."""
    work = partial(conclude_parts, numbers=numbers, task=task, priors=priors, stage=stage, language=language)
    spark.range(0, len(numbers), 1, len(numbers)).mapInArrow(work, DONE).collect()
