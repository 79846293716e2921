"""Single cells: which entry of an XML list stands for a row, and whether a text is a number."""

from __future__ import annotations

import math


def entry(entries: tuple[str, ...], row: int) -> str:
    """An XML list of one entry stands for all rows."""
    if len(entries) == 1:
        return entries[0]
    return entries[row] if row < len(entries) else ""


def number_of(text: str) -> float | None:
    """A finite number in plain digits, else None: Python would also read full-width ones and underscores."""
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def numbers_of(text: str) -> list[float] | None:
    """The finite numbers of an XML list, where every entry is one; else None."""
    return all_numbers(text.split()) if text.isascii() else None


def all_numbers(words: list[str]) -> list[float] | None:
    """The finite numbers, where every text is one; else None. Quickly told of all at once."""
    joined = "".join(words)
    if not joined.isascii() or "_" in joined:
        return None
    try:
        numbers = list(map(float, words))
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
