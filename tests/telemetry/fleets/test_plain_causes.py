"""Missing, shifted and dead readings are named as what they are, before anybody is suspected."""

from __future__ import annotations

import datetime as dt
import functools

import polars as pl
import pytest

from quanheng.telemetry.fleets import evaluate
from quanheng.telemetry.fleets.causes import CAUSES, FINDINGS, finding_text
from quanheng.telemetry.fleets.result import AreaReport
from quanheng.telemetry.fleets.simulate import FleetPlan, simulate


@functools.cache
def sound():
    return simulate(FleetPlan(areas=1, days=30, seed=1, meters=(30, 30)))


@functools.cache
def by_size() -> list[str]:
    use = sound().readings.filter(role="sub").group_by("meter_id").agg(pl.col("kwh").sum())
    return use.sort("kwh", descending=True)["meter_id"].to_list()


def judge(readings: pl.DataFrame) -> AreaReport:
    return evaluate(readings, sound().areas, language="en").areas[0]


def later(hours: int, which: pl.Expr) -> pl.DataFrame:
    moved = pl.when(which).then(pl.col("ts") + pl.duration(hours=hours)).otherwise(pl.col("ts"))
    return sound().readings.with_columns(moved.alias("ts"))


def test_the_area_is_sound_before_anything_is_done_to_it():
    assert judge(sound().readings).fit == "ok"


@pytest.mark.parametrize("place", [0, 3, 15])
def test_a_listed_meter_without_readings_is_the_cause_and_nobody_is_a_thief(place: int):
    report = judge(sound().readings.filter(~pl.col("meter_id").is_in([by_size()[place]])))
    assert (report.fit, report.cause) == ("unfit", "meters_not_read")
    assert report.acquisition == pytest.approx(29 / 30, abs=1e-6), "who was never read counts in the rate"


@pytest.mark.parametrize("hours", [1, 8, -8])
def test_sub_meters_in_another_time_zone_are_told_with_the_hours(hours: int):
    report = judge(later(hours, pl.col("role") == "sub"))
    assert report.cause == "clock_skew"
    assert f"{hours:+d} h" in report.findings[-1]


def test_a_time_zone_that_changes_half_way_is_told_too():
    middle = sound().readings["ts"].min() + dt.timedelta(days=15)
    assert judge(later(8, (pl.col("role") == "sub") & (pl.col("ts") > middle))).cause == "clock_skew"


@pytest.mark.parametrize("hours", [1, 8, -8])
def test_one_meter_in_another_time_zone_is_not_taken_for_a_strangers(hours: int):
    name = by_size()[10]
    report = judge(later(hours, pl.col("meter_id").eq(name)))
    assert report.cause == "clock_skew"
    assert report.findings[-1].startswith(f"{name} stands {hours:+d} h")


def test_a_meter_that_stops_is_named_and_not_its_household():
    name = by_size()[2]
    middle = sound().readings["ts"].min() + dt.timedelta(days=15)
    dead = pl.col("meter_id").eq(name) & (pl.col("ts") > middle)
    report = judge(sound().readings.with_columns(kwh=pl.when(dead).then(0.0).otherwise(pl.col("kwh"))))
    assert report.cause == "stopped_meter"
    assert name in report.findings[-1]


@pytest.mark.parametrize("place", [2, 10])
def test_a_household_on_holiday_is_neither_a_thief_nor_its_meter_dead(place: int):
    """Its use falls on the master too."""
    name = by_size()[place]
    start = sound().readings["ts"].min() + dt.timedelta(days=10)
    away = (pl.col("ts") > start) & (pl.col("ts") < start + dt.timedelta(days=9))
    gone = sound().readings.filter(pl.col("meter_id").eq(name) & away).select("ts", gone="kwh")
    rows = sound().readings.join(gone, on="ts", how="left").with_columns(
        kwh=pl.when(pl.col("meter_id").eq(name) & away).then(0.0)
        .when(pl.col("role") == "master").then(pl.col("kwh") - pl.col("gone").fill_null(0.0))
        .otherwise(pl.col("kwh"))
    )  # fmt: skip
    assert judge(rows.drop("gone")).cause not in ("theft", "stopped_meter")


def test_what_was_seen_is_said_in_chinese_too():
    assert finding_text("A-1 stands +8 h against the balance: another time zone or a wrong clock?").startswith(
        "A-1 的读数"
    )
    assert finding_text("3 off grid", "en") == "3 off grid"
    assert finding_text("something new") == "something new"
    assert {"meters_not_read", "stopped_meter"} <= set(CAUSES)
    assert all(any("\u4e00" <= c <= "\u9fff" for c in words) for _pattern, words in FINDINGS)
