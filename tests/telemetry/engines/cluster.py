"""A real standalone cluster on loopback: a master and two workers, each a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def lacking() -> list[str]:
    """What is missing to start a cluster here."""
    found = [name for name in ("pyspark", "pandas") if importlib.util.find_spec(name) is None]
    return found if shutil.which("java") or os.environ.get("JAVA_HOME") else [*found, "Java 17"]


def need_spark() -> None:
    """Skip aloud without pyspark or Java."""
    if lacking():
        pytest.skip(f"{' and '.join(lacking())} missing: the cluster was not tried; `make test-long` installs pyspark")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A running master with its workers; `cores` each."""

    def __init__(self, folder: Path, *, workers: int = 2, cores: int = 1) -> None:
        import pyspark

        self.folder, self.home = folder, Path(pyspark.__file__).parent
        self.processes: list[subprocess.Popen[bytes]] = []
        port = free_port()
        self.address = f"spark://127.0.0.1:{port}"
        self._start("Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        self._wait_for("Master", r"Started daemon|I have been elected leader", 0)
        for number in range(workers):
            work = folder / f"worker{number}"
            self._start("Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", str(cores),
                        "--memory", "1g", "--work-dir", str(work), self.address)  # fmt: skip
            self._wait_for("Worker", "Successfully registered with master", 1 + number)

    def _log(self, number: int) -> Path:
        return self.folder / f"process{number}.log"

    def _start(self, kind: str, *words: str) -> None:
        env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1", "SPARK_DAEMON_MEMORY": "256m",
               "SPARK_LOCAL_DIRS": str(self.folder / "scratch")}  # fmt: skip
        config = self.folder / "conf"
        config.mkdir(exist_ok=True)
        (config / "log4j2.properties").write_text(
            "rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\nappender.out.type = Console\n"
            "appender.out.name = out\nappender.out.target = SYSTEM_ERR\nappender.out.layout.type = PatternLayout\n"
            "appender.out.layout.pattern = %p %c{1}: %m%n\n"
        )
        env["SPARK_CONF_DIR"] = str(config)
        command = [str(self.home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind.lower()}.{kind}", *words]
        with self._log(len(self.processes)).open("wb") as sink:
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        self.processes.append(process)

    def _wait_for(self, kind: str, pattern: str, number: int) -> None:
        until = time.monotonic() + 180
        while not re.search(pattern, self._log(number).read_text("utf-8", "replace")):
            if self.processes[number].poll() is not None or time.monotonic() > until:
                self.stop()
                pytest.fail(
                    f"Spark's {kind} did not start:\n{self._log(number).read_text('utf-8', 'replace')[-2_000:]}"
                )
            time.sleep(0.2)

    def log(self) -> str:
        """What the master said."""
        return self._log(0).read_text("utf-8", "replace")

    def stop(self) -> None:
        """End every process that was started here."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def make_cluster(folder: Path, **wishes: int) -> Iterator[Cluster]:
    cluster = Cluster(folder, **wishes)
    try:
        yield cluster
    finally:
        cluster.stop()


def command(readings: Path, areas: Path, out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "quanheng.cli", "fleet", "evaluate", str(readings), "--areas", str(areas),
            "--limit", "0.02", "--out", str(out), *words]  # fmt: skip
