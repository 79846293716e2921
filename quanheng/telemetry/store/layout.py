"""Columns, names and the rule by which of several readings of one meter and moment the valid one is found."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from quanheng.errors import InputError

MOMENT = pl.Datetime("us", "UTC")
COLUMNS: dict[str, pl.DataType] = {
    "region": pl.String(),
    "area_id": pl.String(),
    "meter_id": pl.String(),
    "role": pl.String(),
    "ts": MOMENT,
    "seconds": pl.Int32(),
    "kwh": pl.Float64(),
    "kwh_export": pl.Float64(),
    "source": pl.String(),
    "batch": pl.String(),
    "recorded_at": MOMENT,
}
KEY = ("region", "area_id", "meter_id", "ts")
_NEWEST_LAST = ("recorded_at", "batch", "kwh", "kwh_export", "seconds", "role", "source")
_REGION = re.compile(r"[0-9A-Za-z_-]{1,32}")


def empty() -> pl.DataFrame:
    """A table of readings without a row."""
    return pl.DataFrame(schema=COLUMNS)


def conform(rows: pl.DataFrame, place: str) -> pl.DataFrame:
    """The columns of a reading in their order and types, or ``InputError``. Moments must carry a time zone."""
    missing = [name for name in COLUMNS if name not in rows.columns and name not in ("kwh_export", "seconds")]
    if missing:
        raise InputError("columns", f"readings lack the columns {', '.join(missing)}", place)
    if "kwh_export" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.Float64).alias("kwh_export"))
    if "seconds" not in rows.columns:
        rows = rows.with_columns(pl.lit(3600, pl.Int32).alias("seconds"))
    for name in ("ts", "recorded_at"):
        kind = rows.schema[name]
        if not isinstance(kind, pl.Datetime) or kind.time_zone is None:
            raise InputError("columns", f"{name} must be moments with a time zone, not {kind}", place)
    try:
        return rows.select(
            pl.col(name).dt.convert_time_zone("UTC").cast(kind) if kind == MOMENT else pl.col(name).cast(kind)
            for name, kind in COLUMNS.items()
        )
    except pl.exceptions.PolarsError as error:
        raise InputError("columns", f"a column of the readings has another type: {str(error)[:200]}", place) from error


def region_checked(region: str) -> str:
    """The code of a region as a name of a folder, or ``InputError``."""
    if not _REGION.fullmatch(region):
        raise InputError("region", "a region is a code of letters, digits, - and _, at most 32 long", region[:60])
    return region


def slug(text: str) -> str:
    """The short form under which a batch is remembered; nothing of a caller's text reaches a file name."""
    return hashlib.sha256(text.encode()).hexdigest()[:24] if text else ""


def nonce() -> str:
    """Tells apart two attempts to write the same batch."""
    return secrets.token_hex(6)


def distinct(rows: pl.DataFrame) -> bool:
    """Whether every meter and moment surely stands once (equal hashes count as a repeat and are looked at again)."""
    mixed = (
        pl.col("meter_id").hash(1) ^ pl.col("area_id").hash(2) ^ pl.col("region").hash(3) ^ pl.col("ts").hash(4)
    ).n_unique()
    return bool(rows.select(mixed).item() == rows.height)


def resolve(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row for each meter and moment: what was recorded last is valid.

    A batch sent again counts as recorded when it came first, so a replay never undoes a later correction. Equal times
    are told apart by the batch's name, so that the answer does not depend on the order of arrival.
    """
    first = pl.col("recorded_at").min().over("batch")
    settled = rows.with_columns(
        pl.when(pl.col("batch") != "").then(first).otherwise("recorded_at").alias("recorded_at")
    )
    return settled.sort([*KEY, *_NEWEST_LAST], nulls_last=False).unique(
        subset=list(KEY), keep="last", maintain_order=True
    )


def put_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, force to disk, rename: the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        write(temporary)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force a folder's names to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one process and thread at a time; a killed holder lets go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
