"""Which batches are in: one small file each, written last, so that a batch is in whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.telemetry.store.layout import MOMENT, nonce, put_file

FOLDED = "folded.parquet"
_SCHEMA = {
    "batch": pl.String(),
    "attempt": pl.String(),
    "digest": pl.String(),
    "recorded_at": MOMENT,
    "rows": pl.Int64(),
}


@dataclass(frozen=True)
class Commits:
    """What is in: attempts whose files count, and when each batch was recorded first."""

    attempts: frozenset[str]
    known: pl.DataFrame = field(repr=False)

    def find(self, batch: str) -> Mapping[str, Any] | None:
        """The first commit of a batch."""
        found = self.known.filter(pl.col("batch") == batch).sort("recorded_at")
        return found.row(0, named=True) if found.height else None

    def unknown(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows whose batch is not in yet; rows without a batch are always new."""
        return rows.join(self.known.filter(pl.col("batch") != "").select("batch").unique(), on="batch", how="anti")


def load(folder: Path) -> Commits:
    """Single files first, the folded ones after: a file folded meanwhile is met in one of the two."""
    singles: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.json")):
        try:
            singles += json.loads(path.read_text("utf-8"))["entries"]
        except FileNotFoundError:
            continue
    parts = [pl.DataFrame(singles, schema_overrides={"recorded_at": pl.String}).select(_parsed())] if singles else []
    if (folder / FOLDED).is_file():
        parts.append(pl.read_parquet(folder / FOLDED))
    known = pl.concat(parts) if parts else pl.DataFrame(schema=_SCHEMA)
    return Commits(frozenset(known["attempt"].unique().to_list()), known)


def _parsed() -> list[pl.Expr]:
    moment = pl.col("recorded_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC")
    return [moment.alias(n) if n == "recorded_at" else pl.col(n).cast(kind) for n, kind in _SCHEMA.items()]


def entry(batch: str, attempt: str, digest: str, recorded_at: dt.datetime, rows: int) -> dict[str, Any]:
    """One line of a commit."""
    moment = recorded_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return {"batch": batch, "attempt": attempt, "digest": digest, "recorded_at": moment, "rows": rows}


def commit(folder: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Let the files of an attempt count from now on."""
    lines = list(entries)
    text = json.dumps({"v": 1, "entries": lines})
    put_file(folder / f"{lines[0]['attempt']}.json", lambda path: path.write_text(text, "utf-8"))


def fold(folder: Path, *, forget_before: dt.datetime, in_use: frozenset[str]) -> int:
    """Gather the single files into one, and forget batches so old that nobody sends them again."""
    singles = list(folder.glob("*.json"))
    if not singles:
        return 0
    known = load(folder).known
    old = (pl.col("recorded_at") < forget_before) & ~pl.col("attempt").is_in(list(in_use))
    kept = known.unique().filter(~old).sort("recorded_at", "batch")
    put_file(folder / FOLDED, lambda path: kept.write_parquet(path))
    for path in singles:
        path.unlink(missing_ok=True)
    return len(singles)


def new_attempt() -> str:
    """A name for one attempt."""
    return nonce()
