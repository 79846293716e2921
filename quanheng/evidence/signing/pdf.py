"""Opening a PDF that somebody else made: a file of a few kilobytes must not unpack to gigabytes."""

from __future__ import annotations

import io
from typing import Any

MAX_STREAM = 64 * 1024 * 1024
MAX_DOCUMENT = 128 * 1024 * 1024


def open_pdf(data: bytes, *, strict: bool) -> Any:
    """pyHanko's reader with bounds on what any stream, and all of them together, may decode to."""
    from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
    from pyhanko.pdf_utils.reader import PdfFileReader

    limits = DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=MAX_STREAM),
        document_budget=DocumentDecodeBudget(base_allowance=MAX_DOCUMENT, max_ratio=2),
    )
    return PdfFileReader(io.BytesIO(data), strict=strict, decode_limits=limits)
