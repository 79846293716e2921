from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.evidence.content import CertificateContent
from quanheng.evidence.dcc import rules, schema
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.certificate import Quantity
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.signing.xades import sign_xml
from tests.evidence.sample_content import column, make_content, make_rejection
from tests.evidence.signing.keys import AT, seal

REPLACEMENT = {"number": "LZ-2026-000001", "reason": {"zh": "单位名称有误", "en": "wrong name"}, "xml_sha256": "a" * 64}

TRACEABLE = {"zh": "溯源至国家质量基准", "en": "traceable to the national standard of mass"}


def contents() -> list[CertificateContent]:
    return [
        make_content(),
        make_rejection(),
        make_content(kind="calibration_certificate", verdict=..., valid_until=...),
        make_content(kind="test_report", verdict=...),
        make_content(kind="comparison_report", verdict=..., valid_until=...),
        make_content(kind="reference_material_certificate", verdict=..., traceability=TRACEABLE),
        make_content(replaces=REPLACEMENT),
        make_content(environment=[], statements=[], unverified=[], traceability=...),
        make_content(
            item={"name": "秤", "code": "Q1"}, customer={"name": "甲"}, issuer={"name": "乙", "country": "DE"}
        ),
    ]


@pytest.mark.parametrize("content", contents(), ids=range(9))
def test_every_kind_of_document_is_valid_by_the_official_schema(content: CertificateContent, shared: Path) -> None:
    result = schema.check(parse(build(content)), shared / "schemas/dcc")
    assert (result.state, result.valid, result.errors) == ("found", True, ())


@pytest.mark.parametrize("content", contents(), ids=range(9))
def test_our_own_content_rules_find_nothing_in_what_we_write(content: CertificateContent) -> None:
    found = {f.code for f in rules.check(parse(sign_xml(build(content), seal(), AT)))}
    # conditions that nobody recorded are not invented, and the rules say that they are missing
    assert found == (set() if content.environment else {"conditions_missing"})


def test_a_second_validator_agrees(shared: Path) -> None:
    import xmlschema

    official = xmlschema.XMLSchema10(str(shared / "schemas/dcc/v3.3.0/dcc.xsd"), allow="local")
    official.validate(build(make_content(replaces=REPLACEMENT)).decode())


def test_the_same_content_gives_the_same_bytes() -> None:
    assert build(make_content()) == build(make_content())


def columns(content: CertificateContent) -> dict[str, Quantity]:
    (measurement,) = read(build(content)).measurements
    found = [q for result in measurement.results for table in result.tables for q in table.columns]
    return {ref.removeprefix("qh_column_"): q for q in found for ref in q.ref_types if ref.startswith("qh_column_")}


def test_values_come_back_as_they_were_written() -> None:
    found = columns(make_content())
    assert found["indication"].values == ("200.0", "5001.0", "15003.0", "30004.0")
    assert found["indication"].units == (r"\gram",)
    assert found["mpe"].values == ("±5", "±5", "±10", "±15")
    assert found["ok"].values == ("合格",) * 4


def test_blanks_inside_a_word_survive_the_xml_list() -> None:
    assert columns(make_content())["point"].values == ("50 % Max", "Max")


def test_a_missing_reading_is_nan_and_not_zero() -> None:
    assert columns(make_content())["spread"].values == ("1.0", "NaN")


def test_uncertainty_is_written_with_its_factor_and_probability() -> None:
    stated = columns(make_content())["error"].uncertainty
    assert stated is not None
    assert (stated.kind, stated.values, stated.k, stated.p) == (
        "expanded",
        ("1.2", "1.3", "1.9", "3.0"),
        ("2",),
        ("0.95",),
    )


def test_a_factor_that_is_not_known_is_not_invented() -> None:
    table = {"title": {"zh": "表", "en": "T"}, "columns": [column("a", "甲", "A", "\\gram", "basic_x", ["1"])]}
    table["columns"][0]["U"] = ["0.1"]  # type: ignore[index]
    stated = columns(make_content(tables=[table]))["a"].uncertainty
    assert stated is not None
    assert stated.k == ("NaN",)


def test_people_hashes_and_standards_are_in_the_file() -> None:
    content = make_content()
    certificate = read(build(content))
    assert [p.role for p in certificate.people if p.main_signer] == ["signatory"]
    assert certificate.identification("qh_recordSha256") == content.record_sha256
    assert certificate.identification("qh_contentSha256") == content.content_sha256
    assert certificate.conformity == ("pass",)
    weights, thermometer = certificate.measurements[0].equipment
    assert weights.certificate is not None
    assert thermometer.certificate is not None
    assert (weights.certificate.procedure, weights.certificate.value) == (
        "sha256",
        content.standards[0].certificate_sha256,
    )
    assert (thermometer.certificate.procedure, thermometer.certificate.number) == ("analogue", "SL-2025-11872")


def test_a_replacement_names_what_it_replaces_and_its_hash() -> None:
    core = read(build(make_content(replaces=REPLACEMENT))).core
    assert (core.replaces, core.type_of_change) == ("LZ-2026-000001", "substituted")
    assert core.previous is not None
    assert core.previous.value == "a" * 64


hostile = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=40).filter(
    lambda s: s.strip()
)


@given(name=hostile, cell=hostile)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_breaks_the_schema(name: str, cell: str, shared: Path) -> None:
    table = {"title": {"zh": name, "en": "T"}, "columns": [column("a", name, "A", None, "basic_x", [cell, ""])]}
    content = make_content(tables=[table], customer={"name": name}, item={"name": name, "code": "Q"})
    data = build(content)
    assert schema.check(parse(data), shared / "schemas/dcc").valid
    assert columns(content)["a"].values == (" ".join(cell.split()), "")


def test_a_document_of_another_kind_does_not_call_itself_a_verification() -> None:
    for kind in ("test_report", "comparison_report", "reference_material_certificate"):
        content = make_content(kind=kind, verdict=..., traceability=TRACEABLE)
        words = build(content).decode()
        assert "检定结果" not in words
        assert "检定地点" not in words


@pytest.mark.parametrize("missing", ["traceability", "valid_until"])
def test_a_reference_material_certificate_states_traceability_and_validity(missing: str) -> None:
    with pytest.raises(InputError) as caught:
        make_content(
            **{"kind": "reference_material_certificate", "verdict": ..., "traceability": TRACEABLE, missing: ...}
        )
    assert "traceability" in caught.value.message
