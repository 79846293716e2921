"""The graph as columns: items, their certificates, and which certificate used which standard on which day.

Whatever form the input has, from here on it is numpy: row numbers for references, days since 1970-01-01 for dates,
``NEVER`` for an end that does not come, NaN for a number that was not stated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from quanheng.errors import InputError

CODES: Final = (
    "",
    "no_certificate",
    "expired",
    "not_yet_valid",
    "revoked",
    "condemned",
    "out_of_range",
    "ratio",
    "no_root",
    "cycle",
)
OK, NO_CERTIFICATE, EXPIRED, NOT_YET_VALID, REVOKED, CONDEMNED, OUT_OF_RANGE, RATIO, NO_ROOT, CYCLE = range(10)
NEVER: Final = np.iinfo(np.int32).max
RATIO_LIMIT: Final = 1 / 3
FEW: Final = 2000  # ids up to which a dictionary is quicker than the set-up of a join
NODE_COLUMNS: Final = (
    "node_id", "kind", "is_root", "condemned_from", "item_id", "number", "valid_from", "valid_to", "void_from", "basis",
    "range_low", "range_high",
)  # fmt: skip
EDGE_COLUMNS: Final = (
    "certificate_id", "standard_id", "used_on", "u_ratio", "ratio_limit", "use_low", "use_high",
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
Frame = pl.DataFrame | Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Items:
    """Instruments, measurement standards, reference materials."""

    ids: pl.Series
    is_root: Bools
    condemned_from: Ints

    def __len__(self) -> int:
        return len(self.is_root)


@dataclass(frozen=True)
class Certificates:
    """Sorted by item, then by first day, then by order of entry; item i owns rows starts[i]:starts[i + 1]."""

    ids: pl.Series
    numbers: pl.Series | None
    item: Ints
    valid_from: Ints
    valid_to: Ints
    void_from: Ints
    proven: Bools
    range_low: Floats
    range_high: Floats
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class Uses:
    """Edges: the certificate (row) used the standard (item row) on that day."""

    certificate: Ints
    standard: Ints
    used_on: Ints
    u_ratio: Floats
    ratio_limit: Floats
    use_low: Floats
    use_high: Floats

    def __len__(self) -> int:
        return len(self.certificate)

    def take(self, order: npt.NDArray[np.int64]) -> Uses:
        return Uses(*(column[order] for column in self.__dict__.values()))


class Rows:
    """Row numbers of ids: a direct table for compact integers, a dictionary for few ids, else a hash join."""

    def __init__(self, ids: pl.Series, what: str) -> None:
        if ids.null_count():
            raise InputError("trace_columns", f"A {what} has no id; give every node one.", "node_id")
        self._what = what
        self._table: Ints | None = None
        self._frame: pl.DataFrame | None = None
        self._places: dict[Any, int] | None = None
        self._dtype = ids.dtype
        if ids.dtype.is_integer() and len(ids):
            low, high = int(ids.min()), int(ids.max())  # type: ignore[arg-type]
            if high - low < 8 * len(ids) + 1024:
                self._low = low
                self._table = np.full(high - low + 1, -1, dtype=np.int32)
                self._table[ids.to_numpy() - low] = np.arange(len(ids), dtype=np.int32)
                unique = int((self._table >= 0).sum())
        if self._table is None and len(ids) <= FEW:
            self._places = {one: row for row, one in enumerate(ids.to_list())}
            unique = len(self._places)
        elif self._table is None:
            unique = ids.n_unique()
            self._frame = pl.DataFrame({"id": ids, "row": np.arange(len(ids), dtype=np.int32)})
        if unique != len(ids):
            raise InputError("trace_columns", f"Two {what}s have the same id; ids are unique.", "node_id")

    def of(self, ids: pl.Series, place: str) -> Ints:
        """The rows of these ids; one that is unknown refuses the input."""
        if ids.null_count():
            raise InputError("trace_columns", f"A {self._what} is not named; every reference has an id.", place)
        found = self._lookup(ids)
        if (found < 0).any():
            missing = ids[int(np.argmax(found < 0))]
            raise InputError("trace_columns", f"There is no {self._what} with the id {missing}.", place)
        return found

    def _lookup(self, ids: pl.Series) -> Ints:
        if self._table is not None:
            if not ids.dtype.is_integer():
                return np.full(len(ids), -1, dtype=np.int32)
            at = ids.to_numpy().astype(np.int64, copy=False) - self._low
            inside = (at >= 0) & (at < len(self._table))
            return np.where(inside, self._table[np.where(inside, at, 0)], np.int32(-1))
        if self._places is not None:
            if self._dtype != ids.dtype:
                return np.full(len(ids), -1, dtype=np.int32)
            places = self._places
            return np.fromiter((places.get(one, -1) for one in ids.to_list()), np.int32, len(ids))
        if self._frame is None or not len(self._frame) or self._frame["id"].dtype != ids.dtype:
            return np.full(len(ids), -1, dtype=np.int32)
        joined = pl.DataFrame({"id": ids}).join(self._frame, on="id", how="left", maintain_order="left")
        return np.asarray(joined["row"].fill_null(-1).to_numpy(), dtype=np.int32)


def frame(columns: Frame, known: Sequence[str], required: Sequence[str], place: str) -> pl.DataFrame:
    """A data frame with at least the required columns."""
    try:
        made = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(dict(columns), strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        text = str(error).splitlines()[0][:120]
        raise InputError("trace_columns", f"The columns cannot be read: {text}.", place) from None
    missing = [name for name in required if name not in made.columns]
    if missing:
        raise InputError("trace_columns", f"Missing columns: {', '.join(missing)}; see docs/trace-format.md.", place)
    return made.select([name for name in made.columns if name in known])


def read_nodes(columns: Frame, place: str = "nodes") -> tuple[Items, Certificates, Rows, Rows]:
    """Items and certificates of a nodes table, and where their ids are."""
    nodes = frame(columns, NODE_COLUMNS, ("node_id", "kind"), place)
    kind = nodes["kind"].cast(pl.String)
    is_item, is_certificate = (kind == "item").fill_null(False), (kind == "certificate").fill_null(False)
    if not (is_item | is_certificate).all():
        raise InputError("trace_columns", "The kind of a node is item or certificate.", f"{place}.kind")
    items = _items(nodes.filter(is_item), place)
    rows = Rows(items.ids, "item")
    found = _certificates(nodes.filter(is_certificate), items, rows, place)
    return items, found, rows, Rows(found.ids, "certificate")


def read_edges(columns: Frame, items: Rows, certificates: Rows, place: str = "edges") -> Uses:
    """The uses of an edges table."""
    edges = frame(columns, EDGE_COLUMNS, ("certificate_id", "standard_id", "used_on"), place)
    limit = _number(edges, "ratio_limit", place)
    return Uses(
        certificate=certificates.of(edges["certificate_id"], f"{place}.certificate_id"),
        standard=items.of(edges["standard_id"], f"{place}.standard_id"),
        used_on=_day(edges, "used_on", place, required=True),
        u_ratio=_number(edges, "u_ratio", place),
        ratio_limit=np.where(np.isnan(limit), RATIO_LIMIT, limit),
        use_low=_number(edges, "use_low", place),
        use_high=_number(edges, "use_high", place),
    )


def day_of(value: dt.date | int) -> int:
    """Days since 1970-01-01."""
    return value if isinstance(value, int) else (value - dt.date(1970, 1, 1)).days


def date_of(day: int) -> str | None:
    """ISO date of a day; None for an end that does not come."""
    return None if day == NEVER else (dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).isoformat()


def _items(nodes: pl.DataFrame, place: str) -> Items:
    flags = nodes["is_root"] if "is_root" in nodes.columns else pl.Series([False] * len(nodes), dtype=pl.Boolean)
    try:
        root = flags.cast(pl.Boolean).fill_null(False).to_numpy()
    except pl.exceptions.PolarsError:
        raise InputError("trace_columns", "Whether an item is a root is true or false.", f"{place}.is_root") from None
    return Items(nodes["node_id"], np.asarray(root, dtype=np.bool_), _day(nodes, "condemned_from", place))


def _certificates(nodes: pl.DataFrame, items: Items, rows: Rows, place: str) -> Certificates:
    if len(nodes) and not {"item_id", "valid_from", "basis"} <= set(nodes.columns):
        raise InputError("trace_columns", "A certificate needs item_id, valid_from and basis.", place)
    basis = nodes["basis"].cast(pl.String) if len(nodes) else pl.Series([], dtype=pl.String)
    if not basis.is_in(["proven", "declared"]).fill_null(False).all():
        raise InputError("trace_columns", "The basis of a certificate is proven or declared.", f"{place}.basis")
    empty = np.zeros(0, dtype=np.int32)
    item = rows.of(nodes["item_id"], f"{place}.item_id") if len(nodes) else empty
    valid_from = _day(nodes, "valid_from", place, required=True) if len(nodes) else empty
    order = np.lexsort((valid_from, item))
    counts = np.bincount(item, minlength=len(items))
    return Certificates(
        ids=nodes["node_id"][order],
        numbers=nodes["number"].cast(pl.String)[order] if "number" in nodes.columns else None,
        item=item[order],
        valid_from=valid_from[order],
        valid_to=_day(nodes, "valid_to", place)[order],
        void_from=_day(nodes, "void_from", place)[order],
        proven=np.asarray((basis == "proven").to_numpy(), dtype=np.bool_)[order],
        range_low=_number(nodes, "range_low", place)[order],
        range_high=_number(nodes, "range_high", place)[order],
        starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
    )


def _day(table: pl.DataFrame, name: str, place: str, *, required: bool = False) -> Ints:
    """A column of dates or of days since 1970-01-01; a missing one never comes."""
    if name not in table.columns:
        return np.full(len(table), NEVER, dtype=np.int32)
    column = table[name]
    try:
        if column.dtype == pl.String:
            column = column.str.to_date("%Y-%m-%d", strict=True)
        if column.dtype != pl.Null and column.dtype != pl.Date and not column.dtype.is_integer():
            raise InputError("trace_columns", "A date is a date column or whole days since 1970.", f"{place}.{name}")
        if required and column.null_count():
            raise InputError("trace_columns", "A date is missing where one is needed.", f"{place}.{name}")
        days = column.to_physical().cast(pl.Int32, strict=True)
    except pl.exceptions.PolarsError:
        raise InputError("trace_columns", "A date cannot be read.", f"{place}.{name}") from None
    return days.fill_null(NEVER).to_numpy().astype(np.int32, copy=False)


def _number(table: pl.DataFrame, name: str, place: str) -> Floats:
    if name not in table.columns:
        return np.full(len(table), np.nan)
    try:
        return table[name].cast(pl.Float64, strict=True).fill_null(float("nan")).to_numpy()
    except pl.exceptions.PolarsError:
        raise InputError("trace_columns", "A number cannot be read.", f"{place}.{name}") from None
