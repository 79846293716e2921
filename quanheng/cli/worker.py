"""``quanheng worker``: jobs from the queue and jobs by the clock, in one process."""

from __future__ import annotations

import argparse
import signal
import threading
from types import FrameType

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """``--once`` runs what is due and ends, for cron and tests."""
    add_data_dir(parser)
    parser.add_argument("--once", action="store_true", help="run what is due now and stop")


def run(args: argparse.Namespace) -> int:
    """Work until told to stop."""
    setup(args.data_dir)
    from django.db import close_old_connections

    from quanheng.platform.kernel import periodic
    from quanheng.platform.project import operations

    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    while not stop.is_set():
        for name in periodic.due():
            outcome = periodic.run(name)
            if args.once:
                print(f"{name}: {outcome}")
        operations.run_queued_jobs()
        close_old_connections()
        if args.once:
            return 0
        stop.wait(1.0)
    return 0
