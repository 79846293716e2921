"""`quanheng procedure`: list, show, run or replay measurement procedures."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

from quanheng.errors import InputError
from quanheng.procedures import (
    Loaded,
    form,
    load,
    load_file,
    procedure_ids,
    read_record_file,
    replay,
)
from quanheng.procedures import run as run_procedure
from quanheng.procedures.form import norm
from quanheng.procedures.loader import library_folder
from quanheng.procedures.record_schema import record_schema
from quanheng.procedures.results import RunResult
from quanheng.procedures.sections import symbol_of

MAX_STORED = 64 * 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="procedures of this release")
    listing.add_argument("--json", action="store_true")
    showing = actions.add_parser("show", help="one procedure: its content, record schema, example or record sheet")
    showing.add_argument("id", metavar="ID")
    which = showing.add_mutually_exclusive_group()
    which.add_argument("--schema", action="store_true", help="JSON Schema of the record")
    which.add_argument("--example", choices=["pass", "reject"], help="a worked record")
    which.add_argument("--form", action="store_true", help="the record sheet, for the instrument of --record")
    showing.add_argument("--record", metavar="FILE", type=Path, help="a record whose instrument the form is for")
    showing.add_argument("--json", action="store_true")
    running = actions.add_parser("run", help="compute results and verdict of a record")
    running.add_argument("id", metavar="ID", help="identifier, or a procedure file that ends in .yaml")
    running.add_argument("record", metavar="RECORD.json", type=Path)
    running.add_argument("--json", action="store_true")
    again = actions.add_parser("replay", help="recompute a certificate and compare byte for byte")
    again.add_argument("subject", metavar="NUMBER|BUNDLE", help="certificate number, or a file with record and result")
    again.add_argument("--data-dir", metavar="DIR", type=Path)
    again.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Dispatch."""
    actions = {"list": _list, "show": _show, "run": _run, "replay": _replay}
    return actions[args.action](args)


def _print(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


def _named(identifier: str) -> Loaded:
    return load_file(Path(identifier)) if identifier.endswith((".yaml", ".yml")) else load(identifier)


def _list(args: argparse.Namespace) -> int:
    rows = []
    for identifier in procedure_ids():
        loaded = load(identifier)
        own = norm(loaded.procedure)
        rows.append({"id": identifier, "title": own["title"], "norm": own, "sha256": loaded.sha256})
    if args.json:
        _print(rows)
    else:
        for row in rows:
            print(f"{row['id']:<16} {row['title']['zh']}  {row['title']['en']}")
    return 0


def _show(args: argparse.Namespace) -> int:
    loaded = _named(args.id)
    if args.schema:
        _print(record_schema(loaded.procedure))
    elif args.example:
        _print(example(args.id, args.example))
    elif args.form:
        record: dict[str, Any] = read_record_file(args.record) if args.record else {"purpose": "initial"}
        _print(form(loaded, record.get("instrument", {}), record["purpose"]))
    else:
        _print({"sha256": loaded.sha256, **loaded.content})
    return 0


def example(identifier: str, kind: str) -> dict[str, Any]:
    """A worked record of the library."""
    load(identifier)
    return read_record_file(library_folder() / "examples" / f"{identifier}.{kind}.json")


def _run(args: argparse.Namespace) -> int:
    loaded = _named(args.id)
    result = run_procedure(loaded, read_record_file(args.record))
    if args.json:
        _print(result.to_json())
    else:
        _print_result(result)
    return 0


def _print_result(result: RunResult) -> None:
    print(f"{result.procedure}: {result.verdict}")
    for outcome in result.results:
        unit = symbol_of(outcome.unit)
        width = "" if outcome.U is None else f"  U = {outcome.U} (k = {outcome.k})"
        limit = "" if outcome.mpe is None else f"  limit {outcome.mpe}"
        if outcome.accept_low is not None or outcome.accept_high is not None:
            limit += f", decided at {outcome.accept_low or ''} … {outcome.accept_high or ''}"
        mark = {True: "ok", False: "FAIL", None: ""}[outcome.ok]
        spot = f"{outcome.section:<16} {outcome.point:<12} {outcome.quantity:<12}"
        print(f"  {spot} {outcome.value} {unit}{limit}{width}  {mark}")
    for reason in result.reasons:
        print(f"  ! {reason.zh} / {reason.en}")
    for finding in result.findings:
        print(f"  ? {finding.zh} / {finding.en}")
    if result.unverified:
        print(f"  {len(result.unverified)} values of the norm are unverified (see --json)")


def _replay(args: argparse.Namespace) -> int:
    report = _recomputed(args)
    if args.json:
        _print(report)
    else:
        print("same" if report["same"] else "DIFFERENT")
        for name in ("procedure", "record", "software", "certificate"):
            if name in report and not report[name]["same"]:
                print(f"  {name} differs: stored {report[name]['stored']}, now {report[name]['recomputed']}")
        for difference in report["differences"]:
            print(f"  {difference['path']}: stored {difference['stored']!r}, recomputed {difference['recomputed']!r}")
    return 0 if report["same"] else 1


def _recomputed(args: argparse.Namespace) -> dict[str, Any]:
    """From a proof bundle that carries the record, a file of record and result, or the platform's own archive."""
    path = Path(args.subject)
    if path.is_file() and _is_bundle(path):
        evidence = importlib.import_module("quanheng.evidence.replay")
        bundles = importlib.import_module("quanheng.evidence.bundle")
        found: dict[str, Any] = evidence.replay_bundle(bundles.read_bundle(path.read_bytes(), place=path.name))
        return found
    return replay(_stored(args))


def _is_bundle(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(64).lstrip()
    return head.startswith(b'{"v":') and b'"xml":' in head


def _stored(args: argparse.Namespace) -> dict[str, Any]:
    path = Path(args.subject)
    if path.is_file():
        return _from_file(path)
    try:
        module = importlib.import_module("quanheng.cli.certificate")
    except ModuleNotFoundError as error:
        message = "give a file with record and result; reading by number needs the platform"
        raise InputError("no_platform", message, args.subject) from error
    stored: dict[str, Any] = module.load_stored(args.subject, args.data_dir)
    return stored


def _from_file(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_STORED:
        raise InputError("too_large", "the file is too large to be a stored result", str(path))
    try:
        stored = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError("unreadable", "the file is not JSON", str(path)) from error
    if not isinstance(stored, dict):
        raise InputError("stored_form", "a stored result is a JSON object", str(path))
    inner = stored.get("replay", stored)
    return inner if isinstance(inner, dict) else {}
