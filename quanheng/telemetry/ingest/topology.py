"""The list of areas and their meters (DESIGN §7), read as hostile, with what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from quanheng.errors import InputError

AREA_COLUMNS = (
    "area_id",
    "meter_id",
    "role",
    "feeder",
    "phase",
    "ct_ratio",
    "accuracy_class",
    "manufacturer",
    "batch",
    "installed_on",
)
REMOVED = "removed_on"  # a meter that was taken out may still have readings on their way
LARGEST = 512 * 1024 * 1024


def read_areas(path: Path) -> pl.DataFrame:
    """All columns of AREAS.csv as text (``region`` too if it stands there), except ct_ratio and installed_on."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError("too_large", "a list of areas is at most 512 MiB", str(path))
        table = pl.read_csv(path, infer_schema=False, encoding="utf8")
    except (OSError, pl.exceptions.PolarsError, ValueError) as error:
        raise InputError("unreadable", f"the list of areas cannot be read: {str(error)[:160]}", str(path)) from error
    return areas_checked(table, str(path))


def areas_checked(table: pl.DataFrame, place: str) -> pl.DataFrame:
    """The list with its types; a list without its key columns or with a meter twice in one area is refused."""
    missing = [name for name in ("area_id", "meter_id", "role") if name not in table.columns]
    if missing:
        raise InputError("columns", f"the list of areas lacks the columns {', '.join(missing)}", place)
    table = table.with_columns(pl.lit(None, pl.String).alias(n) for n in AREA_COLUMNS if n not in table.columns)
    kept = [*AREA_COLUMNS, *(n for n in ("region", REMOVED) if n in table.columns)]
    table = table.select(pl.col(n).cast(pl.String).str.strip_chars().replace("", None) for n in kept)
    wrong = table.filter(pl.col("role").is_in(["master", "sub"]).not_() | pl.col("role").is_null())
    if wrong.height:
        raise InputError("role", "a role is master or sub", f"{place}: {wrong['meter_id'][0]}")
    if table.filter(pl.col("area_id").is_null() | pl.col("meter_id").is_null()).height:
        raise InputError("columns", "every line needs area_id and meter_id", place)
    twice = table.filter(pl.struct("area_id", "meter_id").is_duplicated())
    if twice.height:
        raise InputError("duplicate", "a meter stands twice in one area", f"{place}: {twice['meter_id'][0]}")
    ratio = pl.col("ct_ratio").cast(pl.Float64, strict=False)
    bad = table.filter(pl.col("ct_ratio").is_not_null() & (ratio.is_null() | ~(ratio > 0) | ratio.is_infinite()))
    if bad.height:
        raise InputError("ct_ratio", "a ratio is a positive number", f"{place}: {bad['meter_id'][0]}")
    days = [n for n in ("installed_on", REMOVED) if n in table.columns]
    return table.with_columns(ratio.alias("ct_ratio"), *(pl.col(n).str.to_date("%Y-%m-%d", strict=False) for n in days))


def standing(areas: pl.DataFrame) -> pl.DataFrame:
    """Of the list, the meters that were not taken out."""
    return areas.filter(pl.col(REMOVED).is_null()) if REMOVED in areas.columns else areas


def place_of(areas: pl.DataFrame) -> pl.DataFrame:
    """The one area of each meter: where it stands now, else where it was taken out; none where that is not one."""
    now = standing(areas)
    gone = areas.join(now, on=["meter_id"], how="anti")
    each = [part.unique(subset=["meter_id"], keep="none").select("meter_id", "area_id") for part in (now, gone)]
    return pl.concat(each)


def master_problems(areas: pl.DataFrame) -> dict[str, str]:
    """Areas that cannot be balanced: ``no_master`` or ``two_masters``."""
    counted = (
        standing(areas).group_by("area_id").agg((pl.col("role") == "master").sum().alias("n")).filter(pl.col("n") != 1)
    )
    return {area: "no_master" if n == 0 else "two_masters" for area, n in counted.sort("area_id").iter_rows()}
