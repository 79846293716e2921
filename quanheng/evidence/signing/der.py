"""Whether bytes are DER (X.690 clauses 10, 11): one spelling for each value, so that nothing is altered unseen."""

from __future__ import annotations

MAX_DEPTH = 40
_BOOLEAN, _INTEGER, _BIT_STRING, _NULL, _SET = 0x01, 0x02, 0x03, 0x05, 0x31
_CERTIFICATES = (3, 0xA0)  # CMS SignedData: [0] IMPLICIT is a SET whose tag does not say so


def der_length(data: bytes) -> int:
    """Length of the one DER value at the start of the bytes; ValueError where it is none.

    Checks lengths, booleans, integers, padding of bit strings and the order of sets, also those of CMS certificates.
    """
    return _value(data, 0, len(data), 0)


def _value(data: bytes, at: int, end: int, depth: int) -> int:
    """Check the value at ``at`` and return where it ends."""
    if depth > MAX_DEPTH or at + 2 > end:
        raise ValueError("the DER ends in the middle of a value or nests too deep")
    tag = data[at]
    if tag & 0x1F == 0x1F:
        raise ValueError("a tag of several bytes")
    start, stop = _extent(data, at, end)
    if tag & 0x20:
        parts, place = [], start
        while place < stop:
            after = _value(data, place, stop, depth + 1)
            parts.append(data[place:after])
            place = after
        if (tag == _SET or (depth, tag) == _CERTIFICATES) and parts != sorted(parts):
            raise ValueError("a set that is not in order")
        return stop
    _primitive(tag, data[start:stop])
    return stop


def _extent(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the value begins and ends."""
    first = data[at + 1]
    if first < 0x80:
        start, size = at + 2, first
    else:
        count = first & 0x7F
        start = at + 2 + count
        size = int.from_bytes(data[at + 2 : start], "big")
        if not 1 <= count <= 4 or start > end or size < 0x80 or data[at + 2] == 0:
            raise ValueError("a length that is not in its shortest form")
    if start + size > end:
        raise ValueError("the DER ends in the middle of a value")
    return start, start + size


def _primitive(tag: int, content: bytes) -> None:
    wrong = (
        (tag == _BOOLEAN and content not in (b"\x00", b"\xff"))
        or (tag == _INTEGER and (not content or _padded(content)))
        or (tag == _BIT_STRING and not _bits(content))
        or (tag == _NULL and content)
    )
    if wrong:
        raise ValueError(f"a value of type {tag} that is not in its one form")


def _padded(content: bytes) -> bool:
    return len(content) > 1 and (content[0], content[1] >> 7) in ((0, 0), (0xFF, 1))


def _bits(content: bytes) -> bool:
    unused = content[0] if content else 8
    return unused < 8 and (unused == 0 or (len(content) > 1 and content[-1] & ((1 << unused) - 1) == 0))
