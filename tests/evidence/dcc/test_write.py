"""A certificate from its content in JSON, on the shell: what is missing is named, what is written passes our own check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.attachment import certificate_xml
from quanheng.evidence.content import TITLES, problems
from quanheng.evidence.dcc.validate import validate
from quanheng.evidence.example import example
from quanheng.evidence.signing.authority import Authority

Out = pytest.CaptureFixture[str]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(example()), "utf-8")
    return path


@pytest.mark.parametrize("kind", TITLES)
def test_the_example_of_every_kind_becomes_a_certificate_that_nothing_is_wrong_with(
    kind, tmp_path, shared, capsys: Out
):
    assert main(["dcc", "write", "--example", kind]) == 0
    path = tmp_path / f"{kind}.json"
    path.write_text(capsys.readouterr().out, "utf-8")
    assert main(["dcc", "write", str(path), "--out", str(tmp_path / "out")]) == 0
    found = validate((tmp_path / "out" / f"{kind}.xml").read_bytes(), shared / "schemas/dcc")
    assert found.schema.valid
    assert [f.code for f in found.findings] == ["claim_unsigned"]


def test_with_a_seal_the_sealed_paper_carries_the_signed_file(content, tmp_path, shared, capsys: Out):
    now = datetime.now(UTC)
    office = Authority.create(tmp_path / "ca", "根", at=now)
    office.issue_seal(tmp_path / "seal", "计量所", at=now)
    assert main(["dcc", "write", str(content), "--seal", str(tmp_path / "seal"), "--json"]) == 0
    written = [Path(name) for name in json.loads(capsys.readouterr().out)["written"]]
    assert [path.suffix for path in written] == [".xml", ".pdf"]
    xml, pdf = (path.read_bytes() for path in written)
    assert certificate_xml(pdf) == xml
    judged = validate(pdf, shared / "schemas/dcc", anchors=[office.certificate])
    assert [s.state for s in judged.signatures] == ["valid-now", "valid-now"]
    assert not judged.negative("info")


def test_a_character_that_no_font_prints_is_named_with_file_and_place(content, tmp_path, capsys: Out):
    now = datetime.now(UTC)
    Authority.create(tmp_path / "ca", "根", at=now).issue_seal(tmp_path / "seal", "计量所", at=now)
    data = example()
    content.write_text(json.dumps({**data, "item": {**data["item"], "name": "秤\ue123"}}), "utf-8")
    assert main(["dcc", "write", str(content), "--seal", str(tmp_path / "seal")]) == 2
    told = capsys.readouterr().err
    assert "U+E123" in told
    assert f"({content}: " in told
    assert not content.with_suffix(".xml").exists()


def test_all_that_is_missing_is_named_in_one_line(content, capsys: Out):
    data = example()
    del data["customer"]["name"], data["standards"], data["item"]["code"]
    content.write_text(json.dumps({**data, "colour": "red"}), "utf-8")
    assert main(["dcc", "write", str(content)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("content: 4 to mend: ")
    assert all(f"{name}: " in line for name in ("customer.name", "standards", "item.code", "colour"))
    assert not content.with_suffix(".xml").exists()


def test_what_lies_there_is_not_overwritten(content, capsys: Out):
    content.with_suffix(".xml").write_text("mine", "utf-8")
    assert main(["dcc", "write", str(content)]) == 2
    assert capsys.readouterr().err.startswith("exists: ")
    assert content.with_suffix(".xml").read_text("utf-8") == "mine"


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "\udcff"])
def test_what_is_no_json_is_refused_in_one_line(text, content, capsys: Out):
    content.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["dcc", "write", str(content)]) == 2
    assert capsys.readouterr().err.startswith("not_json: ")
    assert len(capsys.readouterr().err.splitlines()) <= 1


def test_a_content_of_another_form_is_refused(content, capsys: Out):
    content.write_text("[1]", "utf-8")
    assert main(["dcc", "write", str(content)]) == 2
    assert capsys.readouterr().err.startswith("content: 1 to mend: the whole: ")


def test_without_a_file_the_way_to_begin_is_told(capsys: Out):
    assert main(["dcc", "write"]) == 2
    assert "--example" in capsys.readouterr().err


def test_the_schema_of_a_content_knows_every_field_of_the_example(capsys: Out):
    assert main(["dcc", "write", "--schema"]) == 0
    known = json.loads(capsys.readouterr().out)["properties"]
    assert set(example()) <= set(known)
    assert problems(example()) == []
