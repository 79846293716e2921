"""``quanheng import KIND FILE``: rows of a sheet into the product, or the template to fill in."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quanheng.cli import _platform
from quanheng.errors import InputError

if TYPE_CHECKING:
    from quanheng.platform.kernel.models import ImportBatch, Organisation


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("kind", help="what is imported: instruments, history, organisations, areas, dcc")
    parser.add_argument("file", type=Path, help="the sheet (for dcc: XML, PDF or ZIP), or the template to write")
    parser.add_argument("--template", action="store_true", help="write an empty template to FILE instead")
    parser.add_argument("--organisation", default="", help="credit code, name or id of the organisation it is for")
    parser.add_argument("--sheet", default="", help="name of the sheet, where several hold such a table")
    parser.add_argument("--all-or-nothing", action="store_true", help="write nothing if any row is bad")
    parser.add_argument("--rejected", type=Path, help="where to write the bad rows (default: FILE-rejected.xlsx)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="what holds for the whole file: months=24"
    )
    parser.add_argument("--decide", type=Path, metavar="JSON", help="decisions: {row: {column: text}}")
    parser.add_argument("--preview", action="store_true", help="write nothing; the import waits for its review page")
    parser.add_argument("--undo", action="store_true", help="take an import back; FILE is then the id it printed")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    _platform.add_data_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Import, or write the template."""
    _platform.setup(args.data_dir)
    from quanheng.platform.kernel import imports

    kind = imports.kind_named(args.kind)
    if args.template:
        plain = args.file.suffix.lower() == ".csv"
        _write(args.file, imports.template_csv(kind) if plain else imports.template(kind))
        return 0
    return _undo(args) if args.undo else _import(args)


def _import(args: argparse.Namespace) -> int:
    from django.db import transaction

    from quanheng.platform.kernel import imports
    from quanheng.platform.kernel.actors import system

    actor = system("quanheng import")
    data = _bytes(args.file)
    given: dict[str, Any] = {
        "actor": actor,
        "kind": args.kind,
        "organisation": _organisation(args.organisation),
        "data": data,
        "name": args.file.name,
        "sheet": args.sheet,
        "options": dict(_option(text) for text in args.option),
    }
    if not args.preview and args.decide is None:
        batch, found = imports.bring_in(**given, all_or_nothing=args.all_or_nothing)
    else:
        with transaction.atomic():
            batch, found = imports.preview(**given)
            if args.decide is not None:
                found = imports.mend(actor=actor, batch=batch, cells=_decisions(args.decide))
                batch.refresh_from_db()
            if args.preview:
                _print(_outcome(batch, found), args.json)
                return 1 if batch.rejected else 0
            batch = imports.apply(actor=actor, batch=batch, all_or_nothing=args.all_or_nothing)
    outcome = _outcome(batch, found)
    if batch.rejected:
        back = args.rejected or args.file.with_name(f"{args.file.stem}-rejected.xlsx")
        _write(back, imports.rejected_file(batch))
        outcome["rejected_file"] = str(back)
    _print(outcome, args.json)
    return 1 if batch.rejected else 0


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError("usage", "an option is written NAME=VALUE, such as months=24", text)
    return name, value


def _decisions(path: Path) -> dict[str, dict[str, str]]:
    try:
        read = json.loads(_bytes(path))
        rows = {str(place): {str(k): str(v) for k, v in row.items()} for place, row in read.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError("usage", "decisions are a JSON object {row: {column: text}}", str(path)) from error
    return rows


def _outcome(batch: ImportBatch, found: Any) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "state": batch.state,
        "sheet": batch.sheet,
        "header_row": batch.header_row,
        "total": batch.total,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "unused_columns": list(found.table.unused),
        "other_sheets": list(found.table.other_sheets),
        "examples_skipped": found.table.examples,
        "errors": batch.errors,
        "warnings": [
            {"row": r.number, "column": name, "message": text} for r in found.rows for name, text in r.warnings.items()
        ],
    }


def _undo(args: argparse.Namespace) -> int:
    import uuid

    from quanheng.platform.kernel import imports
    from quanheng.platform.kernel.actors import system

    try:
        pk = uuid.UUID(str(args.file))
    except ValueError as error:
        raise InputError("usage", "--undo takes the id that the import printed", str(args.file)) from error
    actor = system("quanheng import")
    batch = imports.undo(actor=actor, batch=imports.batch_for(actor, pk))
    _print({"id": str(batch.pk), "state": batch.state}, args.json)
    return 0


def _organisation(text: str) -> Organisation:
    from quanheng.platform.kernel.people import organisation_named

    return organisation_named(text)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError("unwritable", f"the file cannot be written: {error.strerror}", str(path)) from error


def _print(outcome: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False, indent=2))
        return
    if "total" not in outcome:
        print(f"{outcome['id']}: {outcome['state']}")
        return
    done = "ready" if outcome["state"] == "preview" else "imported"
    print(f"{outcome['accepted']} of {outcome['total']} rows {done}, {outcome['rejected']} rejected ({outcome['id']})")
    for error in outcome["errors"][:50]:
        print(f"  row {error['row']}, {error['column']}: {error['message']} [{error['value']}]")
    if len(outcome["errors"]) > 50:
        print(f"  … and {len(outcome['errors']) - 50} more")
    if "rejected_file" in outcome:
        print(f"  mend and import again: {outcome['rejected_file']}")
    for key, text in (("unused_columns", "columns not used"), ("other_sheets", "other sheets not read")):
        if outcome[key]:
            print(f"  {text}: {', '.join(outcome[key])}")
