"""Figures of the numerical tasks as SVG: the same picture on a page, in a PDF and in the documentation.

Drawn here rather than by a plotting library, because the page's picture must follow its light and dark colours without
inline styles, and the paper's must be the same bytes every time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from quanheng.metrology.tasks import Figure, Series

WIDTH, HEIGHT = 720.0, 360.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 16.0, 40.0, 52.0
_TICKS = 6
_PAGE = {
    "ink": "var(--tblr-body-color)",
    "soft": "var(--tblr-secondary)",
    "rule": "var(--tblr-border-color)",
    "0": "var(--qh-work)",
    "1": "var(--qh-due)",
    "2": "var(--qh-ok)",
    "3": "var(--qh-bad)",
    "4": "var(--qh-off)",
}
_PRINT = {
    "ink": "#1b2430",
    "soft": "#5b6675",
    "rule": "#d5dae1",
    "0": "#1f4e79",
    "1": "#9a5b00",
    "2": "#1b7a43",
    "3": "#b3261e",
    "4": "#5f6c76",
}


@dataclass(frozen=True)
class _Scale:
    """One axis: data range onto pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, -0.5), 1.5) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round positions inside the range."""
        rough = (self.high - self.low) / _TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)][: 4 * _TICKS]


def svg(figure: Figure, *, language: str = "zh", paper: bool = False) -> str:
    """The figure as one SVG element; `paper` uses fixed colours instead of the page's.

    Parameters
    ----------
    figure : Figure
        Series with x (n,) and y (n,) finite; `u`, `low`, `high` (n,) where drawn.
    language : {"zh", "en"}
    """
    colours = _PRINT if paper else _PAGE
    names = next((s.names for s in figure.series if s.names), ())
    x, y = _ranges(figure)
    which = 0 if language == "zh" else 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" class="qh-plot" '
        f'font-size="12" font-family="inherit"><title>{escape(figure.title[which])}</title>',
        *_frame(figure, x, y, which, names, colours),
        *_rulers(figure, x, y, colours),
    ]
    for number, series in enumerate(figure.series):
        parts += _drawn(series, x, y, colours[str(number % 5)])
    parts += _legend(figure, colours)
    parts.append("</svg>")
    return "".join(parts)


def _ranges(figure: Figure) -> tuple[_Scale, _Scale]:
    xs = [v for s in figure.series for v in s.x] + [p for axis, _label, p in figure.lines if axis == "x"]
    ys: list[float] = [p for axis, _label, p in figure.lines if axis == "y"]
    for s in figure.series:
        ys += [*s.low, *s.high]
        ys += [v - d for v, d in zip(s.y, s.u, strict=False)] + [v + d for v, d in zip(s.y, s.u, strict=False)]
        ys += list(s.y)
        if s.kind == "bars":
            ys.append(0.0)
            half = _half(s.x)
            xs += [min(s.x) - half, max(s.x) + half] if s.x else []
    named = any(s.names for s in figure.series)
    return (
        _Scale(*_padded(xs, 0.5 if named else None), LEFT, WIDTH - RIGHT),
        _Scale(*_padded(ys, None), HEIGHT - BOTTOM, TOP),
    )


def _padded(values: Iterable[float], margin: float | None) -> tuple[float, float]:
    finite = [float(v) for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    pad = margin if margin is not None else (high - low) * 0.05
    if high - low <= abs(high) * 1e-12:
        pad = abs(high) * 0.05 or 1.0
    return low - pad, high + pad


def _half(x: Sequence[float]) -> float:
    ordered = sorted(set(x))
    gaps = [b - a for a, b in itertools.pairwise(ordered)]
    return min(gaps) / 2 if gaps else 0.5


def label(value: float, step: float) -> str:
    """A tick's number with just the decimals its step needs; far from one as a power of ten."""
    if value == 0 or abs(value) < abs(step) * 1e-9:
        return "0"
    if abs(value) >= 1e6 or abs(step) < 1e-6:
        digits = max(0, math.ceil(math.log10(abs(value) / step))) if step else 3
        return f"{value:.{min(digits, 12)}e}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step * 10**decimals, 6) % 1:
        decimals += 1
    return f"{value:.{decimals}f}".replace("-", "\u2212")


def _text(x: float, y: float, text: str, fill: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _frame(
    figure: Figure, x: _Scale, y: _Scale, which: int, names: Sequence[str], colours: dict[str, str]
) -> list[str]:
    parts = []
    rows = y.ticks()
    for tick in rows:
        at = y(tick)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="{colours["rule"]}"/>')
        parts.append(
            _text(LEFT - 8, at + 4, label(tick, rows[1] - rows[0] if len(rows) > 1 else 1), colours["soft"], "end")
        )
    base = HEIGHT - BOTTOM
    if names:
        every = max(1, math.ceil(len(names) / 24))
        first = next(s for s in figure.series if s.names)
        for at, name in list(zip(first.x, names, strict=False))[::every]:
            parts.append(_text(x(at), base + 18, name[:12], colours["soft"]))
    else:
        columns = x.ticks()
        for tick in columns:
            step = columns[1] - columns[0] if len(columns) > 1 else 1
            parts.append(f'<path d="M{x(tick):.1f} {base}v4" stroke="{colours["soft"]}"/>')
            parts.append(_text(x(tick), base + 18, label(tick, step), colours["soft"]))
    middle = (TOP + base) / 2
    parts.append(f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}" fill="none" stroke="{colours["soft"]}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, figure.x_label[which], colours["ink"]))
    turned = f'transform="rotate(-90 16 {middle:.1f})"'
    parts.append(_text(16, middle, figure.y_label[which], colours["ink"], more=turned))
    return parts


def _rulers(figure: Figure, x: _Scale, y: _Scale, colours: dict[str, str]) -> list[str]:
    parts = []
    for axis, words, position in figure.lines:
        if axis == "x":
            parts.append(
                f'<path d="M{x(position):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{colours["3"]}" stroke-dasharray="5 4"/>'
            )
            parts.append(_text(x(position), TOP - 4, words, colours["3"], more='font-size="11"'))
        else:
            parts.append(
                f'<path d="M{LEFT} {y(position):.1f}H{WIDTH - RIGHT}" stroke="{colours["3"]}" stroke-dasharray="5 4"/>'
            )
            parts.append(_text(WIDTH - RIGHT - 4, y(position) - 4, words, colours["3"], "end", 'font-size="11"'))
    return parts


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


def _drawn(series: Series, x: _Scale, y: _Scale, colour: str) -> list[str]:
    if series.kind == "band":
        upper = [(x(a), y(b)) for a, b in zip(series.x, series.high, strict=False)]
        lower = [(x(a), y(b)) for a, b in zip(series.x, series.low, strict=False)]
        return [f'<path d="{_path([*upper, *reversed(lower)])}Z" fill="{colour}" fill-opacity=".18"/>']
    pairs = [(a, b) for a, b in zip(series.x, series.y, strict=False) if math.isfinite(a) and math.isfinite(b)]
    if series.kind == "bars":
        half = _half(series.x) * 0.92
        return [
            f'<path d="{_path([(x(a - half), y(0)), (x(a - half), y(b)), (x(a + half), y(b)), (x(a + half), y(0))])}Z" '
            f'fill="{colour}" fill-opacity=".55"/>'
            for a, b in pairs
        ]
    if series.kind in {"line", "steps"}:
        points = [(x(a), y(b)) for a, b in pairs]
        if series.kind == "steps":
            points = [p for (a, b), (c, _d) in itertools.pairwise(points) for p in ((a, b), (c, b))] + points[-1:]
        return [f'<path d="{_path(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'] if points else []
    if series.kind == "dots":
        return [
            f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="1.2" fill="{colour}" fill-opacity=".45"/>' for a, b in pairs
        ]
    bars = [_error_bar(x(a), y(b - u), y(b + u), colour) for (a, b), u in zip(pairs, series.u, strict=False)]
    return [*bars, *(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3.5" fill="{colour}"/>' for a, b in pairs)]


def _error_bar(at: float, low: float, high: float, colour: str) -> str:
    caps = f"M{at - 4:.1f} {low:.1f}h8M{at - 4:.1f} {high:.1f}h8"
    return f'<path d="M{at:.1f} {low:.1f}V{high:.1f}{caps}" stroke="{colour}" stroke-width="1.5"/>'


def _legend(figure: Figure, colours: dict[str, str]) -> list[str]:
    named = [(i, s) for i, s in enumerate(figure.series) if s.label]
    if len(named) < 2:
        return []
    parts, at = [], LEFT
    for number, series in named:
        parts.append(f'<rect x="{at:.0f}" y="10" width="14" height="8" rx="2" fill="{colours[str(number % 5)]}"/>')
        parts.append(_text(at + 20, 19, series.label, colours["soft"], "start"))
        at += 40 + sum(13 if ord(c) > 0x2E7F else 7 for c in series.label)
    return parts
