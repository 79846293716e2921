"""Draw the figures of docs/compute from the examples of the tasks, as small SVG files.

python -m scripts.compute_figures
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from quanheng.library.tables import complete
from quanheng.metrology import tasks
from quanheng.metrology.tasks import Figure, Series

OUT = Path(__file__).parent.parent / "docs" / "compute"
WANTED = (
    ("uncertainty", "jcgm101-9.4", 0, "uncertainty-density.svg"),
    ("uncertainty", "gum-h1", 0, "uncertainty-budget.svg"),
    ("conformity", "ilac-g8", 0, "conformity-density.svg"),
    ("conformity", "jcgm106-9.5.4-bearings", 0, "conformity-risks.svg"),
    ("calibration-line", "iso28037-7.4", 0, "calibration-line.svg"),
    ("comparison", "ccqm-k25-pcb28", 0, "comparison.svg"),
    ("robust", "creosote", 0, "robust.svg"),
    ("homogeneity", "ecerto-crm001", 0, "homogeneity.svg"),
    ("stability", "no-trend", 0, "stability.svg"),
    ("standard-check", "ewma", 0, "standard-check.svg"),
    ("interval", "rp1-s2", 0, "interval.svg"),
    ("net-content", "china-500-g", 0, "net-content.svg"),
    ("emission", "works", 0, "emission.svg"),
    ("certified-value", "laboratories", 0, "certified-value.svg"),
    ("quantity", "celsius", 0, "quantity.svg"),
    ("uncertain-numbers", "shared-standard", 0, "uncertain-numbers.svg"),
)
WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 34, 46
BAND = "#c8d6e8"
COLOURS = ("#206bc4", "#d6336c", "#2fb344", "#f76707")


class Frame:
    """Maps data to the page."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = _wider(x), _wider(y)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Page coordinates of a point."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def svg(figure: Figure) -> str:
    """The figure as SVG text."""
    frame = _frame(figure)
    body = [_axes(figure, frame)]
    for i, series in enumerate(figure.series):
        colour = BAND if series.kind == "band" else COLOURS[i % len(COLOURS)]
        body.append(_series(series, frame, colour))
        if len(figure.series) > 1:
            body.append(
                _text(WIDTH - RIGHT - 88 * (len(figure.series) - 1 - i), 18, f"■ {series.label}", "end", colour)
            )
    for i, (axis, label, position) in enumerate(figure.lines):
        body.append(_line(axis, label, position, frame, i))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
    return f'{head} font-size="11"><rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'


def _wider(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    gap = (high - low) or abs(high) or 1.0
    return low - 0.04 * gap, high + 0.04 * gap


def _frame(figure: Figure) -> Frame:
    xs, ys = [], []
    for s in figure.series:
        half = 0.5 if s.names else 0.0
        xs += [v + d for v in s.x for d in (-half, half)]
        bars = s.u or [0.0] * len(s.y)
        ys += [y + d * u for y, u in zip(s.y, bars, strict=False) for d in (-1, 1)]
        ys += [*s.low, *s.high, *([0.0] if s.kind == "bars" else [])]
    xs += [v for axis, _, v in figure.lines if axis == "x"]
    ys += [v for axis, _, v in figure.lines if axis == "y"]
    return Frame((min(xs), max(xs)), (min(ys), max(ys)))


def _axes(figure: Figure, frame: Frame) -> str:
    parts = [f'<text x="{LEFT}" y="18" font-size="13" font-weight="bold">{escape(figure.title[1])}</text>']
    named = next((s for s in figure.series if s.names), None)
    ticks = list(zip(named.x, named.names, strict=True)) if named else _ticks(frame.x)
    for value, label in ticks:
        x, y = frame.at(value, frame.y[0])
        parts.append(_text(x, y + 15, label, "middle"))
    for value, label in _ticks(frame.y):
        x, y = frame.at(frame.x[0], value)
        parts.append(
            f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e6e7e9"/>' + _text(x - 6, y + 4, label, "end")
        )
    x, y = frame.at(frame.x[0], frame.y[0])
    parts.append(f'<path d="M{x:.1f} {TOP}V{y:.1f}H{WIDTH - RIGHT}" fill="none" stroke="#667"/>')
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 10, figure.x_label[1], "middle"))
    parts.append(f'<text transform="translate(13 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">')
    return "".join(parts) + escape(figure.y_label[1]) + "</text>"


def _ticks(ends: tuple[float, float]) -> list[tuple[float, str]]:
    rough = (ends[1] - ends[0]) / 5
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * m for m in (1, 2, 5, 10) if base * m >= rough)
    first = math.ceil(ends[0] / step)
    return [(k * step, f"{k * step:.6g}") for k in range(first, math.floor(ends[1] / step) + 1)]


def _series(s: Series, frame: Frame, colour: str) -> str:
    if s.kind == "band":
        there = [frame.at(x, y) for x, y in zip(s.x, s.high, strict=True)]
        back = [frame.at(x, y) for x, y in zip(s.x, s.low, strict=True)][::-1]
        return f'<path d="M{_path(there + back)}Z" fill="{colour}"/>'
    points = [frame.at(x, y) for x, y in zip(s.x, s.y, strict=True)]
    if s.kind == "line":
        return f'<path d="M{_path(points)}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    if s.kind == "bars":
        ground = frame.at(0, 0)[1]
        gap = min((b[0] - a[0] for a, b in pairwise(points)), default=60.0)
        wide = 0.7 * gap if s.names else gap
        cells = [f"M{x - wide / 2:.1f} {ground:.1f}V{y:.1f}h{wide:.1f}V{ground:.1f}z" for x, y in points]
        return f'<path d="{"".join(cells)}" fill="{colour}" fill-opacity=".55"/>'
    bars = ""
    for (x, _), y, u in zip(points, s.y, s.u or [0.0] * len(points), strict=False):
        bars += f"M{x:.1f} {frame.at(0, y - u)[1]:.1f}V{frame.at(0, y + u)[1]:.1f}"
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in points)
    return f'<g fill="{colour}"><path d="{bars}" stroke="{colour}"/>{dots}</g>'


def _line(axis: str, label: str, position: float, frame: Frame, i: int) -> str:
    x, y = frame.at(position, position)
    if axis == "x":
        return f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#444" stroke-dasharray="5 3"/>' + _text(
            x + 3, TOP + 10 + 13 * (i % 3), label, "start"
        )
    return f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#444" stroke-dasharray="5 3"/>' + _text(
        WIDTH - RIGHT - 4, y - 4, label, "end"
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def main() -> None:
    """Write every figure."""
    OUT.mkdir(exist_ok=True)
    for name, example, number, file in WANTED:
        task = tasks.find(name)
        figure = task.compute(complete(task.tables, task.examples[example])).figures()[number]
        (OUT / file).write_text(svg(figure), encoding="utf-8")
        print(OUT / file)


if __name__ == "__main__":
    main()
