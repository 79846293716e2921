"""Readings behind an address: brought here, judged the same as those that lie here."""

from __future__ import annotations

from pathlib import Path

import fsspec
import polars as pl
import pytest

from quanheng.cli.main import main
from quanheng.telemetry.remote import brought


@pytest.fixture
def elsewhere():
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def put(system, folder: Path, address: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            system.pipe_file(f"{address}/{path.relative_to(folder)}", path.read_bytes())


def test_a_file_a_folder_and_a_store_behind_an_address_are_judged_as_they_are_here(tmp_path, elsewhere):
    plan = ["--areas", "1", "--days", "20", "--seed", "5", "--meters", "20", "25", "--out", str(tmp_path / "made")]
    assert main(["fleet", "simulate", *plan]) == 0
    readings, areas = tmp_path / "made" / "readings.parquet", ["--areas", str(tmp_path / "made" / "areas.csv")]
    store = ["--store", str(tmp_path / "store"), "--region", "990101"]
    assert main(["fleet", "ingest", str(readings), *store, *areas]) == 0
    elsewhere.pipe_file("/lake/one.parquet", readings.read_bytes())
    elsewhere.pipe_file("/lake/many/day/one.parquet", readings.read_bytes())
    put(elsewhere, tmp_path / "store", "/lake/store")
    found = []
    for source in (str(readings), "memory://lake/one.parquet", "memory://lake/many", "memory://lake/store"):
        answer = tmp_path / "verdicts.parquet"
        assert main(["fleet", "evaluate", source, *areas, "--limit", "0.02", "--out", str(answer)]) == 0
        found.append(pl.read_parquet(answer).sort("area_id", "meter_id"))
    assert all(one.equals(found[0]) for one in found[1:])
    assert main(["fleet", "coverage", "memory://lake/one.parquet", *areas]) == 0


def test_the_copy_is_gone_afterwards(elsewhere):
    elsewhere.pipe_file("/lake/a.parquet", b"x")
    with brought("memory://lake", print) as folder:
        assert (folder / "a.parquet").read_bytes() == b"x"
    assert not folder.exists()


@pytest.mark.parametrize(
    ("address", "code", "why"),
    [
        ("memory://nothing/here", "unreadable", "FileNotFoundError"),
        ("nosuch://bucket/readings", "unreadable", "nosuch"),
        ("adl://bucket/readings", "not_installed", "driver"),
    ],
)
def test_an_address_that_cannot_be_read_is_told_in_one_line(tmp_path, capsys, address, code, why):
    out = tmp_path / "v.parquet"
    assert main(["fleet", "evaluate", address, "--areas", "a.csv", "--out", str(out)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(code)
    assert why in told[0]
    assert not out.exists()


def test_a_name_that_leads_out_of_the_folder_is_refused(elsewhere, tmp_path):
    elsewhere.pipe_file("/lake/a.parquet", b"x")
    elsewhere.store["/lake/../../escaped.parquet"] = elsewhere.store["/lake/a.parquet"]
    with pytest.raises(Exception, match="leads out"), brought("memory://lake", print):
        pass
    assert not (tmp_path.parent / "escaped.parquet").exists()
