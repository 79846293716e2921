"""Checks and unpacks a backup. No Django here: the data folder must be whole before settings are read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from quanheng.errors import InputError

FORMAT = 1
FOLDERS = ("keys", "blobs", "log", "readings")
FILES = ("config.toml", "KEYS", "demo.json")
PUBLIC = ("log", "KEYS")
SQLITE_NAME = "quanheng.sqlite3"
COPY_CHUNK = 1 << 20
REMEDY = "set QUANHENG_DATABASE_URL to an empty PostgreSQL database, or unset it, as the backup asks"


def _safe_name(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    allowed = path.parts and path.parts[0] in {*FOLDERS, *FILES, SQLITE_NAME, "tables"}
    if path.is_absolute() or ".." in path.parts or not allowed:
        raise InputError(
            "unsafe_backup", "the backup names a file outside the data folder; it is not one of ours", name
        )
    return path


def _refuse_target(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError("not_empty", "restore writes only into an empty data folder; name another one", str(root))
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("unwritable", f"the folder cannot be made: {error.strerror}", str(root)) from error


def unpack(source: Path, root: Path, *, database: str = "") -> dict[str, object]:
    """Check and unpack a backup into an empty or absent data folder; returns its manifest. Nothing is kept on error.

    ``database`` names the kind of database the backup must be of.
    """
    _refuse_target(root)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restore-") as scratch:
        folder = Path(scratch) / "data"
        manifest = _extract(source, folder, database)
        if root.exists():
            root.rmdir()
        folder.replace(root)
    return manifest


def _extract(source: Path, folder: Path, database: str) -> dict[str, object]:
    (folder / "keys").mkdir(parents=True, mode=0o700)
    try:
        with tarfile.open(source, "r:gz") as archive:
            manifest = _manifest(archive, source)
            if database and manifest.get("database") != database:
                raise InputError("database", f"this backup is of {manifest.get('database')}; {REMEDY}", str(source))
            expected, left = dict(manifest["files"]), shutil.disk_usage(folder).free
            while (member := archive.next()) is not None:
                left -= member.size
                if left < 0:
                    raise InputError("too_large", "the backup is larger than the space left on the disk", str(source))
                _extract_one(archive, member, expected, folder)
    except FileNotFoundError:
        raise InputError("unreadable", "there is no such backup file", str(source)) from None
    except (tarfile.TarError, zlib.error, OSError, ValueError, KeyError, TypeError, EOFError, RecursionError) as error:
        raise InputError("not_a_backup", f"the backup cannot be read: {error}", str(source)) from error
    if expected:
        raise InputError("incomplete", f"the backup lacks {len(expected)} files it promises", next(iter(expected)))
    return manifest


def _manifest(archive: tarfile.TarFile, source: Path) -> dict[str, Any]:
    first = archive.next()
    head = archive.extractfile(first) if first is not None and first.isfile() else None
    if first is None or head is None or first.name != "manifest.json" or first.size > 1 << 28:
        raise InputError("not_a_backup", "the file does not begin with a manifest; it is not a backup", str(source))
    manifest = json.loads(head.read())
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(
            "format", "the backup has another format; restore it with the release that wrote it", str(source)
        )
    return manifest


def _extract_one(archive: tarfile.TarFile, member: tarfile.TarInfo, expected: dict[str, str], folder: Path) -> None:
    path = folder / _safe_name(member.name)
    data = archive.extractfile(member) if member.isfile() else None
    if data is None or member.name not in expected:
        raise InputError("unsafe_backup", "the backup holds something its manifest does not name", member.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    mode = 0o644 if path.relative_to(folder).parts[0] in PUBLIC else 0o600
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        while chunk := data.read(COPY_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != expected.pop(member.name):
        raise InputError("damaged", "a file in the backup differs from its hash; use another backup", member.name)
