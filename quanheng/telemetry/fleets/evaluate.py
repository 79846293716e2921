"""Judges a fleet: every area measured, the prior learned from all of them, every meter concluded."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import scipy

from quanheng import __version__
from quanheng.metrology.energy_balance import ErrorPrior, learn
from quanheng.telemetry.fleets.batches import grade_batches, pooled, prior_of
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
    return finish(measure_all(rows, listed, chosen), chosen, language=language, listed=listed)


def measure_all(
    rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile, names: list[str] | None = None,
    one: Callable[[str, pl.DataFrame, pl.DataFrame, Profile], Measured] = measure,
) -> list[Measured]:  # fmt: skip
    """First pass over normalised rows, areas in the order of their ids; listed areas without a reading come too.

    one : how one area is measured
    """
    parts = rows.filter(pl.col("area_id").is_not_null()).partition_by("area_id", as_dict=True)
    lists = listed.partition_by("area_id", as_dict=True)
    wanted = sorted(names if names is not None else {str(k[0]) for k in parts} | {str(k[0]) for k in lists})
    none, unknown = rows.clear(), listed.clear()
    out = []
    for name in wanted:
        part = parts.get((name,), none)
        area = one(name, part, lists.get((name,), unknown), profile)
        own = digest(part)
        area.digest = hashlib.sha256((area.digest + own).encode()).hexdigest() if area.digest else own
        out.append(area)
    return out


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


Concluded = tuple[list[tuple[Any, ...]], AreaReport]


def conclude_one(task: tuple[Measured, ErrorPrior, Profile, str]) -> Concluded:
    """Second pass over one area."""
    return conclude(*task)


def finish(
    measured: list[Measured], profile: Profile, *, language: str = "zh", listed: pl.DataFrame | None = None,
    engine: Callable[[list[Any]], list[Concluded]] | None = None,
) -> FleetResult:  # fmt: skip
    """Second pass, the grades of batches and the record of the run."""
    prior = learn_prior(measured, profile)
    own = pooled(measured, prior)
    tasks = [(area, prior_of(area, prior, own), profile, language) for area in measured]
    concluded = engine(tasks) if engine else [conclude_one(task) for task in tasks]
    rows = [row for part in concluded for row in part[0]]
    reports = [part[1] for part in concluded]
    table = pl.DataFrame(rows, schema=VERDICT_COLUMNS, orient="row")
    whole = hashlib.sha256("".join(f"{area.area_id}\x1f{area.digest}\x1e" for area in measured).encode())
    evidence = {
        "readings_sha256": whole.hexdigest(), "areas_sha256": digest(listed) if listed is not None else "",
        "verdicts_sha256": digest(table), "profile": profile.to_dict(), "prior": prior.to_dict(),
        "software": {"quanheng": __version__, "numpy": np.__version__, "scipy": scipy.__version__,
                     "python": platform.python_version()},
        "figures": {"areas": len(reports), "unfit": sum(report.fit == "unfit" for report in reports),
                    **{name: int(count) for name, count in sorted(table["verdict"].value_counts().iter_rows())}},
    }  # fmt: skip
    return FleetResult(table, reports, evidence, grade_batches(measured, prior, profile))


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a table's rows in any order, independent of chunks and of the file they came from."""
    hashes = frame.hash_rows(seed=20260105).sort().to_numpy()
    return hashlib.sha256(hashes.tobytes()).hexdigest()
