"""Processes that seal documents beside whoever signs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from quanheng.platform.documents import sealers

KILLED = """
import os, signal
import django
django.setup()
from quanheng.platform.documents import sealers, sealing
with sealers.processes(1) as pool:
    assert sealers.standing() is pool
    pool.submit(sealing.ready).result()
    print(pool.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def ended(pid: int) -> bool:
    """Gone, or waiting for nobody but the reaper."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return not shown.stdout.strip() or shown.stdout.startswith("Z")


def test_nobody_seals_beside_us_unless_asked() -> None:
    assert sealers.standing() is None


def test_they_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    env = {**os.environ, "QUANHENG_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "quanheng.platform.project.settings"}
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False, env=env)
    assert killed.returncode == -9, killed.stderr
    pid = int(killed.stdout)
    until = time.monotonic() + 60
    while not ended(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert ended(pid)
