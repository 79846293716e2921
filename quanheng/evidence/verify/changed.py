"""Where an altered file departs from the logged copy; by bytes, since nothing may parse what does not fit its hash."""

from __future__ import annotations

import re
from typing import Final

SHOWN: Final = 60  # bytes of an excerpt, on either side
BLOCK: Final = 1 << 16
_TAG = re.compile(rb"<([A-Za-z_][\w.:\-]*)")
_OBJECT = re.compile(rb"(\d+) \d+ obj\b")


def where(name: str, given: bytes, logged: bytes) -> tuple[str, dict[str, str]]:
    """The code and values of the sentence that says where ``given`` and ``logged`` differ; counted from 1."""
    first = _alike(given, logged)
    room = min(len(given), len(logged)) - first
    tail = min(room, _alike(given[first:][::-1], logged[first:][::-1]))
    values = {"file": name, "first": str(first + 1), "size": str(len(given)), "logged_size": str(len(logged))}
    if name == "XML":
        text = {"logged": _excerpt(logged, first, tail), "given": _excerpt(given, first, tail)}
        line, part = str(logged.count(b"\n", 0, first) + 1), _last(_TAG, logged[:first]) or "?"
        return "changed_text", {**values, **text, "line": line, "element": part}
    last = max(len(given) - tail, first + 1)
    return "changed_bytes", {**values, "last": str(last), "object": _last(_OBJECT, logged[: first + 1]) or "?"}


def _alike(a: bytes, b: bytes) -> int:
    """How many bytes at the front are the same."""
    most, at = min(len(a), len(b)), 0
    while at < most and a[at : min(at + BLOCK, most)] == b[at : min(at + BLOCK, most)]:
        at += BLOCK
    while at < most and a[at] == b[at]:
        at += 1
    return min(at, most)


def _excerpt(data: bytes, first: int, tail: int) -> str:
    """What differs, with the rest of its word or value around it, so that a person recognises it."""
    begin, end = first, len(data) - tail
    while begin > max(0, first - SHOWN) and data[begin - 1 : begin] not in (b">", b"\n", b'"'):
        begin -= 1
    while end < min(len(data), len(data) - tail + SHOWN) and data[end : end + 1] not in (b"<", b"\n", b'"'):
        end += 1
    return data[begin : min(end, begin + 3 * SHOWN)].decode("utf-8", "replace").replace("\ufffd", "")


def _last(pattern: re.Pattern[bytes], data: bytes) -> str:
    found = pattern.findall(data, max(0, len(data) - 4 * BLOCK))
    return found[-1].decode("ascii", "replace") if found else ""
