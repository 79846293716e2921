"""``quanheng trace``: prove a chain, list what a standard reached, audit the graph."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from quanheng.cli._platform import add_data_dir, setup
from quanheng.errors import InputError
from quanheng.evidence.trace import audit_files

_SHOWN = 1000  # broken items printed by `audit --json`; --out holds all


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs prove, recall and audit."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="prove|recall|audit")
    prove = verbs.add_parser("prove", help="follow one item up to its national standard")
    prove.add_argument("item", metavar="ITEM", help="id, code or number of an instrument or standard")
    prove.add_argument("--at", type=_day, default=None, metavar="DATE", help="day to prove for (default: today)")
    recall = verbs.add_parser("recall", help="everything that hangs on a standard's uses in a period")
    recall.add_argument("standard", metavar="STANDARD")
    recall.add_argument("--since", type=_day, required=True, metavar="DATE")
    recall.add_argument("--until", type=_day, required=True, metavar="DATE")
    audit = verbs.add_parser("audit", help="prove every item at once")
    audit.add_argument("--at", type=_day, default=None, metavar="DATE", help="day to audit for (default: today)")
    audit.add_argument("--region", metavar="CODE", help="only items of this region and those below it")
    audit.add_argument("--nodes", type=Path, metavar="N.parquet", help="audit files instead of the database")
    audit.add_argument("--edges", type=Path, metavar="E.parquet")
    audit.add_argument("--out", type=Path, metavar="O.parquet", help="write the state of every item here")
    for verb in (prove, recall, audit):
        verb.add_argument("--json", action="store_true", help="print JSON")
        add_data_dir(verb)


def run(args: argparse.Namespace) -> int:
    """prove exits 1 where the chain does not hold; recall and audit exit 0 whatever they find."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {"prove": _prove, "recall": _recall, "audit": _audit}
    return actions[args.action](args)


def _prove(args: argparse.Namespace) -> int:
    queries = _queries(args)
    answer: dict[str, Any] = queries.prove(queries.find_item(args.item).pk, args.at or _today())
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        _print_proof(answer, _named(queries, answer))
    return 0 if answer["holds"] else 1


def _recall(args: argparse.Namespace) -> int:
    queries = _queries(args)
    table: pl.DataFrame = queries.recall(queries.find_item(args.standard).pk, args.since, args.until)
    rows = table.to_dicts()
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return 0
    names = queries.labels({str(row["item"]) for row in rows})
    for row in rows:
        place = f"depth {row['depth']}, used {row['used_on']}, {row['state']}"
        print(f"{row['severity']:<7}{row['number'] or 'no number'}  {names.get(str(row['item']), 'unknown')}  {place}")
    print(f"{len(rows)} certificates affected")
    return 0


def _audit(args: argparse.Namespace) -> int:
    at = args.at or _today()
    if (args.nodes is None) != (args.edges is None):
        raise InputError("usage", "Give --nodes and --edges together, or neither.", "audit")
    if args.nodes is not None:
        if args.region:
            raise InputError("usage", "--region asks the database; files are audited whole.", "--region")
        table = audit_files(args.nodes, args.edges, at)
    else:
        table = _queries(args).audit(at, args.region or "")
    if args.out:
        _write(table, args.out)
    past = 0 if args.nodes is not None else len(_queries(args).history_only(table))
    _print_audit(table, at, args, past)
    return 0


def _named(queries: Any, answer: dict[str, Any]) -> dict[str, str]:
    """Names of everything that the answer speaks of: people read names and numbers, programs ids."""
    broken = answer["broken"] or {}
    ids = {str(x[part]) for x in answer["chain"] for part in ("item", "standard")} | {str(answer["item"])}
    numbers = {str(x["certificate"]): x["number"] or "no number" for x in answer["chain"]}
    return {**numbers, **queries.labels(ids | ({str(broken["at"])} if broken else set()))}


def _print_proof(answer: dict[str, Any], names: dict[str, str]) -> None:
    def called(key: object) -> str:
        return names.get(str(key), "an unknown item")

    for link in answer["chain"]:
        ratio = "" if link["u_ratio"] is None else f", ratio {link['u_ratio']:.3g}"
        state = "ok" if link["ok"] else link["code"]
        paper = "" if link["basis"] == "proven" else ", declared"
        paper_of = f"{called(link['item'])}: {link['number'] or 'no number'}"
        print(f"{paper_of} used {called(link['standard'])} on {link['used_on']}{ratio}{paper}: {state}")
    if answer["broken"]:
        code, at = answer["broken"]["code"], called(answer["broken"]["at"])
        print(f"{called(answer['item'])} does not hold on {answer['at']}: {code} at {at}")
    else:
        basis = "proven" if answer["proven"] else "partly only declared"
        print(f"{called(answer['item'])} holds on {answer['at']}, {basis}")


def _print_audit(table: pl.DataFrame, at: dt.date, args: argparse.Namespace, past: int) -> None:
    codes = {row[0]: row[1] for row in table["code"].drop_nulls().value_counts(sort=True).rows()}
    summary = {
        "at": at.isoformat(),
        "items": len(table),
        "holds": int(table["holds"].sum()),
        "proven": int(table["proven"].sum()),
        "codes": codes,
    }
    if args.json:
        broken = table.filter(~pl.col("holds")).head(_SHOWN).select("item", "certificate", "code", "broken_at")
        listed = {"out": str(args.out)} if args.out else {"broken": broken.to_dicts()}
        print(json.dumps({**summary, **listed}, ensure_ascii=False, default=str))
        return
    print(f"{summary['items']} items on {summary['at']}: {summary['holds']} hold, {summary['proven']} of them proven")
    for code, count in codes.items():
        known = f" ({past} of them instruments that only a bureau's imported history knows)" if past else ""
        print(f"  {code}: {count}{known if code == 'no_certificate' else ''}")


def _write(table: pl.DataFrame, path: Path) -> None:
    try:
        table.write_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError("unwritable", f"The answer cannot be written: {error}.", str(path)) from None


def _queries(args: argparse.Namespace) -> Any:
    setup(args.data_dir)
    return importlib.import_module("quanheng.platform.trace.queries")


def _today() -> dt.date:
    return dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a date is written 2026-01-31") from None
