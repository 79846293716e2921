"""Traps of certificates in the wild that no other test steps into: what they say is read, what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.document import Document
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

GOOD = build(make_content())
XML = GOOD.decode()


def changed(old: str, new: str) -> bytes:
    assert old in XML
    return XML.replace(old, new, 1).encode()


@pytest.mark.parametrize("version", ["2.1.0", "2.1.1"])
def test_a_version_whose_official_schema_does_not_compile_is_still_read(version: str, shared: Path) -> None:
    data = changed('schemaVersion="3.3.0"', f'schemaVersion="{version}"')
    result = validate(data, shared / "schemas/dcc")
    assert (result.schema.state, result.schema.valid) == ("unusable", None)
    assert result.negative("error")
    assert read(data).core.unique_identifier


@pytest.mark.parametrize("version", ["2.4.0", "3.2.1"])
def test_a_file_is_valid_under_one_version_alone(version: str, shared: Path) -> None:
    result = validate(changed('schemaVersion="3.3.0"', f'schemaVersion="{version}"'), shared / "schemas/dcc")
    assert (result.schema.state, result.schema.valid) == ("found", False)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("<dcc:performanceLocation>customer", "<dcc:performanceLocation>LABORATORY", "performanceLocation"),
        ("<dcc:issuer>manufacturer", "<dcc:issuer>Manufacturer", "issuer"),
        ("<dcc:conformity>pass", "<dcc:conformity>PASS", "conformity"),
        ("<dcc:endPerformanceDate>2026-10-11", "<dcc:endPerformanceDate>", "endPerformanceDate"),
        ("<dcc:model>ACS-30", "<dcc:model> ACS-30", "model"),
        ("<dcc:model>ACS-30", "<dcc:model>", "model"),
        ("<dcc:countryCodeISO3166_1>CN", "<dcc:countryCodeISO3166_1>cn", "countryCodeISO3166_1"),
    ],
)
def test_what_generators_get_wrong_is_named_by_the_official_schema(
    old: str, new: str, named: str, shared: Path
) -> None:
    errors = validate(changed(old, new), shared / "schemas/dcc").schema.errors
    assert any(named in e.message for e in errors), errors


def test_an_item_without_identifications_and_parts_in_the_wrong_order_break_the_schema(shared: Path) -> None:
    start, end = XML.index("<dcc:identifications>", XML.index("<dcc:items>")), XML.index("<dcc:itemQuantities>")
    without = (XML[:start] + XML[end:]).encode()
    box = XML[XML.index("<dcc:beginPerformanceDate>") : XML.index("<dcc:endPerformanceDate>")]
    turned = XML.replace(box, "", 1).replace("<dcc:performanceLocation>", f"{box}<dcc:performanceLocation>", 1).encode()
    for data in (without, turned):
        assert validate(data, shared / "schemas/dcc").schema.valid is False


def test_administrative_parts_may_stand_in_any_order(shared: Path) -> None:
    people = XML[XML.index("<dcc:respPersons>") : XML.index("</dcc:respPersons>") + len("</dcc:respPersons>")]
    moved = XML.replace(people, "", 1).replace("<dcc:administrativeData>", f"<dcc:administrativeData>{people}", 1)
    assert validate(moved.encode(), shared / "schemas/dcc").schema.valid
    assert read(moved.encode()).people == read(GOOD).people


def test_items_inside_an_item_are_items_too(shared: Path) -> None:
    inner = (
        "<dcc:subItems><dcc:item><dcc:name><dcc:content>cell</dcc:content></dcc:name><dcc:identifications>"
        "<dcc:identification><dcc:issuer>manufacturer</dcc:issuer><dcc:value>LC-5</dcc:value></dcc:identification>"
        "</dcc:identifications></dcc:item></dcc:subItems>"
    )
    data = changed("</dcc:item>", f"{inner}</dcc:item>")
    assert validate(data, shared / "schemas/dcc").schema.valid
    assert [i.identifications[0].value for i in read(data).items] == ["A2209-00417", "LC-5"]


def test_the_uncertainty_that_the_schema_itself_misspells_is_read() -> None:
    real = (
        "<si:real><si:value>1.0</si:value><si:unit>\\gram</si:unit><si:measurementUncertaintyUnivaraite><si:expandedMU>"
        "<si:valueExpandedMU>0.10</si:valueExpandedMU><si:coverageFactor>2</si:coverageFactor>"
        "<si:coverageProbability>0.95</si:coverageProbability></si:expandedMU></si:measurementUncertaintyUnivaraite></si:real>"
    )
    start, end = XML.index("<si:realListXMLList>", XML.index("<dcc:results>")), XML.index("</si:realListXMLList>")
    quantity = read((XML[:start] + real + XML[XML.index(">", end) + 1 :]).encode())
    uncertainties = [
        q.uncertainty for m in quantity.measurements for r in m.results for t in r.tables for q in t.columns
    ]
    assert any(u is not None and u.values == ("0.10",) and u.k == ("2",) for u in uncertainties), uncertainties


@pytest.mark.parametrize("release", ["1.2.3", "2.0.1-beta", "v1"])
def test_an_ordinary_release_of_a_software_is_no_finding(release: str) -> None:
    start = XML.index("<dcc:release>")
    data = XML[:start] + f"<dcc:release>{release}" + XML[XML.index("</dcc:release>") :]
    assert "software_release" not in {f.code for f in validate(data.encode(), None).findings}


def test_foreign_xml_of_another_namespace_survives_the_round_trip() -> None:
    foreign = (
        '<dcc:comment><e:statements xmlns:e="urn:example:extension"><e:a b="1">字</e:a></e:statements></dcc:comment>'
    )
    written = Document.read(
        changed("</dcc:digitalCalibrationCertificate>", f"{foreign}</dcc:digitalCalibrationCertificate>")
    )
    assert (
        '<e:statements xmlns:e="urn:example:extension"><e:a b="1">字</e:a></e:statements>'.encode() in written.write()
    )


def test_text_that_was_decoded_twice_is_shown_and_its_mending_offered() -> None:
    twice = "Temperatur 20 °C".encode().decode("cp1252").encode().decode("cp1252")
    finding = next(f for f in validate(changed("ACS-30", twice), None).findings if f.code == "text_damaged")
    assert twice[:10] in finding.en
