"""One file into the store: read, mapped, judged row by row; good rows go in whole, bad rows aside."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.ingest.cleaning import clean
from quanheng.telemetry.ingest.mapping import FIELDS, Mapping, guess
from quanheng.telemetry.ingest.reading import beginning, headings, tables
from quanheng.telemetry.store import Store
from quanheng.telemetry.store.letters import LONGEST, Letters

_SHOWN = 200
LOOKED_AT = 2_000


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    file: str
    batch: str
    rows: int
    accepted: int
    rejected: int
    reasons: dict[str, int]
    seconds: int
    repeated: bool
    mapping: dict[str, Any]
    bad: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """For JSON, with the first of the bad rows."""
        data = {k: v for k, v in asdict(replace(self, bad=pl.DataFrame())).items() if k != "bad"}
        return {**data, "first_bad": self.bad.head(_SHOWN).to_dicts()}


def completed(mapping: Mapping, names: list[str], place: str) -> Mapping:
    """The mapping with columns found by their usual names; a column that was named must be there, "" leaves one out."""
    lost = [c for c in mapping.columns.values() if c and c not in names]
    if lost:
        raise InputError("mapping", f"there is no column {lost[0]}; columns are {', '.join(names)[:300]}", place)
    chosen = {**guess(names), **mapping.columns}
    return replace(mapping, columns={k: v for k, v in chosen.items() if v})


def fields_of(table: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The columns of the mapping under the names of the fields."""
    chosen = [pl.col(column).alias(name) for name, column in mapping.columns.items() if name in FIELDS]
    return table.select(*chosen, "row", *(["why"] if "why" in table.columns else []))


def contents(table: pl.DataFrame, bad: pl.DataFrame) -> pl.DataFrame:
    """The bad rows with what stood in them."""
    if not bad.height:
        return bad.with_columns(pl.lit("").alias("content"))
    names = [c for c in table.columns if c not in ("row", "why")]
    rows = table.join(bad, on="row", how="inner", maintain_order="right")
    texts = [
        json.dumps({k: v for k, v in r.items() if k != "line" or v is not None}, ensure_ascii=False, default=str)[
            :LONGEST
        ]
        for r in rows.select(names).iter_rows(named=True)
    ]
    return rows.select("row", "reason").with_columns(pl.Series("content", texts, dtype=pl.String))


@dataclass(frozen=True)
class Look:
    """The first rows of a file as they would be judged. ``bad``: row and reason."""

    names: list[str]
    mapping: Mapping
    rows: int
    head: pl.DataFrame
    bad: pl.DataFrame
    seconds: int


def look(path: Path, *, mapping: Mapping, areas: pl.DataFrame | None, now: dt.datetime, most: int = LOOKED_AT) -> Look:
    """Judge the first ``most`` rows; nothing is kept. Without a column for a needed field no row is judged."""
    names = headings(path, sheet=mapping.sheet)
    full = completed(mapping, names, str(path))
    table, rows = beginning(path, most, sheet=mapping.sheet)
    none = pl.DataFrame(schema={"row": pl.Int64, "reason": pl.String})
    if not {"meter_id", "ts", "value"} <= set(full.columns):
        return Look(names, full, rows, table, none, 0)
    done = clean(fields_of(table, full), full, areas, now=now)
    return Look(names, full, rows, table, done.bad, done.seconds)


def ingest_file(
    path: Path,
    *,
    store: Store | None,
    mapping: Mapping,
    areas: pl.DataFrame | None,
    region: str,
    source: str,
    now: dt.datetime,
    batch: str = "",
    progress: Callable[[int], object] = lambda rows: None,
) -> Outcome:
    """Read one file into the store (or only judge it, where ``store`` is None).

    The batch's name is the hash of the file and its mapping unless given, so the same file twice is one batch.
    ``progress`` hears how many rows were judged so far.
    """
    full = completed(mapping, headings(path, sheet=mapping.sheet), str(path))
    digest = _digest(path, full)
    counts = {"rows": 0, "good": 0}
    bad: list[pl.DataFrame] = []
    found: list[int] = []

    def parts() -> Iterator[pl.DataFrame]:
        for table in tables(path, sheet=full.sheet, whole=full.reading == "register"):
            known = full if full.seconds or not found else replace(full, seconds=found[0])
            done = clean(fields_of(table, known), known, areas, now=now)
            found.append(done.seconds)
            bad.append(contents(table, done.bad))
            counts["rows"] += table.height
            counts["good"] += done.good.height
            progress(counts["rows"])
            yield _placed(done.good, areas, region)

    name = batch or digest
    repeated = False
    if store is None:
        for _part in parts():
            pass
    else:
        receipt = store.write(
            parts(), batch=name, recorded_at=now, source=source, region=region, digest=digest, distinct=True
        )
        repeated = receipt.repeated
    rejected = (
        pl.concat(bad) if bad else pl.DataFrame(schema={"row": pl.Int64, "reason": pl.String, "content": pl.String})
    )
    if store is not None and not repeated:
        Letters(store.root).put(rejected, source=source, batch=name, at=now)
    reasons = dict(rejected["reason"].value_counts(sort=True).iter_rows())
    return Outcome(
        str(path), name, counts["rows"], counts["good"], rejected.height, reasons, found[0] if found else 0, repeated,
        full.to_dict(), rejected,
    )  # fmt: skip


def _placed(good: pl.DataFrame, areas: pl.DataFrame | None, region: str) -> pl.DataFrame:
    """The region of each area where the list of areas gives it, else the one named."""
    if areas is None or "region" not in areas.columns:
        return good
    places = areas.select("area_id", "region").drop_nulls().unique(subset=["area_id"], keep="first")
    joined = good.join(places, on="area_id", how="left")
    return joined.with_columns(pl.col("region").fill_null(region))


def _digest(path: Path, mapping: Mapping) -> str:
    whole = hashlib.sha256(json.dumps(mapping.to_dict(), sort_keys=True).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            whole.update(block)
    return whole.hexdigest()
