"""Status notes: what the log's operator says of a certificate at a time T, signed like a checkpoint."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from quanheng.errors import InputError
from quanheng.evidence.ledger.leaf import format_time, parse_time
from quanheng.evidence.ledger.merkle import HASH_SIZE
from quanheng.evidence.ledger.note import Signer, Verifier, decode_base64, open_note

HEADER: Final = "quanheng-status/v1"
STATES: Final = ("issued", "replaced", "revoked")


@dataclass(frozen=True)
class Status:
    """State of one leaf at time ``at``; a revocation says from which day the certificate is void."""

    origin: str
    leaf_hash: bytes
    state: str
    at: dt.datetime
    void_from: dt.date | None = None
    signed_by: tuple[Verifier, ...] = ()

    @property
    def text(self) -> str:
        lines = [HEADER, self.origin, base64.b64encode(self.leaf_hash).decode(), self.state, format_time(self.at)]
        if self.void_from is not None:
            lines.append(f"void_from {self.void_from.isoformat()}")
        return "\n".join(lines) + "\n"


def write_status(
    signer: Signer, leaf_hash: bytes, state: str, at: dt.datetime, void_from: dt.date | None = None
) -> str:
    """The signed note for a leaf; the origin is the signer's name."""
    if state not in STATES or len(leaf_hash) != HASH_SIZE:
        raise InputError("status", f"A status is one of {', '.join(STATES)} of a 32-byte leaf hash.", "status")
    if (state == "revoked") != (void_from is not None):
        raise InputError("status", "A revocation, and only a revocation, says from which day it is void.", "void_from")
    return signer.sign(Status(signer.name, leaf_hash, state, at, void_from).text)


def open_status(note: str, verifiers: Iterable[Verifier], *, place: str = "status") -> Status:
    """Verify and read a status note."""
    opened = open_note(note, verifiers, place=place)
    lines = opened.text.split("\n")[:-1]
    if len(lines) not in (5, 6) or lines[0] != HEADER or lines[3] not in STATES:
        raise InputError("status", "This note is not a status of a certificate.", place)
    leaf_hash = decode_base64(lines[2], place=place)
    void_from = None
    if len(lines) == 6:
        try:
            word, day = lines[5].split(" ")
            void_from = dt.date.fromisoformat(day) if word == "void_from" and len(day) == 10 else None
        except ValueError:
            void_from = None
    revoked = lines[3] == "revoked"
    if len(leaf_hash) != HASH_SIZE or revoked != (void_from is not None) or revoked != (len(lines) == 6):
        raise InputError("status", "The status note contradicts itself.", place)
    if not any(verifier.kind == 1 and verifier.name == lines[1] for verifier in opened.signed_by):
        raise InputError("unknown_key", "The status is not signed by a trusted key of the log it names.", place)
    return Status(lines[1], leaf_hash, lines[3], parse_time(lines[4], place=place), void_from, opened.signed_by)
