"""Many certificates in one ZIP, under names that stay the same: ``site/position_certificate-number``."""

from __future__ import annotations

import io
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from quanheng.errors import InputError
from quanheng.platform.documents import ledger
from quanheng.platform.documents.models import Document, Origin
from quanheng.platform.kernel import files
from quanheng.platform.web.export import csv_lines

MOST = 2000
SPOOL = 16 * 1024 * 1024
SUFFIX = {"pdf": "pdf", "xml": "xml", "bundle": "bundle.json"}
HEAD = ("number", "kind", "state", "issued_on", "valid_until", "owner", "file", "note")
# The same moment for every member: the same certificates make the same archive.
MOMENT = (1980, 1, 1, 0, 0, 0)
LONGEST = 80


def name_of(document: Document, position: str) -> str:
    """``site/position_number``: site is whom it was issued to, position where the ledger has the instrument."""
    site = _part(document.owner.name if document.owner else document.issuer_name)
    return f"{site}/{_part(position)}_{_part(document.number)}"


def _part(text: str) -> str:
    """One part of a path that every system can unpack; an underscore separates, so it does not occur inside."""
    clean = ledger.file_stem(" ".join(text.split())).replace("_", "-")
    return clean[:LONGEST].strip(". ") or "-"


def archive(documents: Sequence[Document], *, parts: Sequence[str], positions: Mapping[uuid.UUID, str]) -> IO[bytes]:
    """The ZIP, open at its beginning. ``index.csv`` names every document, one without a file with the reason."""
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115  (the response closes it)
    index: list[Sequence[object]] = [HEAD]
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for document in documents:
            name, note = _free(name_of(document, positions.get(document.subject_id, "")), taken), ""
            try:
                for suffix, data in _files(document, parts):
                    _add(book, f"{name}.{suffix}", data)
            except InputError as error:
                note = error.line()
            index.append(_line(document, "" if note else name, note))
        _add(book, "index.csv", "".join(csv_lines(index)).encode())
    out.seek(0, io.SEEK_SET)
    return out


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name with a count where two institutes gave the same number for the same place."""
    fresh, n = name, 1
    while fresh.casefold() in taken:
        n += 1
        fresh = f"{name}_{n}"
    taken.add(fresh.casefold())
    return fresh


def _files(document: Document, parts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    if document.origin != Origin.ISSUED or not document.xml_sha256:
        raise InputError("no_bytes", "entered from history: the paper original is the only one", document.number)
    for part in parts:
        if part == "bundle":
            yield SUFFIX[part], ledger.bundle(document)
        else:
            yield SUFFIX[part], files.get(document.xml_sha256 if part == "xml" else document.pdf_sha256)


def _add(book: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    book.writestr(entry, data)


def _line(document: Document, name: str, note: str) -> Sequence[object]:
    owner = document.owner.name if document.owner else ""
    return (
        document.number,
        document.kind,
        document.state,
        document.issued_on,
        document.valid_until,
        owner,
        name,
        note,
    )
