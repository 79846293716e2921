"""Where a leaf is: a small local table beside the log, derived from it and rebuilt when missing.

It also remembers the last size and root, so that a log put back to an older state is noticed before
anything is signed on top of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quanheng.errors import InputError

_KEY = 16  # bytes of the leaf hash kept; the reader compares the whole hash with the tile
_SCHEMA = """
CREATE TABLE IF NOT EXISTS leaf (hash BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL);
"""


class LeafIndex:
    """leaf hash → position, and the head that was reached."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=60)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise InputError(
                "index_damaged",
                f"The leaf index cannot be used ({error}); delete it to have it rebuilt.",
                self.path.name,
            ) from None
        finally:
            connection.close()

    def head(self) -> tuple[int, bytes] | None:
        """Size and root that the index has reached."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            row = connection.execute("SELECT size, root FROM head").fetchone()
        return (int(row[0]), bytes(row[1])) if row else None

    def find(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Positions of those hashes that are known."""
        found: dict[bytes, int] = {}
        if not self.path.exists():
            return found
        with self._open() as connection:
            for item in hashes:
                row = connection.execute("SELECT position FROM leaf WHERE hash = ?", (item[:_KEY],)).fetchone()
                if row:
                    found[item] = int(row[0])
        return found

    def advance(self, leaves: Iterable[tuple[int, bytes]], size: int, root: bytes) -> None:
        """Add leaves and move the head, in one transaction; the first position of a leaf is kept."""
        with self._open() as connection:
            connection.execute("PRAGMA cache_size=-65536")
            connection.executemany(
                "INSERT OR IGNORE INTO leaf VALUES (?, ?)", ((item[:_KEY], position) for position, item in leaves)
            )
            connection.execute(
                "INSERT INTO head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET size = excluded.size, "
                "root = excluded.root",
                (size, root),
            )
