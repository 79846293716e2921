"""Readings that lie: each is refused or set aside with its reason, and the good areas are judged as if alone."""

from __future__ import annotations

import datetime as dt
import functools

import polars as pl
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.fleets import evaluate
from quanheng.telemetry.fleets.files import evaluate_files
from quanheng.telemetry.fleets.simulate import FleetPlan, SimulatedFleet, simulate


@functools.cache
def make_fleet() -> SimulatedFleet:
    return simulate(FleetPlan(areas=2, days=30, seed=21, meters=(30, 40)))


@functools.cache
def make_plain():
    fleet = make_fleet()
    return evaluate(fleet.readings, fleet.areas, limit=0.02)


def judge(rows: pl.DataFrame, areas: pl.DataFrame | None = None):
    return evaluate(rows, make_fleet().areas if areas is None else areas, limit=0.02)


def causes(result) -> list[str]:
    return [area.cause for area in result.areas]


def verdicts_of(result, area: str) -> list:
    return result.verdicts.filter(area_id=area).rows()


def in_first(name: str = "A00000"):
    return pl.col("area_id") == name


def test_the_untouched_fleet_is_fit():
    assert causes(make_plain()) == ["ok", "ok"]


def test_two_masters_at_once_are_refused_and_the_other_area_is_judged_alike():
    rows = make_fleet().readings
    second = rows.filter(in_first() & (pl.col("role") == "master")).with_columns(pl.lit("M2").alias("meter_id"))
    result = judge(pl.concat([rows, second]))
    assert causes(result) == ["two_masters", "ok"]
    plain = verdicts_of(make_plain(), "A00001")  # its prior was learned from two areas instead of one
    assert [row[2] for row in verdicts_of(result, "A00001")] == pytest.approx([row[2] for row in plain], abs=1e-3)
    assert {row[6] for row in verdicts_of(result, "A00000")} == {"undeterminable"}


@pytest.mark.parametrize("value", [1e9, -5.0, float("nan"), float("inf"), None])
def test_an_impossible_value_counts_as_not_read(value):
    rows = make_fleet().readings
    meter = rows.filter(in_first() & (pl.col("role") == "sub"))["meter_id"][0]
    at = rows["ts"].unique().sort()[100]
    bad = rows.with_columns(
        pl.when((pl.col("meter_id") == meter) & (pl.col("ts") == at)).then(value).otherwise(pl.col("kwh")).alias("kwh")
    )
    result = judge(bad)
    assert causes(result) == ["ok", "ok"]
    assert result.areas[0].rows_used == make_plain().areas[0].rows_used - 1


def test_a_repeated_batch_changes_nothing():
    rows = make_fleet().readings
    assert judge(pl.concat([rows, rows.head(5000)])).verdicts.equals(make_plain().verdicts)


def test_contradicting_duplicates_are_both_set_aside():
    rows = make_fleet().readings
    twice = rows.filter(in_first() & (pl.col("role") == "sub")).head(3).with_columns(pl.col("kwh") + 1)
    result = judge(pl.concat([rows, twice]))
    assert result.areas[0].rows_used == make_plain().areas[0].rows_used - 3
    assert any("contradictions" in finding for finding in result.areas[0].findings)


def test_rows_a_year_off_and_off_the_grid_are_left_out():
    rows = make_fleet().readings
    stray = rows.filter(in_first()).head(20).with_columns(pl.col("ts") + dt.timedelta(days=366))
    odd = rows.filter(in_first()).head(20).with_columns(pl.col("ts") + dt.timedelta(minutes=7))
    assert judge(pl.concat([rows, stray, odd])).verdicts.equals(make_plain().verdicts)


def test_another_time_zone_or_none_is_the_same_instant():
    rows = make_fleet().readings
    shanghai = rows.with_columns(pl.col("ts").dt.convert_time_zone("Asia/Shanghai"))
    naive = rows.with_columns(pl.col("ts").dt.replace_time_zone(None))
    text = rows.with_columns(pl.col("ts").dt.to_string("iso:strict"))
    for changed in (shanghai, naive, text):
        assert judge(changed).verdicts.equals(make_plain().verdicts)


def test_an_unknown_role_is_not_guessed():
    rows = make_fleet().readings.with_columns(
        pl.when(in_first() & (pl.col("role") == "master"))
        .then(pl.lit("Zähler"))
        .otherwise(pl.col("role"))
        .alias("role")
    )
    assert causes(judge(rows)) == ["no_master", "ok"]


def test_unknown_feeders_and_an_empty_list_are_no_reason_to_fail():
    bare = make_fleet().areas.select("area_id", "meter_id", "role")
    assert "ok" in causes(judge(make_fleet().readings, bare))
    assert len(judge(make_fleet().readings, bare.clear()).areas) == 2


def test_a_listed_meter_without_readings_gets_a_reason():
    extra = pl.DataFrame({"area_id": ["A00000"], "meter_id": ["ghost"], "role": ["sub"]})
    areas = pl.concat([make_fleet().areas, extra], how="diagonal")
    result = evaluate(make_fleet().readings, areas, limit=0.02, language="en")
    row = result.verdicts.filter(meter_id="ghost").row(0, named=True)
    assert (row["verdict"], row["reason"]) == ("undeterminable", "no usable reading")


def test_daily_readings_give_no_suspects():
    fleet = make_fleet()
    daily = fleet.readings.group_by("area_id", "meter_id", "role", pl.col("ts").dt.truncate("1d")).agg(
        pl.col("kwh").sum(), pl.col("kwh_export").sum()
    )
    result = evaluate(daily, fleet.areas, limit=0.02)
    assert set(result.verdicts["verdict"]) == {"undeterminable"}


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="lack kwh"):
        judge(make_fleet().readings.drop("kwh"))


def test_a_file_cut_short_is_refused_and_nothing_is_written(tmp_path):
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    make_fleet().readings.write_parquet(whole)
    make_fleet().areas.write_csv(tmp_path / "areas.csv")
    cut.write_bytes(whole.read_bytes()[:-5000])
    with pytest.raises(InputError) as refusal:
        evaluate_files(cut, tmp_path / "areas.csv", tmp_path / "v.csv")
    assert refusal.value.code == "unreadable"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["areas.csv", "cut.parquet", "whole.parquet"]


def test_csv_and_parquet_give_the_same_verdicts(tmp_path):
    make_fleet().readings.write_csv(tmp_path / "r.csv")
    make_fleet().readings.write_parquet(tmp_path / "r.parquet")
    make_fleet().areas.write_csv(tmp_path / "areas.csv")
    one = evaluate_files(tmp_path / "r.csv", tmp_path / "areas.csv", tmp_path / "a.csv", limit=0.02)
    other = evaluate_files(tmp_path / "r.parquet", tmp_path / "areas.csv", tmp_path / "b.parquet", limit=0.02)
    assert one.verdicts.equals(other.verdicts)
    assert one.evidence["verdicts_sha256"] == make_plain().evidence["verdicts_sha256"]
    assert (tmp_path / "a.areas.json").exists()


def test_a_csv_with_garbage_lines_loses_only_those(tmp_path):
    path = tmp_path / "r.csv"
    make_fleet().readings.write_csv(path)
    with path.open("a") as stream:
        stream.write("A00000,x,sub,not a time,abc,0\nA00000,y,sub,2026-01-05T00:00:00Z,seven,\n")
    make_fleet().areas.write_csv(tmp_path / "areas.csv")
    result = evaluate_files(path, tmp_path / "areas.csv", tmp_path / "v.parquet", limit=0.02)
    assert causes(result) == ["ok", "ok"]
