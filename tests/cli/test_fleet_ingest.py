"""``quanheng fleet ingest`` and ``listen``: exit codes, JSON, the file of bad rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.telemetry.store import Store

AREAS = "area_id,meter_id,role\nA,M,master\nA,m1,sub\n"
GOOD = "meter_id,ts,kwh\nM,2026-05-03T01:00Z,2.5\nm1,2026-05-03T01:00Z,2.4\n"
BAD = f"{GOOD}m1,2026-05-03T02:00Z,-1\nm2,2026-05-03T02:00Z,=1+1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "areas.csv").write_text(AREAS, "utf-8")
    (tmp_path / "good.csv").write_text(GOOD, "utf-8")
    (tmp_path / "bad.csv").write_text(BAD, "utf-8")
    return tmp_path


def ingest(folder: Path, name: str, *more: str) -> int:
    where = ["--store", str(folder / "store"), "--areas", str(folder / "areas.csv"), "--region", "990101"]
    return main(["fleet", "ingest", str(folder / name), *where, *more])


def test_good_rows_go_in_and_the_exit_code_is_zero(folder, capsys):
    assert ingest(folder, "good.csv", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["accepted"], told["rejected"]) == (2, 0)
    assert Store(folder / "store").read().height == 2


def test_bad_rows_come_back_in_a_file_without_live_formulas_and_the_exit_code_is_one(folder, capsys):
    assert ingest(folder, "bad.csv", "--rejected", str(folder / "out.csv")) == 1
    assert "1 × negative" in capsys.readouterr().out
    rows = list(csv.DictReader((folder / "out.csv").open(encoding="utf-8-sig")))
    assert [(r["row"], r["reason"]) for r in rows] == [("4", "negative"), ("5", "unknown_meter")]
    assert not any(cell.startswith(("=", "+", "-", "@")) for r in rows for cell in r.values())


def test_judging_alone_leaves_no_store(folder):
    assert ingest(folder, "good.csv", "--check") == 0
    assert not (folder / "store").exists()


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["missing.csv"], "unreadable"),
        (["good.csv", "--column", "value=读数"], "mapping"),
        (["good.csv", "--timezone", "Mars/Base"], "mapping"),
        (["good.csv", "--mapping", "good.csv"], "mapping"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_code_two(folder, capsys, argv, word, monkeypatch):
    monkeypatch.chdir(folder)
    assert ingest(folder, *argv) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{word}: ")
    assert told.count("\n") == 1
    assert not (folder / "store" / "parts").exists()


def test_a_list_of_areas_with_a_meter_twice_is_refused(folder, capsys):
    (folder / "areas.csv").write_text(AREAS + "A,m1,sub\n", "utf-8")
    assert ingest(folder, "good.csv") == 2
    assert "stands twice" in capsys.readouterr().err


def test_listening_without_a_broker_says_so(folder, capsys, monkeypatch):
    monkeypatch.delenv("QUANHENG_MQTT", raising=False)
    areas = ["--areas", str(folder / "areas.csv"), "--region", "990101", "--store", str(folder / "store")]
    assert main(["fleet", "listen", *areas]) == 2
    assert "QUANHENG_MQTT" in capsys.readouterr().err
    assert main(["fleet", "listen", "mqtt://127.0.0.1:1", *areas]) == 2
    assert "no broker answers" in capsys.readouterr().err
