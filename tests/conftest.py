"""Fixtures every floor may use: the shared reference folder, found or skipped aloud."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of references and samples; absent outside the project's workplace, required in CI."""
    folder = Path(os.environ.get("QUANHENG_SHARED", ROOT.parent / "shared"))
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"QUANHENG_SHARED: {folder} is absent")
    pytest.skip(f"QUANHENG_SHARED: {folder} is absent, so this test did not run")
