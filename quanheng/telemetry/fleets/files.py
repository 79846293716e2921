"""Evaluation from files to files: verdicts, the report of areas beside them, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from quanheng.errors import InputError
from quanheng.telemetry.engines.choose import choose
from quanheng.telemetry.engines.job import Engine
from quanheng.telemetry.engines.local import chunks
from quanheng.telemetry.fleets.evaluate import finish, measure_all
from quanheng.telemetry.fleets.profiles import load_profile
from quanheng.telemetry.fleets.readings import read_areas
from quanheng.telemetry.fleets.result import FleetResult
from quanheng.telemetry.fleets.state import Keeper


def evaluate_files(
    readings: Path, areas: Path, out: Path, *,
    engine: str | Engine = "local", profile: str = "electricity-area", rule: str = "", limit: float | None = None,
    language: str = "zh", workers: int | None = None, state: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> FleetResult:  # fmt: skip
    """Judge a file of readings; writes OUT (.parquet or .csv) and OUT with suffix .areas.json.

    engine : where the work is done, by name or made by ``engines.choose``; the verdicts do not depend on it
    state : folder of kept sums; areas that have some are continued with the readings after their end, the others
        begin there (local engine, one process)
    say : takes a line of progress

    Raises
    ------
    InputError
        A damaged state, or one with another engine; a file that is not whole Parquet or CSV, lacks a column, or cannot
        be written. Nothing is written then.
    """
    if out.suffix not in (".parquet", ".csv"):
        raise InputError("usage", f"--out {out} must end in .parquet or .csv", "--out")
    if not out.parent.is_dir():
        raise InputError("usage", f"the folder of --out does not exist: {out.parent}", "--out")
    chosen = load_profile(profile, rule=rule, limit=limit)
    listed = read_areas(areas)
    keeper = Keeper(state) if state else None
    runner = choose(engine, workers=workers) if isinstance(engine, str) else engine
    if keeper and runner.name != "local":
        raise InputError("usage", "--state belongs to --engine local", "--state")
    runner.attach(out, say)
    with runner:
        measured = (
            [area for rows, part, names in chunks(readings, listed)
             for area in measure_all(rows, part, chosen, names, keeper.measure)]
            if keeper else runner.measure(readings, listed, chosen)
        )  # fmt: skip
        measured.sort(key=lambda area: area.area_id)
        result = finish(measured, chosen, language=language, listed=listed, engine=runner.conclude)
        save(result, out)
        if keeper:
            keeper.save(measured)
        runner.settle()
    return result


def save(result: FleetResult, out: Path) -> None:
    """Both files appear whole or not at all."""
    part, report = out.with_name(out.name + ".part"), out.with_suffix(".areas.json")
    report_part = report.with_name(report.name + ".part")
    try:
        if out.suffix == ".csv":
            result.verdicts.write_csv(part)
        else:
            result.verdicts.write_parquet(part, compression="zstd")
        report_part.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=1, allow_nan=False), "utf-8")
        report_part.replace(report)
        part.replace(out)
    except OSError as error:
        raise InputError("unwritable", f"cannot write: {error.strerror}", str(out)) from error
    finally:
        part.unlink(missing_ok=True)
        report_part.unlink(missing_ok=True)
