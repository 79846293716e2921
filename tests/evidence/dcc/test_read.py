from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.show import show
from tests.evidence.sample_content import make_content

SAMPLES = [
    ("ptb-v2.4.0-example.xml", "PTB - 11044 17", 2),
    ("ptb-v2.4.0-siliziumkugel.xml", "PTB - 11129 18", 1),
    ("ptb-v3.0.0-dcc-vacuumlab-CDG.xml", "75999PTB20", 1),
    ("ptb-v3.0.0-dcc-vacuumlab-SRG.xml", "75998PTB20", 1),
    ("ptb-v3.0.0-example.xml", "PTB - 11044 17", 2),
    ("ptb-v3.0.0-siliziumkugel.xml", "PTB - 11129 18", 1),
]


@pytest.mark.parametrize(("name", "number", "items"), SAMPLES)
def test_published_examples_are_read_and_shown(shared: Path, name: str, number: str, items: int) -> None:
    certificate = read((shared / "samples/dcc" / name).read_bytes())
    assert certificate.core.unique_identifier == number
    assert len(certificate.items) == items
    assert certificate.laboratory is not None
    assert certificate.laboratory.country == "DE"
    assert certificate.people
    assert any(t.columns for m in certificate.measurements for r in m.results for t in r.tables)
    text = show(certificate)
    assert number in text
    assert "Physikalisch-Technische Bundesanstalt" in text


def test_the_mass_of_the_silicon_sphere_keeps_every_digit(shared: Path) -> None:
    certificate = read((shared / "samples/dcc/ptb-v3.0.0-siliziumkugel.xml").read_bytes())
    reals = [
        q for m in certificate.measurements for r in m.results for t in r.tables for q in t.columns if q.kind == "real"
    ]
    assert (reals[0].values, reals[0].units) == (("1.00007841",), (r"\kilogram",))
    assert reals[0].uncertainty is not None
    assert (reals[0].uncertainty.values, reals[0].uncertainty.k) == (("0.00000005",), ("2",))


def test_the_prefix_does_not_matter() -> None:
    data = build(make_content()).replace(b"dcc:", b"dkbs:").replace(b"xmlns:dcc=", b"xmlns:dkbs=")
    assert read(data) == read(build(make_content()))


@pytest.mark.parametrize("encode", [lambda s: b"\xef\xbb\xbf" + s.encode(), lambda s: s.encode("utf-16")])
def test_a_byte_order_mark_is_no_obstacle(encode: object) -> None:
    text = build(make_content()).decode().partition("?>")[2]
    assert read(encode(text)).core.unique_identifier == "LZ-2026-000123"  # type: ignore[operator]


def test_comments_in_the_middle_of_a_value_do_not_hide_its_rest() -> None:
    data = build(make_content()).replace(b"LZ-2026-000123</dcc:unique", b"LZ-2026<!-- x -->-000123</dcc:unique")
    assert read(data).core.unique_identifier == "LZ-2026-000123"


def test_older_list_forms_are_read() -> None:
    old = """<si:list xmlns:si="https://ptb.de/si">
      <si:real><si:value>1.0</si:value><si:unit>\\metre</si:unit>
        <si:expandedUnc><si:uncertainty>0.1</si:uncertainty><si:coverageFactor>2</si:coverageFactor>
        <si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc></si:real>
      <si:real><si:value>2.0</si:value><si:unit>\\metre</si:unit>
        <si:expandedUnc><si:uncertainty>0.2</si:uncertainty><si:coverageFactor>2</si:coverageFactor>
        <si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc></si:real></si:list>"""
    data = build(make_content()).decode()
    start, end = data.index("<si:realListXMLList>"), data.index("</si:realListXMLList>") + len("</si:realListXMLList>")
    certificate = read((data[:start] + old + data[end:]).encode())
    column = certificate.measurements[0].results[0].tables[0].columns[0]
    assert (column.values, column.units) == (("1.0", "2.0"), (r"\metre",))
    assert column.uncertainty is not None
    assert column.uncertainty.values == ("0.1", "0.2")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"<a/>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<dcc:digitalCalibrationCertificate/>",
    ],
)
def test_what_is_no_certificate_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(data, "f.xml")
    assert "\n" not in caught.value.line()


def test_an_empty_certificate_is_read_as_empty() -> None:
    certificate = read(b'<digitalCalibrationCertificate xmlns="https://ptb.de/dcc"/>')
    assert certificate.items == ()
    assert show(certificate)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_read_or_refused_but_never_crash(data: st.DataObject) -> None:
    good = bytearray(build(make_content()))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
    with contextlib.suppress(InputError):
        assert show(read(bytes(good)))
