"""A backup file is hostile until checked: nothing leaves the folder, nothing half is kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quanheng.errors import InputError
from quanheng.platform.project.archive import unpack

GOOD = {"KEYS": b"keys", "blobs/ab/cd/x": b"bytes", "quanheng.sqlite3": b"database" * 500, "log/checkpoint": b"log"}


def make_backup(
    path: Path,
    members: Mapping[str, bytes] = GOOD,
    *,
    names: Mapping[str, bytes] | None = None,
    special: tarfile.TarInfo | None = None,
    **changes: Any,
) -> Path:
    """A backup of these members; ``names``: what the manifest promises, if that is something else."""
    promised = {n: hashlib.sha256(d).hexdigest() for n, d in (members if names is None else names).items()}
    manifest = {"format": 1, "database": "sqlite", "files": promised, **changes}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in {"manifest.json": json.dumps(manifest).encode(), **members}.items():
            head = tarfile.TarInfo(name)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
        if special is not None:
            archive.addfile(special, io.BytesIO(b"x" * special.size))
    return path


def refusal(path: Path, root: Path, **more: Any) -> str:
    """The code of the refusal; nothing may be left behind."""
    with pytest.raises(InputError) as caught:
        unpack(path, root, **more)
    assert not root.exists() or not any(root.iterdir())
    assert not list(root.parent.glob(".restore-*"))
    return caught.value.code


def test_a_good_backup_comes_back_byte_for_byte(tmp_path: Path) -> None:
    root = tmp_path / "new" / "data"
    unpack(make_backup(tmp_path / "b"), root, database="sqlite")
    assert {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()} == GOOD
    assert (root / "quanheng.sqlite3").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "blobs/../../evil", "evil", "keys/../../evil", "config.toml/../../x", "static/x"]
)
def test_a_name_outside_the_data_folder_is_refused(tmp_path: Path, name: str) -> None:
    backup = make_backup(tmp_path / "b", {**GOOD, name: b"evil"})
    assert refusal(backup, tmp_path / "data") == "unsafe_backup"
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_only_plain_files_come_out(tmp_path: Path, kind: bytes) -> None:
    special = tarfile.TarInfo("blobs/link")
    special.type, special.linkname = kind, "/etc/passwd"
    backup = make_backup(tmp_path / "b", special=special, names={**GOOD, "blobs/link": b""})
    assert refusal(backup, tmp_path / "data") == "unsafe_backup"


def test_what_the_manifest_does_not_name_is_refused(tmp_path: Path) -> None:
    backup = make_backup(tmp_path / "b", {**GOOD, "blobs/extra": b"x"}, names=GOOD)
    assert refusal(backup, tmp_path / "data") == "unsafe_backup"


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    backup = make_backup(tmp_path / "b", names={**GOOD, "blobs/gone": b"x"})
    assert refusal(backup, tmp_path / "data") == "incomplete"


def test_a_file_that_differs_from_its_hash_is_refused(tmp_path: Path) -> None:
    backup = make_backup(tmp_path / "b", names={**GOOD, "KEYS": b"other keys"})
    assert refusal(backup, tmp_path / "data") == "damaged"


def test_a_file_that_stands_twice_is_refused(tmp_path: Path) -> None:
    again = tarfile.TarInfo("KEYS")
    again.size = 4
    assert refusal(make_backup(tmp_path / "b", special=again), tmp_path / "data") == "unsafe_backup"


def test_a_folder_in_use_is_not_touched(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (root / "mine").write_text("mine")
    with pytest.raises(InputError, match="empty data folder"):
        unpack(make_backup(tmp_path / "b"), root)
    assert [p.name for p in root.iterdir()] == ["mine"]
    with pytest.raises(InputError, match="empty data folder"):
        unpack(tmp_path / "b", root / "mine")


@pytest.mark.parametrize("changes", [{"format": 2}, {"format": None}, {"files": None}, {"files": ["a"]}])
def test_another_format_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert refusal(make_backup(tmp_path / "b", **changes), tmp_path / "data") in {"format", "not_a_backup"}


def test_a_backup_of_the_other_database_is_refused(tmp_path: Path) -> None:
    backup = make_backup(tmp_path / "b", database="postgresql")
    assert refusal(backup, tmp_path / "data", database="sqlite") == "database"


@pytest.mark.parametrize(
    "data",
    [b"", b"text", gzip.compress(b"no tar", mtime=0), gzip.compress(b"\x00" * 10240, mtime=0)],
    ids=["empty", "text", "no tar", "an empty tar"],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "b"
    path.write_bytes(data)
    assert refusal(path, tmp_path / "data") == "not_a_backup"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none", tmp_path / "data") == "unreadable"


def test_a_truncated_backup_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = make_backup(tmp_path / "b").read_bytes()
    for size in range(0, len(whole) - 9, 37):
        (tmp_path / "part").write_bytes(whole[:size])
        assert refusal(tmp_path / "part", tmp_path / "data") in {"not_a_backup", "incomplete", "damaged"}


def test_a_changed_byte_never_comes_out_as_other_data(tmp_path: Path) -> None:
    whole = make_backup(tmp_path / "b").read_bytes()
    chance = random.Random(5)
    for n in range(60):
        at = chance.randrange(12, len(whole))
        (tmp_path / "changed").write_bytes(whole[:at] + bytes([whole[at] ^ (1 << n % 8)]) + whole[at + 1 :])
        root = tmp_path / f"data{n}"
        try:
            unpack(tmp_path / "changed", root)
        except InputError:
            assert not root.exists()
            continue
        assert {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()} == GOOD
