"""``quanheng serve``: the web product and, unless told otherwise, the worker beside it."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from quanheng.cli._platform import add_data_dir, setup
from quanheng.errors import InputError

PORT = 8000
WORKERS = min(4, os.cpu_count() or 1)


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to listen and with how many processes."""
    add_data_dir(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that answer (default: one a core)")
    parser.add_argument("--no-worker", action="store_true", help="run the background jobs elsewhere")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    folder = setup(args.data_dir)
    print(f"starting on http://{args.host}:{args.port} …", file=sys.stderr, flush=True)
    check_port(args.port)
    from quanheng.platform.project import operations

    if waiting := operations.unapplied():
        raise InputError("not_migrated", "run `quanheng migrate` first", ", ".join(waiting[:3]))
    operations.collect_static()
    return start(folder, args.host, args.port, args.workers, with_worker=not args.no_worker)


def check_port(port: int) -> None:
    """Refuse what can be no port."""
    if not 0 < port < 65536:
        raise InputError("usage", "the port is a number from 1 to 65535", "--port")


def check_free(host: str, port: int) -> None:
    """Refuse an address at which something else listens, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                "port", f"nothing can listen there: {error.strerror}; choose another --port", f"{host}:{port}"
            ) from error


def start(folder: Path, host: str, port: int, workers: int, *, with_worker: bool) -> int:
    """Run granian, with the worker as a child process that ends with it."""
    check_free(host, port)
    env = {**os.environ, "QUANHENG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "quanheng.platform.project.settings"}
    signal.signal(signal.SIGTERM, _stop)
    children = []
    if with_worker:
        jobs = [sys.executable, "-m", "quanheng.cli", "worker", "--data-dir", str(folder)]
        children.append(subprocess.Popen(jobs, env=env, start_new_session=True))  # noqa: S603
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    # More threads than this only wait for each other, and granian says so at every start.
    threads = str(min(8, 2 * (os.cpu_count() or 1) + 1))
    command += ["--workers", str(workers), "--blocking-threads", threads, "--no-access-log", "--log-level", "warning"]
    command.append("quanheng.platform.project.wsgi:application")
    server = subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603
    children.append(server)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(children)


def _end(children: Sequence[subprocess.Popen[bytes]], patience: float = 15) -> None:
    """Ask each to stop; one that does not hear it, as a server that is still starting, ends with all it started."""
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _stop(_number: int, _frame: FrameType | None) -> None:
    """A service manager's way to stop us ends the children as Ctrl-C does."""
    raise KeyboardInterrupt
