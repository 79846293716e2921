"""``quanheng certificate``: list issued certificates, export one with its proof."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    lister = actions.add_parser("list", help="certificates and notices, the newest first")
    lister.add_argument("--limit", type=_count, default=None, help="at most so many (default: all)")
    lister.add_argument("--state", choices=("issued", "replaced", "revoked"), default="")
    exporter = actions.add_parser("export", help="write NUMBER.xml, NUMBER.pdf and NUMBER.bundle.json")
    exporter.add_argument("number", metavar="NUMBER")
    exporter.add_argument("--out", type=Path, required=True, metavar="DIR")
    exporter.add_argument("--without-record", action="store_true", help="leave the raw record out of the bundle")
    for one in (lister, exporter):
        one.add_argument("--json", action="store_true", help="print JSON")
        add_data_dir(one)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    setup(args.data_dir)
    return _list(args) if args.action == "list" else _export(args)


def _list(args: argparse.Namespace) -> int:
    from quanheng.platform.certificates import queries
    from quanheng.platform.kernel.actors import system

    rows = queries.listing(system("command line"), limit=args.limit, state=args.state)
    if args.json:
        before = "["
        for row in rows:
            print(before, json.dumps(row, ensure_ascii=False), sep="\n", end="")
            before = ","
        print("[]" if before == "[" else "\n]")
        return 0
    for row in rows:
        until = row["valid_until"] or "-"
        # History came in from a bureau's old system: numbers and dates, nothing that could be proven.
        origin = "" if row["origin"] == "issued" else "  imported, not proven"
        verdict = row["verdict"] or "-"
        print(
            f"{row['number']}  {row['state']:8}  {verdict:6}  {row['performed_on']}  {until}  {row['issuer']}{origin}"
        )
    return 0


def _export(args: argparse.Namespace) -> int:
    from quanheng.platform.certificates import queries
    from quanheng.platform.documents import ledger
    from quanheng.platform.kernel.actors import system

    document = queries.document_numbered(system("command line"), args.number)
    if not document.leaves.exclude(index=None).exists():
        ledger.merge_leaves()
    replay = None if args.without_record else queries.replay_parts(document)
    written = [str(path) for path in ledger.export(document, args.out, replay)]
    if args.json:
        print(json.dumps({"number": document.number, "files": written}, ensure_ascii=False))
    else:
        print("\n".join(written))
    return 0


def load_stored(number: str, data_dir: Path | None) -> dict[str, Any]:
    """What ``quanheng procedure replay NUMBER`` recomputes."""
    setup(data_dir)
    from quanheng.platform.certificates import queries
    from quanheng.platform.kernel.actors import system

    return queries.stored(queries.document_numbered(system("command line"), number))
