"""Readings that lie elsewhere: a file, a folder or a store behind any address that fsspec knows."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from quanheng.errors import InputError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_NOT_READ = ("dead", "locks")  # folders of a store that hold no readings


@contextmanager
def brought(readings: str, say: Callable[[str], None]) -> Iterator[Path]:
    """The path itself; of an address a copy that lasts as long as the block, so that every engine reads it alike.

    Raises ``InputError`` where the driver of the address is not installed, nothing lies there, or it cannot be read.
    """
    if not _ADDRESS.match(readings):
        yield Path(readings)
        return
    with tempfile.TemporaryDirectory(prefix="readings-") as folder:
        yield _copy(readings, Path(folder), say)


def _copy(address: str, folder: Path, say: Callable[[str], None]) -> Path:
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(address)
        found = system.find(root, detail=True)
        if not found:
            raise FileNotFoundError(address)
        wanted = {_inside(root, name, address): (name, about) for name, about in found.items()}
        wanted = {to: one for to, one in wanted.items() if to.parts[0] not in _NOT_READ}
        size = sum(int(about.get("size") or 0) for _name, about in wanted.values())
        say(f"bringing {len(wanted)} files, {size / 1e6:.1f} MB")
        for to, (name, _about) in wanted.items():
            (folder / to).parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(folder / to))
    except InputError:
        raise
    except ImportError as error:
        raise InputError("not_installed", f"the driver of this address is missing: {error}", address) from error
    except Exception as error:  # each driver has errors of its own
        raise InputError("unreadable", f"the address cannot be read: {_short(error)}", address) from error
    only = next(iter(wanted))
    return folder / only if len(wanted) == 1 and wanted[only][0] == root else folder


def _inside(root: str, name: str, address: str) -> PurePosixPath:
    """Where a file of the address lies below it; a name that leads out of it is refused."""
    below = name.removeprefix(root).lstrip("/") or PurePosixPath(name).name
    path = PurePosixPath(below)
    if path.is_absolute() or ".." in path.parts or "\\" in below or "\x00" in below:
        raise InputError("unreadable", f"a name leads out of the folder: {name[:120]}", address)
    return path


def _short(error: Any) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:160]
