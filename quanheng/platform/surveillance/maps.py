"""Schematic maps: districts and areas as tiles, the meters of an area along their feeders.

Regions carry no polygons, so a tile stands where its code puts it: a row for each city, its districts in order.
Colour, shape and word say the level together; each map stands beside the table of the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from quanheng.platform.surveillance import levels
from quanheng.platform.surveillance.models import Level
from quanheng.platform.web.components import Tone

_WIDE, _HIGH, _GAP, _ACROSS = 132, 58, 8, 7
_SIZE, _STEP, _NAME, _PER_LINE = 16, 21, 96, 36
SHAPES: dict[str, str] = {
    "bad": "M-6 -6h12v12h-12z", "due": "M0 -7l7 12h-14z", "wait": "M0 -7l7 7l-7 7l-7 -7z",
    "ok": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", "unknown": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
}  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """One district or area: its name, what is written below, how it stands, where it leads."""

    name: str
    note: str
    tone: Tone
    word: str
    url: str
    row: str = ""


def tile_map(tiles: Sequence[Tile], label: str) -> SafeString:
    """Tiles in rows of the same ``row`` key, each a link."""
    placed: list[tuple[Tile, int, int]] = []
    line, column, row = -1, 0, None
    for tile in tiles:
        if tile.row != row or column == _ACROSS:
            line, column, row = line + 1, 0, tile.row
        placed.append((tile, _GAP + column * (_WIDE + _GAP), _GAP + line * (_HIGH + _GAP)))
        column += 1
    across = min(_ACROSS, max((x // (_WIDE + _GAP) + 1 for _t, x, _y in placed), default=1))
    width, height = _GAP + across * (_WIDE + _GAP), _GAP + (line + 1) * (_HIGH + _GAP)
    drawn = format_html_join("", "{}", ((_tile(*one),) for one in placed))
    return format_html(
        '<svg class="fleet-map-svg" viewBox="0 0 {} {}" width="{}" role="group" aria-label="{}">{}</svg>',
        width, height, width, label, drawn,
    )  # fmt: skip


def _tile(tile: Tile, x: int, y: int) -> SafeString:
    name = tile.name if len(tile.name) <= 9 else f"{tile.name[:8]}…"
    return format_html(
        '<a href="{}" class="qh-tone-{}"><title>{} · {} · {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>'
        '<path transform="translate({} {})" d="{}"/><text class="name" x="{}" y="{}">{}</text>'
        '<text class="note" x="{}" y="{}">{} · {}</text></a>',
        tile.url, tile.tone, tile.name, tile.word, tile.note, x, y, _WIDE, _HIGH, x + 15, y + 20,
        SHAPES.get(tile.tone, SHAPES["unknown"]), x + 28, y + 25, name, x + 10, y + 46, tile.word, tile.note,
    )  # fmt: skip


@dataclass(frozen=True)
class Dot:
    """A meter on its feeder."""

    name: str
    tone: Tone
    word: str
    url: str


def feeder_map(master: str, feeders: Iterable[tuple[str, Sequence[Dot]]]) -> SafeString:
    """The master above, each feeder a line with its meters as signs."""
    parts, y = [], 46
    for name, dots in feeders:
        parts.append(format_html('<text class="name" x="{}" y="{}">{}</text>', _NAME - 10, y + 4, name[:12]))
        lines = range(0, max(len(dots), 1), _PER_LINE)
        for start in lines:
            part = dots[start : start + _PER_LINE]
            end = _NAME + _STEP * max(len(part), 1)
            parts.append(format_html('<line x1="{}" x2="{}" y1="{}" y2="{}"/>', _NAME, end, y, y))
            parts += [_dot(dot, _NAME + _SIZE // 2 + _STEP * n, y) for n, dot in enumerate(part)]
            y += 24
    width = _NAME + _STEP * _PER_LINE + 8
    return format_html(
        '<svg class="fleet-map-svg feeders" viewBox="0 0 {} {}" width="{}" role="group" aria-label="{}">'
        '<text class="master" x="{}" y="18">{}</text><line x1="{}" x2="{}" y1="24" y2="{}"/>{}</svg>',
        width, y, width, _("各馈线上的表计"), _NAME, master, _NAME, _NAME, y - 24,
        format_html_join("", "{}", ((p,) for p in parts)),
    )  # fmt: skip


def _dot(dot: Dot, x: int, y: int) -> SafeString:
    return format_html(
        '<a href="{}" class="qh-tone-{}" aria-label="{} {}"><title>{} · {}</title>'
        '<circle class="hit" cx="{}" cy="{}" r="10"/>'
        '<path transform="translate({} {})" d="{}"/></a>',
        dot.url, dot.tone, dot.name, dot.word, dot.name, dot.word, x, y, x, y, SHAPES.get(dot.tone, SHAPES["unknown"]),
    )  # fmt: skip


def district_map(rows: list[dict[str, Any]]) -> SafeString:
    """Districts of the overview as tiles, one row for each city."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["region_id"], {"name": row["region__name"], "areas": 0, "alarm": 0, "warning": 0})
        one["areas"] += row["areas_n"]
        one["alarm"] += row["alarm_n"]
        one["warning"] += row["warning_n"]
        one["judged"] = one.get("judged", 0) + (row["judged_n"] or 0)
    tiles = []
    for code, one in sorted(found.items()):
        level = (
            Level.ALARM if one["alarm"] else Level.WARNING if one["warning"]
            else Level.NORMAL if one["judged"] else Level.NONE
        )  # fmt: skip
        state = levels.status(level)
        note = _("%(n)d 个台区") % {"n": one["areas"]}
        url = reverse("surveillance:district", args=[code])
        tiles.append(Tile(one["name"], note, state.tone, str(state.label), url, code[:4]))
    return tile_map(tiles, _("各行政区划的警报级别"))
