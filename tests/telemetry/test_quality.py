"""Quality of readings: every fault by its name, and no fault where there is none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from quanheng.telemetry.quality import SCHEMA, completeness, daily_balance, quality

START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
HOURS = 24 * 40


def make_area(
    meters: int = 12, *, seed: int = 3, late: dict[int, float] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Homes with daily shapes and noise below a master with 2 % loss; some clocks late by a share of the hour."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS + 1)
    shape = 1 + 0.6 * np.sin((hour[:, None] % 24) / 24 * 2 * np.pi + rng.uniform(0, 6, meters))
    loads = shape * rng.gamma(2.0, 0.25, (HOURS + 1, meters))
    booked = loads.copy()
    for meter, share in (late or {}).items():
        booked[1:, meter] = (1 - share) * loads[1:, meter] + share * loads[:-1, meter]
    total = loads.sum(axis=1) * 1.02 * (1 + rng.normal(0, 0.0005, HOURS + 1))
    ts = [START + dt.timedelta(hours=int(h)) for h in hour[1:]]
    tables = [_table("M", "master", ts, total[1:])] + [_table(f"m{n}", "sub", ts, booked[1:, n]) for n in range(meters)]
    rows = pl.concat(tables)
    listed = (
        rows.select("area_id", "meter_id", "role").unique().with_columns(pl.lit(None, pl.Float64).alias("ct_ratio"))
    )
    return rows, listed


def _table(meter: str, role: str, ts: list[dt.datetime], energy: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"ts": ts, "kwh": energy}).with_columns(
        pl.col("ts").cast(pl.Datetime("us", "UTC")), pl.lit("A").alias("area_id"), pl.lit(meter).alias("meter_id"),
        pl.lit(role).alias("role"), pl.lit(3600, pl.Int32).alias("seconds"),
        pl.lit(None, pl.Float64).alias("kwh_export"), pl.lit("s").alias("source"),
    )  # fmt: skip


def change(rows: pl.DataFrame, meter: str, kwh: pl.Expr, **more: pl.Expr) -> pl.DataFrame:
    here = pl.col("meter_id") == meter
    changed = {"kwh": kwh, **more}
    return rows.with_columns(pl.when(here).then(e).otherwise(n).alias(n) for n, e in changed.items())


def flags(rows: pl.DataFrame, listed: pl.DataFrame) -> dict[str, str]:
    return dict(quality(rows, listed).filter(pl.col("flags") != "").select("meter_id", "flags").rows())


def test_a_clean_area_has_no_flag_and_full_acquisition():
    table = quality(*make_area())
    assert dict(table.schema) == SCHEMA
    assert table["flags"].unique().to_list() == [""]
    assert table["acquisition"].unique().to_list() == [1.0]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_late_clock_is_found_with_its_minutes_and_no_other_meter_is_named(share):
    rows, listed = make_area(late={4: share})
    table = quality(rows, listed)
    found = dict(table.filter(pl.col("lag_min").is_not_null()).select("meter_id", "lag_min").rows())
    assert set(found) == {"m4"}
    assert 0.5 * 60 * share < found["m4"] <= 60


def test_several_clocks_are_told_apart():
    rows, listed = make_area(late={1: 0.5, 7: 0.4})
    assert set(flags(rows, listed)) == {"m1", "m7"}


def test_a_meter_that_was_never_read_is_told():
    rows, listed = make_area()
    assert flags(rows.filter(pl.col("meter_id") != "m3"), listed) == {"m3": "not_read"}


def test_a_meter_that_stands_still_runs_away_or_is_filled_in_is_told():
    rows, listed = make_area()
    week = (pl.col("ts") > START + dt.timedelta(days=10)) & (pl.col("ts") < START + dt.timedelta(days=18))
    rows = change(rows, "m1", pl.when(week).then(0.0).otherwise("kwh"))
    rows = change(rows, "m2", pl.when(pl.col("ts") == START + dt.timedelta(hours=5)).then(5000.0).otherwise("kwh"))
    rows = change(rows, "m3", pl.when(week).then(0.5).otherwise("kwh"))
    found = flags(rows, listed)
    assert "stopped" in found["m1"]
    assert "runaway" in found["m2"]
    assert "flat" in found["m3"]


def test_a_meter_that_runs_in_reverse_is_told():
    rows, listed = make_area()
    rows = change(rows, "m1", pl.lit(0.1), kwh_export=pl.lit(0.4))
    assert "reverse" in flags(rows, listed)["m1"]


def test_a_coarse_register_is_told_with_its_step():
    rows, listed = make_area()
    rows = change(rows, "m1", (pl.col("kwh") / 0.8).round() * 0.8)
    table = quality(rows, listed).filter(pl.col("meter_id") == "m1")
    assert "coarse" in table["flags"][0]
    assert table["resolution"][0] == pytest.approx(0.8)


def test_gaps_are_counted_with_the_longest():
    rows, listed = make_area()
    day = (pl.col("ts") >= START + dt.timedelta(days=3)) & (pl.col("ts") < START + dt.timedelta(days=4))
    table = quality(rows.filter(~((pl.col("meter_id") == "m1") & day)), listed).filter(pl.col("meter_id") == "m1")
    assert (table["gaps"][0], table["longest_gap_h"][0]) == (1, 24.0)
    assert table["acquisition"][0] == pytest.approx(1 - 24 / HOURS)


def test_completeness_is_the_product_of_the_meters_rates():
    table = pl.DataFrame(
        {
            "area_id": ["A"] * 180,
            "present": [99] * 180,
            "expected": [100] * 180,
            "acquisition": [0.99] * 180,
            "flags": [""] * 180,
        }
    )
    assert completeness(table)["complete_rows"][0] == pytest.approx(0.99**180)  # 16 %


def test_the_daily_balance_counts_only_complete_intervals():
    rows, _listed = make_area(meters=3)
    rows = rows.filter(~((pl.col("meter_id") == "m0") & (pl.col("ts") == START + dt.timedelta(hours=5))))
    verdicts = pl.DataFrame({"meter_id": ["m0", "m1"], "error": [0.0, 0.1]})
    first = daily_balance(rows, verdicts)[0]
    assert first["day"] == "2026-05-01"
    assert first["complete"] == pytest.approx(22 / 23, abs=1e-4)
    assert first["corrected"] < first["sub"] < first["master"]
