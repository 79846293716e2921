"""Every suite signs XML and PDF that verify; keys under a passphrase, on a token, and certified by somebody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.signing import request, token
from quanheng.evidence.signing.authority import Authority, Seal
from quanheng.evidence.signing.pades import sign_pdf, verify_pdf
from quanheng.evidence.signing.suite import SUITES, suite_for, suite_named
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_xml
from tests.fuzz.seeds import DCC, pdf_with

AT = datetime(2026, 3, 1, tzinfo=UTC)
XML = DCC.encode()


def signs(seal: Seal, root: Authority) -> None:
    """XML and PDF of this seal are valid, a changed copy is tampered, and the algorithms are the suite's own."""
    signed = sign_xml(XML, seal, AT)
    report = verify_xml(signed, [root.certificate], AT)
    assert (report.state, report.signer) == ("valid-at-timestamp", seal.organisation)
    assert seal.suite.xml_signature.encode() in signed
    assert verify_xml(signed.replace(b">N-1<", b">N-2<"), [root.certificate], AT).state == "tampered"
    sealed = sign_pdf(pdf_with(signed), seal, AT)
    assert verify_pdf(sealed, [root.certificate], AT).state == "valid-at-timestamp"
    changed = sealed.replace(b"/UF(dcc.xml)", b"/UF(dcd.xml)")
    assert verify_pdf(changed, [root.certificate], AT).state == "tampered"


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_signs_xml_and_pdf_that_verify(name, tmp_path):
    root = Authority.create(tmp_path / "ca", "Root", at=AT, suite=SUITES[name])
    seal = root.issue_seal(tmp_path / "seal", "衡川市计量测试所", at=AT)
    assert Seal.load(tmp_path / "seal").suite.name == name
    signs(seal, root)
    data = b"bytes"
    signature = seal.suite.sign(seal.key, data)
    assert seal.suite.verify(seal.key.public_key(), signature, data)
    assert not seal.suite.verify(seal.key.public_key(), signature, b"other")


def test_a_root_of_one_suite_vouches_for_a_seal_of_another(tmp_path):
    root = Authority.create(tmp_path / "ca", "Root", at=AT, suite=SUITES["ecdsa-p384"])
    signs(root.issue_seal(tmp_path / "seal", "Lab", at=AT, suite=SUITES["rsa-3072"]), root)


def test_a_suite_refuses_the_key_of_another_and_a_short_key(tmp_path):
    keys = {name: suite.new_key() for name, suite in SUITES.items()}
    with pytest.raises(InputError):
        SUITES["rsa-3072"].sign(keys["ecdsa-p256"], b"x")
    with pytest.raises(InputError):
        SUITES["ecdsa-p256"].verify(keys["rsa-3072"].public_key(), b"", b"x")
    with pytest.raises(InputError):
        suite_for(rsa.generate_private_key(65537, 1024))
    with pytest.raises(InputError) as caught:
        suite_named("md5", place="seal_suite")
    assert "ecdsa-p256" in caught.value.message


def test_a_key_under_a_passphrase_opens_with_it_alone(tmp_path):
    root = Authority.create(tmp_path / "ca", "Root", at=AT, passphrase=b"root")
    root.issue_seal(tmp_path / "seal", "Lab", at=AT, passphrase=b"secret")
    assert b"ENCRYPTED" in (tmp_path / "seal" / "seal.key.pem").read_bytes()
    assert (tmp_path / "seal" / "seal.key.pem").stat().st_mode & 0o777 == 0o600
    signs(Seal.load(tmp_path / "seal", b"secret"), root)
    for wrong in (None, b"wrong"):
        with pytest.raises(InputError) as caught:
            Seal.load(tmp_path / "seal", wrong)
        assert "secret" not in caught.value.line()


def test_a_request_goes_out_and_a_chain_comes_back(tmp_path):
    root = Authority.create(tmp_path / "ca", "Public authority", at=AT)
    request.request(tmp_path / "seal", "Lab", credit_code="91350100M000100Y43", suite=SUITES["rsa-3072"])
    with pytest.raises(InputError):
        request.request(tmp_path / "seal", "Lab")
    asked = request.read_request((tmp_path / "seal" / "seal.csr.pem").read_bytes())
    certificate = root.certify(request.public_key(asked), asked.subject, at=AT)
    pem = [c.public_bytes(serialization.Encoding.PEM) for c in (certificate, root.certificate)]
    other = Authority.create(tmp_path / "other", "Other", at=AT)
    foreign = other.issue_seal(tmp_path / "foreign", "Lab", at=AT)
    for wrong in (
        b"nothing",
        pem[1] + pem[0],
        pem[0] + other.certificate.public_bytes(serialization.Encoding.PEM),
        foreign.certificate.public_bytes(serialization.Encoding.PEM),
    ):
        with pytest.raises(InputError):
            request.install(tmp_path / "seal", wrong)
        assert not (tmp_path / "seal" / "seal.pem").exists()
    seal = request.install(tmp_path / "seal", b"".join(pem))
    assert (seal.organisation, seal.suite.name) == ("Lab", "rsa-3072")
    signs(seal, root)


def test_a_request_that_was_altered_is_refused(tmp_path):
    pem = request.request(tmp_path / "seal", "Lab")
    raw = bytearray(pem)
    at = len(pem) // 2
    raw[at] = ord("A") if raw[at] != ord("A") else ord("B")
    with pytest.raises(InputError):
        request.read_request(bytes(raw))


def call(capsys, *words) -> tuple[int, str, str]:
    code = main(["seal", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_makes_an_authority_a_request_and_a_seal(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QUANHENG_SEAL_PASSPHRASE", "correct horse")
    ca, seal = tmp_path / "ca", tmp_path / "seal"
    assert call(capsys, "authority", ca, "--name", "Office root", "--suite", "ecdsa-p384")[0] == 0
    assert call(capsys, "request", seal, "--name", "衡川市计量测试所", "--suite", "rsa-3072")[0] == 0
    chain = tmp_path / "chain.pem"
    assert call(capsys, "certify", ca, seal / "seal.csr.pem", "--out", chain)[0] == 2  # the request comes first
    assert call(capsys, "certify", seal / "seal.csr.pem", ca, "--out", chain)[0] == 0
    assert call(capsys, "install", chain, seal)[0] == 0
    code, out, _ = call(capsys, "show", seal, "--json")
    told = json.loads(out)
    assert (code, told["organisation"], told["suite"], told["key"]) == (0, "衡川市计量测试所", "rsa-3072", "file")
    assert call(capsys, "issue", tmp_path / "second", "--authority", ca, "--name", "Lab")[0] == 0
    monkeypatch.delenv("QUANHENG_SEAL_PASSPHRASE")
    code, _, err = call(capsys, "show", seal)
    assert (code, len(err.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["request", "NEW", "--name", "x", "--suite", "sm9"],
        ["request", "NEW", "--name", "x", "--token-label", "t"],
        ["show", "/nowhere"],
        ["install", "/nowhere", "NEW"],
        ["certify", "/nowhere", "NEW", "--out", "OUT"],
        ["issue", "NEW", "--authority", "/nowhere", "--name", "x"],
    ],
)
def test_wrong_usage_of_the_command_is_one_line(tmp_path, capsys, words):
    places = {"NEW": tmp_path / "new", "OUT": tmp_path / "out"}
    code, _, err = call(capsys, *(places.get(word, word) for word in words))
    assert (code, len(err.splitlines())) == (2, 1)


MODULES = (
    os.environ.get("SOFTHSM2_LIB", ""),
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@pytest.fixture
def hsm(tmp_path, monkeypatch) -> str:
    """A fresh SoftHSM token; the library's path."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed, so keys on tokens were not tried")
    module = next((path for path in MODULES if path and Path(path).exists()), None)
    tool = os.environ.get("SOFTHSM2_UTIL") or shutil.which("softhsm2-util")
    if module is None or tool is None:
        pytest.skip("SoftHSM is not installed (set SOFTHSM2_LIB and SOFTHSM2_UTIL), so keys on tokens were not tried")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv(token.PIN, "1234")
    made = [tool, "--init-token", "--free", "--label", "seals", "--pin", "1234", "--so-pin", "5678", "--module", module]
    subprocess.run(made, check=True, capture_output=True)
    return module


TOKEN_TEST = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cryptography.hazmat.primitives import serialization
from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.signing import request
from quanheng.evidence.signing.authority import Authority, Seal
from quanheng.evidence.signing.suite import SUITES
from tests.evidence.signing.test_suites import AT, signs

folder, module, suite = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
seal = folder / "seal"
words = ["--token-module", module, "--token-label", "seals", "--key-label", "one", "--suite", suite]
assert main(["seal", "request", str(seal), "--name", "Lab", *words]) == 0
assert main(["seal", "request", str(folder / "again"), "--name", "Lab", *words]) == 2
root = Authority.create(folder / "ca", "Root", at=AT)
asked = request.read_request((seal / "seal.csr.pem").read_bytes())
chain = [root.certify(request.public_key(asked), asked.subject, at=AT), root.certificate]
request.install(seal, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))
assert not (seal / "seal.key.pem").exists()
held = Seal.load(seal)
assert held.suite.name == suite
signs(held, root)
try:
    held.key.private_bytes(None, None, None)
except InputError as refused:
    assert refused.code == "token"
else:
    raise AssertionError("the key left the token")
"""


@pytest.mark.parametrize("name", SUITES)
def test_a_key_on_a_token_signs_and_stays_there(hsm, tmp_path, name):
    words = [sys.executable, "-c", TOKEN_TEST, str(tmp_path), hsm, name]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr


def test_a_token_that_is_not_there_is_refused_in_one_line(tmp_path, monkeypatch):
    where = token.TokenKey("/nowhere/lib.so", "seals", "one")
    monkeypatch.delenv(token.PIN, raising=False)
    with pytest.raises(InputError, match="PIN"):
        token.generate(where, "ecdsa-p256")
    monkeypatch.setenv(token.PIN, "0000")
    with pytest.raises(InputError) as caught:
        token.generate(where, "ecdsa-p256")
    assert "0000" not in caught.value.line()
    (tmp_path / token.FILE).write_text("module = 'x'\n")
    with pytest.raises(InputError):
        token.read_token_key(tmp_path / token.FILE)
    (tmp_path / token.FILE).write_text(token.TokenKey('a"b\\c', "标签", "k").text(), "utf-8")
    assert token.read_token_key(tmp_path / token.FILE) == token.TokenKey('a"b\\c', "标签", "k")


def test_a_seal_outlived_by_its_document_is_still_judged_at_the_logged_time(tmp_path):
    root = Authority.create(tmp_path / "ca", "Root", at=AT)
    seal = root.issue_seal(tmp_path / "seal", "Lab", at=AT, days=30)
    signed = sign_xml(XML, seal, AT)
    later = AT + timedelta(days=400)
    assert verify_xml(signed, [root.certificate], AT, now=later).state == "valid-at-timestamp"
    assert verify_xml(signed, [root.certificate], now=later).state == "claimed-time-only"
