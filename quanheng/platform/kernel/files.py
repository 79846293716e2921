"""Bytes kept by their SHA-256 in the data folder: written once, never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from quanheng.errors import InputError


def _path(sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise InputError("bad_hash", "a blob is named by 64 hexadecimal digits", sha256[:20])
    root: Path = settings.QUANHENG.blobs_dir
    return root / sha256[:2] / sha256[2:4] / sha256


def put(data: bytes) -> str:
    """Keep the bytes and return their SHA-256. Durable on return; repeating is harmless."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(sha256)
    if path.is_file():
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return sha256


def get(sha256: str) -> bytes:
    """The bytes of that hash; damage on disk is found here and named."""
    try:
        data = _path(sha256).read_bytes()
    except FileNotFoundError as error:
        raise InputError("blob_missing", "the stored bytes are gone; restore them from a backup", sha256) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError("blob_damaged", "the stored bytes changed on disk; restore them from a backup", sha256)
    return data


def exists(sha256: str) -> bool:
    """Whether the bytes are kept."""
    return _path(sha256).is_file()


def located(sha256: str) -> Path:
    """Where the bytes lie, for readers that need a file rather than bytes; only to be read."""
    path = _path(sha256)
    if not path.is_file():
        raise InputError("blob_missing", "the stored bytes are gone; restore them from a backup", sha256)
    return path
