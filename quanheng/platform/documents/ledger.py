"""The public log as the product keeps it: pending leaves go in once, status notes lie beside it as static files."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from quanheng.errors import InputError
from quanheng.evidence.bundle import Replay, make_bundle, write_bundle
from quanheng.evidence.ledger import (
    CERTIFICATE_ISSUED,
    CERTIFICATE_REPLACED,
    Log,
    Signer,
    Verifier,
    leaf,
    leaf_hash,
    write_status,
)
from quanheng.evidence.ledger.leaf import SALT_SIZE, salted_sha256
from quanheng.evidence.sealed import RESULTS_SEALED, write_sealed
from quanheng.evidence.witness import collect, cosigned
from quanheng.platform.documents.keys import log_signer, log_verifiers, witness_policy
from quanheng.platform.documents.models import Document, Leaf
from quanheng.platform.kernel import clock, files

BATCH = 2000
SELDOM = 5.0  # seconds; a document is provable within a minute
OWN_LEAF = (CERTIFICATE_ISSUED, CERTIFICATE_REPLACED)


@lru_cache(maxsize=8)
def _log(directory: Path, signer: Signer, verifiers: tuple[Verifier, ...]) -> Log:
    return Log(directory, signer, verifiers=verifiers)


def log() -> Log:
    """The log of this data folder, opened for writing."""
    return _log(settings.QUANHENG.log_dir, log_signer(), log_verifiers())


def add_leaf(document: Document, type: str, *, previous: str | None, at: dt.datetime) -> Leaf:
    """Write a leaf in the caller's transaction; it stays pending until ``merge_leaves``."""
    data = leaf(type, document.xml_sha256, document.pdf_sha256, previous, at)
    return Leaf.objects.create(document=document, type=type, data=data, leaf_hash=leaf_hash(data).hex())


def seal_results(data: bytes, *, at: dt.datetime) -> tuple[Leaf, bytes]:
    """Write a leaf with the salted hash of results in the caller's transaction; returns it with the salt to keep."""
    salt = secrets.token_bytes(SALT_SIZE)
    body = leaf(RESULTS_SEALED, salted_sha256(data, salt), None, None, at)
    return Leaf.objects.create(type=RESULTS_SEALED, data=body, leaf_hash=leaf_hash(body).hex()), salt


def sealed_bundle(row: Leaf, data: bytes, salt: bytes) -> bytes:
    """Sealed results with the proof that their hash stands in the log."""
    if row.index is None:
        raise InputError("not_merged", "the results enter the public log within a minute; try again", row.leaf_hash)
    book = log()
    checkpoint, size = _best_checkpoint(book, row.index)
    return write_sealed(
        data=data, salt=salt, leaf=bytes(row.data), index=row.index, proof=book.inclusion_proof(row.index, size),
        checkpoint=checkpoint,
    )  # fmt: skip


def own_leaf(document: Document) -> Leaf:
    """The leaf that says the document was issued (or issued in place of another)."""
    found = Leaf.objects.filter(document=document, type__in=OWN_LEAF).order_by("id").first()
    if found is None:
        raise InputError("no_leaf", "only documents issued here stand in the log", document.number)
    return found


@contextmanager
def merging() -> Iterator[None]:
    """One merger at a time, across threads and processes of this data folder."""
    local = settings.QUANHENG.log_dir / ".local"
    local.mkdir(parents=True, exist_ok=True)
    with open(local / "merge.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_last_merge: ContextVar[list[float] | None] = ContextVar("last_merge", default=None)


@contextmanager
def merging_seldom() -> Iterator[None]:
    """Within a batch the log is written every few seconds instead of for each document, and at the end."""
    token = _last_merge.set([time.monotonic()])
    try:
        yield
    finally:
        _last_merge.reset(token)
        transaction.on_commit(merge_leaves, robust=True)


def merge_soon() -> None:
    """Bring a leaf into the log whose transaction stands now; the periodic job is the safety net."""
    last = _last_merge.get()
    if last is None:
        merge_leaves()
    elif time.monotonic() - last[0] >= SELDOM:
        last[0] = time.monotonic()
        merge_leaves()


def merge_leaves() -> str:
    """Bring every pending leaf into the log.

    Log first, status notes second, database last. Killed anywhere between, the next run finds the leaves still pending,
    and the log tells where it already holds them: nothing is lost and nothing stands twice.
    """
    if not Leaf.objects.filter(index=None).exists():
        return "nothing to merge"
    total = 0
    with merging():
        while batch := _pending():
            places = log().ensure_all([bytes(row.data) for row in batch])
            write_statuses({i for row in batch for i in _touched(row)})
            _mark_merged(batch, places)
            total += len(batch)
    return f"{total} leaves merged"


@transaction.atomic(durable=True)
def _pending() -> list[Leaf]:
    """The next pending leaves. Durable: a leaf of a transaction that may yet fail must never reach the log."""
    return list(Leaf.objects.filter(index=None).select_related("document").order_by("id")[:BATCH])


def _touched(row: Leaf) -> list[object]:
    document = row.document
    return [] if document is None else [i for i in (document.pk, document.replaces_id) if i is not None]


@transaction.atomic
def _mark_merged(batch: Sequence[Leaf], places: Sequence[int]) -> None:
    moment = clock.now()
    for row, place in zip(batch, places, strict=True):
        row.index, row.merged_at = place, moment
    Leaf.objects.bulk_update(batch, ["index", "merged_at"], batch_size=500)


def status_note(row: Leaf, document: Document) -> str:
    """The signed state of a document now, bound to its leaf."""
    void_from = (document.void_from or clock.today()) if document.state == "revoked" else None
    return write_status(log_signer(), bytes.fromhex(row.leaf_hash), document.state, clock.now(), void_from)


def write_statuses(document_ids: Iterable[object]) -> int:
    """Rewrite the status files of documents from their present state."""
    rows = Leaf.objects.filter(document_id__in=list(document_ids), type__in=OWN_LEAF).select_related("document")
    folder = settings.QUANHENG.log_dir / "status"
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for row in rows:
        if row.document is not None:
            _replace(folder / row.leaf_hash, status_note(row, row.document).encode())
            count += 1
    return count


def refresh_statuses() -> str:
    """Sign every status anew, so that the time up to which revocation is excluded moves on (periodic)."""
    if not settings.QUANHENG.log_dir.is_dir():
        return "no log yet"
    ids = list(Leaf.objects.filter(type__in=OWN_LEAF).exclude(index=None).values_list("document_id", flat=True))
    count = 0
    for start in range(0, len(ids), 500):
        with merging():
            count += write_statuses(ids[start : start + 500])
    return f"{count} status notes signed"


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(data)
    fresh.replace(path)


def bundle(document: Document, replay: Replay | None = None) -> bytes:
    """Everything an outsider needs besides KEYS, in one file, with the status as of now; the raw record if given."""
    row = own_leaf(document)
    if row.index is None:
        raise InputError("not_merged", "the document enters the public log within a minute; try again", document.number)
    book = log()
    checkpoint, size = _best_checkpoint(book, row.index)
    proof = book.inclusion_proof(row.index, size)
    return write_bundle(
        make_bundle(
            xml=files.get(document.xml_sha256),
            pdf=files.get(document.pdf_sha256),
            leaf=bytes(row.data),
            index=row.index,
            proof=proof,
            checkpoint=checkpoint,
            status=status_note(row, document),
            replay=replay,
        )
    )


def _best_checkpoint(book: Log, index: int) -> tuple[str, int]:
    """The last checkpoint that witnesses signed where it covers the entry, else the newest one."""
    policy = witness_policy()
    seen = cosigned(book, policy.verifiers) if policy.witnesses else None
    if seen is not None and seen[1].size > index and seen[1].stamps:
        return seen[0], seen[1].size
    note = book.checkpoint()
    return note, int(note.split("\n", 2)[1])


def collect_cosignatures() -> str:
    """Ask the witnesses that have an address to cosign what is new (periodic). One that is silent stops no other."""
    policy = witness_policy()
    asked = [item for item in policy.witnesses if item.url]
    if not asked or not (settings.QUANHENG.log_dir / "checkpoint").exists():
        return "no witness to ask"
    seen = cosigned(log(), policy.verifiers)
    problems = []
    for item in asked:
        if seen and seen[1].size == log().size and item.verifier in seen[1].signed_by:
            continue
        try:
            collect(log(), item.url, item.verifier, policy.verifiers)
        except InputError as error:
            problems.append(f"{item.name}: {error.line()}")
    if problems:
        raise InputError("witness", "; ".join(problems), "witnesses")
    return f"{len(asked)} witnesses have seen {log().size} entries"


def export(document: Document, out_dir: Path, replay: Replay | None = None) -> list[Path]:
    """Write NUMBER.xml, NUMBER.pdf and NUMBER.bundle.json."""
    packed = bundle(document, replay)
    out_dir.mkdir(parents=True, exist_ok=True)
    parts = {
        "xml": files.get(document.xml_sha256),
        "pdf": files.get(document.pdf_sha256),
        "bundle.json": packed,
    }
    written = []
    for suffix, data in parts.items():
        path = out_dir / f"{file_stem(document.number)}.{suffix}"
        path.write_bytes(data)
        written.append(path)
    return written


def file_stem(number: str) -> str:
    """A number as a file name: whatever could leave the folder becomes a dash."""
    return "".join("-" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in number).strip(". ") or "document"
