"""The engine of the cluster without a cluster: the same digits as here, and a killed run goes on where it stopped."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.engines import kernels
from quanheng.telemetry.engines.kernels import TaskError, Unit, part_of
from quanheng.telemetry.engines.spark import plan
from quanheng.telemetry.fleets.files import evaluate_files
from tests.telemetry.engines.makers import Killed, StandIn, make_engine, make_fleet, write_fleet, write_store


def both_files(folder, name: str) -> tuple[bytes, bytes]:
    return (folder / f"{name}.parquet").read_bytes(), (folder / f"{name}.areas.json").read_bytes()


@pytest.mark.parametrize("areas_per_part", [1, 3])
def test_verdicts_and_reports_are_those_of_the_local_engine_byte_by_byte(tmp_path, monkeypatch, areas_per_part):
    readings, areas = write_fleet(tmp_path)
    here = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    engine = make_engine(monkeypatch, StandIn(), areas_per_part=areas_per_part)
    evaluate_files(*write_fleet(tmp_path, shuffle=8), tmp_path / "there.parquet", limit=0.02, engine=engine)
    assert [area.area_id for area in here.areas] == [f"A0000{n}" for n in range(5)]
    assert [area.cause for area in here.areas if area.area_id == "A00002"] == ["no_master"]
    assert here.verdicts["error"].count() > 20
    assert both_files(tmp_path, "there") == both_files(tmp_path, "here")
    assert not (tmp_path / "there.parquet.work").exists()


def test_the_prior_is_learned_from_all_parts_together(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    here = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    engine = make_engine(monkeypatch, StandIn())
    there = evaluate_files(readings, areas, tmp_path / "there.parquet", limit=0.02, engine=engine)
    assert here.evidence["prior"] != here.evidence["profile"]["prior"], "something was learned"
    assert there.evidence == here.evidence


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    whole = StandIn()
    evaluate_files(readings, areas, tmp_path / "whole.parquet", limit=0.02, engine=make_engine(monkeypatch, whole))
    steps = len(whole.measured) + len(whole.concluded)
    assert steps >= 5
    for stop in (0, 1, len(whole.measured), steps - 1):
        out = tmp_path / f"killed{stop}.parquet"
        first, second, said = StandIn(stop_after=stop), StandIn(), []
        with pytest.raises(Killed):
            evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, first))
        assert not out.exists()
        evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, second), say=said.append)
        assert sorted(first.measured + second.measured) == sorted(whole.measured), "no area is measured twice"
        assert sorted(first.concluded + second.concluded) == sorted(whole.concluded)
        assert both_files(tmp_path, f"killed{stop}") == both_files(tmp_path, "here")
        assert any("kept from an earlier run" in line for line in said) == (stop > 0)


def test_a_run_killed_before_its_answer_was_written_needs_no_cluster(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    out = tmp_path / "v.parquet"
    from quanheng.telemetry.fleets import files

    with monkeypatch.context() as patch:
        patch.setattr(files, "save", lambda result, out: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, StandIn()))
    again = StandIn()
    evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, again))
    assert (again.sessions, again.measured) == (0, [])
    assert out.exists()


def test_changed_readings_are_measured_anew(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    out, said = tmp_path / "v.parquet", []
    with pytest.raises(Killed):
        evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, StandIn(stop_after=2)))
    pl.read_parquet(readings).with_columns(pl.col("kwh") * 1.01).write_parquet(readings)
    engine = make_engine(monkeypatch, StandIn())
    changed = evaluate_files(readings, areas, out, limit=0.02, engine=engine, say=said.append)
    assert "kept parts are of another readings: beginning anew" in said
    local = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    assert changed.verdicts.equals(local.verdicts)


def test_a_csv_is_judged_as_the_same_parquet(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path, areas=3)
    here = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    pl.read_parquet(readings).write_csv(tmp_path / "readings.csv", datetime_format="%Y-%m-%dT%H:%M:%S%:z")
    engine = make_engine(monkeypatch, StandIn())
    there = evaluate_files(tmp_path / "readings.csv", areas, tmp_path / "there.parquet", limit=0.02, engine=engine)
    assert there.verdicts.equals(here.verdicts)
    assert there.evidence["readings_sha256"] == here.evidence["readings_sha256"]


def test_readings_cut_short_are_refused_and_name_the_file(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    readings.write_bytes(readings.read_bytes()[:-5_000])
    with pytest.raises(InputError) as refused:
        evaluate_files(readings, areas, tmp_path / "v.parquet", engine=make_engine(monkeypatch, StandIn()))
    assert (refused.value.code, refused.value.place) == ("unreadable", str(readings))
    assert not (tmp_path / "v.parquet.work").exists()


def test_units_cover_every_row_once(tmp_path, monkeypatch):
    readings, _areas = write_fleet(tmp_path)
    make_engine(monkeypatch, StandIn())
    units = plan(readings)
    assert len(units) > 2
    assert [unit.start for unit in units[1:]] == [unit.start + unit.rows for unit in units[:-1]]
    assert units[-1].start + units[-1].rows == pl.read_parquet(readings).height


def test_a_worker_that_computes_other_digits_is_refused(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path, areas=3)
    stand_in = StandIn()
    ran = stand_in.run_measure

    def on_another_machine(spark, units, task, finished):
        return ran(spark, units, dataclasses.replace(task, identity=task.identity | {"numpy": "1.0"}), finished)

    monkeypatch.setattr(stand_in, "run_measure", on_another_machine)
    with pytest.raises(TaskError) as refused:
        evaluate_files(readings, areas, tmp_path / "v.parquet", engine=make_engine(monkeypatch, stand_in))
    error = TaskError.found_in(f"org.apache.spark.SparkException: Job aborted … {refused.value} at Executor.java:1")
    assert error is not None
    assert error.code == "worker_differs"
    assert "numpy" in error.message


def test_a_worker_that_cannot_see_the_readings_says_on_which_node(tmp_path):
    with pytest.raises(TaskError) as refused:
        kernels.read_unit(Unit(str(tmp_path / "nowhere.parquet")), 4)
    error = TaskError.found_in(str(refused.value))
    assert error is not None
    assert (error.code, error.message) == ("unreadable", "there is no such file")
    assert error.place.endswith("nowhere.parquet")
    stripped = TaskError.found_in(f"An exception was thrown from the Python worker: {refused.value}".strip())
    assert stripped is not None, "Spark strips what a worker said"


def test_an_area_belongs_to_the_same_part_on_every_machine():
    assert part_of("123456789", 2**32) == 0xCBF43926, "CRC-32's published check value"
    assert len({part_of(name, 4) for name in make_fleet().areas["area_id"].unique()}) > 1


def test_a_file_damaged_inside_ends_the_run_by_name_and_a_whole_one_is_then_judged_like_here(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path)
    local = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    whole, out = readings.read_bytes(), tmp_path / "v.parquet"
    with pytest.raises(Killed):
        evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, StandIn(stop_after=2)))
    middle = len(whole) // 2
    readings.write_bytes(whole[:middle] + b"\xff" * 4_000 + whole[middle + 4_000 :])
    with pytest.raises((InputError, TaskError)) as refused:
        evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, StandIn()))
    told = TaskError.found_in(str(refused.value)) or refused.value
    assert told.code == "unreadable"
    assert str(readings) in told.place
    assert not out.exists()
    readings.write_bytes(whole)
    again = evaluate_files(readings, areas, out, limit=0.02, engine=make_engine(monkeypatch, StandIn()))
    assert again.verdicts.equals(local.verdicts)


def test_a_folder_of_parquet_is_judged_on_the_cluster_as_the_one_file_here(tmp_path, monkeypatch):
    readings, areas = write_fleet(tmp_path, areas=3)
    rows = pl.read_parquet(readings)
    folder = tmp_path / "many"
    folder.mkdir()
    rows[: rows.height // 2].write_parquet(folder / "a.parquet")
    rows[rows.height // 2 :].write_parquet(folder / "b.parquet")
    here = evaluate_files(readings, areas, tmp_path / "here.parquet", limit=0.02)
    engine = make_engine(monkeypatch, StandIn())
    there = evaluate_files(folder, areas, tmp_path / "there.parquet", limit=0.02, engine=engine)
    assert there.verdicts.equals(here.verdicts)
    assert there.evidence["readings_sha256"] == here.evidence["readings_sha256"]


def test_a_store_is_judged_on_the_cluster_as_here_byte_by_byte(tmp_path, monkeypatch):
    """Regions and days in parts, one batch corrected by another, and a sum over a gap, which no balance may take."""
    store, areas = write_store(tmp_path)
    here = evaluate_files(store, areas, tmp_path / "here.parquet", limit=0.02)
    engine = make_engine(monkeypatch, StandIn())
    evaluate_files(store, areas, tmp_path / "there.parquet", limit=0.02, engine=engine)
    assert here.verdicts["error"].count() > 20
    assert both_files(tmp_path, "there") == both_files(tmp_path, "here")
    first = evaluate_files(tmp_path / "readings.parquet", areas, tmp_path / "first.parquet", limit=0.02)
    assert first.verdicts.equals(here.verdicts), "the corrected batch counts, the wrong one and the gap do not"
