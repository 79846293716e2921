"""Small tables of readings."""

from __future__ import annotations

import datetime as dt

import polars as pl

START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
RECORDED = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def make_readings(meters: int = 3, hours: int = 30, *, kwh: float = 1.0, area: str = "A1") -> pl.DataFrame:
    """Hourly readings of some meters below one master."""
    ts = [START + dt.timedelta(hours=h) for h in range(hours)]
    names = [("M", "master")] + [(f"m{i}", "sub") for i in range(meters)]
    rows = [(area, name, role, t, kwh) for name, role in names for t in ts]
    return pl.DataFrame(
        rows,
        schema={
            "area_id": pl.String(),
            "meter_id": pl.String(),
            "role": pl.String(),
            "ts": pl.Datetime("us", "UTC"),
            "kwh": pl.Float64(),
        },
        orient="row",
    )


def make_pushed(
    value: float, *, hour: int = 0, batch: str = "", recorded_at: dt.datetime = RECORDED, meter: str = "m0"
) -> pl.DataFrame:
    """One reading as a push brings it."""
    row = make_readings(1, 1).filter(pl.col("role") == "sub")
    return row.with_columns(
        pl.lit(meter).alias("meter_id"),
        pl.lit(value).alias("kwh"),
        (pl.col("ts") + pl.duration(hours=hour)).alias("ts"),
        pl.lit("990101").alias("region"),
        pl.lit("push").alias("source"),
        pl.lit(batch).alias("batch"),
        pl.lit(recorded_at).dt.cast_time_unit("us").alias("recorded_at"),
    )
