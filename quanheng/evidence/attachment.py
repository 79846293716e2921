"""The XML inside a PDF/A-3."""

from __future__ import annotations

import logging
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence.signing.pdf import open_pdf

_MAX_FILES = 64
_MAX_XML = 64 * 1024 * 1024


def attached_xml(pdf: bytes) -> bytes | None:
    """The bytes of the one XML file attached to a PDF; None where there is none, InputError where it is unreadable."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    try:
        reader = open_pdf(pdf, strict=False)
        names = _get(_get(reader.root, "/Names"), "/EmbeddedFiles")
        found = [data for name, data in _walk(names, [0]) if name.lower().endswith(".xml")]
    except Exception as error:  # a hostile PDF may fail anywhere inside the reader
        raise _unreadable(error) from None
    if len(found) > 1:
        raise InputError("pdf", "The PDF carries more than one XML file; give the XML itself.", "pdf")
    return found[0] if found else None


def readable(pdf: bytes) -> None:
    """InputError where a PDF cannot be opened at all: then nothing can be said of its signature either."""
    try:
        logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
        open_pdf(pdf, strict=False).root  # noqa: B018 read for its errors
    except Exception as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> InputError:
    return InputError("pdf", f"The PDF is unreadable ({type(error).__name__}); get the file again.", "pdf")


def certificate_xml(data: bytes, place: str = "") -> bytes:
    """The XML of a certificate as it came: itself, or what a PDF carries; InputError where a PDF carries none."""
    if not data.startswith(b"%PDF-"):
        return data
    xml = attached_xml(data)
    if xml is None:
        raise InputError("pdf_without_xml", "the PDF carries no XML certificate", place or "pdf")
    return xml


def _walk(node: Any, seen: list[int], depth: int = 0) -> list[tuple[str, bytes]]:
    """Files of a name tree, bounded in depth and number."""
    if node is None or depth > 8:
        return []
    files = []
    pairs = list(_get(node, "/Names") or [])
    for spec in pairs[1::2]:
        seen[0] += 1
        spec = spec.get_object()
        stream = _get(_get(spec, "/EF"), "/F")
        if stream is None or seen[0] > _MAX_FILES:
            continue
        if not _plain(stream):
            raise ValueError("a filter other than one Flate")
        data = stream.data
        if len(data) <= _MAX_XML:
            files.append((str(_get(spec, "/UF") or _get(spec, "/F") or ""), data))
    for child in list(_get(node, "/Kids") or [])[:_MAX_FILES]:
        files += _walk(child.get_object(), seen, depth + 1)
    return files


def _plain(stream: Any) -> bool:
    """Uncompressed or deflated once: the other filters are slow to undo, and no issuer of a certificate uses them."""
    filters = _get(stream, "/Filter")
    names = [] if filters is None else [str(filters)] if isinstance(filters, str) else [str(item) for item in filters]
    return names in ([], ["/FlateDecode"]) and _get(stream, "/DecodeParms") is None


def _get(node: Any, key: str) -> Any:
    if node is None:
        return None
    try:
        return node[key]
    except KeyError:
        return None
