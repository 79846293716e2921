"""A small graph from rows that a database has already checked: no tables, so that one chain costs no set-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from quanheng.errors import InputError
from quanheng.evidence.trace.columns import NEVER, RATIO_LIMIT, Certificates, Floats, Ints, Items, Rows, Uses, day_of

Row = tuple[Any, ...]


def read_rows(
    items: Sequence[Row], certificates: Sequence[Row], uses: Sequence[Row]
) -> tuple[Items, Certificates, Uses, Rows]:
    """Items, certificates and uses from tuples in the order of docs/trace-format.md.

    ``items``: (id, is_root, condemned_from). ``certificates``: (id, item, number, valid_from, valid_to, void_from,
    basis, range_low, range_high). ``uses``: (certificate, standard, used_on, u_ratio, ratio_limit, use_low, use_high).
    Ids are texts, dates ``datetime.date``, ends that do not come and numbers not stated None.
    Raises InputError('trace_columns') where an id is unknown or stands twice.
    """
    named = pl.Series([row[0] for row in items], dtype=pl.String)
    rows = Rows(named, "item")
    place = {row[0]: at for at, row in enumerate(items)}
    ordered = sorted(certificates, key=lambda row: (_row(place, row[1], "item"), row[3]))
    made = Certificates(
        ids=pl.Series([row[0] for row in ordered], dtype=pl.String),
        numbers=pl.Series([row[2] for row in ordered], dtype=pl.String),
        item=np.array([place[row[1]] for row in ordered], dtype=np.int32),
        valid_from=_days(ordered, 3),
        valid_to=_days(ordered, 4),
        void_from=_days(ordered, 5),
        proven=np.array([row[6] == "proven" for row in ordered], dtype=np.bool_),
        range_low=_numbers(ordered, 7),
        range_high=_numbers(ordered, 8),
        starts=np.zeros(len(items) + 1, dtype=np.int64),
    )
    np.cumsum(np.bincount(made.item, minlength=len(items)), out=made.starts[1:])
    papers = {row[0]: at for at, row in enumerate(ordered)}
    if len(papers) != len(ordered):
        raise InputError("trace_columns", "Two certificates have the same id; ids are unique.", "node_id")
    found = Uses(
        certificate=np.array([_row(papers, row[0], "certificate") for row in uses], dtype=np.int32),
        standard=np.array([_row(place, row[1], "item") for row in uses], dtype=np.int32),
        used_on=_days(uses, 2),
        u_ratio=_numbers(uses, 3),
        ratio_limit=_numbers(uses, 4, RATIO_LIMIT),
        use_low=_numbers(uses, 5),
        use_high=_numbers(uses, 6),
    )
    return Items(named, np.array([bool(row[1]) for row in items], dtype=np.bool_), _days(items, 2)), made, found, rows


def _row(places: dict[Any, int], one: Any, what: str) -> int:
    if one not in places:
        raise InputError("trace_columns", f"There is no {what} with the id {one}.", what)
    return places[one]


def _days(rows: Sequence[Row], at: int) -> Ints:
    found: list[dt.date | None] = [row[at] for row in rows]
    return np.array([NEVER if day is None else day_of(day) for day in found], dtype=np.int32)


def _numbers(rows: Sequence[Row], at: int, default: float = np.nan) -> Floats:
    return np.array([default if row[at] is None else row[at] for row in rows], dtype=np.float64)
