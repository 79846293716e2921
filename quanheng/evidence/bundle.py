"""The proof bundle: one JSON file with everything an outsider needs besides the keys.

``{v, xml, pdf, leaf, index, proof, checkpoint, status}``: xml, pdf, leaf and the hashes of the inclusion proof in
base64, checkpoint and status as signed notes. A copy made for a replay also
carries ``replay``, ``{record, procedure}``: the bytes of the raw record and of the procedure in base64; the certificate
names their hashes. The reader takes every file as hostile.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from quanheng.errors import InputError
from quanheng.evidence.ledger.note import decode_base64

VERSION: Final = 1
MAX_BUNDLE: Final = 96 * 1024 * 1024
MAX_PROOF: Final = 64
_KEYS: Final = ("v", "xml", "pdf", "leaf", "index", "proof", "checkpoint", "status")
_MAX_CONTAINERS: Final = 32
_MAX_VALUES: Final = 1024


@dataclass(frozen=True)
class Replay:
    """What a certificate was computed from."""

    record: bytes
    procedure: bytes


@dataclass(frozen=True)
class Bundle:
    """A certificate with its proof."""

    xml: bytes
    pdf: bytes
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    status: str
    replay: Replay | None = None

    @property
    def xml_sha256(self) -> str:
        return hashlib.sha256(self.xml).hexdigest()

    @property
    def pdf_sha256(self) -> str:
        return hashlib.sha256(self.pdf).hexdigest()


def make_bundle(
    *,
    xml: bytes,
    pdf: bytes,
    leaf: bytes,
    index: int,
    proof: Sequence[bytes],
    checkpoint: str,
    status: str,
    replay: Replay | None = None,
) -> Bundle:
    """A bundle from what the log and the archive hold."""
    return Bundle(xml, pdf, leaf, index, tuple(proof), checkpoint, status, replay)


def write_bundle(bundle: Bundle) -> bytes:
    """The file: one line of JSON, the same bytes for the same content."""
    record = {
        "v": VERSION,
        "xml": as_base64(bundle.xml),
        "pdf": as_base64(bundle.pdf),
        "leaf": as_base64(bundle.leaf),
        "index": bundle.index,
        "proof": [as_base64(item) for item in bundle.proof],
        "checkpoint": bundle.checkpoint,
        "status": bundle.status,
    }
    if bundle.replay is not None:
        record["replay"] = {"record": as_base64(bundle.replay.record), "procedure": as_base64(bundle.replay.procedure)}
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def read_bundle(data: bytes, *, place: str = "bundle") -> Bundle:
    """Parse a bundle strictly; raises InputError with the field that is wrong."""
    if len(data) > MAX_BUNDLE:
        refuse("too_large", f"A bundle is at most {MAX_BUNDLE // 1024 // 1024} MiB.", place)
    record = load_object(data, place)
    if not isinstance(record, dict):
        refuse("bundle", "A bundle is a JSON object.", place)
    missing, unknown = set(_KEYS) - set(record), set(record) - {*_KEYS, "replay"}
    if missing or unknown:
        refuse("bundle", f"A bundle has the keys {', '.join(_KEYS)}, and replay or nothing more.", place)
    checked_version(record, VERSION, place)
    return Bundle(
        xml=checked_bytes(record["xml"], f"{place}.xml"),
        pdf=checked_bytes(record["pdf"], f"{place}.pdf"),
        leaf=checked_bytes(record["leaf"], f"{place}.leaf"),
        index=checked_index(record, place),
        proof=checked_proof(record, place),
        checkpoint=checked_text(record["checkpoint"], f"{place}.checkpoint"),
        status=checked_text(record["status"], f"{place}.status"),
        replay=_replay(record["replay"], f"{place}.replay") if "replay" in record else None,
    )


def checked_version(record: dict[str, Any], known: int, place: str) -> None:
    """The field ``v`` names the version that this program knows."""
    if type(record["v"]) is not int or record["v"] != known:
        refuse("bundle_version", "This version of the bundle is not known; update the program.", f"{place}.v")


def checked_index(record: dict[str, Any], place: str) -> int:
    """The place of the leaf in the log."""
    index = record["index"]
    if type(index) is not int or not 0 <= index < 1 << 63:
        refuse("bundle", "The index is a whole number.", f"{place}.index")
    return int(index)


def checked_proof(record: dict[str, Any], place: str) -> tuple[bytes, ...]:
    """The hashes of the inclusion proof."""
    proof = record["proof"]
    if not isinstance(proof, list) or len(proof) > MAX_PROOF:
        refuse("bundle", f"The proof is a list of at most {MAX_PROOF} hashes.", f"{place}.proof")
    hashes = tuple(checked_bytes(item, f"{place}.proof[{at}]") for at, item in enumerate(proof))
    if any(len(item) != 32 for item in hashes):
        refuse("bundle", "A hash of the proof is 32 bytes.", f"{place}.proof")
    return hashes


def _replay(value: Any, place: str) -> Replay:
    if not isinstance(value, dict) or set(value) != {"record", "procedure"}:
        refuse("bundle", "What a replay needs is record and procedure.", place)
    return Replay(
        checked_bytes(value["record"], f"{place}.record"), checked_bytes(value["procedure"], f"{place}.procedure")
    )


def load_object(data: bytes, place: str) -> Any:
    """JSON that is small and plain enough to be a bundle, or ``InputError``."""
    # a bundle has two containers and some dozen values: counting marks refuses a bomb before it is parsed
    if data.count(b"[") + data.count(b"{") > _MAX_CONTAINERS or data.count(b",") > _MAX_VALUES:
        refuse("bundle", "The bundle holds far more parts than a bundle has.", place)
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (UnicodeDecodeError, RecursionError):
        refuse("bundle", "The bundle is not UTF-8 JSON; use the file as it was issued.", place)
    except ValueError as error:
        refuse("bundle", f"The bundle is not valid JSON: {str(error)[:120]}.", place)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key occurs twice")
    return record


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def checked_bytes(value: Any, place: str) -> bytes:
    """Base64 as bytes."""
    return decode_base64(checked_text(value, place), place=place)


def checked_text(value: Any, place: str) -> str:
    """Text, and nothing else."""
    if not isinstance(value, str):
        refuse("bundle", "This field is text.", place)
    return value


def as_base64(data: bytes) -> str:
    """Bytes as bundles write them."""
    return base64.b64encode(data).decode()


def refuse(code: str, message: str, place: str) -> NoReturn:
    """Say what is wrong and where."""
    raise InputError(code, message, place)
