"""Generates the rows of a record sheet from the instrument's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.decimals import evaluate
from quanheng.procedures.checking import compiled
from quanheng.procedures.schema import Point, Section

MAX_ROWS = 500


@dataclass(frozen=True)
class Row:
    """One row to fill in: its place, its point, its given values, and whether it may stay empty."""

    index: int
    point: int
    repeat: int
    given: Mapping[str, Any]
    optional: bool


def rows(section: Section, scope: Mapping[str, Any]) -> list[Row]:
    """All rows of a section. Raises MissingName where a parameter they need has no value yet."""
    points: list[tuple[Point, dict[str, Any]]] = []
    for point in section.points:
        if point.when is None or evaluate(compiled(point.when), scope):
            points.extend((point, given) for given in _given(point, scope))
        if len(points) > MAX_ROWS:
            raise InputError(
                "too_many_points", f"a section has at most {MAX_ROWS} points; check the parameters", section.key
            )
    if section.unique:
        points = _unique(points, section.point_key)
    built: list[Row] = []
    for number, (point, given) in enumerate(points):
        for repeat in range(point.repeats + point.optional_repeats):
            built.append(Row(len(built), number, repeat, given, repeat >= point.repeats))
    if len(built) > MAX_ROWS:
        raise InputError("too_many_points", f"a section has at most {MAX_ROWS} rows; check the parameters", section.key)
    return built


def _given(point: Point, scope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for start in _loops(point, scope):
        given = dict(start)
        for key, formula in point.values.items():
            given[key] = evaluate(compiled(formula), {**scope, **start})
        yield given


def _loops(point: Point, scope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if point.over:
        start, stop, step = (evaluate(compiled(f), scope) for f in (point.over.start, point.over.stop, point.over.step))
        if step <= 0 or (stop - start) / step > MAX_ROWS:
            raise InputError(
                "too_many_points", "the step between points is too small; check the parameters", point.over.field
            )
        value = start
        while value <= stop:
            yield {point.over.field: value}
            value += step
    elif point.each:
        values = scope.get(point.each.of)
        for value in values if isinstance(values, tuple) else ():
            yield {point.each.field: value}
    else:
        yield {}


def _unique(points: list[tuple[Point, dict[str, Any]]], key: str) -> list[tuple[Point, dict[str, Any]]]:
    """Points in rising order of their key, each value once: rules such as "Max/2 and 500e" may meet."""
    seen: dict[Decimal, tuple[Point, dict[str, Any]]] = {}
    for point, given in points:
        seen.setdefault(given[key], (point, given))
    return [seen[value] for value in sorted(seen)]
