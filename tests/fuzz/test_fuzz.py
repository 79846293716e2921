"""Readers of hostile files under a coverage-guided fuzzer: the kept corpus always, new inputs for a bounded time."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
# The short form tries the same inputs every time, so that nobody's change fails by chance; the long one explores.
SHORT = ("-seed=1", "-runs=150", "-max_total_time=60")
LONG = ("-max_total_time=600",)


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_is_answered_or_refused_in_one_line(target):
    kept = sorted((CORPUS / target).iterdir())
    assert kept
    for path in kept:
        TARGETS[target](path.read_bytes())


def fuzz(target: str, folder: Path, bounds: tuple[str, ...]) -> None:
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("atheris is not installed")
        pytest.skip("atheris is not installed here, so nothing was fuzzed")
    grown = folder / "grown"
    shutil.copytree(CORPUS / target, grown)
    options = [*bounds, "-timeout=20", "-rss_limit_mb=3000", "-max_len=20000", "-verbosity=0"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", target, str(grown), *options, f"-artifact_prefix={folder}/"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    found = [path for path in folder.iterdir() if path != grown]
    assert done.returncode == 0, f"{target}: {[p.read_bytes()[:300] for p in found]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("target", TARGETS)
def test_a_hundred_and_fifty_mutations_find_no_crash(target, tmp_path):
    fuzz(target, tmp_path, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
def test_ten_minutes_of_fuzzing_find_no_crash(target, tmp_path):
    fuzz(target, tmp_path, LONG)
