"""Small areas are judged; evidence, not the lack of it, makes an area unfit."""

from __future__ import annotations

import functools

import polars as pl
import pytest

from quanheng.metrology.energy_balance.criticism import Criticism
from quanheng.telemetry.fleets import evaluate
from quanheng.telemetry.fleets.diagnose import diagnose
from quanheng.telemetry.fleets.score import score
from quanheng.telemetry.fleets.simulate import FleetPlan, simulate
from tests.telemetry.fleets.crossing import make_crossing

SOUND = Criticism(
    sigma=0.001, lag1=0.0, lag_day=0.0, skew=0.0, kurtosis=0.0, clock=1.0, clock_most=5.0, slope=0.5, change=1.0,
    change_most=5.0, step=0.01, day_contrast=3.0, quiet=0.0009, dip_by_day=0.1, blocks=1.0, independent=5.0, clock_independent=15.0,
)  # fmt: skip


def causes(*, rows: int = 1080, meters: int = 20, wrong: int = 0, **figures: float) -> list[str]:
    changed = Criticism(**(vars(SOUND) | figures))
    found = diagnose(changed, filled=0.0, located=False, rows=rows, meters=meters, limit=0.02, wrong=wrong)
    return [item["cause"] for item in found]


@functools.cache
def judge(maker: str):
    if maker == "pulses":
        fleet = simulate(FleetPlan(areas=8, days=45, seed=71, meters=(15, 25)))
    else:
        fleet = make_crossing(72, areas=8, days=45, meters=(15, 25))
    return fleet, evaluate(fleet.readings, fleet.areas, limit=0.02)


@pytest.mark.parametrize("maker", ["pulses", "chains"])
def test_small_areas_are_judged_with_intervals_that_hold(maker):
    fleet, result = judge(maker)
    assert [area.fit for area in result.areas].count("ok") >= 7
    table = result.verdicts.join(fleet.truth.rename({"error": "true"}), on=["area_id", "meter_id"])
    table = table.filter(pl.col("u").is_not_null())
    inside = ((table["error"] - table["true"]).abs() <= 1.96 * table["u"]).mean()
    assert inside >= 0.93
    assert score(result.verdicts, fleet.truth)["overall"]["check"]["false"] == 0


def test_a_sound_area_is_fit():
    assert causes() == []


def test_three_wrong_meters_of_twenty_are_no_evidence_against_the_model_and_twelve_are():
    assert causes(wrong=3) == []
    assert causes(wrong=12) == ["model_misfit"]


def test_scores_that_go_together_need_more_to_be_evidence():
    assert causes(change=4.5, independent=3.0) == []
    assert causes(change=4.5, independent=40.0) == ["non_stationary"]


def test_errors_that_move_by_a_tenth_of_the_limit_widen_intervals_and_accuse_no_area():
    assert causes(change=30.0, independent=5.0, step=0.002) == []
    assert causes(change=30.0, independent=5.0, step=0.02) == ["non_stationary"]


def test_the_fewer_rows_the_more_memory_chance_may_leave():
    assert causes(lag1=0.25, rows=150) == []
    assert causes(lag1=0.25, rows=2000) == ["model_misfit"]
