"""Acknowledged means durable: a process killed at random moments never loses what it said it had."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quanheng.telemetry.store import Store
from tests.telemetry.makers import RECORDED

WRITER = """
import sys, threading, itertools
from pathlib import Path
from quanheng.telemetry.store import Store
from tests.telemetry.makers import RECORDED, make_pushed, make_readings
store, run = Store(Path(sys.argv[1])), int(sys.argv[2])
journal, say = store.journal(), threading.Lock()
def acknowledge(text):
    with say:
        sys.stdout.write(text + "\\n"); sys.stdout.flush()
def push(thread):
    for n in itertools.count():
        name = f"r{run}t{thread}n{n}"
        journal.append(make_pushed(1.0, meter=name))
        acknowledge(name)
def keep_house():
    while True:
        store.settle(); store.compact(now=RECORDED)
def batches():
    for n in itertools.count():
        store.write(make_readings(1, 30, area=f"r{run}b{n}"), batch=f"r{run}b{n}", recorded_at=RECORDED, source="k", region="990101")
        acknowledge(f"r{run}b{n}")
print("ready", flush=True)
for target, args in ((push, (0,)), (push, (1,)), (keep_house, ()), (batches, ())):
    threading.Thread(target=target, args=args, daemon=True).start()
threading.Event().wait()
"""


def kill_once(folder: Path, run: int, chance: random.Random) -> set[str]:
    """Let a writer work, kill it without warning, and return what it acknowledged."""
    env = {**os.environ, "POLARS_MAX_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(run)], stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0.05, 0.6))
    os.kill(process.pid, signal.SIGKILL)
    said = process.stdout.read().splitlines()
    process.wait()
    return {line for line in said if line.startswith("r")}


def check(folder: Path, said: set[str]) -> None:
    store = Store(folder)
    found = store.read()
    assert said <= set(found["meter_id"]) | set(found["area_id"])
    whole = found.filter(found["area_id"].str.contains("b")).group_by("area_id").len()
    assert set(whole["len"]) <= {60}, "a batch is in whole or not at all"
    store.settle()
    store.compact(now=RECORDED)
    assert store.read().equals(found)


@pytest.mark.parametrize("runs", [4, pytest.param(100, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_over_kills_at_random_moments(tmp_path, runs):
    chance, said = random.Random(20260520), set()
    for run in range(runs):
        said |= kill_once(tmp_path, run, chance)
    assert len(said) > runs
    check(tmp_path, said)
