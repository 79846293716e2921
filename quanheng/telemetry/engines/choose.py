"""From the words of the command line to an engine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from quanheng.errors import InputError
from quanheng.telemetry.engines.job import Engine
from quanheng.telemetry.engines.local import LocalEngine
from quanheng.telemetry.engines.spark import SparkEngine

ENGINES = ("local", "spark")
MASTER_VARIABLE = "QUANHENG_SPARK_MASTER"
_MASTER = re.compile(r"spark://[^\s/]+:\d+(,[^\s/]+:\d+)*|yarn|k8s://\S+|local(-cluster)?\[[\d*, ]+\]|local")


def choose(
    name: str, *, master: str = "", settings: Sequence[str] = (), areas_per_part: int = 16,
    workers: int | None = None, environ: Mapping[str, str] | None = None,
) -> Engine:  # fmt: skip
    """The engine by name.

    Parameters
    ----------
    master : address of the cluster, such as ``spark://10.0.0.5:7077``; else the variable QUANHENG_SPARK_MASTER
    settings : Spark's own settings as ``key=value``
    areas_per_part : how many areas are kept and resumed together
    workers : processes of the local engine; None takes all cores

    Raises
    ------
    InputError
        An unknown name, a cluster's option without a cluster, no or a wrong master, a setting that is none.
    """
    if name not in ENGINES:
        raise InputError("usage", f"no engine {name!r}; known: {', '.join(ENGINES)}", "--engine")
    if name == "local":
        if master or settings:
            raise InputError("usage", "--master and --spark-conf belong to --engine spark", "--engine")
        return LocalEngine(workers)
    address = master or (os.environ if environ is None else environ).get(MASTER_VARIABLE, "")
    if not address:
        raise InputError(
            "usage",
            "--engine spark needs the address of a cluster: --master spark://HOST:7077, or the variable"
            f" {MASTER_VARIABLE}; without a cluster, --engine local is faster",
            "--master",
        )
    if not _MASTER.fullmatch(address):
        raise InputError("usage", f"{address!r} is not the address of a Spark master such as spark://HOST:7077",
                         "--master")  # fmt: skip
    if not 1 <= areas_per_part <= 10_000:
        raise InputError("usage", f"--areas-per-part {areas_per_part} must be from 1 to 10000", "--areas-per-part")
    return SparkEngine(address, settings=dict(_pair(text) for text in settings), areas_per_part=areas_per_part)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.startswith("spark."):
        raise InputError("usage", f"{text!r} is not a setting such as spark.executor.memory=4g", "--spark-conf")
    return key, value
