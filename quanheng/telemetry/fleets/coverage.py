"""The coverage report: before any fit, which meters an area's readings can determine, and what would be needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from quanheng.metrology.energy_balance.identifiability import foretell
from quanheng.telemetry.fleets.arrange import Unfit, arrange
from quanheng.telemetry.fleets.causes import cause_text
from quanheng.telemetry.fleets.measure import COARSEST, make_balance
from quanheng.telemetry.fleets.profiles import Profile, load_profile
from quanheng.telemetry.fleets.readings import normalise, normalise_areas

COLUMNS = {
    "area_id": pl.String, "meters": pl.Int64, "interval_minutes": pl.Float64, "rows": pl.Int64,
    "acquisition": pl.Float64, "complete_expected": pl.Float64, "determinable": pl.Int64, "covered": pl.Float64,
    "days_needed": pl.Float64, "answer": pl.String, "reason": pl.String,
}  # fmt: skip


def coverage(
    readings: pl.DataFrame, areas: pl.DataFrame, *, profile: str | Profile = "electricity-area",
    limit: float | None = None, language: str = "zh",
) -> pl.DataFrame:  # fmt: skip
    """One row per area (COLUMNS); `answer` is yes (80 % of the meters can be determined), partly, or no."""
    chosen = profile if isinstance(profile, Profile) else load_profile(profile, limit=limit)
    rows, listed = normalise(readings.lazy()).collect(), normalise_areas(areas)
    parts = rows.filter(pl.col("area_id").is_not_null()).partition_by("area_id", as_dict=True)
    lists = listed.partition_by("area_id", as_dict=True)
    names = sorted({str(key[0]) for key in parts} | {str(key[0]) for key in lists})
    none, unknown = rows.clear(), listed.clear()
    found = [_area(name, parts.get((name,), none), lists.get((name,), unknown), chosen, language) for name in names]
    return pl.DataFrame(found, schema=COLUMNS, orient="row")


def _area(name: str, rows: pl.DataFrame, listed: pl.DataFrame, profile: Profile, language: str) -> tuple[Any, ...]:
    zh = language == "zh"
    try:
        data = arrange(name, rows, listed, profile)
        complete = int(data.complete.sum())
        if complete < 3:
            raise Unfit("too_few_rows")
        told = foretell(make_balance(data).net_each(), complete, limit=profile.limit, acquisition=data.acquisition)
    except (Unfit, ValueError) as error:
        cause = error.cause if isinstance(error, Unfit) else "too_few_rows"
        return (name, listed.height, None, 0, None, None, 0, 0.0, None, "no", cause_text(cause, language))
    covered = told.covered
    days = told.rows_needed * data.step / 86_400
    answer = "yes" if covered >= 0.8 else "partly" if covered >= 0.2 else "no"
    share = float(np.median(told.share))
    reason = (
        f"可判定 {covered:.0%} 的电能表;中位用电份额 {share:.2%},需约 {days:.0f} 天"
        if zh
        else f"{covered:.0%} of the meters can be told; median share {share:.2%} needs about {days:.0f} days"
    )
    if data.step > COARSEST:
        answer = "no"
        minutes = data.step / 60
        reason = (
            f"每 {minutes:.0f} 分钟一个读数,损耗与用电无法分开,请改采小时或更细的曲线;{reason}"
            if zh
            else f"a reading every {minutes:.0f} min cannot part losses from use; read hourly or finer; {reason}"
        )
    return (name, len(data.meters), data.step / 60, complete, round(data.acquisition, 6),
            round(told.complete_expected, 6), int(told.determinable.sum()), round(covered, 6), round(days, 2),
            answer, reason)  # fmt: skip
