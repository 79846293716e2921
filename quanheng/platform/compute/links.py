"""A request inside an address: compressed, checked on the way back, so that a link reproduces a calculation."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.tasks.reading import from_json

LONGEST_LINK = 6000  # characters; longer addresses are cut by some servers and mail programs
LARGEST_REQUEST = 256 * 1024  # bytes of JSON one page computes
MOST_TRIALS = 2_000_000


def packed(request: Mapping[str, Any]) -> str:
    """The request as URL-safe text; empty where it is too long for an address."""
    text = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
    code = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    return code if len(code) <= LONGEST_LINK else ""


def unpacked(code: str) -> Any:
    """The request of a link; InputError where the link is damaged or too large."""
    try:
        raw = base64.urlsafe_b64decode(code[:LONGEST_LINK] + "=" * (-len(code) % 4))
        unzip = zlib.decompressobj()
        data = unzip.decompress(raw, LARGEST_REQUEST + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError("link", "the link is damaged; copy the whole address", "r") from None
    if len(data) > LARGEST_REQUEST or unzip.unconsumed_tail:
        raise InputError("too_large", f"a page computes at most {LARGEST_REQUEST // 1024} kB", "r")
    return read(data)


def fits(size: int) -> None:
    """Refuse more than a page computes."""
    if size > LARGEST_REQUEST:
        words = f"a page computes at most {LARGEST_REQUEST // 1024} kB; use the command"
        raise InputError("too_large", words, "request")


def read(data: bytes) -> Any:
    """A request from the bytes of a JSON file."""
    fits(len(data))
    return from_json(data, "request")


def bounded(request: Any, schema: Mapping[str, Any]) -> Any:
    """The request as a page computes it: more trials than it draws are refused, an adaptive run ends where it ends.

    What would keep the server busy for all others is the command's.
    """
    trials = request.get("trials") if isinstance(request, Mapping) else None
    try:
        many = float(trials) > MOST_TRIALS if isinstance(trials, int | float | str) and trials != "adaptive" else False
    except (ValueError, OverflowError):
        many = True
    if many:
        words = f"a page draws at most {MOST_TRIALS:,} trials; use `quanheng compute` for more"
        raise InputError("trials", words, "trials")
    adaptive = isinstance(request, Mapping) and request.get("trials", "adaptive") == "adaptive"
    if "most_trials" not in schema.get("properties", {}) or not adaptive or request.get("method") in ("gum", "gum2"):
        return request
    asked = request.get("most_trials", MOST_TRIALS)
    return {**request, "most_trials": min(asked, MOST_TRIALS) if isinstance(asked, int) else asked}
