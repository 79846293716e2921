"""C2SP signed notes with Ed25519: keys, signing, opening.

A line signed by a key we do not know is ignored, as the format asks: that is what lets witnesses cosign
and keys rotate. A line that names a known key and does not verify refuses the whole note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quanheng.errors import InputError

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 64
MAX_STAMP = 253402300799  # the last second of the year 9999

_NAME = re.compile(r"[^\s+]{1,255}")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


def decode_base64(text: str, *, place: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise InputError("base64", "This is not standard base64; use the file as it was issued.", place) from None
    if base64.b64encode(data).decode() != text:
        raise InputError("base64", "This base64 is not in its canonical form; use the file as it was issued.", place)
    return data


@lru_cache(maxsize=256)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=256)
def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes that identify a key beside its name."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class Verifier:
    """A key that can check signatures; ``kind`` 1 signs the note, 4 cosigns a checkpoint as a witness."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    @property
    def line(self) -> str:
        """The C2SP verifier-key line."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, line: str, *, place: str = "") -> Verifier:
        """Read ``name+id+base64``; refuses a key id that does not belong to the key."""
        parts = line.strip().split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or not _KEY_ID.fullmatch(parts[1]):
            raise InputError("key", "This is not a verifier key; give the line name+id+base64 as published.", place)
        material = decode_base64(parts[2], place=place)
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise InputError("key", "Only Ed25519 verifier keys are supported; ask the log for one.", place)
        verifier = cls(parts[0], material[0], material[1:])
        if verifier.id.hex() != parts[1]:
            raise InputError("key", "The key id does not belong to this key; copy the line again.", place)
        return verifier

    def check(self, text: str, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over the note text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            stamp, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if stamp > MAX_STAMP:
                return False
            message = cosigned_message(text, stamp)
        try:
            _public_key(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def cosigned_message(text: str, stamp: int) -> bytes:
    """What a witness signs: the checkpoint's text at a time."""
    return f"cosignature/v1\ntime {stamp}\n{text}".encode()


@dataclass(frozen=True)
class Signer:
    """An Ed25519 key that signs notes under a name."""

    name: str
    seed: bytes
    kind: int = ED25519

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.seed) != 32:
            raise InputError("key", "A signer needs a name without spaces or plus signs and a 32-byte seed.", "signer")

    @classmethod
    def generate(cls, name: str, kind: int = ED25519) -> Signer:
        return cls(name, os.urandom(32), kind)

    @classmethod
    def parse(cls, line: str, *, place: str = "") -> Signer:
        """Read a private key line ``PRIVATE+KEY+name+id+base64``."""
        parts = line.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise InputError("key", "This is not a note signing key; restore the key file from its backup.", place)
        material = decode_base64(parts[4], place=place)
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise InputError("key", "Only Ed25519 signing keys are supported.", place)
        signer = cls(parts[2], material[1:], material[0])
        if signer.verifier.id.hex() != parts[3]:
            raise InputError("key", "The key id does not belong to this key; restore the key file.", place)
        return signer

    @property
    def private_line(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{material}"

    @property
    def verifier(self) -> Verifier:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(self.name, self.kind, public)

    def sign(self, text: str) -> str:
        """The note: text, blank line, our signature line."""
        _check_text(text, place="note")
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n{_line(self.verifier, signature)}"

    def cosign(self, note: str, stamp: int) -> str:
        """The same note with a witness line added (kind 4 keys only)."""
        if self.kind != COSIGNATURE:
            raise InputError("key", "Only a witness key can cosign; generate one for it.", self.name)
        text, _ = split(note)
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(cosigned_message(text, stamp))
        return note + _line(self.verifier, stamp.to_bytes(8, "big") + signature)


@dataclass(frozen=True)
class Opened:
    """A note whose signature was verified: only now may its text be read."""

    text: str
    signed_by: tuple[Verifier, ...]
    stamps: tuple[tuple[Verifier, int], ...] = ()  # when each witness cosigned, in seconds since 1970


def split(note: str, *, place: str = "note") -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signature lines of a well-formed note, unverified."""
    if len(note) > MAX_NOTE:
        raise InputError("note", "The note is too large to be one.", place)
    if any(ord(char) < 0x20 and char != "\n" for char in note) or not note.endswith("\n"):
        raise InputError("note", "The signed note holds control characters or does not end in a newline.", place)
    cut = note.rfind("\n\n")
    if cut < 0:
        raise InputError("note", "The signed note has no signature part.", place)
    text, lines = note[: cut + 1], note[cut + 2 :].split("\n")[:-1]
    if not lines or len(lines) > MAX_SIGNATURES:
        raise InputError("note", f"A signed note has between 1 and {MAX_SIGNATURES} signatures.", place)
    signatures = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not _NAME.fullmatch(parts[1]):
            raise InputError("note", "A signature line of the note is malformed.", place)
        blob = decode_base64(parts[2], place=place)
        if len(blob) < 5:
            raise InputError("note", "A signature of the note is too short.", place)
        signatures.append((parts[1], blob))
    return text, signatures


def open_note(note: str, verifiers: Iterable[Verifier], *, place: str = "note") -> Opened:
    """Verify a note. Raises InputError ``signature`` where a known key's line is wrong, ``unknown_key`` where
    no known key signed. A witness alone does not make a note: at least one signature of kind 1 must hold.
    """
    text, signatures = split(note, place=place)
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    signed_by: list[Verifier] = []
    stamps: list[tuple[Verifier, int]] = []
    for name, blob in signatures:
        verifier = known.get((name, blob[:4]))
        if verifier is None or verifier in signed_by:
            continue
        if not verifier.check(text, blob[4:]):
            fault = f"The signature of {name} and the text of the note do not fit: one of them was changed."
            raise InputError("signature", fault, place)
        signed_by.append(verifier)
        if verifier.kind == COSIGNATURE:
            stamps.append((verifier, int.from_bytes(blob[4:12], "big")))
    if not any(verifier.kind == ED25519 for verifier in signed_by):
        raise InputError("unknown_key", "No key that you trust has signed this note.", place)
    return Opened(text, tuple(signed_by), tuple(stamps))


def load_or_create_signer(path: Path, name: str, kind: int = ED25519) -> Signer:
    """The key in ``path`` (mode 0600), generated on first use; the verifier line lies beside it as ``.pub``."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        signer = Signer.generate(name, kind)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(signer.private_line + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # never replaces a key that another process made first
            path.with_suffix(".pub").write_text(signer.verifier.line + "\n", encoding="utf-8")
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return load_signer(path)


def load_signer(path: Path) -> Signer:
    """Read a private key file."""
    try:
        return Signer.parse(path.read_text(encoding="utf-8"), place=path.name)
    except (OSError, UnicodeDecodeError):
        raise InputError("key", "The signing key cannot be read; restore it from the backup.", path.name) from None


def _line(verifier: Verifier, signature: bytes) -> str:
    return f"\u2014 {verifier.name} {base64.b64encode(verifier.id + signature).decode()}\n"


def _check_text(text: str, *, place: str) -> None:
    if not text.endswith("\n") or any(ord(char) < 0x20 and char != "\n" for char in text):
        raise InputError("note", "Text to sign ends in a newline and holds no other control character.", place)
