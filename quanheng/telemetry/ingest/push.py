"""Readings that a source sends by itself: NDJSON or Arrow, judged row by row, acknowledged when durable."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pyarrow as pa

from quanheng.errors import InputError
from quanheng.telemetry.ingest.cleaning import clean
from quanheng.telemetry.ingest.files import completed, contents, fields_of
from quanheng.telemetry.ingest.mapping import Mapping
from quanheng.telemetry.store import Journal, Store
from quanheng.telemetry.store.layout import region_checked, slug
from quanheng.telemetry.store.letters import Letters

MOST_ROWS = 200_000
_MOST_COLUMNS = 64
Areas = Callable[[], pl.DataFrame | None]


@dataclass(frozen=True)
class Received:
    """What became of a push. ``bad``: row, reason, content."""

    accepted: int
    rejected: int
    bad: pl.DataFrame

    def to_dict(self, most: int = 100) -> dict[str, Any]:
        """For JSON, with the first bad rows."""
        rows = self.bad.head(most).select("row", "reason").to_dicts()
        return {"accepted": self.accepted, "rejected": self.rejected, "bad": rows}


def read_ndjson(data: bytes) -> pl.DataFrame:
    """One JSON object on each line. A line that is none is marked, not fatal. Values stay text until judged."""
    lines = data.split(b"\n")
    if len(lines) > MOST_ROWS:
        raise InputError("too_large", f"at most {MOST_ROWS} readings at once", "body")
    return from_objects([(n, _line(line)) for n, line in enumerate(lines, start=1) if line.strip()])


def _line(line: bytes) -> Any:
    try:
        return json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "replace")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def from_objects(objects: list[tuple[int, Any]]) -> pl.DataFrame:
    """Numbered objects as a table of texts; whatever is no object is marked ``unreadable`` and keeps its text."""
    names = list(dict.fromkeys(k for _n, o in objects if isinstance(o, dict) for k in o if k not in ("row", "why")))
    if len(names) > _MOST_COLUMNS:
        raise InputError("columns", f"at most {_MOST_COLUMNS} different names", "body")
    columns: dict[str, list[Any]] = {"row": [], "why": [], "line": [], **{n: [] for n in names}}
    for number, one in objects:
        good = isinstance(one, dict)
        columns["row"].append(number)
        columns["why"].append(None if good else "unreadable")
        columns["line"].append(None if good else _text(one))
        for name in names:
            columns[name].append(_text(one.get(name)) if good else None)
    schema = {"row": pl.Int64(), **{n: pl.String() for n in columns if n != "row"}}
    return pl.DataFrame(columns, schema=schema)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else value.replace("\ud800", "").encode("utf-8", "replace").decode()
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False, default=str)[:2000]


def read_arrow(data: bytes) -> pl.DataFrame:
    """An Arrow IPC stream, validated before it is used."""
    try:
        with pa.ipc.open_stream(io.BytesIO(data)) as stream:
            if len(stream.schema) > _MOST_COLUMNS:
                raise InputError("columns", f"at most {_MOST_COLUMNS} columns", "body")
            batches, rows = [], 0
            for batch in stream:
                rows += batch.num_rows
                if rows > MOST_ROWS:
                    raise InputError("too_large", f"at most {MOST_ROWS} readings at once", "body")
                batch.validate(full=True)
                batches.append(batch)
            table = pl.from_arrow(pa.Table.from_batches(batches, stream.schema))
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError("unreadable", f"the body is not an Arrow IPC stream: {str(error)[:120]}", "body") from error
    if not isinstance(table, pl.DataFrame):
        raise InputError("unreadable", "the body is not a table", "body")
    return (
        table.drop([n for n in ("row", "why") if n in table.columns]).with_row_index("row", 1).cast({"row": pl.Int64})
    )


class Receiver:
    """Judges what comes and keeps the good rows through one journal; threads may share it."""

    def __init__(self, store: Store, journal: Journal, areas: Areas, *, region: str = "") -> None:
        self.store, self.journal, self.areas, self.region = store, journal, areas, region
        self.letters = Letters(store.root)

    def receive(
        self,
        table: pl.DataFrame,
        *,
        source: str,
        now: dt.datetime,
        mapping: Mapping | None = None,
        batch: str = "",
        areas: pl.DataFrame | None = None,
        recorded_at: dt.datetime | None = None,
    ) -> Received:
        """Keep the readings of a table; when it returns they are on disk. Bad rows lie among the dead letters.

        ``batch`` names the push, so that sending it again later changes nothing. ``areas``: the list to judge by,
        the receiver's own unless given. ``recorded_at``: when the rows first came, where that is not now.
        """
        listed = self.areas() if areas is None else areas
        names = [n for n in table.columns if n not in ("row", "why", "line")]
        known = completed(mapping or Mapping(seconds=3600), names, "body")
        done = clean(fields_of(table, known), known, listed, now=now)
        good = self._placed(done.good, listed).with_columns(
            pl.lit(source).alias("source"),
            pl.lit(slug(f"{source}\n{batch}") if batch else "").alias("batch"),
            pl.lit(recorded_at or now).dt.convert_time_zone("UTC").alias("recorded_at"),
        )
        bad = contents(table, done.bad)
        self.journal.append(good)
        kept = replace(known, columns=(mapping or Mapping()).columns)
        self.letters.put(
            bad, source=source, batch=batch, at=recorded_at or now, mapping=json.dumps(kept.to_dict(), sort_keys=True)
        )
        return Received(good.height, bad.height, bad)

    def _placed(self, good: pl.DataFrame, areas: pl.DataFrame | None) -> pl.DataFrame:
        if areas is not None and "region" in areas.columns:
            places = areas.select("area_id", "region").drop_nulls().unique(subset=["area_id"], keep="first")
            return good.join(places, on="area_id", how="left").with_columns(pl.col("region").fill_null(self.region))
        return good.with_columns(pl.lit(region_checked(self.region)).alias("region"))
