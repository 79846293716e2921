"""The log on disk: append, prove, read. Tiles first, then the checkpoint, so that a crash leaves the old log.

Order of an append, under one file lock: tiles and entries are written and flushed, the checkpoint is replaced
by an atomic rename, the local leaf index follows. Whatever lies beyond the checkpoint does not exist; the next
writer removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint, parse_text
from quanheng.evidence.ledger.index import LeafIndex
from quanheng.evidence.ledger.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    range_hash,
)
from quanheng.evidence.ledger.note import Signer, Verifier, split
from quanheng.evidence.ledger.tiles import MAX_ENTRY, TILE, TileReader, levels, pack_entries, tile_path, tile_width

LOCAL = ".local"


@dataclass
class Edge:
    """The right edge of the tree in memory: the partial tile of each level and the partial entry bundle."""

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)

    def root(self) -> bytes:
        result: bytes | None = None
        for row in self.rows:
            end = len(row)
            while end:
                width = end & -end
                part = fold(row[end - width : end])
                result = part if result is None else node_hash(part, result)
                end -= width
        return EMPTY_ROOT if result is None else result

    def copy(self) -> Edge:
        return Edge(self.size, [list(row) for row in self.rows], list(self.entries))


class Log:
    """A tiled transparency log in a folder. Without a signer it can only be read."""

    def __init__(self, directory: Path, signer: Signer | None = None, *, verifiers: Iterable[Verifier] = ()) -> None:
        self.directory = Path(directory)
        self.signer = signer
        own = [signer.verifier] if signer else []
        self.verifiers: tuple[Verifier, ...] = (*own, *verifiers)
        self._index = LeafIndex(self.directory / LOCAL / "index.sqlite")
        self._mutex = threading.RLock()
        self._note = ""
        self._head = Checkpoint("", 0, EMPTY_ROOT)
        self._edge: Edge | None = None

    # reading

    def checkpoint(self) -> str:
        """The signed note as published."""
        try:
            return (self.directory / "checkpoint").read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise InputError("no_log", "There is no log here yet; append to create one.", "checkpoint") from None
        except (OSError, UnicodeDecodeError):
            raise InputError("log_damaged", "The checkpoint cannot be read; restore the log.", "checkpoint") from None

    def head(self) -> Checkpoint:
        """The checkpoint, verified where keys were given."""
        with self._mutex:
            note = self.checkpoint()
            if note != self._note:
                head = open_checkpoint(note, self.verifiers) if self.verifiers else parse_text(split(note)[0])
                self._note, self._head, self._edge = note, head, None
            return self._head

    @property
    def size(self) -> int:
        return self.head().size

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree of the given size, from the tiles."""
        size = self._known(size)
        return range_hash(TileReader(self.directory, self.head().size).subtree, 0, size)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """RFC 6962 inclusion proof of a leaf in the tree of the given size."""
        size = self._known(size)
        if not 0 <= index < size:
            raise InputError("leaf_unknown", f"The log of size {size} holds no leaf {index}.", "index")
        return inclusion_path(TileReader(self.directory, self.head().size).subtree, index, size)

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """RFC 6962 proof that the later tree continues the earlier one."""
        second = self._known(second)
        if not 0 <= first <= second:
            raise InputError("size", f"A consistency proof leads from a smaller size to {second}.", "size")
        return consistency_path(TileReader(self.directory, self.head().size).subtree, first, second)

    def entry(self, index: int) -> bytes:
        """The bytes of one leaf."""
        size = self.head().size
        if not 0 <= index < size:
            raise InputError("leaf_unknown", f"The log of size {size} holds no leaf {index}.", "index")
        return TileReader(self.directory, size).entries(index // TILE)[index % TILE]

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Leaves of a range, in order."""
        end = self._known(end)
        reader = TileReader(self.directory, self.head().size)
        for bundle in range(start // TILE, -(-end // TILE)):
            first = bundle * TILE
            yield from reader.entries(bundle)[max(0, start - first) : end - first]

    def find(self, leaf: bytes) -> int | None:
        """Index of a leaf that the log already holds."""
        return self._find([leaf_hash(leaf)], self.head().size).get(leaf_hash(leaf))

    def _find(self, hashes: Sequence[bytes], size: int) -> dict[bytes, int]:
        reader = TileReader(self.directory, size)
        known = self._index.find(hashes)
        return {h: at for h, at in known.items() if at < size and next(reader.leaf_hashes(at, at + 1))[1] == h}

    def _known(self, size: int | None) -> int:
        largest = self.head().size
        if size is None:
            return largest
        if not 0 <= size <= largest:
            raise InputError("size", f"The log holds {largest} leaves, not {size}.", "size")
        return size

    # writing

    def append(self, leaves: Sequence[bytes]) -> range:
        """Add leaves, in order, and publish the new checkpoint; returns their indices."""
        with self._writing() as edge:
            return self._append(edge, leaves)

    def ensure(self, leaf: bytes) -> int:
        """Index of the leaf, which is appended if the log does not hold it."""
        return self.ensure_all([leaf])[0]

    def ensure_all(self, leaves: Sequence[bytes]) -> list[int]:
        """As :meth:`ensure` for many at once: calling it again after a crash loses and duplicates nothing."""
        with self._writing() as edge:
            hashes = [leaf_hash(leaf) for leaf in leaves]
            known = self._find(hashes, edge.size)
            fresh = {h: leaf for h, leaf in zip(hashes, leaves, strict=True) if h not in known}
            added = self._append(edge, list(fresh.values()))
            known.update(zip(fresh, added, strict=True))
            return [known[h] for h in hashes]

    def publish_again(self, signers: Sequence[Signer]) -> None:
        """Sign the present head anew, by every one of these keys: how a change of keys is shown."""
        with self._writing():
            head = self.head()
            note = signers[0].sign(head.text)
            for signer in signers[1:]:
                note += signer.sign(head.text).removeprefix(f"{head.text}\n")
            self._replace_note(note, head)

    @contextmanager
    def _writing(self) -> Iterator[Edge]:
        if self.signer is None:
            raise InputError("read_only", "This log was opened for reading; give its signing key.", "signer")
        local = self.directory / LOCAL
        local.mkdir(parents=True, exist_ok=True)
        with self._mutex, open(local / "lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.directory / "checkpoint").exists():
                if (self.directory / "tile").exists() or self._index.head():
                    raise InputError("log_damaged", "The checkpoint of this log is gone; restore it.", "checkpoint")
                self._publish(self.signer, 0, EMPTY_ROOT)
            head = self.head()
            if self.signer.name != head.origin:
                raise InputError("key", "This key belongs to another log; use the log's own key.", "signer")
            if self._edge is None:
                self._edge = self._load_edge(head)
            try:
                yield self._edge
            except BaseException:
                self._edge = None
                raise

    def _load_edge(self, head: Checkpoint) -> Edge:
        reader = TileReader(self.directory, head.size)
        edge = Edge(head.size)
        for level in range(levels(head.size)):
            index = (head.size >> 8 * level) // TILE
            data = reader.tile(level, index) if tile_width(level, index, head.size) else b""
            edge.rows.append([data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)])
        if head.size % TILE:
            edge.entries = reader.entries(head.size // TILE)
        if edge.root() != head.root:
            raise InputError("log_damaged", "The tiles do not lead to the checkpoint's root; run fsck.", "checkpoint")
        self._follow(reader, head)
        self._discard_uncommitted(head.size)
        return edge

    def _follow(self, reader: TileReader, head: Checkpoint) -> None:
        """Bring the local index up to the checkpoint, or refuse a log that was put back."""
        reached, root = self._index.head() or (0, EMPTY_ROOT)
        if reached > head.size or range_hash(reader.subtree, 0, reached) != root:
            raise InputError(
                "log_rolled_back",
                f"This log once reached {reached} leaves and no longer continues that; restore the newer copy.",
                "checkpoint",
            )
        if reached < head.size or self._index.head() is None:
            self._index.advance(reader.leaf_hashes(reached, head.size), head.size, head.root)

    def _discard_uncommitted(self, size: int) -> None:
        for level in ["entries", *range(levels(size) + 1)]:
            height = 0 if level == "entries" else int(level)
            index = (size >> 8 * height) // TILE
            width = tile_width(height, index, size)
            folder = self.directory / f"{tile_path(level, index)}.p"
            for partial in folder.iterdir() if folder.is_dir() else ():
                if not partial.name.isdecimal() or int(partial.name) > width:
                    partial.unlink()
            while True:
                full = self.directory / tile_path(level, index)
                beyond = self.directory / f"{tile_path(level, index + 1)}.p"
                if not full.exists() and not beyond.exists():
                    break
                full.unlink(missing_ok=True)
                shutil.rmtree(beyond, ignore_errors=True)
                index += 1

    def _append(self, edge: Edge, leaves: Sequence[bytes]) -> range:
        start = edge.size
        if not leaves:
            return range(start, start)
        if any(len(leaf) > MAX_ENTRY for leaf in leaves):
            raise InputError("leaf", f"A leaf is at most {MAX_ENTRY} bytes.", "leaf")
        if self.signer is None:
            raise InputError("read_only", "This log was opened for reading; give its signing key.", "signer")
        grown = edge.copy()
        hashes = [leaf_hash(leaf) for leaf in leaves]
        with _Writer(self.directory) as writer:
            completed = [done for leaf, h in zip(leaves, hashes, strict=True) for done in _push(grown, leaf, h, writer)]
            _write_partials(grown, edge, writer)
        self._publish(self.signer, grown.size, grown.root())
        self._edge = grown
        self._index.advance(enumerate(hashes, start), grown.size, self._head.root)
        for path in completed:
            shutil.rmtree(self.directory / f"{path}.p", ignore_errors=True)
        return range(start, grown.size)

    def _publish(self, signer: Signer, size: int, root: bytes) -> None:
        head = Checkpoint(signer.name, size, root, (signer.verifier,))
        self._replace_note(signer.sign(head.text), head)

    def _replace_note(self, note: str, head: Checkpoint) -> None:
        with _Writer(self.directory) as writer:
            writer.write("checkpoint", note.encode())
        self._note, self._head = note, head


class _Writer:
    """Writes files by flush and rename; folders are flushed at the end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folders: set[Path] = set()

    def __enter__(self) -> _Writer:
        return self

    def write(self, path: str, data: bytes) -> None:
        target = self._directory / path
        parent = target.parent
        while not parent.exists():
            self._folders.add(parent.parent)
            parent = parent.parent
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        with open(fresh, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, target)
        self._folders.add(target.parent)

    def __exit__(self, kind: object, *_: object) -> None:
        for folder in self._folders if kind is None else ():
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _push(edge: Edge, leaf: bytes, item: bytes, writer: _Writer) -> Iterator[str]:
    """Add one leaf to the edge; writes and yields the tiles that became full."""
    edge.entries.append(leaf)
    edge.size += 1
    if edge.size % TILE == 0:
        path = tile_path("entries", edge.size // TILE - 1)
        writer.write(path, pack_entries(edge.entries))
        edge.entries.clear()
        yield path
    level = 0
    while True:
        if level == len(edge.rows):
            edge.rows.append([])
        row = edge.rows[level]
        row.append(item)
        if len(row) < TILE:
            return
        path = tile_path(level, (edge.size >> 8 * (level + 1)) - 1)
        writer.write(path, b"".join(row))
        yield path
        item = fold(row)
        row.clear()
        level += 1


def _write_partials(grown: Edge, before: Edge, writer: _Writer) -> None:
    if grown.entries:
        writer.write(tile_path("entries", grown.size // TILE, len(grown.entries)), pack_entries(grown.entries))
    for level, row in enumerate(grown.rows):
        changed = level >= len(before.rows) or grown.size >> 8 * level != before.size >> 8 * level
        if row and changed:
            writer.write(tile_path(level, (grown.size >> 8 * level) // TILE, len(row)), b"".join(row))
