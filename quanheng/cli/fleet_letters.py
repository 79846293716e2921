"""``quanheng fleet letters``: rows that were set aside, and judging them again once the cause is mended."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path

import polars as pl

from quanheng.cli.fleet_ingest import receiver_of, store_folder
from quanheng.errors import InputError
from quanheng.telemetry.ingest import REASONS
from quanheng.telemetry.store import Store
from quanheng.telemetry.store.letters import Letters


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="folder of the store (default: readings in the data folder)"
    )
    parser.add_argument("--data-dir", type=Path, help="the data folder (default: QUANHENG_DATA or ./data)")
    parser.add_argument("--reason", choices=tuple(REASONS), default="", help="only those set aside for this reason")
    parser.add_argument("--source", default="", help="only those of one source")
    parser.add_argument("--again", action="store_true", help="judge pushed rows again by --areas as it stands now")
    parser.add_argument("--areas", type=Path, metavar="AREAS.csv", help="the list of areas and meters")
    parser.add_argument("--region", default="", metavar="CODE", help="region of the areas that name none")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Exit 0 where it lists, and where nothing lies aside any more; 1 where rows were set aside again."""
    where = pl.lit(True)
    for name in ("reason", "source"):
        where = where & (pl.col(name) == getattr(args, name)) if getattr(args, name) else where
    store = Store(store_folder(args))
    if args.again:
        return _again(args, store, where)
    found = Letters(store.root).read().filter(where)
    if args.json:
        print(
            json.dumps([{**r, "at": r["at"].isoformat()} for r in found.drop("mapping").to_dicts()], ensure_ascii=False)
        )
        return 0
    for reason, count in found["reason"].value_counts(sort=True).iter_rows():
        print(f"{count} × {reason}: {REASONS.get(reason, reason)}")
    for row in found.head(20).iter_rows(named=True):
        print(f"  {row['at']:%Y-%m-%d %H:%M} {row['source']} row {row['row']} {row['reason']} {row['content'][:200]}")
    return 0


def _again(args: argparse.Namespace, store: Store, where: pl.Expr) -> int:
    from quanheng.telemetry.ingest.resend import resend

    if not args.areas:
        raise InputError("usage", "name the list of areas with --areas", "--areas")
    receiver = receiver_of(args, store)
    done = resend(receiver, where, areas_of=lambda _source: receiver.areas(), now=dt.datetime.now(dt.UTC))
    receiver.journal.close()
    if args.json:
        print(json.dumps(vars(done)))
    else:
        print(
            f"{done.accepted} went in, {done.rejected} lie aside again, "
            f"{done.of_files} are rows of files: ingest the file anew"
        )
    return 1 if done.rejected else 0
