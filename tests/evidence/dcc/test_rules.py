"""Each trap of third-party certificates, put into a clean one of ours, is found by name, place and remedy."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from quanheng.evidence.dcc import names, rules
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.rules.finding import MOST_OF_A_KIND
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

# unsigned, it claims a seal it does not carry; that is said in a test of its own
GOOD = build(make_content()).decode().replace("<dcc:cryptElectronicSeal>true", "<dcc:cryptElectronicSeal>false")


def found(text: str, today: date | None = None) -> list[rules.Finding]:
    return list(rules.check(parse(text.encode()), today))


def test_our_own_certificates_are_clean() -> None:
    assert found(GOOD) == []


def test_a_verification_states_verdicts_and_a_calibration_uncertainties() -> None:
    bare = re.sub(r"<si:measurementUncertaintyUnivariateXMLList>.*?</si:measurementUncertaintyUnivariateXMLList>", "",
                  GOOD, flags=re.DOTALL)  # fmt: skip
    assert bare != GOOD
    assert found(bare) == []
    calibration = bare.replace(">verification_certificate<", ">calibration_certificate<", 1)
    assert {f.code for f in found(calibration)} == {"uncertainty_missing"}
    assert {f.code for f in found(bare.replace("qh_kind", "xx_kind"))} == {"uncertainty_missing"}


FAULTS = [
    ("<dcc:issueDate>2026-10-12", "<dcc:issueDate>2026-W42-1", "date", "error", "写成 YYYY-MM-DD"),
    ("<dcc:issueDate>2026-10-12", "<dcc:issueDate>2026-10-12 or so", "date", "error", "写成 YYYY-MM-DD"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\kilometre", "unit", "warning", r"\kilo\metre"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\kilo\\milli\\gram", "unit", "warning", ""),
    ("<si:unit>\\degreecelsius", "<si:unit>\\degreeCelsius", "unit", "warning", r"\degreecelsius"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\°C", "unit", "warning", r"\degreecelsius"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\metre\\tothe(-3)", "unit", "warning", r"\metre\tothe{-3}"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\kgf", "unit", "warning", ""),
    ("<si:unit>\\degreecelsius", "<si:unit>\\metre\\per\\second", "unit_per", "info", r"\metre\second\tothe{-1}"),
    ("<si:unit>\\degreecelsius", "<si:unit>\\degree celsius", "unit_blank", "error", r"\degreecelsius"),
    ("<si:unit>\\degreecelsius", "<si:unit>|catty", "unit_undeclared", "warning", None),
    ("<si:unit>\\degreecelsius", "<si:unit>", "unit_empty", "error", r"\one"),
    ("<dcc:endPerformanceDate>2026-10-11", "<dcc:endPerformanceDate>2026-10-01", "date_order", "error", ""),
    ("<dcc:issueDate>2026-10-12", "<dcc:issueDate>12.10.2026", "date", "error", None),
    ("<dcc:issueDate>2026-10-12", "<dcc:issueDate>", "date", "error", None),
    ("<dcc:beginPerformanceDate>2026-10-11", "<dcc:beginPerformanceDate>0026-10-11", "date_odd", "warning", ""),
    (
        "<dcc:usedLangCodeISO639_1>zh",
        "<dcc:usedLangCodeISO639_1>zh</dcc:usedLangCodeISO639_1><dcc:usedLangCodeISO639_1>zh-CN",
        "language_code",
        "error",
        "zh",
    ),
    ("<dcc:countryCodeISO3166_1>CN", "<dcc:countryCodeISO3166_1>UK", "country_code", "error", "GB"),
    ("ExpandedMUXMLList>1.2 1.3 1.9 3.0", "ExpandedMUXMLList>1.2 1.3", "list_length", "error", None),
    ("ExpandedMUXMLList>1.2 1.3 1.9 3.0", "ExpandedMUXMLList>1.2 -1.3 1.9 3.0", "uncertainty_negative", "error", ""),
    ("ExpandedMUXMLList>1.2 1.3 1.9 3.0", "ExpandedMUXMLList>1,2 1,3 1,9 3,0", "number", "error", "1.2"),
    ("coverageFactorXMLList>2<", "coverageFactorXMLList>NaN<", "coverage_factor", "warning", None),
    ("coverageFactorXMLList>2<", "coverageFactorXMLList>0<", "coverage_factor", "error", None),
    ("coverageProbabilityXMLList>0.95<", "coverageProbabilityXMLList>95<", "coverage_probability", "error", "0.95"),
    ('refType="basic_normalUsed"', 'refType="basic_standardUsed"', "ref_type", "info", "basic_normalUsed"),
    ("<dcc:mainSigner>true</dcc:mainSigner>", "", "main_signer", "info", None),
    ("<dcc:release>", "<dcc:release>x</dcc:release><dcc:release>", "software_release", "info", "1.2.3"),
    ("<dcc:cryptElectronicSeal>false", "<dcc:cryptElectronicSeal>true", "claim_unsigned", "info", ""),
    ('schemaVersion="3.3.0"', 'schemaVersion="3.2.0"', "version_old", "info", ""),
    ('schemaVersion="3.3.0"', 'schemaVersion="3.4.0-rc.2"', "version_unknown", "warning", None),
    ("<dcc:value>A2209-00417", "<dcc:value>Ã\u0082\u00a0A2209", "text_damaged", "warning", None),
]


@pytest.mark.parametrize(("old", "new", "code", "severity", "remedy"), FAULTS)
def test_each_fault_is_found_by_name(old: str, new: str, code: str, severity: str, remedy: str | None) -> None:
    assert old in GOOD
    (one,) = found(GOOD.replace(old, new, 1))
    assert (one.code, one.severity) == (code, severity)
    assert one.line > 1
    assert remedy is None or one.remedy == remedy
    assert one.zh
    assert one.en


def test_the_path_of_a_finding_leads_to_its_element() -> None:
    text = GOOD.replace("dcc:", "dkbs:").replace("xmlns:dcc", "xmlns:dkbs")
    root = parse(text.replace("<si:unit>\\degreecelsius", "<si:unit>\\degreeCelsius").encode())
    one = rules.check(root)[0]
    reached = root.xpath(one.path, namespaces={"dcc": names.DCC, "si": names.SI})
    assert [e.text for e in reached] == [r"\degreeCelsius"]
    assert reached[0].sourceline == one.line


def test_a_text_without_a_mandatory_language_is_named() -> None:
    text = re.sub(r'<dcc:content lang="en">Weighing[^<]*</dcc:content>', "", GOOD, count=1)
    assert text != GOOD
    assert [f.code for f in found(text)] == ["language_missing"]


def test_a_mandatory_language_must_be_used_and_present() -> None:
    text = GOOD.replace("<dcc:mandatoryLangCodeISO639_1>en", "<dcc:mandatoryLangCodeISO639_1>de", 1)
    assert {f.code for f in found(text)} == {"language_mandatory", "language_missing"}


def test_an_undeclared_language_leaves_the_mandatory_one_missing() -> None:
    text = GOOD.replace('<dcc:content lang="en">Weighing', '<dcc:content lang="fr">Weighing', 1)
    assert [f.code for f in found(text)] == ["language_missing", "language_undeclared"]


def test_a_name_in_one_language_twice_is_named() -> None:
    text = re.sub(r'(<dcc:content lang="zh">电子计价秤</dcc:content>)', r"\1\1", GOOD, count=1)
    assert [f.code for f in found(text)] == ["language_duplicate"]


def test_a_date_ahead_is_noticed_only_when_today_is_known() -> None:
    assert {f.code for f in found(GOOD, date(2026, 1, 1))} == {"date_future"}
    assert found(GOOD, date(2027, 1, 1)) == []


def test_quantities_without_method_or_conditions_are_counted() -> None:
    without = re.sub(r"<dcc:usedMethods>.*?</dcc:usedMethods>", "", GOOD, count=1, flags=re.DOTALL)
    codes = {f.code for f in found(without)}
    assert codes == {"method_missing"}
    local = without.replace(
        '<dcc:list refType="gp_table1">',
        '<dcc:list refType="gp_table1"><dcc:usedMethods><dcc:usedMethod/></dcc:usedMethods>',
    )
    assert found(local) == []
    bare = re.sub(r"<dcc:influenceConditions>.*?</dcc:influenceConditions>", "", GOOD, count=1, flags=re.DOTALL)
    assert {f.code for f in found(bare)} == {"conditions_missing"}


def test_a_party_that_is_empty_nameless_or_without_address_is_named() -> None:
    for party in ("customer", "laboratory"):
        tag = "customer" if party == "customer" else "contact"
        whole = re.compile(rf"<dcc:{tag}>.*?</dcc:{tag}>", re.DOTALL)
        assert {f.code for f in found(whole.sub(f"<dcc:{tag}> </dcc:{tag}>", GOOD, count=1))} == {f"{party}_empty"}
        only = f"<dcc:{tag}><dcc:name><dcc:content>X</dcc:content></dcc:name></dcc:{tag}>"
        assert {f.code for f in found(whole.sub(only, GOOD, count=1))} == {f"{party}_address"}


def test_an_item_without_any_number_is_noticed_and_no_item_is_an_error() -> None:
    unnumbered = re.sub(r"<dcc:value>(A2209-00417|[^<]*)</dcc:value>", "<dcc:value></dcc:value>", GOOD)
    assert "item_identification" in {f.code for f in found(unnumbered)}
    none = re.sub(r"<dcc:items>.*?</dcc:items>", "<dcc:items/>", GOOD, flags=re.DOTALL)
    assert {f.code for f in found(none)} == {"item_missing"}


def make_file(name: str, mime: str, data: str) -> str:
    inside = (
        f"<dcc:fileName>{name}</dcc:fileName><dcc:mimeType>{mime}</dcc:mimeType><dcc:dataBase64>{data}</dcc:dataBase64>"
    )
    end = "</dcc:digitalCalibrationCertificate>"
    return GOOD.replace(end, f"<dcc:document>{inside}</dcc:document>{end}")


@pytest.mark.parametrize(
    ("name", "mime", "data", "codes"),
    [
        ("a.pdf", "application/pdf", "JVBERi0xLjcK", set()),
        ("a.pdf", "application/pdf", "JVBERi0xLjc", {"base64"}),
        ("a.pdf", "application/pdf", "JVBE*i0xLjcK", {"base64"}),
        ("a.pdf", "application/pdf", "AAAA", {"file_kind"}),
        ("a.pdf", "application/pdf", "", {"file_empty"}),
        ("a.png", "image/png", "TVqQAAMA", {"file_runs"}),
        ("a.js", "text/plain", "YWxlcnQ=", {"file_runs"}),
        ("a.bin", "x/y", "A" * 12_000_000, {"file_large"}),
    ],
)
def test_files_inside_are_weighed_and_never_opened(name: str, mime: str, data: str, codes: set[str]) -> None:
    assert {f.code for f in found(make_file(name, mime, data))} == codes


def test_a_hash_that_cannot_be_one_is_noticed() -> None:
    good = re.search(r"<dcc:procedure>sha256</dcc:procedure>\s*<dcc:value>([0-9a-f]{64})", GOOD)
    assert good is not None
    assert [f.code for f in found(GOOD.replace(good[1], "abc123"))] == ["hash"]


def test_an_old_signature_has_no_place_in_the_schema() -> None:
    text = GOOD.replace('schemaVersion="3.3.0"', 'schemaVersion="3.1.1"').replace(
        "</dcc:digitalCalibrationCertificate>",
        f'<ds:Signature xmlns:ds="{names.DS}"/></dcc:digitalCalibrationCertificate>',
    )
    assert {f.code for f in found(text)} == {"version_old", "signature_place"}


def test_thousands_of_one_fault_are_told_in_bounded_space() -> None:
    many = "".join(f"<dcc:date>x{i}</dcc:date>" for i in range(5000))
    one = found(GOOD.replace("<dcc:statements>", f"<dcc:statements><dcc:statement>{many}</dcc:statement>", 1))
    assert len(one) == MOST_OF_A_KIND + 1
    assert one[-1].code == "more"


def test_the_path_is_sought_only_for_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among n siblings it takes n steps, so that n of them would take a worker for minutes."""
    sought: list[str] = []
    monkeypatch.setattr(
        sys.modules[rules.Finding.__module__], "xpath", lambda element: sought.append(element.tag) or "/"
    )
    many = '<dcc:content lang="zz">x</dcc:content>' * 20_000
    one = found(GOOD.replace("<dcc:name>", f"<dcc:name>{many}", 1))
    assert {f.code for f in one} >= {"language_undeclared", "more"}
    assert len(sought) <= 5 * MOST_OF_A_KIND


def test_a_value_as_long_as_a_file_is_told_in_a_line() -> None:
    digits = "1" * 300_000
    for old, new in (
        ("ExpandedMUXMLList>1.2", f"ExpandedMUXMLList>{digits}x"),
        ("<si:unit>", f"<si:unit>{digits}"),
        ('schemaVersion="3.3.0"', f'schemaVersion="{digits}"'),
        ('"https://ptb.de/si"', f'"https://ptb.de/si/{digits}"'),
    ):
        result = validate(GOOD.replace(old, new, 1).encode(), None)
        assert result.findings
        assert len(json.dumps(result.as_json())) < 60_000


def test_the_deprecated_uncertainty_form_is_said_once(shared: Path) -> None:
    text = (shared / "samples/dcc/ptb-v3.0.0-siliziumkugel.xml").read_text("utf-8")
    now = text.replace('schemaVersion="3.0.0"', 'schemaVersion="3.3.0"')
    assert [f.severity for f in found(now) if f.code == "uncertainty_deprecated"] == ["info"]
    assert "uncertainty_deprecated" not in {f.code for f in found(text)}


def test_published_examples_have_no_errors_and_known_warnings(shared: Path) -> None:
    for path in sorted((shared / "samples/dcc").glob("*.xml")):
        for one in found(path.read_text("utf-8")):
            assert one.severity != "error", (path.name, one)
            assert one.severity != "warning" or one.code in {"unit", "language_missing"}, (path.name, one)
