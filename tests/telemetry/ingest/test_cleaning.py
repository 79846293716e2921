"""Every row that is not a reading goes aside with its reason; the good rows go on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.ingest import REASONS, Mapping, clean
from quanheng.telemetry.ingest.topology import areas_checked

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
LIST = areas_checked(
    pl.DataFrame(
        {
            "area_id": ["A", "A", "A", "B", "C", "C"],
            "meter_id": ["M", "m1", "m2", "b1", "M1", "M2"],
            "role": ["master", "sub", "sub", "sub", "master", "master"],
            "ct_ratio": ["80", "", "", "", "", ""],
            "installed_on": ["", "", "2026-05-02", "", "", ""],
        }
    ),
    "areas.csv",
)


def make_rows(*rows: tuple[Any, ...], names: tuple[str, ...] = ("area_id", "meter_id", "ts", "value")) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=list(names), orient="row").with_row_index("row", 2)


def judge(*rows: tuple[Any, ...], **more: Any) -> tuple[list[tuple[Any, ...]], dict[int, str]]:
    mapping = Mapping(**({"seconds": 3600} | more))
    done = clean(make_rows(*rows), mapping, LIST, now=NOW)
    good = done.good.sort("meter_id", "ts").select("meter_id", pl.col("ts").dt.strftime("%d %H:%M"), "kwh").rows()
    return good, dict(done.bad.rows())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("A", "m9", "2026-05-03 01:00", "1"), "unknown_meter"),
        (("Z", "m1", "2026-05-03 01:00", "1"), "unknown_area"),
        (("B", "b1", "2026-05-03 01:00", "1"), "no_master"),
        (("C", "M1", "2026-05-03 01:00", "1"), "two_masters"),
        (("A", "", "2026-05-03 01:00", "1"), "missing_id"),
        (("A", "m" * 65, "2026-05-03 01:00", "1"), "bad_id"),
        (("A", "m\x001", "2026-05-03 01:00", "1"), "bad_id"),
        (("A", "m1", "yesterday", "1"), "unreadable_time"),
        (("A", "m1", "2026-02-30 01:00", "1"), "unreadable_time"),
        (("A", "m1", "", "1"), "unreadable_time"),
        (("A", "m1", "2026-05-03 01:10", "1"), "off_grid"),
        (("A", "m1", "2027-05-03 01:00", "1"), "future"),
        (("A", "m1", "1999-05-03 01:00", "1"), "too_old"),
        (("A", "m2", "2026-05-01 01:00", "1"), "before_installation"),
        (("A", "m1", "2026-05-03 01:00", "one"), "unreadable_number"),
        (("A", "m1", "2026-05-03 01:00", "nan"), "unreadable_number"),
        (("A", "m1", "2026-05-03 01:00", "inf"), "unreadable_number"),
        (("A", "m1", "2026-05-03 01:00", ""), "missing_value"),
        (("A", "m1", "2026-05-03 01:00", "-0.1"), "negative"),
        (("A", "m1", "2026-05-03 01:00", "1000000000"), "too_large"),
    ],
)
def test_a_bad_row_goes_aside_with_its_reason_and_its_neighbour_goes_in(row, reason):
    good, bad = judge(("A", "M", "2026-05-03 01:00", "2.5"), row)
    assert good == [("M", "03 01:00", 2.5)]
    assert bad == {3: reason}
    assert reason in REASONS


def test_a_moment_a_few_seconds_beside_its_mark_is_put_on_it():
    assert judge(("A", "m1", "2026-05-03 01:00:20", "1"), ("A", "m1", "2026-05-03 01:59:50", "1")) == (
        [("m1", "03 01:00", 1.0), ("m1", "03 02:00", 1.0)],
        {},
    )


def test_of_equal_repeats_the_first_stays_and_of_contradictions_none():
    good, bad = judge(
        ("A", "m1", "2026-05-03 01:00", "1"),
        ("A", "m1", "2026-05-03 01:00", "1.0"),
        ("A", "m2", "2026-05-03 01:00", "1"),
        ("A", "m2", "2026-05-03 01:00", "2"),
    )
    assert good == [("m1", "03 01:00", 1.0)]
    assert bad == {3: "duplicate", 4: "conflict", 5: "conflict"}


def test_local_moments_become_utc():
    assert judge(("A", "m1", "2026/05/03 09:00", "1"), timezone="Asia/Shanghai")[0] == [("m1", "03 01:00", 1.0)]
    assert judge(("A", "m1", "2026-05-03T09:00:00+08:00", "1"))[0] == [("m1", "03 01:00", 1.0)]
    assert judge(("A", "m1", "2026-05-03T01:00:00Z", "1"), timezone="Asia/Shanghai")[0] == [("m1", "03 01:00", 1.0)]


def test_an_hour_that_the_clock_skipped_goes_aside():
    good, bad = judge(("A", "m1", "2026-03-29 02:30", "1"), timezone="Europe/Berlin", seconds=1800)
    assert (good, bad) == ([], {2: "time_nonexistent"})


def test_an_hour_that_came_twice_is_told_apart_by_the_order_of_the_two_readings():
    rows = [("A", "m1", f"2025-10-26 {h}", str(v)) for h, v in (("01:00", 1), ("02:00", 2), ("02:00", 3), ("03:00", 4))]
    good, bad = judge(*rows, ("A", "M", "2025-10-26 02:00", "9"), timezone="Europe/Berlin")
    assert good == [("m1", "25 23:00", 1.0), ("m1", "26 00:00", 2.0), ("m1", "26 01:00", 3.0), ("m1", "26 02:00", 4.0)]
    assert bad == {6: "time_ambiguous"}


def test_a_stamp_at_the_end_of_the_interval_is_moved_to_its_start():
    assert judge(("A", "m1", "2026-05-03 01:00", "1"), stamp="end")[0] == [("m1", "03 00:00", 1.0)]


def test_days_begin_at_local_midnight():
    good, bad = judge(("A", "m1", "2026-05-03", "24"), timezone="Asia/Shanghai", seconds=86400)
    assert (good, bad) == ([("m1", "02 16:00", 24.0)], {})


@pytest.mark.parametrize(("unit", "value"), [("Wh", 0.001), ("MWh", 1000.0), ("MJ", 1 / 3.6), ("GJ", 1000 / 3.6)])
def test_units_become_kilowatt_hours(unit, value):
    assert judge(("A", "m1", "2026-05-03 01:00", "1"), unit=unit)[0][0][2] == pytest.approx(value, rel=1e-12)


def test_a_unit_may_stand_in_each_row_and_an_unknown_one_puts_it_aside():
    rows = make_rows(
        ("A", "m1", "2026-05-03 01:00", "1", "Wh"),
        ("A", "m1", "2026-05-03 02:00", "1", "BTU"),
        ("A", "m1", "2026-05-03 03:00", "1", None),
        names=("area_id", "meter_id", "ts", "value", "unit"),
    )
    done = clean(rows, Mapping(seconds=3600), LIST, now=NOW)
    assert done.good.sort("ts")["kwh"].to_list() == [0.001, 1.0]
    assert dict(done.bad.rows()) == {3: "unit_unknown"}


def test_secondary_values_are_multiplied_by_the_ratio_of_the_list():
    good, _bad = judge(("A", "M", "2026-05-03 01:00", "2"), ("A", "m1", "2026-05-03 01:00", "2"), secondary=True)
    assert good == [("M", "03 01:00", 160.0), ("m1", "03 01:00", 2.0)]


def test_registers_become_the_energy_between_two_readings():
    rows = [("A", "m1", f"2026-05-03 0{h}:00", str(v)) for h, v in ((1, 10), (2, 10.5), (5, 13.5), (6, 13.5))]
    done = clean(make_rows(*rows), Mapping(reading="register", seconds=3600), LIST, now=NOW)
    assert done.good.sort("ts").select("kwh", "seconds").rows() == [(0.5, 3600), (3.0, 10800), (0.0, 3600)]
    assert done.bad.height == 0


def test_a_register_that_rolls_over_goes_on_and_one_that_falls_goes_aside():
    rows = [("A", "m1", f"2026-05-03 0{h}:00", str(v)) for h, v in ((1, 999_999), (2, 3), (3, 2), (4, 6))]
    done = clean(make_rows(*rows), Mapping(reading="register", seconds=3600, digits=6), LIST, now=NOW)
    assert done.good.sort("ts")["kwh"].to_list() == [4.0, 4.0]
    assert dict(done.bad.rows()) == {4: "register_backwards"}


def test_a_meter_whose_clock_is_a_year_off_is_found_beside_the_others():
    rows = [("A", m, f"2026-05-{d:02d} 01:00", "1") for m in ("M", "m1") for d in range(3, 20)]
    rows += [("A", "m2", f"2025-06-{d:02d} 01:00", "1") for d in range(3, 20)]
    listed = LIST.with_columns(pl.lit(None, pl.Date).alias("installed_on"))
    done = clean(make_rows(*rows), Mapping(seconds=3600), listed, now=NOW)
    assert set(done.bad["reason"]) == {"clock_off"}
    assert done.bad.height == 17
    assert set(done.good["meter_id"]) == {"M", "m1"}


def test_without_a_list_a_row_must_say_its_area_and_role():
    with pytest.raises(InputError, match="without a list of areas"):
        clean(make_rows(("A", "m1", "2026-05-03 01:00", "1")), Mapping(), None, now=NOW)


def test_a_meter_may_find_its_area_in_the_list():
    rows = make_rows(("m1", "2026-05-03 01:00", "1"), names=("meter_id", "ts", "value"))
    assert clean(rows, Mapping(seconds=3600), LIST, now=NOW).good["area_id"].to_list() == ["A"]


def test_the_interval_is_found_from_the_data():
    rows = [("A", "m1", f"2026-05-03 01:{m:02d}", "1") for m in (0, 15, 30, 45)]
    assert clean(make_rows(*rows), Mapping(), LIST, now=NOW).seconds == 900


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"nothing": 1},
        {"unit": "BTU"},
        {"timezone": "../etc/passwd"},
        {"columns": {"ts": 3}},
        {"columns": {"secret": "x"}},
        {"seconds": True},
        {"seconds": 5},
        {"digits": -1},
        {"reading": "guess"},
    ],
)
def test_a_mapping_that_is_none_is_refused(data):
    with pytest.raises(InputError):
        Mapping.from_dict(data)


def test_a_mapping_is_read_back_as_written():
    mapping = Mapping(columns={"ts": "时间"}, reading="register", unit="MWh", timezone="Asia/Shanghai", digits=8)
    assert Mapping.from_dict(mapping.to_dict()) == mapping


def test_a_meter_that_moved_is_looked_for_where_it_hangs_now_and_a_master_taken_out_is_no_second_one():
    areas = areas_checked(
        pl.DataFrame(
            {
                "area_id": ["A", "A", "A", "B", "B"], "meter_id": ["M1", "M2", "m", "M3", "m"],
                "role": ["master", "master", "sub", "master", "sub"],
                "removed_on": ["2026-04-01", "", "2026-04-01", "", ""],
            }
        ),
        "areas",
    )  # fmt: skip
    rows = pl.DataFrame({"row": [1, 2], "meter_id": ["m", "M2"], "ts": ["2026-05-01T01:00Z"] * 2, "value": ["1", "2"]})
    done = clean(rows, Mapping(seconds=3600), areas, now=NOW)
    assert done.bad.is_empty()
    assert dict(done.good.select("meter_id", "area_id").iter_rows()) == {"m": "B", "M2": "A"}
