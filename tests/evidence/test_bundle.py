"""The bundle parser takes every file as hostile."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.bundle import Replay, make_bundle, read_bundle, write_bundle

scalars = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
any_json = st.recursive(scalars, lambda part: st.lists(part) | st.dictionaries(st.text(), part))


def make_record(**changes) -> dict:
    record = {
        "v": 1,
        "xml": base64.b64encode(b"<x/>").decode(),
        "pdf": base64.b64encode(b"%PDF").decode(),
        "leaf": base64.b64encode(b"{}").decode(),
        "index": 3,
        "proof": [base64.b64encode(bytes(32)).decode()],
        "checkpoint": "c\n",
        "status": "s\n",
    }
    return {**record, **changes}


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read_bundle(data)
    return caught.value


def test_a_bundle_round_trips_byte_for_byte():
    bundle = make_bundle(
        xml="<证书/>".encode(), pdf=b"%PDF", leaf=b"{}", index=7, proof=[bytes(32)], checkpoint="一\n", status="b\n"
    )
    assert read_bundle(write_bundle(bundle)) == bundle
    assert list(json.loads(write_bundle(bundle))) == [
        "v",
        "xml",
        "pdf",
        "leaf",
        "index",
        "proof",
        "checkpoint",
        "status",
    ]
    assert write_bundle(read_bundle(write_bundle(bundle))) == write_bundle(bundle)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2}, {"v": True}, {"v": 1.0}, {"index": -1}, {"index": 1.5}, {"index": True}, {"index": 1 << 64},
        {"index": "3"}, {"proof": "x"}, {"proof": ["AAAA"]}, {"proof": [None]}, {"proof": [""] * 65}, {"xml": "%%%"},
        {"xml": "PHgvPg"}, {"xml": "PHgvPh=="}, {"xml": " PHgvPg=="}, {"xml": None}, {"leaf": 1}, {"checkpoint": []},
        {"more": 1},
    ],
)  # fmt: skip
def test_each_wrong_field_is_refused(changes):
    refused(json.dumps(make_record(**changes)).encode())


def test_the_place_of_a_wrong_field_is_named():
    assert refused(json.dumps(make_record(proof=[make_record()["proof"][0], "?"])).encode()).place == "bundle.proof[1]"


@pytest.mark.parametrize("key", list(make_record()))
def test_each_missing_field_is_refused(key):
    record = make_record()
    del record[key]
    refused(json.dumps(record).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * 100_000,
        b"[" + b"[]," * 1_000_000 + b"[]]", b'{"v": 1, "v": 1}', b'{"v": NaN}', b'{"index": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_hostile_json_is_refused_in_one_line(data):
    error = refused(data)
    assert "\n" not in error.line()


def test_a_huge_file_is_refused_unparsed(monkeypatch):
    monkeypatch.setattr("quanheng.evidence.bundle.MAX_BUNDLE", 100)
    assert refused(json.dumps(make_record()).encode()).code == "too_large"


@given(any_json)
def test_no_json_crashes_the_parser(value):
    refused(json.dumps(value).encode())


@given(st.sampled_from(list(make_record())), st.none() | st.integers() | st.text() | st.lists(st.text(), max_size=3))
def test_no_field_value_crashes_the_parser(key, value):
    try:
        bundle = read_bundle(json.dumps(make_record(**{key: value})).encode())
    except InputError:
        return
    assert read_bundle(write_bundle(bundle)) == bundle


def test_a_bundle_may_carry_what_it_was_computed_from_and_the_old_form_stays():
    parts = {"xml": b"<x/>", "pdf": b"%PDF", "leaf": b"{}", "index": 3, "proof": [bytes(32)]}
    plain = make_bundle(**parts, checkpoint="c\n", status="s\n")
    assert "replay" not in json.loads(write_bundle(plain))
    full = make_bundle(**parts, checkpoint="c\n", status="s\n", replay=Replay(b"record", b"procedure"))
    assert read_bundle(write_bundle(full)) == full
    assert read_bundle(json.dumps(make_record()).encode()).replay is None


@pytest.mark.parametrize(
    "replay", [None, [], {}, {"record": "AA=="}, {"record": 1, "procedure": 2}, {"record": "A", "procedure": "AA=="}]
)
def test_a_replay_part_that_is_not_one_is_refused(replay):
    assert refused(json.dumps(make_record(replay=replay)).encode()).place.startswith("bundle")
