"""Files that are a certificate but for the spelling of a name: told with the remedy, and read all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.document import Document
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.dcc.validate import validate
from tests.evidence.sample_content import make_content

Out = pytest.CaptureFixture[str]
GOOD = build(make_content())


def spelled(right: str, wrong: str) -> bytes:
    return GOOD.replace(f'"{right}"'.encode(), f'"{wrong}"'.encode())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (names.DCC, "http://ptb.de/dcc"),
        (names.DCC, "https://ptb.de/dcc/"),
        (names.DCC, "https://www.ptb.de/dcc"),
        (names.DCC, "https://ptb.de/dcc/v3.3.0"),
        (names.DCC, "https://ptb.de/dcc/v3.3.0/dcc.xsd"),
        (names.DCC, "https://PTB.de/DCC"),
        (names.SI, "http://ptb.de/si"),
        (names.SI, "https://ptb.de/si/"),
        (names.SI, "https://ptb.de/dsi"),
    ],
)
def test_a_near_miss_is_named_with_its_remedy_and_read(right: str, wrong: str, shared: Path) -> None:
    data = spelled(right, wrong)
    assert data != GOOD
    result = validate(data, shared / "schemas/dcc")
    found = [f for f in result.findings if f.code == "namespace"]
    assert len(found) == 1
    assert wrong in found[0].en
    assert right in found[0].remedy
    assert (found[0].severity, result.schema.state) == ("error", "not_applied")
    assert result.negative("error")
    assert read(data).measurements == read(GOOD).measurements


def test_what_is_meant_otherwise_is_left_alone() -> None:
    assert all(f.code != "namespace" for f in validate(GOOD, None).findings)
    foreign = GOOD.replace(
        b"</dcc:administrativeData>", b'</dcc:administrativeData><x xmlns="https://ptb.de/other"/>', 1
    )
    assert all(f.code != "namespace" for f in validate(foreign, None).findings)


def test_a_certificate_without_any_namespace_or_with_its_root_in_capitals_is_read() -> None:
    bare = GOOD.replace(f' xmlns:dcc="{names.DCC}"'.encode(), b"").replace(b"dcc:", b"")
    capital = GOOD.replace(b"dcc:digitalCalibrationCertificate", b"dcc:DigitalCalibrationCertificate")
    for data in (bare, capital):
        assert read(data).core.unique_identifier == read(GOOD).core.unique_identifier
        assert [f.code for f in validate(data, None).findings if f.severity == "error"] == ["namespace"]


def test_writing_it_anew_mends_it(shared: Path) -> None:
    for right, wrong in ((names.DCC, "http://ptb.de/dcc/"), (names.SI, "https://ptb.de/dsi")):
        mended = Document.read(spelled(right, wrong)).write()
        assert b"<dcc:digitalCalibrationCertificate" in mended
        assert validate(mended, shared / "schemas/dcc").schema.valid
        assert read(mended).measurements == read(GOOD).measurements


@pytest.mark.parametrize(
    ("written", "code", "severity", "remedy", "state"),
    [
        ("3.3.0 ", "version_written", "error", "3.3.0", "found"),
        ("v3.3.0", "version_written", "error", "3.3.0", "found"),
        ("3.3", "version_written", "error", "3.3.0", "found"),
        ("", "version_missing", "error", "3.3.0", "missing"),
        ("3.0.1", "version_unknown", "warning", "3.1.0", "missing"),
        ("3.4.0-rc.2", "version_unknown", "warning", "--schema-dir", "missing"),
        ("../../etc", "version_unknown", "warning", "3.3.0", "missing"),
    ],
)
def test_a_version_written_otherwise_is_named(
    written: str, code: str, severity: str, remedy: str, state: str, shared: Path
) -> None:
    data = GOOD.replace(b'schemaVersion="3.3.0"', f'schemaVersion="{written}"'.encode())
    result = validate(data, shared / "schemas/dcc")
    found = next(f for f in result.findings if f.code == code)
    assert (found.severity, result.schema.state) == (severity, state)
    assert remedy in found.remedy
    assert result.negative("error")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"\x1f\x8b\x08" + bytes(40), "gzip"),
        (b'{"a": 1}', "JSON"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"<html><body>404</body></html>", "web page"),
        (
            b"<s:Envelope xmlns:s='urn:s'><s:Body>" + GOOD.partition(b"?>")[2] + b"</s:Body></s:Envelope>",
            "wrapped into",
        ),
        (b'<dcx xmlns="https://dfm.dk"/>', "https://dfm.dk"),
    ],
)
def test_what_the_file_is_instead_is_said(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(data, None, place="c.xml")
    assert caught.value.code in {"not_xml", "not_dcc"}
    assert said in caught.value.message
    assert "<string>" not in caught.value.message


def test_nobody_seals_what_others_cannot_read(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "c.xml").write_bytes(spelled(names.SI, "http://ptb.de/si"))
    assert main(["seal", "authority", str(tmp_path / "ca"), "--name", "Root"]) == 0
    assert main(["seal", "issue", str(tmp_path / "seal"), "--authority", str(tmp_path / "ca"), "--name", "Office"]) == 0
    capsys.readouterr()
    sign = ["dcc", "sign", "--seal", str(tmp_path / "seal"), "--out", str(tmp_path / "out")]
    assert main([*sign, str(tmp_path / "c.xml")]) == 2
    assert capsys.readouterr().err.startswith("namespace: ")


def test_a_published_certificate_is_signed_without_its_comments_where_the_schema_has_a_place(
    tmp_path: Path, capsys: Out
) -> None:
    old = GOOD.replace(b'schemaVersion="3.3.0"', b'schemaVersion="3.1.2"')
    commented = GOOD.replace(b"<dcc:coreData>", b"<!-- from a tool --><dcc:coreData>", 1)
    for name, data in (("old", old), ("commented", commented)):
        (tmp_path / f"{name}.xml").write_bytes(data)
    main(["seal", "authority", str(tmp_path / "ca"), "--name", "Root"])
    main(["seal", "issue", str(tmp_path / "seal"), "--authority", str(tmp_path / "ca"), "--name", "Office"])
    capsys.readouterr()
    sign = ["dcc", "sign", "--seal", str(tmp_path / "seal"), "--out", str(tmp_path / "out")]
    assert main([*sign, str(tmp_path / "old.xml")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("signature_place: ")
    assert "old.xml" in said
    assert main([*sign, str(tmp_path / "old.xml"), "--any-version"]) == 0
    assert main([*sign, str(tmp_path / "commented.xml")]) == 2
    assert "--drop-comments" in capsys.readouterr().err
    assert main([*sign, str(tmp_path / "commented.xml"), "--drop-comments"]) == 0
    signed = tmp_path / "out" / "commented.signed.xml"
    assert b"<!--" not in signed.read_bytes()
    assert main(["dcc", "verify", str(signed), "--trust", str(tmp_path / "ca/root.pem")]) == 0
    assert parse(signed.read_bytes()).tag == names.ROOT
