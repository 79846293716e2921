"""A witness: its own key, the logs it watches, and the last checkpoint of each that it cosigned.

The folder holds ``witness.key`` (0600), ``witness.pub``, ``logs`` (verifier keys of the logs, one a line) and
``seen/HASH`` (the last cosigned note of a log, named by the hash of its origin). What was seen is written before a
signature leaves the house, under one lock, as C2SP tlog-witness asks.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint, parse_text
from quanheng.evidence.ledger.merkle import EMPTY_ROOT, ProofError, consistency_path, range_hash, verify_consistency
from quanheng.evidence.ledger.note import COSIGNATURE, Verifier, load_or_create_signer, load_signer, split
from quanheng.evidence.ledger.policy import WORDS, PolicyReader
from quanheng.evidence.ledger.tiles import Files, TileReader
from quanheng.evidence.witness.monitor import Doubt, examine
from quanheng.evidence.witness.source import read_checkpoint

KEY, LOGS, SEEN = "witness.key", "logs", "seen"
MAX_DOUBTS = 100


class Doubtful(Exception):
    """The log only grew, but entries in it deserve a question first."""

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        super().__init__(f"{len(doubts)} entries are doubtful")
        self.doubts = tuple(doubts)


class Refusal(Exception):
    """The log did what a log must not do, and the witness does not sign. ``status`` is that of tlog-witness."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Cosigned:
    """What a witness saw last of a log: the note with the witness's own line, and what it says."""

    note: str
    head: Checkpoint


class Witness:
    """The state folder of a witness."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / KEY).is_file():
            raise InputError(
                "no_witness", "There is no witness here; make one with `ledger witness init`.", str(folder)
            )
        self.signer = load_signer(folder / KEY)
        if self.signer.kind != COSIGNATURE:
            raise InputError("key", "This key signs notes; a witness needs a key of its own.", KEY)

    @classmethod
    def create(cls, folder: Path, name: str) -> Witness:
        """A new witness; an existing one is left as it is."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        load_or_create_signer(folder / KEY, name, COSIGNATURE)
        return cls(folder)

    @property
    def logs(self) -> tuple[Verifier, ...]:
        """Keys of the logs that are watched."""
        path = self.folder / LOGS
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        reader, keys = PolicyReader(), []
        for number, line in enumerate(lines, 1):
            word = (line.split(maxsplit=1) or ["#"])[0]
            if word in WORDS:
                reader.line(line, place=f"{LOGS}, line {number}")
            elif not word.startswith("#"):
                keys.append(Verifier.parse(line, place=f"{LOGS}, line {number}"))
        return tuple(key for key in (*keys, *reader.logs) if key.kind != COSIGNATURE)

    def watch(self, keys: Sequence[Verifier]) -> None:
        """Watch logs from now on. A second key under a known name is how a log rotates its key."""
        with self._locked():
            known = self.logs
            lines = [f"{key.line}\n" for key in keys if key not in known and key.kind != COSIGNATURE]
            with open(self.folder / LOGS, "a", encoding="utf-8") as file:
                file.writelines(lines)

    def seen(self, origin: str) -> Cosigned | None:
        """The last note of a log that was cosigned; a damaged one is refused rather than forgotten."""
        path = self._seen(origin)
        if not path.exists():
            return None
        note = path.read_text("utf-8")
        head = open_checkpoint(note, (*self.logs, self.signer.verifier), place=path.name)
        if head.origin != origin or not head.stamps:
            raise InputError("witness_damaged", "What this witness last saw is damaged; restore it.", path.name)
        return Cosigned(note, head)

    def add(self, note: str, old_size: int, proof: Sequence[bytes], now: int) -> str:
        """Cosign a checkpoint that continues what was seen: the answer of ``add-checkpoint``, our signature line.

        Raises Refusal with the status that tlog-witness gives each case.
        """
        with self._locked():
            head = self._open(note)
            last = self.seen(head.origin)
            size, root = (last.head.size, last.head.root) if last else (0, EMPTY_ROOT)
            if old_size > head.size:
                raise Refusal("size", "The old size is larger than the checkpoint's.", 400)
            if old_size != size:
                raise Refusal("conflict", str(size), 409)
            if head.size == size and last and head.root != root:
                raise Refusal("split_view", f"At size {size} this witness saw another root.", 409)
            try:
                verify_consistency(size, head.size, proof, root, head.root)
            except ProofError as error:
                raise Refusal("inconsistent", str(error), 422) from None
            return self._sign(note, head, now)

    def visit(self, files: Files, now: int, *, look: bool = True) -> Cosigned:
        """Read a log where it lies, build the proof from its tiles, and cosign.

        ``look`` reads the new entries too and raises Doubtful, unsigned, where they are no leaves or their times lie.
        """
        for last_try in (False, False, True):
            try:
                return self._visit(files, now, look)
            except Refusal as refusal:
                if refusal.code != "conflict" or last_try:
                    raise
        raise AssertionError("unreachable")

    def _visit(self, files: Files, now: int, look: bool) -> Cosigned:
        note = read_checkpoint(files)
        head = self._open(note)
        last = self.seen(head.origin)
        old = last.head.size if last else 0
        if old > head.size:
            raise Refusal("truncated", f"The log shows {head.size} entries; this witness saw {old}.", 409)
        proof = consistency_path(TileReader(files, head.size).subtree, old, head.size)
        if look:
            self._look(files, head, last, proof, now)
        self.add(note, old, proof, now)
        cosigned = self.seen(head.origin)
        if cosigned is None:
            raise InputError("witness_damaged", "What was just cosigned is gone.", head.origin)
        return cosigned

    def _look(self, files: Files, head: Checkpoint, last: Cosigned | None, proof: Sequence[bytes], now: int) -> None:
        """Nothing is read for a log that did not just grow: ``add`` will refuse it."""
        old, root = (last.head.size, last.head.root) if last else (0, EMPTY_ROOT)
        reader = TileReader(files, head.size)
        try:
            verify_consistency(old, head.size, proof, root, head.root)
        except ProofError:
            return
        if range_hash(reader.subtree, 0, head.size) != head.root:
            raise Refusal("root", "The tiles do not lead to the root that the checkpoint signs.", 422)
        seen = last.head.witnessed_at if last else None
        found = examine(files, head.size, old, seen, dt.datetime.fromtimestamp(now, dt.UTC))
        doubts = list(islice(found, MAX_DOUBTS))
        if doubts:
            raise Doubtful(doubts)

    def _open(self, note: str) -> Checkpoint:
        origin = parse_text(split(note)[0]).origin
        known = [key for key in self.logs if key.name == origin]
        if not known:
            raise Refusal("unknown_log", f"This witness does not watch {origin}; add its key first.", 404)
        try:
            return open_checkpoint(note, known)
        except InputError as error:
            raise Refusal("signature", error.message, 403) from None

    def _sign(self, note: str, head: Checkpoint, now: int) -> str:
        known = {(key.name, key.id) for key in head.signed_by}
        text, signatures = split(note)
        kept = [line for line, (name, blob) in zip(_lines(note), signatures, strict=True) if (name, blob[:4]) in known]
        cosigned = self.signer.cosign(f"{text}\n{''.join(kept)}", now)
        folder = self.folder / SEEN
        folder.mkdir(exist_ok=True)
        write_flushed(self._seen(head.origin), cosigned.encode())
        return _lines(cosigned)[-1]

    def _seen(self, origin: str) -> Path:
        return self.folder / SEEN / hashlib.sha256(origin.encode()).hexdigest()[:32]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.folder / ".lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lines(note: str) -> list[str]:
    return [f"{line}\n" for line in note[note.rfind("\n\n") + 2 :].split("\n")[:-1]]


def write_flushed(path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves the old or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    with open(fresh, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
