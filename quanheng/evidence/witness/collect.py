"""The log's side: ask witnesses for their cosignatures and keep the best cosigned checkpoint beside the newest one.

``LOG/cosigned`` is public: the last checkpoint that witnesses signed. The newest checkpoint carries their lines too as
long as nothing was added since.
"""

from __future__ import annotations

import base64
import fcntl
from collections.abc import Iterable, Sequence
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint
from quanheng.evidence.ledger.fsck import COSIGNED as FILE
from quanheng.evidence.ledger.log import LOCAL, Log
from quanheng.evidence.ledger.note import COSIGNATURE, MAX_NOTE, Verifier, split
from quanheng.evidence.witness.source import checked, send
from quanheng.evidence.witness.state import write_flushed

MAX_ANSWER = 64 * 1024


def cosigned(log: Log, witnesses: Iterable[Verifier]) -> tuple[str, Checkpoint] | None:
    """The last note that witnesses signed, verified; None where there is none yet."""
    path = log.directory / FILE
    if not path.exists():
        return None
    try:
        note = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("log_damaged", "The cosigned checkpoint cannot be read; delete it.", FILE) from None
    return note, open_checkpoint(note, (*log.verifiers, *witnesses), place=FILE)


def keep(log: Log, note: str, witnesses: Sequence[Verifier]) -> Checkpoint:
    """Take in a checkpoint of ours that came back cosigned. Lines of others than the given witnesses are dropped.

    Refuses a note that is not of this log's history: a witness that saw another view is an alarm, not a signature.
    """
    head = open_checkpoint(note, (*log.verifiers, *witnesses))
    if not head.stamps:
        raise InputError("unknown_key", "No witness that this log knows has cosigned this checkpoint.", "checkpoint")
    local = log.directory / LOCAL
    local.mkdir(parents=True, exist_ok=True)
    with open(local / "lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if head.size > log.size or log.root(head.size) != head.root:
            raise InputError("split_view", "A witness cosigned a tree that this log never had.", "checkpoint")
        before = cosigned(log, witnesses)
        if before is not None and before[1].size > head.size:
            return before[1]
        known = {(key.name, key.id) for key in (*log.verifiers, *witnesses)}
        joined = _joined(note, before[0] if before and before[1].size == head.size else note, known)
        write_flushed(log.directory / FILE, joined.encode())
        if split(log.checkpoint())[0] == split(joined)[0]:
            write_flushed(log.directory / "checkpoint", joined.encode())
    return open_checkpoint(joined, (*log.verifiers, *witnesses))


def _joined(note: str, other: str, known: set[tuple[str, bytes]]) -> str:
    """The lines of both notes, those of known keys alone, one for each key, newest first come."""
    text, lines, taken = split(note)[0], [], set()
    for name, blob in [*split(note)[1], *split(other)[1]]:
        if (name, blob[:4]) in known and (name, blob[:4]) not in taken:
            taken.add((name, blob[:4]))
            lines.append(f"\u2014 {name} {base64.b64encode(blob).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def collect(log: Log, url: str, witness: Verifier, witnesses: Sequence[Verifier] = ()) -> Checkpoint:
    """Submit the newest checkpoint to one witness (C2SP tlog-witness add-checkpoint) and keep what it signs, beside
    the lines of the other ``witnesses``.
    """
    if witness.kind != COSIGNATURE:
        raise InputError("key", "This is not a witness's key.", witness.name)
    address = checked(url)
    note = log.checkpoint()
    head = open_checkpoint(note, log.verifiers)
    own = cosigned(log, [witness])
    old = own[1].size if own and witness in own[1].signed_by else 0
    for _ in range(2):
        body = _request(log, note, head.size, old)
        status, data = send(address, "POST", "/add-checkpoint", body, limit=MAX_ANSWER)
        if status != 409:
            break
        told = data.decode("ascii", "replace").strip()
        if not told.isdecimal() or len(told) > 18 or int(told) > head.size or int(told) == old:
            raise InputError("split_view", f"The witness {witness.name} saw another history ({told[:80]}).", url)
        old = int(told)
    if status != 200:
        raise InputError("refused", f"The witness {witness.name} refused with {status}: {_plain(data)}", url)
    try:
        return keep(log, note + data.decode("utf-8"), list(dict.fromkeys([witness, *witnesses])))
    except UnicodeDecodeError:
        raise InputError("refused", f"The witness {witness.name} answered no text.", url) from None


def _request(log: Log, note: str, size: int, old: int) -> bytes:
    proof = [base64.b64encode(item).decode() for item in log.consistency_proof(old, size)]
    return ("\n".join([f"old {old}", *proof]) + f"\n\n{note}").encode()


def _plain(data: bytes) -> str:
    text = data[:200].decode("utf-8", "replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def read_note(path: Path) -> str:
    """A cosigned note that came as a file."""
    try:
        data = path.read_bytes()
        return data.decode("utf-8") if len(data) <= MAX_NOTE else ""
    except (OSError, UnicodeDecodeError):
        raise InputError("unreadable", "The checkpoint cannot be read.", str(path)) from None
