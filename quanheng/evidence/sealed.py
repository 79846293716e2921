"""A sealed file with its proof: data and salt whose hash stands in the log before anybody could know the outcome.

``{v, sealed, salt, leaf, index, proof, checkpoint}``: sealed, salt, leaf and the hashes of the inclusion proof in
base64, checkpoint as a signed note. The log holds only the salted hash; whoever gets this file sees data and proof
together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from quanheng.errors import InputError
from quanheng.evidence.bundle import (
    MAX_BUNDLE,
    as_base64,
    checked_bytes,
    checked_index,
    checked_proof,
    checked_text,
    checked_version,
    load_object,
    refuse,
)
from quanheng.evidence.ledger.leaf import SALT_SIZE

VERSION: Final = 1
RESULTS_SEALED: Final = "results_sealed"
_KEYS: Final = ("v", "sealed", "salt", "leaf", "index", "proof", "checkpoint")


@dataclass(frozen=True)
class SealedBundle:
    """Data, its salt, and the proof that their hash stands in the log."""

    data: bytes
    salt: bytes
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: str


def write_sealed(
    *, data: bytes, salt: bytes, leaf: bytes, index: int, proof: Sequence[bytes], checkpoint: str
) -> bytes:
    """The file: one line of JSON, the same bytes for the same content."""
    record = {
        "v": VERSION, "sealed": as_base64(data), "salt": as_base64(salt), "leaf": as_base64(leaf), "index": index,
        "proof": [as_base64(item) for item in proof], "checkpoint": checkpoint,
    }  # fmt: skip
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def is_sealed(data: bytes) -> bool:
    """Whether a file that begins like JSON is one of these and not a certificate's bundle."""
    if len(data) > MAX_BUNDLE:
        return False
    try:
        record = load_object(data, "bundle")
    except InputError:
        return False
    return isinstance(record, dict) and "sealed" in record


def read_sealed(data: bytes, *, place: str = "bundle") -> SealedBundle:
    """Parse strictly; raises InputError with the field that is wrong."""
    record: Any = load_object(data, place)
    if not isinstance(record, dict) or set(record) != set(_KEYS):
        refuse("bundle", f"A sealed file has the keys {', '.join(_KEYS)}.", place)
    checked_version(record, VERSION, place)
    salt = checked_bytes(record["salt"], f"{place}.salt")
    if len(salt) != SALT_SIZE:
        refuse("bundle", f"The salt is {SALT_SIZE} bytes.", f"{place}.salt")
    return SealedBundle(
        data=checked_bytes(record["sealed"], f"{place}.sealed"),
        salt=salt,
        leaf=checked_bytes(record["leaf"], f"{place}.leaf"),
        index=checked_index(record, place),
        proof=checked_proof(record, place),
        checkpoint=checked_text(record["checkpoint"], f"{place}.checkpoint"),
    )
