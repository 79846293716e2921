"""A fleet is judged: who is accused, who is not, and what is said where nothing can be said."""

from __future__ import annotations

import functools

import polars as pl

from quanheng.telemetry.fleets import VERDICTS, FleetResult, evaluate
from quanheng.telemetry.fleets.result import VERDICT_COLUMNS
from quanheng.telemetry.fleets.score import score
from quanheng.telemetry.fleets.simulate import FleetPlan, SimulatedFleet, simulate


@functools.cache
def make_fleet(**changes) -> SimulatedFleet:
    return simulate(FleetPlan(**({"areas": 3, "days": 60, "seed": 11, "meters": (50, 70)} | changes)))


@functools.cache
def judge(**changes) -> FleetResult:
    fleet = make_fleet(**changes)
    return evaluate(fleet.readings, fleet.areas, limit=0.02)


def test_every_listed_meter_gets_one_verdict_with_its_figures():
    fleet, result = make_fleet(), judge()
    subs = fleet.areas.filter(role="sub")
    assert dict(result.verdicts.schema) == VERDICT_COLUMNS
    assert sorted(result.verdicts["meter_id"]) == sorted(subs["meter_id"])
    assert set(result.verdicts["verdict"]) <= set(VERDICTS)
    assert result.verdicts["p_exceed"].is_between(0, 1).all()
    assert [area.fit for area in result.areas] == ["ok"] * 3


def test_wrong_meters_are_found_and_right_ones_are_left_alone():
    figures = score(judge().verdicts, make_fleet().truth)["overall"]
    assert figures["wrong"] >= 3
    assert figures["p>0.5"]["recall"] >= 0.5
    assert figures["check"]["false"] == 0
    assert figures["pass"]["wrong"] == 0


def test_the_order_of_the_rows_changes_nothing():
    fleet = make_fleet()
    again = evaluate(fleet.readings.sample(fraction=1.0, shuffle=True, seed=3), fleet.areas, limit=0.02)
    assert again.verdicts.equals(judge().verdicts)


def test_an_area_without_a_master_is_refused_and_the_others_go_on():
    fleet = make_fleet()
    rows = fleet.readings.filter(~((pl.col("area_id") == "A00001") & (pl.col("role") == "master")))
    result = evaluate(rows, fleet.areas, limit=0.02)
    assert [(area.fit, area.cause) for area in result.areas] == [("ok", "ok"), ("unfit", "no_master"), ("ok", "ok")]
    assert set(result.verdicts.filter(area_id="A00001")["verdict"]) == {"undeterminable"}
