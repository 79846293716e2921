"""Further traps of certificates in the wild: lists beside values, hashes of paper, places, signatures, many items."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.reftypes import has
from quanheng.evidence.dcc.validate import validate
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_xml
from tests.evidence.sample_content import make_content

XML = build(make_content()).decode()
AT = datetime(2026, 3, 1, tzinfo=UTC)


def codes(text: str) -> set[str]:
    return {f.code for f in validate(text.encode(), None, now=datetime(2030, 1, 1, tzinfo=UTC)).findings}


def relative(entries: str) -> str:
    """The first table column with relative uncertainties beside its four values."""
    end = XML.index("</si:realListXMLList>") + len("</si:realListXMLList>")
    box = f"<dcc:relativeUncertainty><si:valueXMLList>{entries}</si:valueXMLList></dcc:relativeUncertainty>"
    return XML[:end] + box + XML[end:]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ("0.01", ""),
        ("0.01 0.01 0.02 0.02", ""),
        ("0.01 0.02", "list_length"),
        ("-0.01", "uncertainty_negative"),
        ("", "relative_empty"),
    ],
)
def test_relative_uncertainties_are_as_many_as_the_values_or_one(entries, code):
    text = relative(entries) if entries else relative("0.01").replace("<si:valueXMLList>0.01</si:valueXMLList>", "", 1)
    assert (codes(text) - codes(XML)) == ({code} if code else set())


def test_a_paper_certificate_has_no_hash_to_look_at_and_a_canonical_one_is_weighed():
    digest = "d" * 64
    assert XML.count(f"<dcc:value>{digest}<") == 1
    for procedure, value, found in (
        ("analogue", "SL-2026-00871", False),
        ("c14n-sha256", digest, False),
        ("c14n-sha256", digest[:40], True),
        ("SHA-256", "3q2+7w==", True),
    ):
        start = XML.rindex("<dcc:procedure>", 0, XML.index(digest))
        text = XML[:start] + XML[start:].replace("sha256", procedure, 1).replace(digest, value, 1)
        assert ("hash" in codes(text)) == found, procedure
        hashes = {e.certificate.value for m in read(text.encode()).measurements for e in m.equipment if e.certificate}
        assert value in hashes


def test_methods_and_conditions_common_to_all_results_count_for_each(shared: Path):
    """3.3.0 lets them stand once in measurementResults."""
    for tag, code in (("usedMethods", "method_missing"), ("influenceConditions", "conditions_missing")):
        found = re.search(rf"<dcc:{tag}>.*?</dcc:{tag}>", XML, re.DOTALL)
        assert found
        without = XML.replace(found[0], "", 1)
        assert code in codes(without)
        common = without.replace("<dcc:measurementResults>", f"<dcc:measurementResults>{found[0]}", 1)
        assert code not in codes(common)
        assert validate(common.encode(), shared / "schemas/dcc").schema.valid


def test_the_empty_elements_of_a_signature_are_no_findings(tmp_path, shared: Path):
    seal = Authority.create(tmp_path / "ca", "Root", at=AT).issue_seal(tmp_path / "seal", "Lab", at=AT)
    signed = sign_xml(XML.encode(), seal, AT)
    result = validate(signed, shared / "schemas/dcc", now=datetime(2030, 1, 1, tzinfo=UTC))
    assert result.schema.valid
    assert {f.code for f in result.findings} <= codes(XML) - {"claim_unsigned"}


def test_what_is_done_to_a_file_after_signing_breaks_it(tmp_path):
    """Indenting, a byte order mark, a new order of attributes: bytes are kept as issued."""
    root = Authority.create(tmp_path / "ca", "Root", at=AT)
    signed = sign_xml(XML.encode(), root.issue_seal(tmp_path / "seal", "Lab", at=AT), AT)
    assert verify_xml(signed, [root.certificate], AT).good
    tree = etree.fromstring(signed)
    etree.indent(tree, "\t")
    for touched in (etree.tostring(tree), codecs.BOM_UTF8 + signed, signed.replace(b"\n", b"\r\n")):
        assert verify_xml(touched, [root.certificate], AT).state == "tampered"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<dcc:countryCode>CN", "<dcc:countryCode>DA", "country_code"),
        ("<dcc:countryCode>CN", "<dcc:countryCode>C", "country_code"),
        ("<dcc:usedLangCodeISO639_1>en", "<dcc:usedLangCodeISO639_1>bz", "language_code"),
        ("<dcc:usedLangCodeISO639_1>en", "<dcc:usedLangCodeISO639_1>", "language_code"),
    ],
)
def test_a_code_is_one_of_the_list_and_not_a_piece_of_it(old, new, code):
    assert old in XML
    assert code in codes(XML.replace(old, new, 1)) - codes(XML)


def test_a_place_may_name_its_parts_twice_and_in_any_order(shared: Path):
    start = XML.index("<dcc:location>", XML.index("<dcc:customer>")) + len("<dcc:location>")
    end = XML.index("</dcc:location>", start)
    parts = "<dcc:city>临州</dcc:city><dcc:countryCode>CN</dcc:countryCode><dcc:city>新城</dcc:city>"
    text = XML[:start] + parts + XML[end:]
    assert validate(text.encode(), shared / "schemas/dcc").schema.valid
    customer = read(text.encode()).customer
    assert customer is not None
    assert customer.country == "CN"
    assert {"临州", "新城"} <= set(customer.location)
    alone = XML[:start] + "<dcc:countryCode>CN</dcc:countryCode>" + XML[end:]
    assert validate(alone.encode(), shared / "schemas/dcc").schema.valid
    assert codes(alone) == codes(XML)


def test_a_ref_type_without_its_prefix_is_named_and_means_the_same():
    text = re.sub(r"\bbasic_(nominalValue|referenceValue)\b", "conventionalMass", XML, count=1)
    assert text != XML
    assert codes(text) - codes(XML) == {"ref_type"}
    assert has(("conventionalMass",), "basic_conventionalMass")


def test_significant_digits_stand_apart_and_leave_the_digits_as_written(shared: Path):
    text = re.sub(
        r"<si:real>\s*<si:value>[^<]*</si:value>\s*(<si:unit>[^<]*</si:unit>)",
        r"<si:real><si:value>20.100e0</si:value>\1<si:significantDigit>3</si:significantDigit>",
        XML,
        count=1,
    )
    assert text != XML
    assert validate(text.encode(), shared / "schemas/dcc").schema.valid
    written = [
        v for m in read(text.encode()).measurements for i in m.influences for q in i.quantities for v in q.values
    ]
    assert "20.100e0" in written


def test_a_certificate_may_hold_many_items_and_many_results(shared: Path):
    item = XML[XML.index("<dcc:item>") : XML.index("</dcc:item>") + len("</dcc:item>")]
    another = item.replace("A2209-00417", "A2209-00418")
    result = (
        XML[XML.index("<dcc:result>") : XML.index("</dcc:result>") + len("</dcc:result>")]
        if "<dcc:result>" in XML
        else ""
    )
    text = XML.replace(item, item + another, 1)
    if result:
        text = text.replace(result, result * 2, 1)
    certificate = read(text.encode())
    assert [i.identifications[0].value for i in certificate.items] == ["A2209-00417", "A2209-00418"]
    before = sum(len(m.results) for m in read(XML.encode()).measurements)
    assert sum(len(m.results) for m in certificate.measurements) == before + bool(result)


def test_people_need_no_place():
    root = etree.fromstring(XML.encode())
    assert root.find(f".//{{{names.DCC}}}respPerson//{{{names.DCC}}}location") is None
    assert "person_name" not in codes(XML)
