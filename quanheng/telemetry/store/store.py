"""The store: Parquet files by region and day, whole batches, one valid reading for each meter and moment."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.store import registry
from quanheng.telemetry.store.journal import Journal, is_left, read_segment
from quanheng.telemetry.store.layout import (
    COLUMNS,
    conform,
    distinct,
    empty,
    locked,
    nonce,
    put_file,
    region_checked,
    resolve,
    slug,
)

RETENTION = dt.timedelta(days=4 * 366)  # JJF(赣)017-2020: raw data are kept for four years
REMEMBERED = dt.timedelta(days=400)  # how long a batch sent again is known
_ORPHAN_SECONDS = 86_400
_RETRIES = 5


@dataclass(frozen=True)
class Receipt:
    """What became of a batch."""

    batch: str
    rows: int
    partitions: int
    repeated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Partition:
    """One region and day: its files that count."""

    region: str
    day: dt.date
    files: tuple[Path, ...]


class Store:
    """Readings in a folder. Safe for several processes; nothing is seen half-written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parts, self.batches, self.journals = root / "parts", root / "batches", root / "journal"
        self.dead = root / "dead"

    def journal(self) -> Journal:
        """A writer for pushed readings."""
        return Journal(self.journals)

    def write(
        self,
        rows: pl.DataFrame | Iterable[pl.DataFrame],
        *,
        batch: str,
        recorded_at: dt.datetime,
        source: str,
        region: str = "",
        digest: str = "",
        distinct: bool = False,
    ) -> Receipt:
        """Put a whole batch in. The same batch again does nothing; other content under its name is refused.

        ``rows``: area_id, meter_id, role, ts, kwh, optionally kwh_export, seconds and region (else ``region``), as one
        table or as parts that together are the batch: they count all at once or not at all. Of several readings of
        one meter and moment inside the batch the resolved one is kept; ``distinct`` says that no part holds any.
        """
        if not batch or recorded_at.tzinfo is None:
            raise InputError("usage", "a batch needs a name and a moment with a time zone", "batch")
        name = slug(batch)
        known = registry.load(self.batches).find(name)
        if known is not None:
            return self._again(known, name, digest)
        attempt, kept, days = registry.new_attempt(), 0, set[tuple[str, Any]]()
        stamp = _stamp(source, name, recorded_at)
        for number, table in enumerate([rows] if isinstance(rows, pl.DataFrame) else rows):
            located = [] if "region" in table.columns else [pl.lit(region).alias("region")]
            part = conform(table.with_columns(*located, *stamp), batch)
            some, more = self._write_parts(part, f"{attempt}.{number}", distinct)
            kept, days = kept + some, days | more
        with locked(self.root / "locks" / "batches"):
            known = registry.load(self.batches).find(name)
            if known is not None:  # another process was faster; our files never count
                return self._again(known, name, digest)
            registry.commit(self.batches, [registry.entry(name, attempt, digest, recorded_at, kept)])
        return Receipt(name, kept, len(days))

    def _again(self, known: Any, name: str, digest: str) -> Receipt:
        if digest and known["digest"] and known["digest"] != digest:
            raise InputError(
                "batch_conflict", "a batch of this name with other content is already in; name it anew", name
            )
        return Receipt(name, int(known["rows"]), 0, repeated=True)

    def _write_parts(self, rows: pl.DataFrame, attempt: str, once: bool = False) -> tuple[int, set[tuple[str, Any]]]:
        kept = 0
        parts = _by_day(rows)
        for (region, day), part in parts.items():
            region_checked(region)
            table = part if once or distinct(part) else resolve(part.lazy()).collect()
            self._put(self.folder(region, day) / f"b-{attempt}.parquet", table)
            kept += table.height
        return kept, set(parts)

    def _put(self, path: Path, table: pl.DataFrame) -> None:
        body = table.drop("region")
        put_file(path, lambda to: body.write_parquet(to, compression="zstd", compression_level=1))

    def folder(self, region: str, day: Any) -> Path:
        """Where a region's day lies."""
        return self.parts / f"region={region}" / f"day={day}"

    def partitions(
        self,
        *,
        regions: Collection[str] | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        attempts: frozenset[str] | None = None,
    ) -> Iterator[Partition]:
        """Regions and days in order with the files that count, for any engine that reads Parquet."""
        counted = registry.load(self.batches).attempts if attempts is None else attempts
        for region_folder in sorted(self.parts.glob("region=*")):
            region = region_folder.name.removeprefix("region=")
            if regions is not None and region not in regions:
                continue
            for folder in sorted(region_folder.glob("day=*")):
                day = dt.date.fromisoformat(folder.name.removeprefix("day="))
                if (since and day < since) or (until and day > until):
                    continue
                files = tuple(p for p in sorted(folder.glob("*.parquet")) if _counts(p, counted))
                if files:
                    yield Partition(region, day, files)

    def scan(
        self,
        *,
        regions: Collection[str] | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        areas: Collection[str] | None = None,
    ) -> pl.LazyFrame:
        """Every valid reading of those regions and UTC days, journal included. Compaction may outdate it: use soon."""
        live = self._live(regions, since, until)
        commits = registry.load(self.batches)
        fresh = commits.unknown(live) if live.height else live
        touched = set(fresh.select("region", pl.col("ts").dt.date()).unique().iter_rows()) if fresh.height else set()
        clean: list[tuple[str, Path]] = []
        mixed: list[tuple[str, Path]] = []
        for part in self.partitions(regions=regions, since=since, until=until, attempts=commits.attempts):
            whole = len(part.files) == 1 and (part.region, part.day) not in touched
            (clean if whole else mixed).extend((part.region, path) for path in part.files)
        tables = [_scanned(clean)] if clean else []
        if mixed or fresh.height:
            tables.append(resolve(pl.concat([*([_scanned(mixed)] if mixed else []), fresh.lazy()])))
        found = pl.concat(tables) if tables else empty().lazy()
        return found if areas is None else found.filter(pl.col("area_id").is_in(list(areas)))

    def read(self, **where: Any) -> pl.DataFrame:
        """``scan`` collected and sorted; taken anew where a compaction moved the files meanwhile."""
        for attempt in range(_RETRIES):
            try:
                return self.scan(**where).sort("region", "area_id", "meter_id", "ts").collect()
            except (FileNotFoundError, pl.exceptions.ComputeError):
                if attempt == _RETRIES - 1:
                    raise
                time.sleep(0.05 * (attempt + 1))
        raise AssertionError("unreachable")

    def _live(self, regions: Collection[str] | None, since: dt.date | None, until: dt.date | None) -> pl.DataFrame:
        frames = [frame for path in sorted(self.journals.glob("*.journal")) for frame in read_segment(path)[0]]
        if not frames:
            return empty()
        rows = pl.concat(frames)
        if regions is not None:
            rows = rows.filter(pl.col("region").is_in(list(regions)))
        if since is not None:
            rows = rows.filter(pl.col("ts").dt.date() >= since)
        return rows if until is None else rows.filter(pl.col("ts").dt.date() <= until)

    def settle(self) -> int:
        """Put what left journals hold into Parquet; returns the number of readings. Safe to repeat after a crash."""
        with locked(self.root / "locks" / "settle"):
            left = [path for path in sorted(self.journals.glob("*.journal")) if is_left(path)]
            frames = []
            for path in left:
                whole, torn = read_segment(path)
                frames += whole
                if torn:
                    put_file(self.dead / "journal" / f"{path.name}.torn", partial(_write_bytes, torn))
            count = self._settle_rows(pl.concat(frames)) if frames else 0
            for path in left:
                path.unlink(missing_ok=True)
            return count

    def _settle_rows(self, rows: pl.DataFrame) -> int:
        fresh = registry.load(self.batches).unknown(rows)
        if not fresh.height:
            return 0
        attempt = registry.new_attempt()
        kept, _days = self._write_parts(fresh, f"{attempt}.0")
        named = (
            fresh.filter(pl.col("batch") != "")
            .group_by("batch")
            .agg(pl.col("recorded_at").min(), pl.len().alias("rows"))
        )
        entries = [registry.entry(b, attempt, "", at, n) for b, at, n in named.sort("batch").iter_rows()]
        newest: Any = fresh["recorded_at"].max()
        registry.commit(self.batches, entries or [registry.entry("", attempt, "", newest, kept)])
        return kept

    def compact(self, *, now: dt.datetime, least_files: int = 2) -> int:
        """One file for each region and day that has several; returns how many partitions were rewritten."""
        with locked(self.root / "locks" / "compact"):
            commits = registry.load(self.batches)
            done = 0
            for part in list(self.partitions(attempts=commits.attempts)):
                if len(part.files) >= least_files:
                    table = resolve(_scanned([(part.region, p) for p in part.files])).collect()
                    self._put(self.folder(part.region, part.day) / f"c-{nonce()}.parquet", table)
                    for path in part.files:
                        path.unlink(missing_ok=True)
                    done += 1
            self._sweep(commits.attempts)
            with locked(self.root / "locks" / "batches"):
                registry.fold(self.batches, forget_before=now - REMEMBERED, in_use=self._attempts_on_disk())
            return done

    def _sweep(self, counted: frozenset[str]) -> None:
        """Remove what attempts left that never finished."""
        for path in [*self.parts.glob("region=*/day=*/*"), *self.journals.glob("*.opening")]:
            if not _counts(path, counted) and time.time() - path.stat().st_mtime > _ORPHAN_SECONDS:
                path.unlink(missing_ok=True)

    def _attempts_on_disk(self) -> frozenset[str]:
        return frozenset(_attempt(p) for p in self.parts.glob("region=*/day=*/b-*.parquet"))

    def expire(self, *, today: dt.date, keep: dt.timedelta = RETENTION) -> list[tuple[str, dt.date]]:
        """Remove days older than the retention; returns what was removed."""
        gone = []
        for folder in sorted(self.parts.glob("region=*/day=*")):
            day = dt.date.fromisoformat(folder.name.removeprefix("day="))
            if day < today - keep:
                shutil.rmtree(folder)
                gone.append((folder.parent.name.removeprefix("region="), day))
        return gone


def _stamp(source: str, batch: str, recorded_at: dt.datetime) -> list[pl.Expr]:
    moment = pl.lit(recorded_at).dt.convert_time_zone("UTC")
    return [pl.lit(source).alias("source"), pl.lit(batch).alias("batch"), moment.alias("recorded_at")]


def _by_day(rows: pl.DataFrame) -> dict[tuple[str, dt.date], pl.DataFrame]:
    if not rows.height:
        return {}
    found: dict[tuple[str, dt.date], pl.DataFrame] = {}
    for region in rows["region"].unique().to_list():
        here = rows.filter(pl.col("region") == region).with_columns(pl.col("ts").dt.date().alias("day"))
        days = here.partition_by("day", as_dict=True, maintain_order=True, include_key=False)
        found |= {(str(region), day): part for (day,), part in days.items()}
    return found


def _attempt(path: Path) -> str:
    """``b-<attempt>.<number>.parquet``."""
    return path.name.removeprefix("b-").split(".", 1)[0]


def _write_bytes(data: bytes, to: Path) -> None:
    to.write_bytes(data)


def _counts(path: Path, attempts: frozenset[str]) -> bool:
    if path.name.startswith("c-"):
        return path.suffix == ".parquet"
    return path.name.startswith("b-") and path.suffix == ".parquet" and _attempt(path) in attempts


def _scanned(files: Iterable[tuple[str, Path]]) -> pl.LazyFrame:
    """The files of one or more regions as one table with its region."""
    by_region: dict[str, list[Path]] = {}
    for region, path in files:
        by_region.setdefault(region, []).append(path)
    tables = [
        pl.scan_parquet(paths, glob=False, hive_partitioning=False).with_columns(pl.lit(region).alias("region"))
        for region, paths in by_region.items()
    ]
    return pl.concat(tables).select(list(COLUMNS))
