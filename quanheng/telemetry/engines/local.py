"""The engine of one machine: everything in this process."""

from __future__ import annotations

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.engines.job import Job
from quanheng.telemetry.fleets.evaluate import combine, digest, digests, finish, measure_all
from quanheng.telemetry.fleets.readings import normalise, scan
from quanheng.telemetry.fleets.result import FleetResult


class LocalEngine:
    """All areas one after the other, all readings in memory."""

    name = "local"

    def evaluate(self, job: Job) -> FleetResult:
        """Judge every area of the job."""
        place = str(job.readings)
        try:
            rows = normalise(scan(job.readings), place).collect()
        except pl.exceptions.PolarsError as error:
            raise InputError("unreadable", f"the readings cannot be read to their end: {error}", place) from error
        measured = measure_all(rows, job.areas, job.profile)
        inputs = {"readings": combine(digests(rows)), "areas": digest(job.areas)}
        return finish(measured, job.profile, language=job.language, inputs=inputs)

    def settle(self, job: Job) -> None:
        """Nothing was kept."""
