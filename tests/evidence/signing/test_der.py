"""DER has one spelling for each value; any other is refused."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence.signing.der import der_length


@pytest.mark.parametrize(
    "text",
    [
        "0500", "0101ff", "010100", "020100", "020180", "02020080", "0403616263", "03020780", "3006020101020102",
        "3106020101020102", "3000", "030100", "048180" + "00" * 128,
    ],
)  # fmt: skip
def test_the_one_form_is_accepted_and_its_length_told(text):
    data = bytes.fromhex(text)
    assert der_length(data) == len(data)
    assert der_length(data + bytes(9)) == len(data)


@pytest.mark.parametrize(
    "text",
    [
        "", "05", "0501", "050100", "010101", "0200", "02020001", "0202ffff", "04810161", "0482000161", "30800000",
        "3106020102020101", "300402010102", "03020801", "03020101", "0300", "1f0100", "0485000000000161",
    ],
)  # fmt: skip
def test_every_other_form_is_refused(text):
    with pytest.raises(ValueError):
        der_length(bytes.fromhex(text))


def test_nesting_is_bounded():
    data = b""
    for _ in range(60):
        data = b"\x30" + core.OctetString(data).dump()[1:]
    with pytest.raises(ValueError):
        der_length(data)


@given(st.integers(), st.binary(max_size=300), st.booleans())
def test_what_another_encoder_writes_is_der(number, blob, flag):
    for value in (core.Integer(number), core.OctetString(blob), core.Boolean(flag)):
        data = value.dump()
        assert der_length(data) == len(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_der_or_refused(data):
    try:
        assert 2 <= der_length(data) <= len(data)
    except ValueError:
        return
