"""Cumulative registers: the energy between two readings is exact, however long the gap between them."""

from __future__ import annotations

import polars as pl

from quanheng.telemetry.ingest.mapping import Mapping


def differences(work: pl.DataFrame, mapping: Mapping, seconds: int) -> pl.DataFrame:
    """Interval energies that start at a reading and end at the next one of the same meter.

    ``seconds`` of a row that spans a gap is a multiple of the interval: its energy is right and its shape unknown, so
    it counts in totals and is left out of a balance by interval. A register that goes backwards is a roll-over where
    ``mapping.digits`` says how many digits it has and the step is small against them; else the later row goes aside
    and the comparison goes on from it, as after a change of meter. The last reading of a meter opens no interval.
    """
    bad = work.filter(pl.col("why").is_not_null())
    meter = ("area_id", "meter_id")
    good = work.filter(pl.col("why").is_null()).unique(
        subset=[*meter, "ts", "value"], keep="first", maintain_order=True
    )
    good = good.sort(*meter, "ts", "row")
    step = pl.col("value").shift(-1).over(*meter) - pl.col("value")
    sent = pl.col("export").shift(-1).over(*meter) - pl.col("export")
    length = (pl.col("ts").shift(-1).over(*meter) - pl.col("ts")).dt.total_seconds()
    nextrow = pl.col("row").shift(-1).over(*meter)
    good = good.with_columns(step.alias("step"), sent.alias("sent"), length.alias("seconds"), nextrow.alias("nextrow"))
    if mapping.digits:
        turn = 10.0**mapping.digits
        ratio = pl.col("ct_ratio").fill_null(1.0) if mapping.secondary else pl.lit(1.0)
        rolled = pl.col("step") + turn * ratio
        small = (pl.col("step") < 0) & (rolled >= 0) & (rolled < 0.01 * turn * ratio)
        good = good.with_columns(pl.when(small).then(rolled).otherwise("step").alias("step"))
    backwards = good.filter((pl.col("step") < 0) | (pl.col("sent") < 0)).select(pl.col("nextrow").alias("row"))
    fell = work.join(backwards, on="row", how="semi").with_columns(pl.lit("register_backwards").alias("why"))
    whole = good.filter(pl.col("seconds").is_not_null() & (pl.col("seconds") > 0) & (pl.col("seconds") < 2**31))
    kept = whole.filter((pl.col("step") >= 0) & (pl.col("sent").is_null() | (pl.col("sent") >= 0)))
    kept = kept.with_columns(
        pl.col("step").alias("value"), pl.col("sent").alias("export"), pl.col("seconds").cast(pl.Int32)
    )
    return pl.concat([kept.drop("step", "sent", "nextrow"), bad, fell], how="diagonal")
