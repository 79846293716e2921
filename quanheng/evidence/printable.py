"""Text of a hostile file on a terminal: it must not move the cursor, colour a line or turn the reading direction."""

from __future__ import annotations


def printable(text: str) -> str:
    """Every character that does not print as itself becomes a blank; line ends stay."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
