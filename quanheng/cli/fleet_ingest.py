"""``quanheng fleet ingest``: files of readings into the store; bad rows come back with their reason."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
from pathlib import Path
from typing import Any

import polars as pl

from quanheng.errors import InputError
from quanheng.telemetry.ingest import REASONS, UNITS, Mapping, ingest_file, read_areas
from quanheng.telemetry.ingest.files import Outcome
from quanheng.telemetry.ingest.push import Receiver
from quanheng.telemetry.store import Store

NO_REGION = "name the region of the areas with --region"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="Parquet, CSV or Excel")
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="folder of the store (default: readings in the data folder)"
    )
    parser.add_argument("--data-dir", type=Path, help="the data folder (default: QUANHENG_DATA or ./data)")
    parser.add_argument("--areas", type=Path, metavar="AREAS.csv", help="the list of areas and meters")
    parser.add_argument("--region", default="", metavar="CODE", help="region of the areas that name none")
    parser.add_argument("--source", default="file", help="who sent it")
    parser.add_argument("--batch", default="", help="name of the batch (default: the hash of the file)")
    parser.add_argument("--mapping", type=Path, metavar="MAP.json", help="how the source writes: see docs/telemetry.md")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=NAME", help="one column of the mapping")
    parser.add_argument("--reading", choices=("interval", "register"), help="energy of an interval, or a counter")
    parser.add_argument("--unit", choices=tuple(UNITS))
    parser.add_argument("--timezone", metavar="NAME", help="time zone of moments that name none (default UTC)")
    parser.add_argument("--stamp", choices=("start", "end"), help="which end of the interval the moment is")
    parser.add_argument("--rejected", type=Path, metavar="OUT.csv", help="also write the bad rows here")
    parser.add_argument("--check", action="store_true", help="judge the rows and write nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Exit 0 where every row went in, 1 where some went aside, 2 where a file could not be read."""
    mapping = _mapping(args)
    areas = listed(args) if args.areas else None
    if areas is None and not args.region:
        raise InputError("usage", NO_REGION, "--region")
    store = None if args.check else Store(store_folder(args))
    now = dt.datetime.now(dt.UTC)
    outcomes = [
        ingest_file(
            path, store=store, mapping=mapping, areas=areas, region=args.region, source=args.source, now=now,
            batch=f"{args.batch}:{n}" if args.batch and len(args.files) > 1 else args.batch,
        )
        for n, path in enumerate(args.files)
    ]  # fmt: skip
    if args.rejected:
        _write_rejected(args.rejected, outcomes)
    _print(outcomes, args.json)
    return 1 if any(o.rejected for o in outcomes) else 0


def listed(args: argparse.Namespace) -> pl.DataFrame:
    """The list of areas and meters that --areas names, each with a region."""
    areas = read_areas(args.areas)
    if not args.region and "region" not in areas.columns:
        raise InputError("usage", NO_REGION, "--region")
    return areas


def receiver_of(args: argparse.Namespace, store: Store) -> Receiver:
    """Takes rows into the store by the list that --areas names."""
    areas = listed(args)
    return Receiver(store, store.journal(), lambda: areas, region=args.region)


def store_folder(args: argparse.Namespace) -> Path:
    """The folder named, else ``readings`` in the data folder."""
    if args.store:
        return local(Path(args.store))
    data = (args.data_dir or Path(os.environ.get("QUANHENG_DATA", "data"))).expanduser().resolve()
    if not data.is_dir():
        raise InputError(
            "no_data", "there is no data folder here; name one with --data-dir or a store with --store", str(data)
        )
    return Path(data) / "readings"


def local(path: Path) -> Path:
    """The path, unless it is the address of something else: a store needs a file system that can rename and lock."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise InputError("usage", "a local folder, not an address; mount the share and name its folder", str(path))
    return path


def _mapping(args: argparse.Namespace) -> Mapping:
    data: Any = {}
    if args.mapping:
        try:
            data = json.loads(args.mapping.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                "mapping", f"the mapping is not readable JSON: {str(error)[:120]}", str(args.mapping)
            ) from error
        Mapping.from_dict(data)
    columns = dict(data.get("columns", {}))
    for pair in args.column:
        name, _sign, column = pair.partition("=")
        columns[name] = column
    given = {k: getattr(args, k) for k in ("reading", "unit", "timezone", "stamp") if getattr(args, k)}
    return Mapping.from_dict({**data, **given, "columns": columns})


def _write_rejected(path: Path, outcomes: list[Outcome]) -> None:
    tables = [o.bad.with_columns(pl.lit(o.file).alias("file")) for o in outcomes]
    table = pl.concat(tables).with_columns(
        pl.col("reason").replace_strict(REASONS, default="").alias("meaning"),
        pl.col("content").str.replace(r"^([=+\-@\t\r])", "'${1}"),
    )
    try:
        table.select("file", "row", "reason", "meaning", "content").write_csv(path, include_bom=True)
    except OSError as error:
        raise InputError("unwritable", f"the file cannot be written: {error.strerror}", str(path)) from error


def _print(outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        found = [o.to_dict() for o in outcomes]
        print(json.dumps(found if len(found) > 1 else found[0], ensure_ascii=False, indent=2))
        return
    for one in outcomes:
        again = " (the same batch was in already)" if one.repeated else ""
        print(f"{one.file}: {one.accepted} readings of {one.rows} rows, {one.rejected} set aside{again}")
        for reason, count in one.reasons.items():
            print(f"  {count} × {reason}: {REASONS.get(reason, reason)}")
