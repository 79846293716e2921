"""C2SP checkpoints: the log's name, size and root in a signed note."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from quanheng.errors import InputError
from quanheng.evidence.ledger.merkle import HASH_SIZE
from quanheng.evidence.ledger.note import Verifier, decode_base64, open_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """What a log says about itself at one moment."""

    origin: str
    size: int
    root: bytes
    signed_by: tuple[Verifier, ...] = ()
    stamps: tuple[tuple[Verifier, int], ...] = ()

    @property
    def witnessed_at(self) -> dt.datetime | None:
        """The earliest time at which a known witness saw this tree: what it holds existed by then."""
        times = [stamp for _, stamp in self.stamps]
        return dt.datetime.fromtimestamp(min(times), dt.UTC) if times else None

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_text(text: str, *, place: str = "checkpoint") -> Checkpoint:
    """Read the body of a checkpoint."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise InputError("checkpoint", "A checkpoint is origin, size and root, one a line.", place)
    root = decode_base64(lines[2], place=place)
    if len(root) != HASH_SIZE:
        raise InputError("checkpoint", "The root of a checkpoint is 32 bytes.", place)
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(note: str, verifiers: Iterable[Verifier], *, place: str = "checkpoint") -> Checkpoint:
    """Verify and read a checkpoint; its signer must carry the log's own name."""
    opened = open_note(note, verifiers, place=place)
    body = parse_text(opened.text, place=place)
    if not any(verifier.kind == 1 and verifier.name == body.origin for verifier in opened.signed_by):
        raise InputError("unknown_key", "The checkpoint is not signed by a trusted key of the log it names.", place)
    return Checkpoint(body.origin, body.size, body.root, opened.signed_by, opened.stamps)
