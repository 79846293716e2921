"""What every engine offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import polars as pl

from quanheng.metrology.energy_balance import ErrorPrior
from quanheng.telemetry.fleets.evaluate import Concluded
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile


class Engine(Protocol):
    """One run over one file of readings, as a context manager; whichever engine is asked, the digits are the same."""

    name: str

    def attach(self, out: Path, say: Callable[[str], None]) -> None:
        """Where the verdicts will stand (parts are kept beside them), and who takes a line of progress."""

    def __enter__(self) -> Engine:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End, also after an error."""

    def measure(self, readings: Path, listed: pl.DataFrame, profile: Profile) -> list[Measured]:
        """First pass over every area, in the order of their ids: at least what is pooled over areas."""

    def conclude(self, tasks: list[tuple[Measured, ErrorPrior, Profile, str]]) -> list[Concluded]:
        """Second pass, in the order of the tasks."""

    def settle(self) -> None:
        """The verdicts are safely written: what was kept for a resumed run may go."""
