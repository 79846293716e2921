"""Rows that were set aside go in once their cause is mended; what is still wrong lies aside again."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from quanheng.cli.main import main
from quanheng.telemetry.ingest import Mapping
from quanheng.telemetry.ingest.push import read_ndjson
from quanheng.telemetry.ingest.resend import resend
from quanheng.telemetry.ingest.topology import areas_checked
from quanheng.telemetry.store import Store
from tests.telemetry.ingest.test_push import AREAS, NOW, line, make_receiver

ALL = pl.lit(True)
LATER = NOW + dt.timedelta(hours=2)
MENDED = pl.concat(
    [
        AREAS,
        areas_checked(pl.DataFrame({"area_id": ["A"], "meter_id": ["m9"], "role": ["sub"], "region": ["990101"]}), "b"),
    ]
)


def again(receiver, where: pl.Expr = ALL, areas: pl.DataFrame = MENDED):
    return resend(receiver, where, areas_of=lambda _source: areas, now=LATER)


def test_a_meter_that_was_unknown_and_is_listed_now_has_its_readings_of_a_quarter_of_an_hour(tmp_path):
    receiver = make_receiver(tmp_path)
    body = b"\n".join([line("m9", 1, 0.7), line("m1", 1, -3), b"{broken"])
    receiver.receive(read_ndjson(body), source="s", now=NOW, mapping=Mapping(seconds=900))
    done = again(receiver)
    assert (done.accepted, done.rejected) == (1, 2)
    kept = receiver.store.read()
    assert kept.select("meter_id", "kwh", "seconds").rows() == [("m9", 0.7, 900)]
    assert sorted(receiver.letters.read()["reason"]) == ["negative", "unreadable"]
    assert "{broken" in " ".join(receiver.letters.read()["content"])


def test_it_undoes_no_correction_that_came_meanwhile(tmp_path):
    receiver = make_receiver(tmp_path)
    receiver.receive(read_ndjson(line("m9", 1, 0.7)), source="s", now=NOW)
    receiver.receive(read_ndjson(line("m9", 1, 0.8)), source="s", now=NOW + dt.timedelta(hours=1), areas=MENDED)
    assert again(receiver).accepted == 1
    assert receiver.store.read()["kwh"].to_list() == [0.8]


def test_only_the_rows_that_were_chosen_are_judged_again(tmp_path):
    receiver = make_receiver(tmp_path)
    for source in ("one", "two"):
        receiver.receive(read_ndjson(line("m9", 1, 0.7)), source=source, now=NOW)
    assert again(receiver, pl.col("source") == "one").accepted == 1
    assert receiver.letters.read()["source"].to_list() == ["two"]


def test_a_stop_before_the_letters_go_repeats_a_row_and_loses_none(tmp_path, monkeypatch):
    receiver = make_receiver(tmp_path)
    receiver.receive(read_ndjson(line("m9", 1, 0.7)), source="s", now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(receiver.letters, "keep", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            again(receiver)
    assert again(receiver).accepted == 1
    assert receiver.store.read()["kwh"].to_list() == [0.7]
    assert receiver.letters.read().is_empty()


def test_letters_of_an_earlier_release_and_rows_of_files_stay_where_they_are(tmp_path):
    receiver = make_receiver(tmp_path)
    receiver.receive(read_ndjson(line("m9", 1, 0.7)), source="s", now=NOW)
    (path, table), *_rest = receiver.letters.files()
    table.drop("mapping").write_parquet(path)
    done = again(receiver)
    assert (done.accepted, done.of_files, receiver.letters.read().height) == (0, 1, 1)


def test_in_the_shell_they_are_listed_by_reason_and_judged_again(tmp_path, capsys):
    receiver = make_receiver(tmp_path / "store")
    receiver.receive(read_ndjson(line("m9", 1, 0.7)), source="s", now=NOW)
    receiver.journal.close()
    (tmp_path / "areas.csv").write_text("area_id,meter_id,role\nA,M,master\nA,m1,sub\nA,m9,sub\n", "utf-8")
    store = ["--store", str(tmp_path / "store")]
    assert main(["fleet", "letters", *store]) == 0
    assert "1 × unknown_meter" in capsys.readouterr().out
    assert main(["fleet", "letters", *store, "--again"]) == 2
    capsys.readouterr()
    list_of = ["--areas", str(tmp_path / "areas.csv"), "--region", "990101"]
    assert main(["fleet", "letters", *store, "--again", *list_of, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"accepted": 1, "rejected": 0, "of_files": 0}
    assert Store(tmp_path / "store").read().height == 1
