"""The journal: pushed readings are appended, forced to disk together, and only then acknowledged.

A segment is a file of frames ``QHJ1 | length | CRC-32 | Arrow IPC stream``. Its writer holds a lock; a segment without
a lock is complete (its writer closed it or died) and is settled into Parquet by ``Store.settle``. A frame that was
torn by a crash was never acknowledged and is left out.
"""

from __future__ import annotations

import fcntl
import io
import os
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import IO

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.store.layout import conform, nonce, sync_folder

MAGIC = b"QHJ1"
_HEAD = struct.Struct(">4sII")
LARGEST_FRAME = 64 * 1024 * 1024
SEGMENT_BYTES = 32 * 1024 * 1024
SEGMENT_SECONDS = 20.0


class Journal:
    """One writer. Threads share it: whoever forces the file to disk does so for all that wait (group commit)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._turn = threading.Condition()
        self._file: IO[bytes] | None = None
        self._opened = 0.0
        self._size = 0
        self._written = 0
        self._durable = 0
        self._failed = 0  # frames up to this number were in a segment that could not be forced to disk
        self._forcing = False

    def append(self, rows: pl.DataFrame) -> int:
        """Keep readings; returns their number once they are on disk, or raises ``InputError('storage')``."""
        if not rows.height:
            return 0
        frame = _packed(conform(rows, "readings"))
        with self._turn:
            number = self._write(frame)
            while self._durable < number:
                if self._failed >= number:
                    raise InputError("storage", "the readings could not be kept; send them again later", "journal")
                if self._forcing:
                    self._turn.wait()
                else:
                    self._force()
        return rows.height

    def close(self) -> None:
        """Give the segment up; it can be settled then."""
        with self._turn:
            while self._forcing:
                self._turn.wait()
            self._leave()

    def _write(self, frame: bytes) -> int:
        while self._forcing and self._due():
            self._turn.wait()
        if self._file is not None and self._due():
            self._leave()
        file = self._file or self._open()
        try:
            file.write(frame)
            file.flush()
        except OSError as error:
            self._abandon()
            raise InputError("storage", f"the journal cannot be written: {error.strerror}", "journal") from error
        self._size += len(frame)
        self._written += 1
        return self._written

    def _due(self) -> bool:
        return self._size >= SEGMENT_BYTES or time.monotonic() - self._opened >= SEGMENT_SECONDS

    def _open(self) -> IO[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{time.time_ns():020d}-{os.getpid()}-{nonce()}.journal"
        hidden = path.with_suffix(".opening")  # seen by nobody until it is locked, else it would be taken for left
        file = open(hidden, "xb")  # noqa: SIM115 - kept open until the segment is left
        fcntl.flock(file, fcntl.LOCK_EX)
        os.rename(hidden, path)
        sync_folder(self.folder)
        self._file, self._opened, self._size = file, time.monotonic(), 0
        return file

    def _force(self) -> None:
        """Force what is written so far; others may go on writing meanwhile."""
        file, reached, self._forcing = self._file, self._written, True
        self._turn.release()
        try:
            if file is not None:
                os.fsync(file.fileno())
            failed = False
        except OSError:
            failed = True
        finally:
            self._turn.acquire()
            self._forcing = False
        if failed:
            self._abandon()
        else:
            self._durable = max(self._durable, reached)
        self._turn.notify_all()

    def _abandon(self) -> None:
        """Nothing not yet forced in this segment may be acknowledged any more."""
        self._failed = self._written
        file, self._file = self._file, None
        if file is not None:
            file.close()
        self._turn.notify_all()

    def _leave(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.fsync(file.fileno())
            file.close()
            self._durable = self._written
            self._turn.notify_all()


def _packed(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_ipc_stream(buffer)
    body = buffer.getvalue()
    if len(body) > LARGEST_FRAME:
        raise InputError("too_large", "at most 64 MiB of readings are kept at once; send smaller parts", "readings")
    return _HEAD.pack(MAGIC, len(body), zlib.crc32(body)) + body


def read_segment(path: Path) -> tuple[list[pl.DataFrame], bytes]:
    """The whole frames of a segment, and the bytes behind the last of them."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # settled a moment ago
        return [], b""
    frames, at = [], 0
    while at + _HEAD.size <= len(data):
        magic, length, check = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if magic != MAGIC or len(body) < length or zlib.crc32(body) != check:
            break
        frames.append(pl.read_ipc_stream(io.BytesIO(body)))
        at += _HEAD.size + length
    return frames, data[at:]


def is_left(path: Path) -> bool:
    """Whether no writer holds the segment any more."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return False
    return True
