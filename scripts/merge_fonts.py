"""Put the web slices of one TrueType font together into one file. Runs in the tools' environment (fontTools)."""

from __future__ import annotations

import sys
from multiprocessing import Pool
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph

Row = tuple[int, bytes, tuple[int, int]]
COMPOSITE = b"\xff\xff"  # in place of the number of contours
FIRST_RARE = 0x20000  # the supplementary ideographic plane begins here


def read(path: str) -> tuple[list[Row], dict[str, int]]:
    """Code point, outline, and measures of every rare character of one slice, and the slice's largest outline."""
    font = TTFont(path, lazy=True)
    outlines, across = font["glyf"].glyphs, font["hmtx"].metrics  # .glyphs: as bytes, not taken apart
    names = {point: name for point, name in font.getBestCmap().items() if point >= FIRST_RARE}
    if any(outlines[name].data[:2] == COMPOSITE for name in names.values()):
        raise SystemExit(f"{path}: composite glyphs refer to others by number and cannot be moved as they are")
    rows = [(point, outlines[name].data, across[name]) for point, name in names.items()]
    return rows, {field: getattr(font["maxp"], field) for field in ("maxPoints", "maxContours")}


def build(family: str, target: str, sample: TTFont, rows: dict[int, Row], largest: dict[str, int]) -> None:
    """Write the font; the sample gives the frame that all slices share."""
    names = {point: f"u{point:05X}" for point in sorted(rows)}
    outlines: dict[str, Any] = {".notdef": sample["glyf"][".notdef"]}
    outlines.update({name: Glyph(rows[point][1]) for point, name in names.items()})
    frame, box = sample["OS/2"], sample["head"]

    made = FontBuilder(box.unitsPerEm, isTTF=True)
    made.font.recalcBBoxes = False  # the outlines stay as the bytes they are
    made.setupGlyphOrder([".notdef", *names.values()])
    made.setupCharacterMap(names)
    glyf = newTable("glyf")
    glyf.glyphs, glyf.glyphOrder = outlines, made.font.getGlyphOrder()
    made.font["glyf"], made.font["loca"] = glyf, newTable("loca")
    made.setupMaxp()
    for field, value in largest.items():
        setattr(made.font["maxp"], field, value)
    made.font["maxp"].maxZones = 1
    for edge in ("xMin", "yMin", "xMax", "yMax"):
        setattr(made.font["head"], edge, getattr(box, edge))
    first = {".notdef": sample["hmtx"][".notdef"]}
    made.setupHorizontalMetrics(first | {name: rows[point][2] for point, name in names.items()})
    made.setupHorizontalHeader(ascent=sample["hhea"].ascent, descent=sample["hhea"].descent)
    made.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")})
    made.setupOS2(
        fsType=0,  # embedding is not restricted
        sTypoAscender=frame.sTypoAscender,
        sTypoDescender=frame.sTypoDescender,
        usWinAscent=frame.usWinAscent,
        usWinDescent=frame.usWinDescent,
    )
    made.setupPost(keepGlyphNames=False)
    made.font.recalcTimestamp = False  # the same bytes on every machine
    made.font["head"].created, made.font["head"].modified = box.created, box.modified
    made.save(target)


def main(arguments: list[str]) -> None:
    """``merge_fonts.py FAMILY TARGET SLICE…``"""
    family, target, *slices = arguments
    with Pool() as pool:
        parts = pool.map(read, slices, chunksize=1)
    largest = {field: max(sizes[field] for _, sizes in parts) for field in ("maxPoints", "maxContours")}
    build(family, target, TTFont(slices[0]), {row[0]: row for rows, _ in parts for row in rows}, largest)


if __name__ == "__main__":
    main(sys.argv[1:])
