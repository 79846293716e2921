"""Canonical JSON by RFC 8785: one object, one sequence of bytes, one hash."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from quanheng.errors import InputError


def _has_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_float(item) for item in value.values())
    return isinstance(value, float) or (isinstance(value, list | tuple) and any(_has_float(item) for item in value))


def _refuse_floats(value: object, place: str) -> None:
    """Names the place of the first float; slow, so only asked where there is one."""
    if isinstance(value, float):
        raise InputError(
            "float_in_record", "a record holds readings as text, not as JSON numbers: quote the value", place
        )
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_floats(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_floats(item, f"{place}[{index}]")


def dumps(obj: Any) -> bytes:
    """The canonical bytes of a record made of text, integers, booleans, None, lists and objects."""
    if _has_float(obj):
        _refuse_floats(obj, "$")
    try:
        return rfc8785.dumps(obj)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise InputError("not_canonical", f"the record cannot be written as canonical JSON: {error}", "$") from error


def sha256(obj: Any) -> str:
    """Lower-case hexadecimal SHA-256 of the canonical bytes."""
    return hashlib.sha256(dumps(obj)).hexdigest()
