"""Judges a fleet: every area measured, the prior learned from all of them, every meter concluded."""

from __future__ import annotations

import hashlib
import platform
from typing import Any

import numpy as np
import polars as pl
import scipy

from quanheng import __version__
from quanheng.metrology.energy_balance import ErrorPrior, learn
from quanheng.telemetry.fleets.conclude import conclude
from quanheng.telemetry.fleets.measure import Measured, measure
from quanheng.telemetry.fleets.profiles import Profile, load_profile
from quanheng.telemetry.fleets.readings import normalise, normalise_areas
from quanheng.telemetry.fleets.result import VERDICT_COLUMNS, AreaReport, FleetResult

_INFORMATIVE = 0.02  # sd of a cavity that says something about the population


def evaluate(
    readings: pl.DataFrame, areas: pl.DataFrame, *,
    profile: str | Profile = "electricity-area", limit: float | None = None, rule: str = "", language: str = "zh",
) -> FleetResult:  # fmt: skip
    """Judge every meter of every area in `readings`.

    Parameters
    ----------
    readings : columns area_id, meter_id, role (master|sub), ts, kwh, optional kwh_export; DESIGN §7
    areas : the list of meters: area_id, meter_id, role, feeder, phase, ct_ratio, accuracy_class, manufacturer, batch,
        installed_on; empty or missing means unknown
    profile : id of a profile or a loaded one
    limit : |e| beyond it is what is looked for; None takes the rule's limit for the meter's class, else the profile's
    language : of the reasons, zh or en

    Raises
    ------
    InputError
        A needed column is missing or holds something else.
    """
    chosen = profile if isinstance(profile, Profile) else load_profile(profile, rule=rule, limit=limit)
    rows = normalise(readings.lazy()).collect()
    listed = normalise_areas(areas)
    measured = measure_all(rows, listed, chosen)
    inputs = {"readings": combine(digests(rows)), "areas": digest(listed)}
    return finish(measured, chosen, language=language, inputs=inputs)


def measure_all(rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile) -> list[Measured]:
    """First pass over normalised rows, areas in the order of their ids; listed areas without a reading come too."""
    parts = rows.filter(pl.col("area_id").is_not_null()).partition_by("area_id", as_dict=True)
    lists = listed.partition_by("area_id", as_dict=True)
    names = sorted({str(key[0]) for key in parts} | {str(key[0]) for key in lists})
    return [
        measure(name, parts.get((name,), rows.clear()), lists.get((name,), listed.clear()), profile) for name in names
    ]


def learn_prior(measured: list[Measured], profile: Profile) -> ErrorPrior:
    """The population of errors from the cavities of all areas that fit."""
    useful = [area.cavity for area in measured if area.cause == "ok" and area.cavity is not None]
    if not useful:
        return profile.prior
    mean, variance = np.concatenate([c[0] for c in useful]), np.concatenate([c[1] for c in useful])
    keep = variance < _INFORMATIVE**2
    if keep.sum() < 20:
        return profile.prior
    return learn(profile.prior, mean[keep], variance[keep], strength=profile.strength)


def finish(measured: list[Measured], profile: Profile, *, language: str, inputs: dict[str, str]) -> FleetResult:
    """Second pass and the record of the run."""
    prior = learn_prior(measured, profile)
    rows: list[tuple[Any, ...]] = []
    reports = []
    for area in measured:
        verdicts, report = conclude(area, prior, profile, language)
        rows += verdicts
        reports.append(report)
    return assemble(pl.DataFrame(rows, schema=VERDICT_COLUMNS, orient="row"), reports, prior, profile, inputs)


def assemble(
    table: pl.DataFrame, reports: list[AreaReport], prior: ErrorPrior, profile: Profile, inputs: dict[str, str]
) -> FleetResult:
    """Verdicts and reports of all areas, in the order of their ids, with the record of the run."""
    evidence = {
        "data": inputs, "verdicts_sha256": digest(table), "profile": profile.to_dict(), "prior": prior.to_dict(),
        "software": {"quanheng": __version__, "numpy": np.__version__, "scipy": scipy.__version__,
                     "python": platform.python_version()},
        "figures": {"areas": len(reports), "unfit": sum(report.fit == "unfit" for report in reports),
                    **{name: int(count) for name, count in sorted(table["verdict"].value_counts().iter_rows())}},
    }  # fmt: skip
    return FleetResult(table, reports, evidence)


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a table's rows in any order, independent of chunks and of the file they came from."""
    hashes = frame.hash_rows(seed=20260105).sort().to_numpy()
    return hashlib.sha256(hashes.tobytes()).hexdigest()


def digests(rows: pl.DataFrame) -> dict[str, str]:
    """Digest of the readings of each area: whoever holds a part of the areas can compute a part of the whole."""
    named = rows.filter(pl.col("area_id").is_not_null())
    parts = named.partition_by("area_id", as_dict=True)
    return {str(key[0]): digest(part) for key, part in parts.items()}


def combine(parts: dict[str, str]) -> str:
    """One digest from those of the areas."""
    return hashlib.sha256("".join(f"{area}\x1f{parts[area]}\x1e" for area in sorted(parts)).encode()).hexdigest()
