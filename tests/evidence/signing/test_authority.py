from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from quanheng.errors import InputError
from quanheng.evidence.signing.authority import Authority, Seal, load_anchors, organisation
from quanheng.evidence.signing.suite import suite_for
from tests.evidence.signing.keys import AT, OFFICE, authority


def test_a_seal_is_kept_on_disk_and_loaded_again(tmp_path: Path) -> None:
    made = authority().issue_seal(tmp_path / "seal", OFFICE, at=AT)
    loaded = Seal.load(tmp_path / "seal")
    assert loaded.certificate == made.certificate
    assert loaded.organisation == OFFICE
    assert loaded.suite.name == "ecdsa-p256"


def test_private_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    root = Authority.create(tmp_path / "ca", "根", at=AT)
    root.issue_seal(tmp_path / "seal", OFFICE, at=AT)
    for key in (tmp_path / "ca/root.key.pem", tmp_path / "seal/seal.key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    Authority.create(tmp_path, "根", at=AT)
    before = (tmp_path / "root.key.pem").read_bytes()
    with pytest.raises(InputError):
        Authority.create(tmp_path, "根", at=AT)
    assert (tmp_path / "root.key.pem").read_bytes() == before


def test_a_passphrase_protects_the_key(tmp_path: Path) -> None:
    authority().issue_seal(tmp_path / "seal", OFFICE, at=AT, passphrase=b"correct horse")
    assert b"ENCRYPTED" in (tmp_path / "seal/seal.key.pem").read_bytes()
    assert Seal.load(tmp_path / "seal", b"correct horse").organisation == OFFICE
    for wrong in (None, b"wrong"):
        with pytest.raises(InputError) as caught:
            Seal.load(tmp_path / "seal", wrong)
        assert caught.value.code == "key"


def test_a_seal_certificate_says_what_it_may_do(tmp_path: Path) -> None:
    certificate = authority().issue_seal(tmp_path / "seal", OFFICE, at=AT).certificate
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    certificate.verify_directly_issued_by(authority().certificate)


def test_a_seal_never_outlives_its_authority(tmp_path: Path) -> None:
    root = Authority.create(tmp_path / "ca", "根", at=AT, days=30)
    seal = root.issue_seal(tmp_path / "seal", OFFICE, at=AT)
    assert seal.certificate.not_valid_after_utc <= root.certificate.not_valid_after_utc
    with pytest.raises(InputError):
        root.issue_seal(tmp_path / "late", OFFICE, at=AT + timedelta(days=31))


def test_a_key_that_does_not_fit_its_certificate_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        authority().issue_seal(tmp_path / name, OFFICE, at=AT)
    (tmp_path / "a/seal.pem").write_bytes((tmp_path / "b/seal.pem").read_bytes())
    with pytest.raises(InputError) as caught:
        Seal.load(tmp_path / "a")
    assert caught.value.code == "seal"


def test_anchors_are_found_between_other_lines() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    text = "log.example+1234+abcd\n" + authority().certificate.public_bytes(Encoding.PEM).decode() + "# a note\n"
    assert load_anchors(text) == [authority().certificate]
    assert load_anchors("nothing here") == []


def test_a_long_name_still_fits_the_certificate(tmp_path: Path) -> None:
    name = "内蒙古自治区" * 20
    assert organisation(authority().issue_seal(tmp_path / "seal", name, at=AT).certificate) == name[:64]


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP521R1()), rsa.generate_private_key(65537, 1024), None])
def test_a_key_of_no_known_suite_is_refused(key: object) -> None:
    with pytest.raises(InputError) as caught:
        suite_for(key)
    assert caught.value.code == "suite_unknown"
