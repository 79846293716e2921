"""Checks and unpacks a backup. No Django here: the data folder must be whole before settings are read."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from quanheng.errors import InputError

FORMAT = 1
FOLDERS = ("keys", "blobs", "log")
FILES = ("config.toml", "KEYS", "demo.json")
SQLITE_NAME = "quanheng.sqlite3"
COPY_CHUNK = 1 << 20


def _safe_name(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    allowed = path.parts and path.parts[0] in {*FOLDERS, *FILES, SQLITE_NAME, "tables"}
    if path.is_absolute() or ".." in path.parts or not allowed:
        raise InputError(
            "unsafe_backup", "the backup names a file outside the data folder; it is not one of ours", name
        )
    return path


def unpack(source: Path, root: Path) -> dict[str, object]:
    """Check and unpack a backup into an empty or absent data folder; returns its manifest. Nothing is kept on error."""
    if root.exists() and any(root.iterdir()):
        raise InputError("not_empty", "restore writes only into an empty data folder; name another one", str(root))
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restore-") as scratch:
        folder = Path(scratch) / "data"
        manifest = _extract(source, folder)
        if root.exists():
            root.rmdir()
        folder.replace(root)
    (root / "keys").chmod(0o700)
    return manifest


def _extract(source: Path, folder: Path) -> dict[str, object]:
    folder.mkdir()
    try:
        with tarfile.open(source, "r:gz") as archive:
            first = archive.next()
            if first is None or first.name != "manifest.json" or first.size > 1 << 28:
                raise InputError(
                    "not_a_backup", "the file does not begin with a manifest; it is not a backup", str(source)
                )
            head = archive.extractfile(first)
            manifest = json.loads(head.read()) if head else {}
            expected = dict(manifest["files"])
            if manifest.get("format") != FORMAT:
                raise InputError(
                    "format", "the backup has another format; restore it with the release that wrote it", str(source)
                )
            while (member := archive.next()) is not None:
                _extract_one(archive, member, expected, folder)
    except FileNotFoundError:
        raise InputError("unreadable", "there is no such backup file", str(source)) from None
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise InputError("not_a_backup", f"the backup cannot be read: {error}", str(source)) from error
    if expected:
        raise InputError("incomplete", f"the backup lacks {len(expected)} files it promises", next(iter(expected)))
    return manifest


def _extract_one(archive: tarfile.TarFile, member: tarfile.TarInfo, expected: dict[str, str], folder: Path) -> None:
    path = folder / _safe_name(member.name)
    data = archive.extractfile(member) if member.isfile() else None
    if data is None or member.name not in expected:
        raise InputError("unsafe_backup", "the backup holds something its manifest does not name", member.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while chunk := data.read(COPY_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != expected.pop(member.name):
        raise InputError("damaged", "a file in the backup differs from its hash; use another backup", member.name)
