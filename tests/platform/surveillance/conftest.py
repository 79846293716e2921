"""Each test has a store of its own and happens on one day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platform.surveillance import steps


@pytest.fixture(autouse=True)
def day(settings, tmp_path: Path) -> Iterator[None]:
    """A data folder of its own, on the day of the story."""
    settings.QUANHENG = replace(settings.QUANHENG, data_dir=tmp_path)
    with steps.at():
        yield
