"""The work folder of a run that can be resumed: finished areas in parts, each with a receipt, under one manifest.

A part counts when its receipt names the key of this manifest and the hash of the file that stands there. Parts and
receipts appear whole or not at all, so a run may be killed at any moment.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.errors import InputError

FORMAT = "quanheng-fleet-parts-1"
MANIFEST = "manifest.json"


def key_of(inputs: object) -> str:
    """SHA-256 of what a part depends on: data, areas, rules, software."""
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def put(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, and stays after a power cut."""
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with waiting.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Stage:
    """One kind of part in a work folder; small, and sent to every worker.

    key : what the parts of this stage depend on; a receipt with another key does not count
    """

    folder: str
    name: str
    key: str

    @property
    def place(self) -> Path:
        """Folder of the parts."""
        return Path(self.folder) / f"{self.name}-{self.key[:16]}"

    def write(self, number: int, table: pa.Table, **figures: int) -> None:
        """Keep a part, then its receipt."""
        self.place.mkdir(exist_ok=True)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        data = sink.getvalue().to_pybytes()
        put(self.place / f"{number:06d}.parquet", data)
        receipt = {"part": number, "key": self.key, "sha256": hashlib.sha256(data).hexdigest(),
                   "areas": table.num_rows, **figures}  # fmt: skip
        put(self.place / f"{number:06d}.json", json.dumps(receipt, sort_keys=True).encode())

    def read(self, number: int, columns: list[str] | None = None) -> pa.Table:
        """A part that counts. Raises InputError where it does not."""
        if self.receipt(number) is None:
            raise InputError("part", f"part {number} is not there or is damaged; run again", str(self.place))
        return pq.read_table(self.place / f"{number:06d}.parquet", columns=columns)

    def receipt(self, number: int) -> dict[str, Any] | None:
        """The receipt of a part that counts, else None."""
        path = self.place / f"{number:06d}.json"
        try:
            receipt = json.loads(path.read_bytes())
            whole = hash_file(path.with_suffix(".parquet"))
        except (OSError, ValueError):
            return None
        if not isinstance(receipt, dict) or (receipt.get("part"), receipt.get("key")) != (number, self.key):
            return None
        return receipt if receipt.get("sha256") == whole else None

    def finished(self, parts: int) -> set[int]:
        """Numbers of the parts that count."""
        return {number for number in range(parts) if self.receipt(number) is not None}

    def processor_seconds(self, parts: int) -> float:
        """What the parts cost by their receipts, unchecked."""
        total = 0
        for number in range(parts):
            with suppress(OSError, ValueError, KeyError, TypeError):
                total += int(json.loads((self.place / f"{number:06d}.json").read_bytes())["cpu_ms"])
        return total / 1000

    def seen(self) -> int:
        """How many receipts stand there, unchecked: for progress."""
        return sum(1 for _ in self.place.glob("[0-9]*.json")) if self.place.is_dir() else 0


class WorkFolder:
    """The folder itself: made or taken up again, locked while a run uses it."""

    def __init__(self, folder: Path, inputs: dict[str, Any], parts: int, say: Callable[[str], None]) -> None:
        """Take up the folder where its manifest fits `inputs`, else begin anew.

        Raises
        ------
        InputError
            The folder holds something else, cannot be written, or another run uses it.
        """
        self.folder, self.inputs = folder.absolute(), inputs
        self._lock: IO[bytes] | None = None
        try:
            self.folder.mkdir(exist_ok=True)
            self._take()
            self.parts = self._resume(parts, say)
        except OSError as error:
            self.close()
            raise InputError("unwritable", f"cannot keep parts: {error.strerror}", str(folder)) from error
        except InputError:
            self.close()
            raise

    def stage(self, name: str, **further: object) -> Stage:
        """A kind of part that depends on the inputs and on what is named here."""
        return Stage(str(self.folder), name, key_of({"inputs": self.inputs, "parts": self.parts, **further}))

    def _take(self) -> None:
        strange = [entry.name for entry in self.folder.iterdir() if not _ours(entry.name)]
        if strange:
            raise InputError("work_folder", f"holds {strange[0]}, which is no part of an evaluation; move it away or"
                             " name another --out", str(self.folder))  # fmt: skip
        self._lock = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError("busy", "another evaluation writes to this --out", str(self.folder)) from error

    def _resume(self, parts: int, say: Callable[[str], None]) -> int:
        found = self._manifest()
        if found is not None:
            differs = sorted(name for name in self.inputs.keys() | found["inputs"].keys()
                             if self.inputs.get(name) != found["inputs"].get(name))  # fmt: skip
            if not differs:
                return int(found["parts"])
            say(f"kept parts are of another {', '.join(differs)}: beginning anew")
        for entry in self.folder.iterdir():
            if entry.name == "lock":
                continue
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        text = json.dumps({"format": FORMAT, "inputs": self.inputs, "parts": parts}, ensure_ascii=False, indent=1)
        put(self.folder / MANIFEST, text.encode())
        return parts

    def _manifest(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return None
        well = isinstance(found, dict) and found.get("format") == FORMAT and isinstance(found.get("inputs"), dict)
        return found if well and type(found.get("parts")) is int and found["parts"] > 0 else None

    def close(self) -> None:
        """Let another run have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """The run is over and its answer stands: nothing needs to be kept."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.close()


def _ours(name: str) -> bool:
    return name in {MANIFEST, "lock", "areas.parquet", "spark.log"} or name.startswith(
        ("measured-", "priors-", "concluded-", f".{MANIFEST}", ".areas.parquet")
    )
