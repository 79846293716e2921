"""Leaves hold hashes only and have one spelling; status notes say what they must and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.ledger import (
    LEAF_TYPES,
    Signer,
    leaf,
    leaf_hash,
    open_status,
    parse_leaf,
    salted_sha256,
    write_status,
)

AT = dt.datetime(2026, 3, 1, 16, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
A, B, C = "a" * 64, "b" * 64, "c" * 64
SIGNER = Signer.generate("log.example")


def test_a_leaf_is_canonical_json_in_utc():
    assert leaf("certificate_issued", A, B, None, AT) == (
        b'{"at":"2026-03-01T08:30:00Z","pdf_sha256":"%s","prev":null,"type":"certificate_issued","v":1,"xml_sha256":"%s"}'
        % (B.encode(), A.encode())
    )


@given(st.sampled_from(sorted(LEAF_TYPES)), st.booleans())
def test_leaves_round_trip(kind, linked):
    certificate = kind.startswith("certificate_")
    prev = C if linked or kind in ("certificate_replaced", "certificate_revoked") else None
    data = leaf(kind, A, B if certificate else None, prev, AT)
    parsed = parse_leaf(data)
    assert (parsed.type, parsed.xml_sha256, parsed.prev, parsed.at) == (kind, A, prev, "2026-03-01T08:30:00Z")


@pytest.mark.parametrize(
    ("kind", "xml", "pdf", "prev"),
    [
        ("certificate_issued", A, None, None),
        ("certificate_issued", None, B, None),
        ("certificate_issued", A.upper(), B, None),
        ("certificate_issued", "张三", B, None),
        ("certificate_revoked", A, B, None),
        ("draw_committed", A, B, None),
        ("gossip", A, B, None),
    ],
)
def test_a_leaf_that_says_too_much_or_too_little_is_refused(kind, xml, pdf, prev):
    with pytest.raises(InputError):
        leaf(kind, xml, pdf, prev, AT)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_leaf_or_refused_in_words(data):
    with pytest.raises(InputError):
        parse_leaf(data)


@given(st.integers(0, 1000), st.integers(1, 255))
def test_a_changed_leaf_is_refused_or_hashes_otherwise(at, shift):
    data = bytearray(leaf("certificate_issued", A, B, None, AT))
    good = bytes(data)
    data[at % len(data)] = (data[at % len(data)] + shift) % 256
    try:
        parsed = parse_leaf(bytes(data))
    except InputError:
        return
    assert leaf_hash(parsed.data) != leaf_hash(good)


def test_a_naive_time_is_refused():
    with pytest.raises(InputError):
        leaf("certificate_issued", A, B, None, dt.datetime(2026, 1, 1))


def test_other_events_are_salted():
    assert salted_sha256(b"draw", bytes(32)) != salted_sha256(b"draw", bytes(31) + b"\x01")
    with pytest.raises(InputError):
        salted_sha256(b"draw", b"short")


@pytest.mark.parametrize(("state", "void"), [("issued", None), ("replaced", None), ("revoked", dt.date(2026, 1, 5))])
def test_status_notes_round_trip(state, void):
    note = write_status(SIGNER, leaf_hash(b"x"), state, AT, void)
    status = open_status(note, [SIGNER.verifier])
    assert (status.leaf_hash, status.state, status.at, status.void_from) == (leaf_hash(b"x"), state, AT, void)


def test_a_revocation_needs_its_day_and_nothing_else_has_one():
    with pytest.raises(InputError):
        write_status(SIGNER, leaf_hash(b"x"), "revoked", AT)
    with pytest.raises(InputError):
        write_status(SIGNER, leaf_hash(b"x"), "issued", AT, dt.date(2026, 1, 5))


@pytest.mark.parametrize(
    "text",
    [
        "log.example\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "quanheng-status/v1\nlog.example\nAAAA\nissued\n2026-01-01T00:00:00Z\n",
        "quanheng-status/v1\nlog.example\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nfine\n2026-01-01T00:00:00Z\n",
        "quanheng-status/v1\nlog.example\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nissued\nyesterday\n",
        "quanheng-status/v1\nlog.example\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nrevoked\n2026-01-01T00:00:00Z\n",
        "quanheng-status/v1\nother\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nissued\n2026-01-01T00:00:00Z\n",
    ],
)
def test_signed_text_that_is_no_status_of_this_log_is_refused(text):
    with pytest.raises(InputError):
        open_status(SIGNER.sign(text), [SIGNER.verifier])
