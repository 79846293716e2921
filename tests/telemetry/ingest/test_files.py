"""Files of every kind become the same readings; what is damaged is refused whole, what is bad is told by its row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.ingest import Mapping, ingest_file
from quanheng.telemetry.store import Store
from quanheng.telemetry.store.letters import Letters
from tests.telemetry.makers import make_readings

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def bring(path: Path, store: Store | None, **more):
    mapping = more.pop("mapping", Mapping())
    return ingest_file(
        path, store=store, mapping=mapping, areas=more.pop("areas", None), region="990101", source="t", now=NOW, **more
    )


def write(folder: Path, kind: str) -> Path:
    rows, path = make_readings(2, 5), folder / f"r.{kind}"
    if kind == "parquet":
        rows.write_parquet(path)
    elif kind == "csv":
        rows.write_csv(path)
    else:
        rows.with_columns(pl.col("ts").dt.replace_time_zone(None)).write_excel(path, autofilter=False)
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_the_same_readings_come_in_from_every_kind_of_file(tmp_path, kind):
    store = Store(tmp_path / "store")
    outcome = bring(write(tmp_path, kind), store)
    assert (outcome.accepted, outcome.rejected, outcome.seconds) == (15, 0, 3600)
    wanted = make_readings(2, 5).sort("area_id", "meter_id", "ts")
    assert store.read().select(wanted.columns).equals(wanted)


def test_the_same_file_twice_is_one_batch(tmp_path):
    store, path = Store(tmp_path / "store"), write(tmp_path, "csv")
    assert not bring(path, store).repeated
    assert bring(path, store).repeated
    assert store.read().height == 15


def test_a_chinese_heading_in_gb18030_is_understood(tmp_path):
    path = tmp_path / "r.csv"
    text = "台区编号,资产编号,role,冻结时间,用电量\n东门,甲1,sub,2026-05-03 09:00,1.5\n"
    path.write_bytes(text.encode("gb18030"))
    store = Store(tmp_path / "store")
    assert bring(path, store, mapping=Mapping(timezone="Asia/Shanghai", seconds=3600)).accepted == 1
    assert store.read().select("area_id", "meter_id", "kwh").rows() == [("东门", "甲1", 1.5)]


def test_a_line_that_is_cut_short_is_told_by_its_number_and_the_others_go_in(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "area_id,meter_id,role,ts,kwh\nA,m1,sub,2026-05-03T01:00Z,1\nA,m2,sub,2026-05-03T01:00Z,1,9\nA,m3,su", "utf-8"
    )
    store = Store(tmp_path / "store")
    outcome = bring(path, store)
    assert outcome.accepted == 1
    assert dict(outcome.bad.select("row", "reason").rows()) == {3: "too_many_cells", 4: "too_few_cells"}
    letters = Letters(store.root).read(source="t")
    assert letters.select("row", "reason").rows() == [(3, "too_many_cells"), (4, "too_few_cells")]
    assert '"m2"' in letters["content"][0]


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_a_file_cut_short_is_refused_and_changes_nothing(tmp_path, kind):
    path = write(tmp_path, kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    store = Store(tmp_path / "store")
    with pytest.raises(InputError, match="damaged"):
        bring(path, store)
    assert store.read().height == 0
    assert not store.root.exists() or not list(store.root.rglob("*.parquet"))


def test_a_column_that_is_named_but_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match="no column 读数"):
        bring(write(tmp_path, "csv"), None, mapping=Mapping(columns={"value": "读数"}))


def test_judging_alone_writes_nothing(tmp_path):
    assert bring(write(tmp_path, "csv"), None).accepted == 15
    assert not list(tmp_path.rglob("parts"))


def test_an_area_goes_to_the_region_that_the_list_gives_it(tmp_path):
    areas = (
        make_readings(2, 1)
        .select("area_id", "meter_id", "role")
        .with_columns(
            *(pl.lit(None, pl.Float64).alias(n) for n in ("ct_ratio",)),
            pl.lit(None, pl.Date).alias("installed_on"),
            pl.lit("990122").alias("region"),
        )
    )
    store = Store(tmp_path / "store")
    bring(write(tmp_path, "parquet"), store, areas=areas)
    assert store.read()["region"].unique().to_list() == ["990122"]
