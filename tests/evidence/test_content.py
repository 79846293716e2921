from __future__ import annotations

import json
from typing import Any

import pytest

from quanheng.errors import InputError
from quanheng.evidence.content import load
from tests.evidence.sample_content import column, make_content, make_data, make_rejection


def test_content_survives_json() -> None:
    content = make_content()
    again = load(json.loads(content.canonical_bytes()))
    assert again == content
    assert again.content_sha256 == content.content_sha256


def test_a_copy_with_other_fields_has_another_hash() -> None:
    content = make_content()
    first = content.content_sha256
    other = content.model_copy(update={"number": "LZ-2026-999999"})
    assert other.content_sha256 != first
    assert b"LZ-2026-999999" in other.canonical_bytes()


def test_the_title_follows_the_kind() -> None:
    assert make_content().title.zh == "检定证书"
    assert make_rejection().title.zh == "检定结果通知书"


def test_absent_and_empty_fields_are_the_same_content() -> None:
    data = make_data()
    data["customer"]["phone"] = ""
    assert load(data).content_sha256 == make_content().content_sha256


def test_trailing_zeros_are_kept() -> None:
    assert make_content().tables[0].columns[1].values[0] == "200.0"


def test_the_signing_time_is_kept_in_utc_and_whole_seconds() -> None:
    data = make_data()
    data["signature_act"]["at"] = "2026-10-12T16:30:00.750+08:00"
    assert load(data).as_json()["signature_act"]["at"] == "2026-10-12T08:30:00Z"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"verdict": "fail"}, "pass"),
        ({"kind": "rejection_notice", "verdict": "fail", "valid_until": ...}, "reasons"),
        ({"performed_to": "2026-10-01"}, "performed_to"),
        ({"issued_on": "2026-10-01"}, "issued_on"),
        ({"valid_until": "2026-01-01"}, "valid_until"),
        ({"standards": []}, "standard"),
        ({"tables": []}, "table"),
        ({"people": [{"role": "verifier", "name": "李"}]}, "signatory"),
        ({"public_url": "javascript:alert(1)"}, "public_url"),
        ({"number": "  "}, "empty"),
        ({"number": "A\x00B"}, "control"),
        ({"colour": "red"}, "Extra"),
        ({"record_sha256": "abc"}, "SHA-256"),
        ({"issued_on": ...}, "required"),
    ],
)
def test_content_that_does_not_hold_together_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as caught:
        make_content(**changes)
    assert caught.value.code == "content"
    assert word in caught.value.message


def bad_columns() -> list[dict[str, Any]]:
    numeric = column("a", "甲", "A", "\\gram", "basic_measuredValue", ["1", "2"])
    return [
        {**numeric, "U": ["1", "2", "3"], "k": "2"},
        {**numeric, "U": ["-1"], "k": "2"},
        {**numeric, "U": ["1"], "k": "two"},
        {**numeric, "U": ["1"], "k": "2", "p": "95"},
        {**numeric, "k": "2"},
        {**numeric, "unit": None, "U": ["1"], "k": "2"},
        {**numeric, "values": []},
    ]


@pytest.mark.parametrize("bad", bad_columns())
def test_a_table_with_a_wrong_uncertainty_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        make_content(tables=[{"title": {"zh": "表", "en": "T"}, "columns": [bad]}])


def test_the_columns_of_a_table_are_equally_long() -> None:
    uneven = [column("a", "甲", "A", None, "qh_a", ["1"]), column("b", "乙", "B", None, "qh_b", ["1", "2"])]
    with pytest.raises(InputError):
        make_content(tables=[{"title": {"zh": "表", "en": "T"}, "columns": uneven}])


def test_a_condition_with_a_unit_is_a_number() -> None:
    condition = {"quantity": {"zh": "温度", "en": "T"}, "value": "约 20", "unit": "\\degreecelsius", "ref_type": "x"}
    with pytest.raises(InputError):
        make_content(environment=[condition])
