"""C2SP tlog-tiles: where hashes and entries lie, and reading the tree back from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from quanheng.errors import InputError
from quanheng.evidence.ledger.merkle import HASH_SIZE, fold

TILE = 256
MAX_ENTRY = 0xFFFF
_CACHED_TILES = 512


def index_path(index: int) -> str:
    """1234067 → ``x001/x234/067``."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def tile_path(level: int | str, index: int, width: int = TILE) -> str:
    """Path of a tile; ``level`` "entries" is the bundle of entries."""
    path = f"tile/{level}/{index_path(index)}"
    return path if width == TILE else f"{path}.p/{width}"


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes the tile holds in a tree of this size."""
    return max(0, min(TILE, (size >> 8 * level) - index * TILE))


def levels(size: int) -> int:
    """How many levels of tiles a tree of this size has."""
    count = 0
    while size >> 8 * count:
        count += 1
    return count


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(data: bytes, *, place: str) -> list[bytes]:
    """The entries of a bundle."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise InputError("log_damaged", "The entry bundle ends in the middle of an entry.", place)
        entries.append(data[at + 2 : end])
        at = end
    return entries


class Files(Protocol):
    """Where the files of a log are read from; an absent one raises FileNotFoundError."""

    def read(self, path: str) -> bytes: ...


class Folder:
    """A log's files in a folder of this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def read(self, path: str) -> bytes:
        return (self.directory / path).read_bytes()


class TileReader:
    """Hashes of perfect subtrees and entries of a tree of a given size, from its files."""

    def __init__(self, files: Path | Files, size: int) -> None:
        self.files: Files = Folder(files) if isinstance(files, Path) else files
        self.size = size
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def subtree(self, height: int, index: int) -> bytes:
        """Hash over leaves [index << height, (index + 1) << height)."""
        level, inner = divmod(height, 8)
        first = index << inner
        tile = self.tile(level, first // TILE)
        at = first % TILE * HASH_SIZE
        hashes = tile[at : at + (HASH_SIZE << inner)]
        if len(hashes) != HASH_SIZE << inner:
            raise InputError("log_damaged", "The tree of this size does not hold this leaf.", f"{height}/{index}")
        return fold([hashes[i : i + HASH_SIZE] for i in range(0, len(hashes), HASH_SIZE)])

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of one tile, as wide as it is in a tree of this size."""
        cached = self._tiles.get((level, index))
        if cached is None:
            width = tile_width(level, index, self.size)
            data, place = self._read(level, index, width)
            cached = data[: width * HASH_SIZE]
            if len(cached) != width * HASH_SIZE:
                raise InputError("log_damaged", "The tile is shorter than the log says; run fsck.", place)
            self._tiles[level, index] = cached
            if len(self._tiles) > _CACHED_TILES:
                self._tiles.popitem(last=False)
        return cached

    def entries(self, index: int) -> list[bytes]:
        """The entries of one bundle."""
        width = tile_width(0, index, self.size)
        data, place = self._read("entries", index, width)
        entries = unpack_entries(data, place=place)[:width]
        if len(entries) != width:
            raise InputError("log_damaged", "The entry bundle is shorter than the log says; run fsck.", place)
        return entries

    def leaf_hashes(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(index, leaf hash) of every leaf in the range."""
        for index in range(start, end):
            tile = self.tile(0, index // TILE)
            at = index % TILE * HASH_SIZE
            yield index, tile[at : at + HASH_SIZE]

    def _read(self, level: int | str, index: int, width: int) -> tuple[bytes, str]:
        if width <= 0:
            raise InputError("log_damaged", "The tree of this size has no such tile.", f"tile/{level}/{index}")
        place = tile_path(level, index, width)
        # a partial tile may have been removed once the full one existed
        for path in (place, tile_path(level, index)):
            try:
                return self.files.read(path), path
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise InputError("log_damaged", f"The tile cannot be read: {error.strerror}.", path) from None
        raise InputError("log_damaged", "A tile is missing; restore the log and run fsck.", place)
