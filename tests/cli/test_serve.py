"""`quanheng serve` leaves nothing behind, even where what it started does not listen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from quanheng.cli.serve import _end

DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
open(sys.argv[1], "w").write(str(below.pid))
time.sleep(120)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_server_that_does_not_hear_the_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    deaf = subprocess.Popen([sys.executable, "-c", DEAF, str(told)], start_new_session=True)
    for _ in range(200):
        if told.exists() and told.read_text():
            break
        time.sleep(0.05)
    below = int(told.read_text())
    assert alive(below)
    _end([deaf], patience=0.5)
    assert deaf.returncode is not None
    for _ in range(100):
        if not alive(below):
            break
        time.sleep(0.05)
    assert not alive(below)
