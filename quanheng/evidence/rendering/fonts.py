"""The fonts documents are set in, and which characters they lack. Filled by ``make assets``."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

from quanheng.errors import InputError

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
PRIMARY = "Noto Sans SC"


@lru_cache(maxsize=1)
def collection() -> Any:
    """Typst's handle on our own fonts; no font of the machine is looked at."""
    import typst

    if not _files():
        raise InputError("fonts_missing", "no fonts are installed for documents: run `make assets`", "evidence/fonts")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER)])


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Noto Sans SC first, then every fallback found in the folder."""
    found = sorted(set(collection().families()))
    return tuple(sorted(found, key=lambda name: (name != PRIMARY, name)))


def missing_glyphs(text: str) -> set[str]:
    """The characters of a text that no installed font can print."""
    return {c for c in set(text) if not c.isspace() and ord(c) not in covered()}


def require_glyphs(text: str, place: str) -> None:
    lacking = sorted(missing_glyphs(text))
    if lacking:
        named = ", ".join(f"{c} (U+{ord(c):04X})" for c in lacking[:20])
        raise InputError("glyph_missing", f"no installed font prints these characters: {named}; replace them", place)


@lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """Every code point the regular faces can print."""
    points: set[int] = set()
    for path in _files():
        points |= _code_points(path.read_bytes())
    return frozenset(points)


def _files() -> list[Path]:
    return sorted(p for p in FOLDER.glob("*") if p.suffix.lower() in {".ttf", ".otf"})


def _code_points(font: bytes) -> set[int]:
    """The character map of a TrueType or OpenType file (subtables 4 and 12, which all Unicode fonts carry)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * i) for i in range(tables))
    base = next((offset for tag, _, offset, _ in records if tag == b"cmap"), None)
    if base is None:
        return set()
    points: set[int] = set()
    (subtables,) = struct.unpack_from(">H", font, base + 2)
    for index in range(subtables):
        _, _, offset = struct.unpack_from(">HHL", font, base + 4 + 8 * index)
        (form,) = struct.unpack_from(">H", font, base + offset)
        if form == 12:
            points |= _groups(font, base + offset)
        elif form == 4:
            points |= _segments(font, base + offset)
    return points


def _groups(font: bytes, at: int) -> set[int]:
    (count,) = struct.unpack_from(">L", font, at + 12)
    points: set[int] = set()
    for first, last, glyph in struct.iter_unpack(">LLL", font[at + 16 : at + 16 + 12 * count]):
        points.update(range(first + (glyph == 0), last + 1))
    return points


def _segments(font: bytes, at: int) -> set[int]:
    """Glyph 0 inside a segment is the rare exception; subtable 12 settles it where both exist."""
    (double,) = struct.unpack_from(">H", font, at + 6)
    ends = struct.unpack_from(f">{double // 2}H", font, at + 14)
    starts = struct.unpack_from(f">{double // 2}H", font, at + 16 + double)
    points: set[int] = set()
    for first, last in zip(starts, ends, strict=True):
        points.update(p for p in range(first, last + 1) if p != 0xFFFF)
    return points


def installed() -> bool:
    """Whether the fonts were put in place."""
    return bool(_files())
