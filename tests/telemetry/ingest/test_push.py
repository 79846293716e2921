"""Pushed readings: durable before they are acknowledged, bad ones told by row, hostile bodies refused."""

from __future__ import annotations

import datetime as dt
import io
import json
from contextlib import suppress

import polars as pl
import pytest

from quanheng.errors import InputError
from quanheng.telemetry.ingest.push import Receiver, read_arrow, read_ndjson
from quanheng.telemetry.ingest.topology import areas_checked
from quanheng.telemetry.store import Store

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
AREAS = areas_checked(
    pl.DataFrame({"area_id": ["A", "A"], "meter_id": ["M", "m1"], "role": ["master", "sub"], "region": ["990101"] * 2}),
    "a",
)


def make_receiver(folder) -> Receiver:
    store = Store(folder)
    return Receiver(store, store.journal(), lambda: AREAS)


def line(meter: str = "m1", hour: int = 1, kwh: object = 1.5, **more: object) -> bytes:
    return json.dumps({"meter_id": meter, "ts": f"2026-05-03T{hour:02d}:00:00Z", "kwh": kwh, **more}).encode()


def test_lines_are_kept_and_bad_ones_are_told(tmp_path):
    receiver = make_receiver(tmp_path)
    body = b"\n".join([line(), b"{broken", b"[1,2]", line("m9"), line(hour=2, kwh="x"), b"", line("M", kwh=3)])
    done = receiver.receive(read_ndjson(body), source="s", now=NOW)
    assert (done.accepted, done.rejected) == (2, 4)
    assert dict(done.bad.select("row", "reason").rows()) == {
        2: "unreadable", 3: "unreadable", 4: "unknown_meter", 5: "unreadable_number",
    }  # fmt: skip
    assert receiver.store.read().select("region", "meter_id", "kwh").rows() == [
        ("990101", "M", 3.0),
        ("990101", "m1", 1.5),
    ]
    assert receiver.letters.read(source="s").height == 4


def test_arrow_brings_the_same_as_lines(tmp_path):
    table = pl.DataFrame({"meter_id": ["m1"], "ts": [dt.datetime(2026, 5, 3, 1, tzinfo=dt.UTC)], "kwh": [1.5]})
    body = io.BytesIO()
    table.write_ipc_stream(body)
    one, two = make_receiver(tmp_path / "1"), make_receiver(tmp_path / "2")
    one.receive(read_arrow(body.getvalue()), source="s", now=NOW)
    two.receive(read_ndjson(line()), source="s", now=NOW)
    assert one.store.read().equals(two.store.read())


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff\xff\xff\xff\x10\x00\x00\x00", b"ARROW1\x00\x00"])
def test_a_body_that_is_no_arrow_is_refused(body):
    with pytest.raises(InputError, match="not an Arrow"):
        read_arrow(body)


def test_any_cut_or_flipped_arrow_stream_is_refused_or_read_but_never_breaks_the_process():
    body = io.BytesIO()
    pl.DataFrame({"meter_id": ["m1"] * 50, "ts": ["2026"] * 50, "kwh": [1.5] * 50}).write_ipc_stream(body)
    whole = body.getvalue()
    for at in range(0, len(whole), 37):
        for hostile in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            with suppress(InputError):
                read_arrow(hostile)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"meter_id": NaN}', b'{"a":1}' + b"x" * 10, b"\xff\xfe"])
def test_a_hostile_line_is_one_bad_row(tmp_path, text):
    done = make_receiver(tmp_path).receive(read_ndjson(text + b"\n" + line()), source="s", now=NOW)
    assert (done.accepted, done.rejected) == (1, 1)


def test_lines_without_any_meter_are_refused_with_the_name_of_what_lacks(tmp_path):
    with pytest.raises(InputError, match="no column gives meter_id"):
        make_receiver(tmp_path).receive(read_ndjson(b'{"x": 1}'), source="s", now=NOW)


def test_a_named_push_sent_again_does_not_undo_a_correction(tmp_path):
    receiver = make_receiver(tmp_path)
    for batch, value, hours in (("b1", 1.0, 0), ("b2", 2.0, 1), ("b1", 1.0, 9)):
        receiver.receive(read_ndjson(line(kwh=value)), source="s", now=NOW + dt.timedelta(hours=hours), batch=batch)
    assert receiver.store.read()["kwh"].to_list() == [2.0]
