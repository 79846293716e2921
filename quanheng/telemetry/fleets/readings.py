"""Reads readings and lists of meters from files that nobody checked, and puts them into one form."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.store import Store

NEEDED = ("area_id", "meter_id", "role", "ts", "kwh")
LIST_COLUMNS = (
    "area_id", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "batch",
    "installed_on",
)  # fmt: skip
_FORMATS = ("%+", "%Y-%m-%d %H:%M:%S%:z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_EPOCH_UNITS = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (0.0, "s"))


def files_of(path: Path) -> list[Path]:
    """The file itself, or all Parquet files of a folder; of a store those that count, one for each region and day."""
    if not path.is_dir():
        return [path]
    if not is_store(path):
        found = sorted(p for p in path.rglob("*.parquet") if not p.name.startswith("."))
        if not found:
            raise InputError("unreadable", "the folder holds no Parquet files", str(path))
        return found
    store = Store(path)
    parts = list(store.partitions())
    if any(store.journals.glob("*.journal")) or any(len(p.files) > 1 for p in parts):
        raise InputError(
            "not_compacted", "this engine reads a store after its compaction; settle and compact it", str(path)
        )
    return [p.files[0] for p in parts]


def is_store(path: Path) -> bool:
    """Whether a folder is a store of readings."""
    return (path / "parts").is_dir() and (path / "batches").is_dir()


def usual_seconds(path: Path) -> int | None:
    """The interval of most readings of a store; None where the path is none, or holds no reading."""
    if not is_store(path):
        return None
    found: int | None = Store(path).scan().select(pl.col("seconds").mode().sort().first()).collect().item()
    return found


def scan(path: Path) -> pl.LazyFrame:
    """A lazy frame over Parquet, CSV, a folder of Parquet or a store; refuses anything else, and what lacks a column.

    Of a store the valid reading of each meter and moment, of the usual interval.
    """
    if path.is_dir():
        if is_store(path):
            return Store(path).scan().filter(pl.col("seconds") == usual_seconds(path))
        return _scan_folder(path)
    if not path.is_file():
        raise InputError("unreadable", "there is no such file", str(path))
    try:
        with path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
        lazy = pl.scan_parquet(path) if parquet else pl.scan_csv(path, infer_schema_length=0, quote_char='"')
        names = lazy.collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("unreadable", f"neither whole Parquet nor CSV: {_short(error)}", str(path)) from error
    _demand(names, str(path))
    return lazy


def _scan_folder(path: Path) -> pl.LazyFrame:
    names: set[str] | None = None
    for file in files_of(path):
        own = set(scan(file).collect_schema().names())
        names = own if names is None else names & own
    kept = [n for n in (*NEEDED, "kwh_export") if n in (names or ())]
    return pl.concat([pl.scan_parquet(file).select(kept) for file in files_of(path)], how="vertical_relaxed")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _demand(names: list[str], place: str) -> None:
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise InputError("columns", f"readings lack {', '.join(lacking)}; needed: {', '.join(NEEDED)}", place)


def normalise(frame: pl.LazyFrame, place: str = "readings") -> pl.LazyFrame:
    """Columns area_id, meter_id, role, at (seconds, UTC), kwh, out (export); a value that cannot be read is null.

    A time stamp without a zone is taken as UTC, which the format demands; with another zone it is converted.
    """
    schema = frame.collect_schema()
    _demand(schema.names(), place)
    energy = ["kwh"] + (["kwh_export"] if "kwh_export" in schema else [])
    for name in energy:
        if not (schema[name].is_numeric() or schema[name] in (pl.String, pl.Null)):
            raise InputError("columns", f"column {name} holds {schema[name]}, not numbers", place)
    export = pl.col("kwh_export").cast(pl.Float64, strict=False) if "kwh_export" in schema else pl.lit(0.0)
    return frame.select(
        pl.col("area_id").cast(pl.String), pl.col("meter_id").cast(pl.String),
        pl.col("role").cast(pl.String).str.strip_chars().str.to_lowercase(),
        _seconds(schema["ts"], place).alias("at"),
        pl.col("kwh").cast(pl.Float64, strict=False), export.fill_null(0.0).alias("out"),
    )  # fmt: skip


def _seconds(kind: pl.DataType, place: str) -> pl.Expr:
    ts = pl.col("ts")
    if isinstance(kind, pl.Datetime):
        return (ts.dt.convert_time_zone("UTC") if kind.time_zone else ts).dt.epoch("s")
    if kind == pl.Date:
        return ts.cast(pl.Datetime("ms")).dt.epoch("s")
    if kind.is_integer():
        parts = {"ns": 1_000_000_000, "us": 1_000_000, "ms": 1_000, "s": 1}
        out = ts
        for floor, unit in reversed(_EPOCH_UNITS):
            out = pl.when(ts >= floor).then(ts // parts[unit]).otherwise(out)
        return out
    if kind == pl.String:
        text = ts.str.strip_chars()
        zoned = text.str.to_datetime("%+", time_unit="ms", time_zone="UTC", strict=False).dt.epoch("s")
        tries = [zoned]
        for form in _FORMATS[1:]:
            parsed = text.str.to_datetime(form, time_unit="ms", strict=False)
            if form.endswith("%:z"):
                parsed = text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)
            tries.append(parsed.dt.epoch("s"))
        return pl.coalesce(tries)
    raise InputError("time", f"column ts holds {kind}, not time stamps", place)


def collect(path: Path) -> pl.DataFrame:
    """All readings of a file, as they stand; refuses one that cannot be read to its end."""
    try:
        return scan(path).collect()
    except pl.exceptions.PolarsError as error:
        raise InputError("unreadable", f"cannot be read to its end: {_short(error)}", str(path)) from error


def read_areas(path: Path) -> pl.DataFrame:
    """AREAS.csv (or Parquet): every column as text, trimmed, empty for unknown; missing optional columns are added."""
    if not path.is_file():
        raise InputError("unreadable", "there is no such file", str(path))
    try:
        with path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
        frame = pl.read_parquet(path) if parquet else pl.read_csv(path, infer_schema_length=0, encoding="utf8")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            "unreadable", f"the list of meters is neither CSV nor Parquet: {_short(error)}", str(path)
        ) from error
    return normalise_areas(frame, str(path))


def normalise_areas(frame: pl.DataFrame, place: str = "areas") -> pl.DataFrame:
    """The list of meters in one form, one row for each area and meter."""
    frame = frame.rename({name: name.strip().lstrip("\ufeff") for name in frame.columns})
    lacking = [name for name in ("area_id", "meter_id") if name not in frame.columns]
    if lacking:
        raise InputError("columns", f"the list of meters lacks {', '.join(lacking)}", place)
    columns = [
        (pl.col(name).cast(pl.String).str.strip_chars().fill_null("") if name in frame.columns else pl.lit("")).alias(
            name
        )
        for name in LIST_COLUMNS
    ]
    return frame.select(columns).unique(subset=["area_id", "meter_id"], keep="first", maintain_order=True)
