"""The share of readings by meter and day as a strip: colour, a sign where little or nothing came, and a title."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

_LEFT, _CELL, _ROW, _TOP = 132, 18, 16, 22
BANDS = ((0.99, "full"), (0.90, "most"), (1e-9, "few"), (-1.0, "none"))
SIGNS = {"full": "", "most": "·", "few": "−", "none": "×"}


def band(share: float) -> str:
    """full ≥ 99 %, most ≥ 90 %, few, none."""
    return next(name for least, name in BANDS if share >= least)


def band_words() -> dict[str, str]:
    """What the colours and signs mean."""
    return {"full": _("≥ 99 %"), "most": _("90 %–99 %"), "few": _("< 90 %"), "none": _("没有读数")}


def strip(days: Sequence[dt.date], meters: Iterable[tuple[str, Mapping[dt.date, float]]]) -> SafeString:
    """One row for each meter, one cell for each day."""
    rows = list(meters)
    width, height = _LEFT + _CELL * len(days) + 4, _TOP + _ROW * len(rows) + 4
    step = max(1, len(days) // 10)
    ticks = format_html_join(
        "", '<text class="tick" x="{}" y="14">{}</text>',
        ((_LEFT + _CELL * n + _CELL / 2, f"{d:%m-%d}") for n, d in enumerate(days) if n % step == 0),
    )  # fmt: skip
    lines = format_html_join("", "{}", ((_line(name, shares, days, n),) for n, (name, shares) in enumerate(rows)))
    return format_html(
        '<svg class="fleet-heat" viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}">{}{}</svg>',
        width, height, width, _("各表每日采集率"), ticks, lines,
    )  # fmt: skip


def _line(name: str, shares: Mapping[dt.date, float], days: Sequence[dt.date], number: int) -> SafeString:
    y = _TOP + _ROW * number
    cells = format_html_join(
        "", '<g class="{}"><rect x="{}" y="{}" width="16" height="14"/>'
        '<text x="{}" y="{}">{}</text><title>{}</title></g>',
        (_cell(n, y, name, day, shares.get(day, 0.0)) for n, day in enumerate(days)),
    )  # fmt: skip
    short = name if len(name) <= 17 else f"…{name[-16:]}"
    return format_html('<text class="name" x="{}" y="{}">{}</text>{}', _LEFT - 6, y + 11, short, cells)


def _cell(n: int, y: int, name: str, day: dt.date, share: float) -> tuple[object, ...]:
    kind = band(share)
    x = _LEFT + _CELL * n
    return kind, x, y, x + 8, y + 11, SIGNS[kind], f"{name} {day} {100 * share:.1f} %"
