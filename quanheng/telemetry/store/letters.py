"""Dead letters: rows that were not readings, kept with their place, reason and content until somebody looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from quanheng.telemetry.store.layout import MOMENT, nonce, put_file

SCHEMA: dict[str, pl.DataType] = {
    "at": MOMENT,
    "source": pl.String(),
    "batch": pl.String(),
    "row": pl.Int64(),
    "reason": pl.String(),
    "content": pl.String(),
    "mapping": pl.String(),  # by which a pushed row was read, so that it can be judged again; empty for rows of files
}
LONGEST = 2_000  # characters kept of one row
KEPT = dt.timedelta(days=180)


class Letters:
    """The folder of dead letters of a store."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "dead" / "letters"

    def put(self, bad: pl.DataFrame, *, source: str, batch: str, at: dt.datetime, mapping: str = "") -> int:
        """Keep rows (``row``, ``reason``, ``content``); returns how many."""
        if not bad.height:
            return 0
        table = bad.select(
            pl.lit(at).dt.convert_time_zone("UTC").cast(MOMENT).alias("at"),
            pl.lit(source).alias("source"),
            pl.lit(batch).alias("batch"),
            pl.col("row").cast(pl.Int64),
            "reason",
            pl.col("content").cast(pl.String).str.slice(0, LONGEST),
            pl.lit(mapping).alias("mapping"),
        )
        name = f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%S}-{nonce()}.parquet"
        put_file(self.folder / name, lambda to: table.write_parquet(to))
        return table.height

    def read(self, *, source: str = "", since: dt.datetime | None = None, batch: str = "") -> pl.DataFrame:
        """Newest first."""
        files = sorted(self.folder.glob("*.parquet"))
        if since is not None:
            files = [f for f in files if f.name >= f"{since.astimezone(dt.UTC):%Y%m%dT%H%M%S}"]
        if not files:
            return pl.DataFrame(schema=SCHEMA)
        table = pl.concat([_read(f) for f in files])
        table = table.filter(pl.col("source") == source) if source else table
        table = table.filter(pl.col("batch") == batch) if batch else table
        return table.sort("at", "row", descending=[True, False], maintain_order=True)

    def files(self) -> Iterator[tuple[Path, pl.DataFrame]]:
        """Each file of letters with what stands in it, oldest first."""
        for path in sorted(self.folder.glob("*.parquet")):
            yield path, _read(path)

    def keep(self, path: Path, rest: pl.DataFrame) -> None:
        """Leave only ``rest`` of a file of letters."""
        if rest.height:
            put_file(path, lambda to: rest.write_parquet(to))
        else:
            path.unlink(missing_ok=True)

    def forget(self, batch: str, *, source: str) -> int:
        """Drop the letters of a batch that was taken in anew; returns how many files went."""
        gone = 0
        for file in self.folder.glob("*.parquet"):
            first = pl.read_parquet(file, columns=["source", "batch"], n_rows=1)
            if first.height and first.row(0) == (source, batch):
                file.unlink(missing_ok=True)
                gone += 1
        return gone

    def expire(self, now: dt.datetime) -> int:
        """Forget letters that lay too long."""
        limit = f"{now.astimezone(dt.UTC) - KEPT:%Y%m%dT%H%M%S}"
        old = [f for f in self.folder.glob("*.parquet") if f.name < limit]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)


def _read(path: Path) -> pl.DataFrame:
    """Letters of an earlier release lack the mapping."""
    table = pl.read_parquet(path)
    lacking = [pl.lit("", kind).alias(name) for name, kind in SCHEMA.items() if name not in table.columns]
    return table.with_columns(lacking).select(list(SCHEMA))
