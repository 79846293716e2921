"""The leaf: what the public log keeps of an event, which is hashes only."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from quanheng.errors import InputError

VERSION: Final = 1
CERTIFICATE_ISSUED: Final = "certificate_issued"
CERTIFICATE_REPLACED: Final = "certificate_replaced"
CERTIFICATE_REVOKED: Final = "certificate_revoked"
LEAF_TYPES: Final = frozenset(
    {
        CERTIFICATE_ISSUED,
        CERTIFICATE_REPLACED,
        CERTIFICATE_REVOKED,
        "draw_committed",
        "draw_revealed",
        "results_sealed",
        "results_opened",
        "recall_opened",
    }
)
SALT_SIZE: Final = 32

_HEX = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_KEYS = {"v", "type", "xml_sha256", "pdf_sha256", "prev", "at"}


@dataclass(frozen=True)
class Leaf:
    """A parsed leaf; ``data`` are the bytes that were hashed into the tree."""

    type: str
    xml_sha256: str | None
    pdf_sha256: str | None
    prev: str | None
    at: str
    data: bytes


def format_time(at: dt.datetime) -> str:
    """UTC to the second, as leaves and status notes write it."""
    if at.tzinfo is None:
        raise InputError("time", "A time in the log is aware; give it a zone.", "at")
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str, *, place: str = "at") -> dt.datetime:
    """The inverse of :func:`format_time`."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        raise InputError("time", "A time is written 2026-01-31T08:00:00Z.", place) from None


def salted_sha256(data: bytes, salt: bytes) -> str:
    """Hash of anything but a certificate: without the salt nobody can guess what was logged."""
    if len(salt) != SALT_SIZE:
        raise InputError("salt", f"A salt is {SALT_SIZE} random bytes.", "salt")
    return hashlib.sha256(salt + data).hexdigest()


def leaf(type: str, xml_sha256: str | None, pdf_sha256: str | None, prev: str | None, at: dt.datetime | str) -> bytes:
    """The bytes of a leaf, RFC 8785 JSON.

    Certificates carry the hashes of their XML and PDF. Other types carry a salted hash as ``xml_sha256`` and no
    ``pdf_sha256``. ``prev`` is the hex leaf hash of the event this one replaces, revokes, reveals or opens.
    """
    record: dict[str, Any] = {
        "v": VERSION,
        "type": type,
        "xml_sha256": xml_sha256,
        "pdf_sha256": pdf_sha256,
        "prev": prev,
        "at": at if isinstance(at, str) else format_time(at),
    }
    _check(record, place="leaf")
    return rfc8785.dumps(record)


def parse_leaf(data: bytes, *, place: str = "leaf") -> Leaf:
    """Read leaf bytes; refuses anything that :func:`leaf` would not have written."""
    try:
        record = json.loads(data.decode("utf-8")) if len(data) <= 4096 else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or set(record) != _KEYS:
        raise InputError("leaf", "This is not a leaf of the log; use the bundle as it was issued.", place)
    _check(record, place=place)
    if rfc8785.dumps(record) != data:
        raise InputError("leaf", "The leaf is not canonical JSON; use the bundle as it was issued.", place)
    return Leaf(record["type"], record["xml_sha256"], record["pdf_sha256"], record["prev"], record["at"], data)


def _check(record: dict[str, Any], *, place: str) -> None:
    if record["v"] != VERSION or isinstance(record["v"], bool | float):
        raise InputError("leaf", "This version of the leaf is not known; update the program.", f"{place}.v")
    if not isinstance(record["type"], str) or record["type"] not in LEAF_TYPES:
        raise InputError("leaf", f"The type of a leaf is one of {', '.join(sorted(LEAF_TYPES))}.", f"{place}.type")
    for key in ("xml_sha256", "pdf_sha256", "prev"):
        value = record[key]
        if value is not None and not (isinstance(value, str) and _HEX.fullmatch(value)):
            raise InputError("leaf", "A hash in a leaf is 64 lower-case hex digits or null.", f"{place}.{key}")
    if record["xml_sha256"] is None:
        raise InputError("leaf", "A leaf needs at least one hash.", f"{place}.xml_sha256")
    certificate = str(record["type"]).startswith("certificate_")
    if certificate != (record["pdf_sha256"] is not None):
        raise InputError("leaf", "Certificates log an XML and a PDF, everything else one salted hash.", place)
    if record["type"] in (CERTIFICATE_REPLACED, CERTIFICATE_REVOKED) and record["prev"] is None:
        raise InputError("leaf", "A replacement or revocation names the leaf before it.", f"{place}.prev")
    if not isinstance(record["at"], str):
        raise InputError("leaf", "The time of a leaf is text.", f"{place}.at")
    parse_time(record["at"], place=f"{place}.at")
