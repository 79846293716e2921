"""A scratch product for benchmarks: an empty data folder or an empty PostgreSQL database, the library, a small cast."""

from __future__ import annotations

import logging
import os
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
POSTGRES = os.environ.get("QUANHENG_BENCH_POSTGRES", "")


def start(database: str, kept: str = "") -> None:
    """Set Django up on ``sqlite`` or ``postgresql``: a scratch database, or the ``kept`` one.

    QUANHENG_BENCH_POSTGRES names the server's maintenance database.
    """
    os.environ["QUANHENG_DATA"] = tempfile.mkdtemp(prefix="quanheng-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "quanheng.platform.project.settings"
    if database == "postgresql":
        os.environ["QUANHENG_DATABASE_URL"] = kept or _scratch()
    import django

    django.setup()
    logging.disable(logging.INFO)
    from quanheng.platform.project import operations

    for _line in operations.prepare():
        pass


def _scratch() -> str:
    import psycopg

    name = f"quanheng_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{POSTGRES.rsplit('/', 1)[0]}/{name}"


def kept(name: str) -> str:
    """The address of a database that outlives the run, made where it is missing."""
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')
    return f"{POSTGRES.rsplit('/', 1)[0]}/{name}"


def drop() -> None:
    """Remove the scratch database of PostgreSQL."""
    from django.db import connections

    connections.close_all()
    if url := os.environ.get("QUANHENG_DATABASE_URL"):
        import psycopg

        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{url.rsplit("/", 1)[1]}" WITH (FORCE)')


def databases() -> list[str]:
    """Which databases to measure."""
    return ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


def spread(seconds: list[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"median {statistics.median(ordered) * 1000:7.1f} ms   p95 {p95 * 1000:7.1f} ms   n {len(ordered)}"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_port(port: int) -> None:
    """Wait until a server answers there, twenty seconds at most."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"nothing answers on port {port}")
