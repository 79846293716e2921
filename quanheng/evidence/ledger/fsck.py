"""Rebuild the whole tree from the entries and name every file that differs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint, parse_text
from quanheng.evidence.ledger.leaf import parse_leaf
from quanheng.evidence.ledger.log import LOCAL, Edge
from quanheng.evidence.ledger.merkle import EMPTY_ROOT, HASH_SIZE, fold, leaf_hash
from quanheng.evidence.ledger.note import Verifier, split
from quanheng.evidence.ledger.tiles import TILE, Files, Folder, pack_entries, tile_path, tile_width, unpack_entries

COSIGNED = "cosigned"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the log."""

    code: str
    place: str
    message: str


@dataclass
class Report:
    """Outcome of a check: the log is sound where there is no finding."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    def add(self, code: str, place: str, message: str) -> None:
        self.findings.append(Finding(code, place, message))


def fsck(
    source: Path | Files,
    verifiers: Iterable[Verifier] = (),
    *,
    trusted: Iterable[Checkpoint] = (),
    leaves: bool = True,
) -> Report:
    """Check a log: its folder, or a mirror of its files.

    ``trusted`` are earlier checkpoints, kept elsewhere, that the log must continue; ``leaves`` also asks that every
    entry is a leaf of ours.
    """
    report = Report()
    keys = tuple(verifiers)
    files = Folder(source) if isinstance(source, Path) else source
    try:
        data = files.read("checkpoint")  # a server that does not answer is no finding: its InputError goes up
    except OSError:
        report.add("missing", "checkpoint", "The checkpoint is missing.")
        return report
    try:
        note = data.decode("utf-8")
        head = open_checkpoint(note, keys) if keys else parse_text(split(note)[0])
    except UnicodeDecodeError:
        report.add("altered", "checkpoint", "The checkpoint is not text.")
        return report
    except InputError as error:
        report.add("altered", "checkpoint", error.message)
        return report
    report.size, report.root = head.size, head.root
    _Rebuild(files, head, report, [*trusted, *_cosigned(files, keys, report)], leaves).run()
    if isinstance(files, Folder):
        _check_index(files.directory / LOCAL / "index.sqlite", head, report)
    return report


def _cosigned(files: Files, keys: tuple[Verifier, ...], report: Report) -> list[Checkpoint]:
    """What witnesses signed last: the log must continue that too."""
    try:
        data = files.read(COSIGNED)
    except FileNotFoundError:
        return []
    except OSError:
        report.add("altered", COSIGNED, "The cosigned checkpoint cannot be read.")
        return []
    try:
        note = data.decode("utf-8")
        return [open_checkpoint(note, keys) if keys else parse_text(split(note)[0])]
    except UnicodeDecodeError:
        report.add("altered", COSIGNED, "The cosigned checkpoint is not readable text.")
    except InputError as error:
        report.add("altered", COSIGNED, error.message)
    return []


class _Rebuild:
    """Walks the entries once, building every level beside the stored one."""

    def __init__(self, files: Files, head: Checkpoint, report: Report, trusted: list[Checkpoint], leaves: bool) -> None:
        self.files, self.head, self.report = files, head, report
        self.leaves = leaves
        self.trusted: dict[int, list[Checkpoint]] = {}
        for item in trusted:
            self.trusted.setdefault(item.size, []).append(item)
        self.rows: list[list[bytes]] = [[]]
        self.size = 0

    def run(self) -> None:
        for size in self.trusted:
            if size > self.head.size:
                self.report.add(
                    "truncated", "checkpoint", f"The log holds {self.head.size} leaves but once had {size}."
                )
        self._compare_trusted()
        for bundle in range(-(-self.head.size // TILE)):
            for leaf in self._bundle(bundle):
                self._push(leaf)
                self._compare_trusted()
        for level, row in enumerate(self.rows):
            if row:
                self._compare(level, (self.head.size >> 8 * level) // TILE, row)
        root = Edge(self.size, self.rows).root()
        if root != self.head.root:
            self.report.add("root", "checkpoint", "The entries do not lead to the root that the checkpoint signs.")

    def _compare_trusted(self) -> None:
        items = self.trusted.get(self.size, ())
        if items and any(item.root != Edge(self.size, self.rows).root() for item in items):
            self.report.add("split_view", "checkpoint", f"At size {self.size} the log had another root.")

    def _bundle(self, index: int) -> list[bytes]:
        """Leaf hashes of one bundle; where it is unusable, those of the tile, so that the rest can be compared."""
        width = tile_width(0, index, self.head.size)
        entries = self._entries(index, width)
        stored = self._stored(0, index, width)
        if entries is None:
            return stored if stored and len(stored) == width else [bytes(HASH_SIZE)] * width
        for name, older in self._older_partials("entries", index, width):
            if self.files.read(name) != pack_entries(entries[:older]):
                self.report.add("altered", name, "An older partial bundle differs from the entries.")
        if self.leaves:
            for at, entry in enumerate(entries):
                try:
                    parse_leaf(entry)
                except InputError as error:
                    self.report.add("leaf", f"entry {index * TILE + at}", error.message)
        return [leaf_hash(entry) for entry in entries]

    def _entries(self, index: int, width: int) -> list[bytes] | None:
        path, data = self._read("entries", index, width)
        if data is None:
            self.report.add("missing", path, "The entry bundle is missing.")
            return None
        try:
            entries = unpack_entries(data, place=path)
        except InputError as error:
            self.report.add("altered", path, error.message)
            return None
        if len(entries) < width or (len(entries) > width and "/" + str(width) in path and ".p/" in path):
            self.report.add("altered", path, f"The bundle holds {len(entries)} entries, not {width}.")
            return None
        return entries[:width]

    def _stored(self, level: int, index: int, width: int) -> list[bytes] | None:
        _, data = self._read(level, index, width)
        return None if data is None else [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)][:width]

    def _read(self, level: int | str, index: int, width: int) -> tuple[str, bytes | None]:
        """A partial tile may already have given way to a full one that lies beyond the checkpoint."""
        place = tile_path(level, index, width)
        for path in (place, tile_path(level, index)):
            try:
                return path, self.files.read(path)
            except OSError:
                continue
        return place, None

    def _push(self, item: bytes) -> None:
        self.size += 1
        level = 0
        while True:
            if level == len(self.rows):
                self.rows.append([])
            row = self.rows[level]
            row.append(item)
            if len(row) < TILE:
                return
            self._compare(level, (self.size >> 8 * (level + 1)) - 1, row)
            item = fold(row)
            row.clear()
            level += 1

    def _compare(self, level: int, index: int, rebuilt: list[bytes]) -> None:
        width = len(rebuilt)
        path, data = self._read(level, index, width)
        if data is None:
            self.report.add("missing", path, "The tile is missing.")
        else:
            exact = path.endswith(f".p/{width}") or width == TILE
            self._differs(path, data, rebuilt, exact=exact, first=index * TILE, level=level)
        for name, older in self._older_partials(level, index, width):
            data = self.files.read(name)
            self._differs(name, data, rebuilt[:older], exact=True, first=index * TILE, level=level)

    def _older_partials(self, level: int | str, index: int, width: int) -> list[tuple[str, int]]:
        """Partial tiles that earlier checkpoints needed and that still lie there; an address lists no folders."""
        if not isinstance(self.files, Folder):
            return []
        path = f"{tile_path(level, index)}.p"
        folder = self.files.directory / path
        names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
        return sorted((f"{path}/{name}", int(name)) for name in names if name.isdecimal() and 0 < int(name) < width)

    def _differs(self, path: str, data: bytes, rebuilt: list[bytes], *, exact: bool, first: int, level: int) -> None:
        expected = b"".join(rebuilt)
        if (data if exact else data[: len(expected)]) == expected:
            return
        for at, item in enumerate(rebuilt):
            if data[at * HASH_SIZE : (at + 1) * HASH_SIZE] != item:
                what = f"Entry {first + at}" if level == 0 else f"Hash {first + at} of level {level}"
                self.report.add("altered", path, f"{what} does not match the tree rebuilt from the entries.")
                return
        self.report.add("altered", path, f"The tile holds more than its {len(rebuilt)} hashes.")


def _check_index(path: Path, head: Checkpoint, report: Report) -> None:
    """The local index may lag behind the log, never lead it."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT size, root FROM head").fetchone()
    except sqlite3.DatabaseError as error:
        report.add("index", path.name, f"The local leaf index is unreadable ({error}); delete it to have it rebuilt.")
        return
    if row and int(row[0]) > head.size:
        report.add("truncated", "checkpoint", f"The log holds {head.size} leaves but once had {int(row[0])}.")
    elif row and int(row[0]) == head.size and bytes(row[1]) != head.root:
        report.add("split_view", "checkpoint", "The log once had another root at this size.")
