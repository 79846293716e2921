"""Moments as sources write them, in UTC; what the clock skipped or showed twice is found, not guessed."""

from __future__ import annotations

import polars as pl

from quanheng.telemetry.store.layout import MOMENT

_AWARE = ("%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z")
_NAIVE = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%dT%H:%M:%S",
    "%Y/%m/%dT%H:%M",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
)


def to_utc(rows: pl.DataFrame, timezone: str, time_format: str) -> pl.DataFrame:
    """Replace ``ts`` by UTC moments and put a reason into ``why`` where there is none.

    Local moments that came twice (the clock was put back) are told apart by the order of a meter's two readings.
    """
    kind = rows.schema["ts"]
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        moments = rows.with_columns(pl.col("ts").dt.convert_time_zone("UTC").cast(MOMENT))
        return moments.with_columns(_unreadable())
    if kind == pl.Date:
        rows = rows.with_columns(pl.col("ts").cast(pl.Datetime("us")))
    elif not isinstance(kind, pl.Datetime):
        rows = _parsed(rows.with_columns(pl.col("ts").cast(pl.String).alias("ts")), time_format)
    else:
        rows = rows.with_columns(pl.lit(None, MOMENT).alias("aware"), pl.col("ts").cast(pl.Datetime("us")))
    if "aware" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, MOMENT).alias("aware"))
    return _localised(
        rows.with_columns(_unreadable(pl.coalesce(pl.col("aware").dt.replace_time_zone(None), "ts"))), timezone
    )


def _unreadable(moment: pl.Expr | None = None) -> pl.Expr:
    found = pl.col("ts") if moment is None else moment
    return (
        pl.when(pl.col("why").is_null() & found.is_null()).then(pl.lit("unreadable_time")).otherwise("why").alias("why")
    )


def _parsed(rows: pl.DataFrame, time_format: str) -> pl.DataFrame:
    text = pl.col("ts").str.strip_chars()
    if time_format:
        naive = text.str.to_datetime(time_format, strict=False, time_unit="us")
        return rows.with_columns(naive.alias("ts"), pl.lit(None, MOMENT).alias("aware"))
    tidy = text.str.replace(r"^(\d{4}[-/]\d{1,2}[-/]\d{1,2}) +", "${1}T").str.replace(r"[zZ]$", "+00:00")
    tidy = tidy.str.replace(r"^(\d{4}[-/]\d{1,2}[-/]\d{1,2})$", "${1}T00:00")
    aware = [tidy.str.to_datetime(f, strict=False, time_unit="us", time_zone="UTC") for f in _AWARE]
    local = [tidy.str.to_datetime(f, strict=False, time_unit="us") for f in _NAIVE]
    return rows.with_columns(pl.coalesce(aware).alias("aware"), pl.coalesce(local).alias("ts"))


def _localised(rows: pl.DataFrame, timezone: str) -> pl.DataFrame:
    if timezone == "UTC":
        placed = pl.col("ts").dt.replace_time_zone("UTC")
        return rows.with_columns(pl.coalesce("aware", placed).alias("ts")).drop("aware")
    early, late = (
        pl.col("ts").dt.replace_time_zone(timezone, ambiguous=which, non_existent="null").dt.convert_time_zone("UTC")
        for which in ("earliest", "latest")
    )
    turn = pl.col("row").rank("ordinal").over("area_id", "meter_id", "ts")
    count = pl.len().over("area_id", "meter_id", "ts")
    rows = rows.with_columns(early.alias("early"), late.alias("late"))
    twice = pl.col("early") != pl.col("late")
    if rows.select((twice & pl.col("aware").is_null()).any()).item():
        rows = rows.with_columns(
            pl.when(~twice)
            .then("early")
            .when(count == 1)
            .then(None)
            .when(turn == 1)
            .then("early")
            .otherwise("late")
            .alias("placed"),
            pl.when(twice & (count == 1)).then(pl.lit("time_ambiguous")).otherwise(None).alias("lost"),
        )
    else:
        rows = rows.with_columns(pl.col("early").alias("placed"), pl.lit(None, pl.String).alias("lost"))
    skipped = pl.col("early").is_null() & pl.col("ts").is_not_null()
    lost = (
        pl.when(pl.col("aware").is_not_null())
        .then(None)
        .when(skipped)
        .then(pl.lit("time_nonexistent"))
        .otherwise("lost")
    )
    return rows.with_columns(
        pl.coalesce("why", lost).alias("why"), pl.coalesce("aware", "placed").cast(MOMENT).alias("ts")
    ).drop("aware", "early", "late", "placed", "lost")
