"""Sums that are kept: days are added to them from the command line, and old readings are not needed again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.telemetry.fleets.simulate import FleetPlan, simulate
from quanheng.telemetry.fleets.state import load, state_path

BEGIN, DAYS = 21, 3


@pytest.fixture(scope="module", params=["area", "location", "location, feeders not on file"])
def fleet(request):
    loss, _comma, unknown = request.param.partition(", ")
    made = simulate(FleetPlan(areas=1, days=BEGIN + DAYS, seed=8, meters=(30, 32), loss=loss, substeps=1))
    if not unknown:
        return made
    return replace(made, areas=made.areas.with_columns(pl.lit("").alias("feeder"), pl.lit("").alias("phase")))


def day(rows: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    return rows.filter(pl.col("ts") >= start + dt.timedelta(days=first), pl.col("ts") < start + dt.timedelta(days=last))


class Desk:
    """A folder with a list of meters, from which readings are judged into one folder of sums."""

    def __init__(self, folder, fleet) -> None:
        self.folder, self.state = folder, folder / "state"
        fleet.areas.write_csv(folder / "areas.csv")

    def judge(self, rows: pl.DataFrame, *, state: bool = True) -> pl.DataFrame:
        rows.write_parquet(self.folder / "r.parquet")
        out = self.folder / "v.parquet"
        more = ["--state", str(self.state)] if state else []
        words = ["fleet", "evaluate", str(self.folder / "r.parquet"), "--areas", str(self.folder / "areas.csv")]
        assert main([*words, "--limit", "0.02", "--out", str(out), *more]) == 0
        return pl.read_parquet(out)


def desk(tmp_path, fleet, name: str) -> Desk:
    (tmp_path / name).mkdir()
    return Desk(tmp_path / name, fleet)


def test_days_added_one_by_one_give_the_digits_of_all_at_once(tmp_path, fleet):
    slow, fast = desk(tmp_path, fleet, "slow"), desk(tmp_path, fleet, "fast")
    begun = [each.judge(day(fleet.readings, 0, BEGIN)) for each in (slow, fast)]
    for k in range(BEGIN, BEGIN + DAYS):
        one_by_one = slow.judge(day(fleet.readings, k, k + 1))
    at_once = fast.judge(day(fleet.readings, BEGIN, BEGIN + DAYS))
    assert one_by_one.equals(at_once)
    assert not at_once.equals(begun[0])


def test_the_sums_tell_what_all_readings_tell(tmp_path, fleet):
    """σ and the structure of the losses stay those of the first run; that may move an error by a part of its u, and by
    more where nobody knows who shares a line.
    """
    one = desk(tmp_path, fleet, "one")
    one.judge(day(fleet.readings, 0, BEGIN))
    kept = one.judge(day(fleet.readings, BEGIN, BEGIN + DAYS)).drop_nulls("u")
    whole = desk(tmp_path, fleet, "two").judge(fleet.readings, state=False).drop_nulls("u")
    both = kept.join(whole, on=["area_id", "meter_id"], suffix="_whole")
    assert both.height == kept.height
    assert ((both["error"] - both["error_whole"]).abs() / both["u_whole"]).max() < (
        2.0 if (fleet.areas["feeder"] == "").all() else 1.0
    )
    assert ((both["error"] - both["error_whole"]).abs() / both["u_whole"]).median() < 0.15


def test_a_day_sent_twice_counts_once(tmp_path, fleet):
    one = desk(tmp_path, fleet, "one")
    one.judge(day(fleet.readings, 0, BEGIN))
    first = one.judge(day(fleet.readings, BEGIN, BEGIN + 1))
    rows_used = load(one.state, "A00000").rows_used
    assert one.judge(day(fleet.readings, BEGIN, BEGIN + 1)).equals(first)
    assert load(one.state, "A00000").rows_used == rows_used == 24 * (BEGIN + 1)


def test_a_strange_day_and_other_meters_are_not_added_and_said(tmp_path, fleet):
    one = desk(tmp_path, fleet, "one")
    begun = one.judge(day(fleet.readings, 0, BEGIN))
    broken = day(fleet.readings, BEGIN, BEGIN + 1).with_columns(
        pl.when(pl.col("role") == "master").then(pl.col("kwh") * 1.1).otherwise(pl.col("kwh")).alias("kwh")
    )
    assert one.judge(broken).equals(begun)
    assert "not in the sums" in (one.folder / "v.areas.json").read_text("utf-8")
    stranger = day(fleet.readings, BEGIN + 1, BEGIN + 2).with_columns(
        pl.col("meter_id").str.replace("-003", "-NEW", literal=True)
    )
    assert one.judge(stranger).equals(begun)
    assert "another epoch" in (one.folder / "v.areas.json").read_text("utf-8")


def test_damage_is_told_and_nothing_is_written(tmp_path, fleet):
    one = desk(tmp_path, fleet, "one")
    one.judge(day(fleet.readings, 0, BEGIN))
    path = state_path(one.state, "A00000")
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match="no kept sums"):
        load(one.state, "A00000")
    before = (one.folder / "v.parquet").read_bytes()
    words = ["fleet", "evaluate", str(one.folder / "r.parquet"), "--areas", str(one.folder / "areas.csv")]
    assert main([*words, "--out", str(one.folder / "v.parquet"), "--state", str(one.state)]) == 2
    assert (one.folder / "v.parquet").read_bytes() == before
