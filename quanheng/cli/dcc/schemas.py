"""``dcc schemas add DIR`` and ``dcc schemas list``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.dcc import schema_store


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the action."""
    verbs = parser.add_subparsers(dest="schemas", required=True, metavar="add|list")
    add = verbs.add_parser("add", help="install the official schemas found in a folder")
    add.add_argument("folder", type=Path, metavar="DIR")
    listing = verbs.add_parser("list", help="the schemas that are installed")
    for one in (add, listing):
        one.add_argument("--json", action="store_true", help="print JSON")
        one.add_argument("--store", type=Path, metavar="DIR", help="another place than the user's own")


def run(args: argparse.Namespace) -> int:
    """``add`` exits 1 where a file was not recognised."""
    store = args.store or schema_store.default_folder()
    if args.schemas == "list":
        roles = schema_store.installed(store)
        print(
            json.dumps({"store": str(store), "schemas": list(roles)}) if args.json else "\n".join((str(store), *roles))
        )
        return 0
    if not args.folder.is_dir():
        raise InputError("schema_dir", "the schema folder does not exist", str(args.folder))
    added = schema_store.add(args.folder, store)
    if args.json:
        print(json.dumps({"store": str(store), "files": [asdict(a) for a in added]}, ensure_ascii=False, indent=2))
    else:
        for one in added:
            print(f"{one.role or '未识别 not an official schema, left out'}  ←  {one.file}")
        print(store)
    return int(any(not one.role for one in added))
