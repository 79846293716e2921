"""Canonical bytes and hashes of procedure, record and software."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import quanheng
from quanheng.errors import InputError


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a tree of text, true, false, null, lists and objects; numbers have no place in a record."""
    return json.dumps(_ordered(value, ""), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _sound(value, place)
    if isinstance(value, (list, tuple)):
        return [_ordered(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        keys = sorted((_sound(key, place) for key in value), key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key], f"{place}.{key}".lstrip(".")) for key in keys}
    raise InputError("not_text", 'write a number as text, such as "10.000", so that its digits are kept', place)


def _sound(text: object, place: str) -> str:
    if not isinstance(text, str) or any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("not_unicode", "the text holds half a character; enter it again", place)
    return text


@functools.cache
def software() -> str:
    """Version and hash of the code that computes: two equal strings give equal results."""
    root = Path(quanheng.__file__).parent
    whole = hashlib.sha256()
    for floor in ("metrology", "procedures"):
        for file in sorted((root / floor).rglob("*.py")):
            content = file.read_bytes().replace(b"\r\n", b"\n")
            whole.update(f"{file.relative_to(root).as_posix()}\n{len(content)}\n".encode() + content)
    return f"{quanheng.__version__}+sha256.{whole.hexdigest()}"
