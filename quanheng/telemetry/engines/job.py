"""What every engine is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from quanheng.telemetry.fleets.profiles import Profile
from quanheng.telemetry.fleets.result import FleetResult


@dataclass(frozen=True)
class Job:
    """One evaluation.

    readings : file of long readings, Parquet or CSV
    areas : the list of meters in its normal form (``readings.read_areas``)
    out : where the verdicts will stand; engines that keep parts put them beside it
    say : takes a line of progress
    """

    readings: Path
    areas: pl.DataFrame
    out: Path
    profile: Profile
    language: str = "zh"
    say: Callable[[str], None] = lambda line: None


class Engine(Protocol):
    """Verdicts of all areas of a job; whichever engine is asked, the digits are the same."""

    name: str

    def evaluate(self, job: Job) -> FleetResult:
        """Judge every area. Raises InputError where the readings cannot be read or the engine cannot run."""

    def settle(self, job: Job) -> None:
        """Called once the verdicts are safely written: what was kept for a resumed run may go."""
