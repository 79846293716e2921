"""SM2 with SM3: the vector of GM/T 0003.5-2012 annex A, two implementations that check each other, keys of OpenSSL."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.signing import sm2

pytest.importorskip("gmalg", reason="gmalg is not installed, so SM2 was not tried")

# GM/T 0003.5-2012 annex A: identity 1234567812345678, message "message digest"
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SECRET = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"


@pytest.fixture
def openssl() -> str:
    try:
        return sm2.openssl()
    except InputError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(error.line())
        pytest.skip(f"{error.line()}; so signing with SM2 was not tried")


def test_the_published_signature_verifies_and_its_neighbours_do_not():
    good = sm2.encode(R, S)
    assert sm2.verify(PUBLIC, good, MESSAGE)
    assert not sm2.verify(PUBLIC, good, b"message digesu")
    assert not sm2.verify(PUBLIC, good, MESSAGE, identity=b"ALICE123@YAHOO.COM")
    assert not sm2.verify(PUBLIC, sm2.encode(R, S ^ 1), MESSAGE)
    assert not sm2.verify(PUBLIC, sm2.encode(R ^ 1, S), MESSAGE)
    assert not sm2.verify(PUBLIC[:-1] + b"\x14", good, MESSAGE)  # no point of the curve


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\x30\x00",
        sm2.encode(R, S) + b"\x00",
        sm2.encode(0, S),
        sm2.encode(R, 0),
        sm2.encode(sm2.ORDER, S),
        sm2.encode(R, sm2.ORDER + S),
        sm2.encode(-R, S),
        b"\x30\x81" + sm2.encode(R, S)[1:],
    ],
)
def test_a_signature_in_another_spelling_or_out_of_range_is_refused(signature):
    assert not sm2.verify(PUBLIC, signature, MESSAGE)


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_what_openssl_signs_the_other_implementation_verifies(openssl, tmp_path, passphrase):
    key = sm2.Sm2Key.create(tmp_path / "seal.key.pem", passphrase)
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert (b"ENCRYPTED" in key.path.read_bytes()) == bool(passphrase)
    for data in (b"", MESSAGE, bytes(100_000)):
        signature = key.sign(data)
        assert sm2.verify(key.public(), signature, data)
        assert not sm2.verify(key.public(), signature, data + b"x")
    assert sm2.verify(key.public(), key.sign(MESSAGE, b"ALICE123@YAHOO.COM"), MESSAGE, b"ALICE123@YAHOO.COM")
    assert passphrase or sm2.is_sm2(key.path.read_bytes())


def test_a_wrong_passphrase_a_taken_folder_and_a_strange_identity_are_refused(openssl, tmp_path):
    key = sm2.Sm2Key.create(tmp_path / "seal.key.pem", b"correct horse")
    with pytest.raises(InputError) as caught:
        sm2.Sm2Key(key.path, b"zebra").sign(b"x")
    assert "zebra" not in caught.value.line()
    with pytest.raises(InputError):
        sm2.Sm2Key.create(key.path)
    with pytest.raises(InputError):
        key.sign(b"x", b"a\nb")
    assert "horse" not in repr(key)


def test_gmalg_signatures_of_the_published_key_verify_by_openssl(openssl, tmp_path):
    """The other direction; the nonce is gmalg's, so the signature is another one each time."""
    from asn1crypto.keys import PublicKeyInfo
    from gmalg import SM2

    r, s = SM2(bytes.fromhex(SECRET), b"1234567812345678", PUBLIC).sign(MESSAGE)
    # SubjectPublicKeyInfo of an SM2 point, RFC 5480 with the curve of GM/T 0006
    der = bytes.fromhex("3059301306072A8648CE3D020106082A811CCF5501822D034200") + PUBLIC
    assert PublicKeyInfo.load(der)["public_key"].native == PUBLIC
    for name, data in (
        ("key", der),
        ("data", MESSAGE),
        ("sig", sm2.encode(*(int.from_bytes(x, "big") for x in (r, s)))),
    ):
        (tmp_path / name).write_bytes(data)
    words = "pkeyutl -verify -rawin -digest sm3 -pkeyopt distid:1234567812345678 -pubin -keyform DER"
    done = subprocess.run(
        [openssl, *words.split(), "-inkey", "key", "-in", "data", "-sigfile", "sig"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0


def test_a_request_for_a_public_authority_is_signed_with_sm2(openssl, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QUANHENG_SEAL_PASSPHRASE", "correct horse")
    folder = tmp_path / "seal"
    words = ["seal", "request", str(folder), "--name", "衡川市计量/测试所", "--suite", "sm2-sm3"]
    assert main([*words, "--credit-code", "91350100M000100Y43"]) == 0
    capsys.readouterr()
    asked = folder / "seal.csr.pem"
    check = [openssl, "req", "-in", str(asked), "-verify", "-noout", "-vfyopt", "distid:1234567812345678"]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 0
    show = [openssl, "req", "-in", str(asked), "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus"]
    told = subprocess.run(show, check=True, capture_output=True).stdout.decode()
    assert "O=衡川市计量/测试所" in told.replace(" ", "")
    assert "91350100M000100Y43" in told
    assert main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_without_openssl_the_refusal_says_what_to_install(monkeypatch, tmp_path):
    sm2.openssl.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        with pytest.raises(InputError, match="OpenSSL 3"):
            sm2.Sm2Key.create(Path(tmp_path) / "k.pem")
    finally:
        sm2.openssl.cache_clear()
