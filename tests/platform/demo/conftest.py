"""A small demo region, built once by the command itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LEFT_OUT = {"QUANHENG_DATABASE_URL", "QUANHENG_DATA", "QUANHENG_BASE_URL", "DJANGO_SETTINGS_MODULE"}


def quanheng(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a stranger would, on the embedded database."""
    kept = {k: v for k, v in os.environ.items() if k not in LEFT_OUT}
    command = [sys.executable, "-m", "quanheng.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env={**kept, **env})


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a small region."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    interrupted = folder.with_name(".data.demo-building")
    interrupted.mkdir()
    (interrupted / "quanheng.sqlite3").write_bytes(b"half a database")
    built = quanheng("demo", "--no-serve", "--json", "--size", "0.02", "--data-dir", folder)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout) == described(folder)
    return folder


def described(folder: Path) -> dict[str, Any]:
    """demo.json as the command prints it."""
    data: dict[str, Any] = json.loads((folder / "demo.json").read_text("utf-8"))
    return {**data, "keys": str(folder / "KEYS")}
