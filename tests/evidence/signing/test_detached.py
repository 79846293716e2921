"""A seal beside any file, by every suite through one command, checked by us, by a second implementation and not on trust."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.signing import detached, sm2
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.suite import SUITES

AT = datetime(2026, 3, 1, tzinfo=UTC)


def requested(folder: Path, suite: str) -> Path:
    if suite == sm2.NAME:
        pytest.importorskip("gmalg", reason="gmalg is not installed, so SM2 was not tried")
        try:
            sm2.openssl()
        except InputError as error:
            pytest.skip(f"{error.line()}; so signing with SM2 was not tried")
    assert main(["seal", "request", str(folder), "--name", "衡川市计量测试所", "--suite", suite]) == 0
    return folder


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
@pytest.mark.parametrize("suite", [*SUITES, sm2.NAME])
def test_every_suite_seals_any_file_beside_it(suite, passphrase, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QUANHENG_SEAL_PASSPHRASE", passphrase)
    folder = requested(tmp_path / "seal", suite)
    file = tmp_path / "V2026-000001.pdf"
    file.write_bytes(b"%PDF-1.7 the bytes as issued")
    capsys.readouterr()
    assert main(["seal", "sign", str(file), str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["suite"], told["signature"]) == (suite, f"{file}.sig")
    words = ["seal", "verify", str(file), "--key", str(folder / "seal.csr.pem"), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"intact": True, "suite": suite, "key_sha256": told["key_sha256"]}
    file.write_bytes(b"%PDF-1.7 the bytes as issueD")
    assert main(words) == 1
    assert "does not fit" not in capsys.readouterr().err
    assert main(["seal", "sign", str(file), str(folder)]) == 2  # never over an earlier seal


def test_openssl_alone_checks_a_seal_of_sm2(tmp_path, capsys):
    folder = requested(tmp_path / "seal", sm2.NAME)
    file = tmp_path / "N.xml"
    file.write_bytes("证书".encode())
    assert main(["seal", "sign", str(file), str(folder)]) == 0
    run = [sm2.openssl(), "req", "-in", "seal/seal.csr.pem", "-pubkey", "-noout", "-out", "public.pem"]
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)
    check = "pkeyutl -verify -rawin -digest sm3 -pkeyopt distid:1234567812345678 -pubin -inkey public.pem"
    for content, holds in (("证书", True), ("证書", False)):
        file.write_text(content, "utf-8")
        words = [sm2.openssl(), *check.split(), "-in", "N.xml", "-sigfile", "N.xml.sig"]
        assert (subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode == 0) == holds
    assert main(["seal", "verify", str(file), "--key", str(tmp_path / "public.pem")]) == 1


def test_the_seal_of_another_key_does_not_fit(tmp_path, capsys):
    for name in ("a", "b"):
        requested(tmp_path / name, sm2.NAME)
    file = tmp_path / "N.xml"
    file.write_bytes(b"<x/>")
    assert main(["seal", "sign", str(file), str(tmp_path / "a")]) == 0
    assert main(["seal", "verify", str(file), "--key", str(tmp_path / "b/seal.csr.pem")]) == 1
    (tmp_path / "a/seal.csr.pem").write_bytes((tmp_path / "b/seal.csr.pem").read_bytes())
    with pytest.raises(InputError, match="does not belong to its key"):
        detached.sign_detached(tmp_path / "a", b"x")


def test_a_certified_seal_signs_by_its_certificate_and_a_short_key_is_refused(tmp_path, capsys):
    Authority.create(tmp_path / "ca", "Root", at=AT).issue_seal(tmp_path / "seal", "Lab", at=AT)
    signature, key = detached.sign_detached(tmp_path / "seal", b"x")
    assert key.suite == "ecdsa-p256"
    assert detached.public_key((tmp_path / "seal/seal.pem").read_bytes()).verify(signature, b"x")
    weak = ["openssl", "genrsa", "1024"]
    secret = subprocess.run(weak, check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=secret, check=True, capture_output=True).stdout
    for pem in (public, b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", bytes(100)):
        with pytest.raises(InputError):
            detached.public_key(pem)


def test_what_is_missing_is_said_in_one_line(tmp_path, capsys):
    file = tmp_path / "N.xml"
    file.write_bytes(b"<x/>")
    for words in (
        ["seal", "sign", str(file), str(tmp_path / "nowhere")],
        ["seal", "verify", str(file), "--key", str(file)],
        ["seal", "verify", str(tmp_path / "none"), "--key", str(file)],
    ):
        assert main(words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
