"""Figures as SVG: well-formed whatever the names say, and drawn where the numbers are."""

from __future__ import annotations

import math
import re

import pytest
from lxml import etree

from quanheng.evidence.rendering.plot import label, svg
from quanheng.metrology.tasks import Figure, Series


def make_figure(**changes: object) -> Figure:
    parts: dict[str, object] = {
        "title": ("标题", "Title"),
        "x_label": ("横轴", "x"),
        "y_label": ("纵轴", "y"),
        "series": (Series("a", "points", [1.0, 2.0, 3.0], [10.0, 20.0, 30.0], u=[1.0, 1.0, 1.0]),),
    }
    return Figure(**{**parts, **changes})  # type: ignore[arg-type]


def points(text: str) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', text)]


def test_equal_steps_in_the_data_are_equal_steps_in_the_picture() -> None:
    (x1, y1), (x2, y2), (x3, y3) = points(svg(make_figure()))
    assert x3 - x2 == pytest.approx(x2 - x1, abs=0.2)
    assert y2 - y3 == pytest.approx(y1 - y2, abs=0.2)
    assert y1 > y3  # larger values stand higher


def test_every_error_bar_lies_inside_the_frame() -> None:
    drawn = svg(make_figure())
    ends = [float(v) for pair in re.findall(r'd="M[\d.]+ ([\d.]+)V([\d.]+)M', drawn) for v in pair]
    assert len(ends) == 6
    assert all(40 <= v <= 308 for v in ends)


@pytest.mark.parametrize("kind", ["points", "line", "steps", "bars"])
@pytest.mark.parametrize("paper", [True, False])
def test_every_kind_is_well_formed_with_hostile_names(kind: str, paper: bool) -> None:
    hostile = "<script>alert(1)</script>&\"'"
    series = (Series(hostile, kind, [1.0, 2.0], [3.0, math.nan], names=[hostile, "b"]), Series("b", kind, [1.0], [1.0]))
    drawn = svg(
        make_figure(title=(hostile, hostile), series=series, lines=(("x", hostile, 1.5), ("y", hostile, 2.0))),
        paper=paper,
    )
    root = etree.fromstring(drawn.encode())
    assert not root.xpath("//*[local-name()='script']")


def test_a_single_point_and_no_point_are_drawn() -> None:
    assert len(points(svg(make_figure(series=(Series("a", "points", [5.0], [7.0]),))))) == 1
    assert points(svg(make_figure(series=(Series("a", "points", [], []),)))) == []


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(0.25, 0.05, "0.25"), (1000.0, 200.0, "1000"), (-2.5, 2.5, "−2.5"), (1e-15, 0.1, "0"), (1.25e7, 5e5, "1.25e+07")],
)
def test_a_tick_shows_just_the_decimals_of_its_step(value: float, step: float, text: str) -> None:
    assert label(value, step) == text
