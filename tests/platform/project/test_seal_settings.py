"""Which suite new seals are of, and what their keys are encrypted under, is a setting."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from quanheng.errors import InputError
from quanheng.platform.documents import keys
from quanheng.platform.project import config
from tests.platform import makers


@pytest.mark.django_db
def test_new_seals_are_of_the_suite_that_is_configured_and_old_ones_stay(settings: Any, tmp_path: Path) -> None:
    settings.QUANHENG = dataclasses.replace(settings.QUANHENG, data_dir=tmp_path)
    first = makers.make_organisation("甲所", "institute")
    assert keys.seal_of(first).suite.name == "ecdsa-p256"
    settings.QUANHENG = dataclasses.replace(settings.QUANHENG, seal_suite="rsa-3072")
    second = keys.seal_of(makers.make_organisation("乙所", "institute"))
    assert second.suite.name == "rsa-3072"
    second.certificate.verify_directly_issued_by(keys.authority().certificate)
    assert keys.seal_of(first).suite.name == "ecdsa-p256"


@pytest.mark.django_db
def test_keys_are_encrypted_where_the_environment_names_a_passphrase(settings: Any, tmp_path: Path) -> None:
    settings.QUANHENG = dataclasses.replace(settings.QUANHENG, data_dir=tmp_path, seal_passphrase="correct horse")
    keys.seal_of(makers.make_organisation("甲所", "institute"))
    made = [*tmp_path.rglob("*.key.pem")]
    assert len(made) == 2
    assert all(b"ENCRYPTED" in path.read_bytes() for path in made)
    assert "correct horse" not in repr(settings.QUANHENG)


def load(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> config.Config:
    (folder / "config.toml").write_text(text, "utf-8")
    monkeypatch.setenv("QUANHENG_DATA", str(folder))
    return config.load()


def test_the_suite_is_read_from_the_file_and_an_unknown_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path, monkeypatch, 'seal_suite = "ecdsa-p384"').seal_suite == "ecdsa-p384"
    with pytest.raises(InputError, match="ecdsa-p256"):
        load(tmp_path, monkeypatch, 'seal_suite = "rot13"')


def test_a_passphrase_beside_the_keys_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="seal_passphrase"):
        load(tmp_path, monkeypatch, 'seal_passphrase = "x"')
    monkeypatch.setenv("QUANHENG_SEAL_PASSPHRASE", "y")
    assert load(tmp_path, monkeypatch, "").seal_passphrase == "y"
