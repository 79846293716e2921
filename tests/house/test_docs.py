"""Docs are executed: a command or a script that a page shows does what the page says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts import docs
from tests.house.repository import ROOT


@pytest.mark.parametrize("page", docs.pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_a_page_shows_to_run_does_run(page):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {key: value for key, value in os.environ.items() if not key.startswith("QUANHENG_")}
    assert docs.check_page(page, env | {"PATH": path, "PYTHON": sys.executable}) == []
