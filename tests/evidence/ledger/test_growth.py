"""A log of ten million entries: it still appends, proves, finds and is checked, in memory that does not grow with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def grow(leaves: int) -> dict[str, float]:
    words = [sys.executable, str(ROOT / "benchmarks" / "bench_ledger_log.py"), "--leaves", str(leaves)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_harness_grows_a_small_log():
    told = grow(3000)
    assert told["leaves"] == 3200
    assert told["verify_per_s"] > 0


@pytest.mark.long
def test_ten_million_leaves_need_no_more_memory_than_a_few():
    told = grow(10_000_000)
    assert told["leaves"] == 10_000_200
    assert told["peak_rss_MB"] < 400
    assert told["public_bytes_per_leaf"] < 300
