from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.dcc.build import build
from quanheng.evidence.signing.authority import Authority
from tests.evidence.dcc.test_safe import BOMB
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "c.xml"
    path.write_bytes(build(make_content()))
    return path


@pytest.fixture
def seal(tmp_path: Path) -> Path:
    now = datetime.now(UTC)
    Authority.create(tmp_path / "ca", "根", at=now).issue_seal(tmp_path / "seal", "计量所", at=now)
    return tmp_path / "seal"


def test_show_prints_for_a_person_and_as_json(file: Path, capsys: Out) -> None:
    assert main(["dcc", "show", str(file)]) == 0
    assert "LZ-2026-000123" in capsys.readouterr().out
    assert main(["dcc", "show", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["core"]["unique_identifier"] == "LZ-2026-000123"


def test_several_files_give_an_array_in_order_and_the_worst_code(file: Path, shared: Path, capsys: Out) -> None:
    bad = file.with_name("bad.xml")
    bad.write_bytes(file.read_bytes().replace(b"<dcc:issueDate>2026-10-12", b"<dcc:issueDate>x"))
    schemas = ["--schema-dir", str(shared / "schemas/dcc")]
    assert main(["dcc", "validate", str(file), *schemas]) == 0
    capsys.readouterr()
    assert main(["dcc", "validate", str(file), str(bad), *schemas, "--json"]) == 1
    good, wrong = json.loads(capsys.readouterr().out)
    assert (good["schema"]["valid"], wrong["schema"]["valid"]) == (True, False)


def test_published_examples_are_validated(shared: Path, capsys: Out) -> None:
    files = [str(p) for p in sorted((shared / "samples/dcc").glob("*.xml"))]
    assert main(["dcc", "validate", *files, "--schema-dir", str(shared / "schemas/dcc"), "--json"]) in (0, 1)
    answers = json.loads(capsys.readouterr().out)
    assert [a["schema"]["state"] for a in answers] == ["found"] * 6


def test_a_missing_schema_is_a_negative_judgement(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.delenv("QUANHENG_DCC_SCHEMAS", raising=False)
    assert main(["dcc", "validate", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["schema"]["state"] == "missing"


def test_sign_then_verify(file: Path, seal: Path, capsys: Out) -> None:
    assert main(["dcc", "verify", str(file)]) == 1
    assert main(["dcc", "sign", str(file), "--seal", str(seal)]) == 0
    signed = file.with_name("c.signed.xml")
    capsys.readouterr()
    anchor = ["--trust", str(seal.parent / "ca/root.pem")]
    assert main(["dcc", "verify", str(signed), *anchor, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "valid-now"
    assert main(["dcc", "verify", str(signed)]) == 1
    assert main(["dcc", "verify", str(signed), *anchor, "--at", "2001-01-01"]) == 1
    assert main(["dcc", "sign", str(file), "--seal", str(seal)]) == 2


@pytest.mark.parametrize(
    "data",
    [BOMB.encode() + b"]><a>&c8;</a>", b"", b"<a/>", b"\x00\x01", b"%PDF-1.7"],
)
@pytest.mark.parametrize("action", ["show", "validate", "export"])
def test_unsafe_or_unreadable_input_is_refused_in_one_line(
    action: str, data: bytes, tmp_path: Path, capsys: Out
) -> None:
    (tmp_path / "x.xml").write_bytes(data)
    assert main(["dcc", action, str(tmp_path / "x.xml"), "--json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert ": " in lines[0]


@pytest.mark.parametrize(
    "argv",
    [["show", "/nowhere.xml"], ["verify", "X", "--at", "tomorrow"], ["verify", "X", "--trust", "X"], ["shout"], []],
)
def test_wrong_usage_is_refused(argv: list[str], file: Path, capsys: Out) -> None:
    assert main(["dcc", *(str(file) if a == "X" else a for a in argv)]) == 2


def test_export_gives_every_value_with_unit_and_uncertainty(file: Path, capsys: Out) -> None:
    assert main(["dcc", "export", str(file), "--to", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    (error,) = [r for r in rows if r["column"] == "示值误差" and r["row"] == "4"]
    assert (error["value"], error["unit"], error["uncertainty"], error["k"]) == ("4.0", "g", "3.0", "2")


def test_a_pdf_that_opens_nowhere_is_unreadable_but_a_damaged_seal_is_tampered(tmp_path, capsys: Out):
    path = tmp_path / "c.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing of the kind")
    assert main(["dcc", "verify", str(path)]) == 2
    assert capsys.readouterr().err.startswith("pdf: ")
    path.write_bytes(b"%PDF-1.7\n<< /ByteRange [0 1 2 3] >> nothing of the kind")
    assert main(["dcc", "verify", str(path)]) == 1
    assert "tampered" in capsys.readouterr().out


def test_nesting_too_deep_is_called_so_by_every_action(tmp_path, capsys: Out):
    path = tmp_path / "c.xml"
    path.write_bytes(b"<a>" * 5000 + b"</a>" * 5000)
    for action in ("show", "validate", "verify"):
        assert main(["dcc", action, str(path)]) == 2
        assert capsys.readouterr().err.startswith("too_deep: ")
