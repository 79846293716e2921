"""What was handed in, as single files: one XML or PDF, or a ZIP of a folder. Every byte of it is hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from quanheng.errors import InputError
from quanheng.platform.certificates.reading import MAX_FILE
from quanheng.platform.kernel.zips import entries

MAX_BYTES = 40 * 2**20
MAX_UNPACKED = 100 * 2**20
MAX_ENTRIES = 1000
MAX_CERTIFICATES = 200
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def files_in(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """Name and bytes of every file; InputError where the whole is empty, too large, damaged or a bomb."""
    if not data:
        raise InputError("empty_file", "the file is empty; choose a certificate as XML or PDF, or a ZIP of them", name)
    if len(data) > MAX_BYTES:
        raise InputError("file_too_large", f"the file is larger than {MAX_BYTES // 2**20} MiB; split it", name)
    if not data.startswith(_ZIP):
        return [(name, data)]
    unpacked = entries(
        data, most_bytes=MAX_UNPACKED, most_entries=MAX_ENTRIES, called="the ZIP file", most_each=MAX_FILE
    )
    found = [(path, content) for path, content in unpacked if not _litter(path)]
    if not found:
        raise InputError("empty_file", "the ZIP file holds no file", name)
    if len(found) > MAX_CERTIFICATES:
        message = f"the ZIP file holds {len(found)} files; at most {MAX_CERTIFICATES} are read at once, split it"
        raise InputError("too_many_files", message, name)
    return found


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Several files as the one that an import keeps; the same files always give the same bytes."""
    out, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            unique, n = name, 2
            while unique in taken:
                unique, n = f"{n}-{name}", n + 1
            taken.add(unique)
            archive.writestr(zipfile.ZipInfo(unique, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _litter(path: str) -> bool:
    """What systems leave in folders without being asked."""
    return path.startswith("__MACOSX/") or path.rpartition("/")[2].startswith("._") or path.endswith(_LITTER)
