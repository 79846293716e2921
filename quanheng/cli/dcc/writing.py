"""``dcc write``: a content in JSON becomes DCC 3.3.0, and with a seal the signed XML inside a sealed PDF/A-3."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quanheng.cli.dcc.inputs import Answer, below, print_json, read_file, run_files
from quanheng.cli.dcc.sealing import PASSPHRASE
from quanheng.errors import InputError
from quanheng.evidence.content import TITLES, CertificateContent, load, problems
from quanheng.evidence.dcc.build import build
from quanheng.evidence.example import example
from quanheng.evidence.signing.authority import Seal

_MOST = 12


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the action."""
    parser.description = f"The passphrase of a seal's key, if it has one, is read from ${PASSPHRASE}."
    kinds = ", ".join(TITLES)
    parser.add_argument("--example", choices=tuple(TITLES), metavar="KIND", help=f"print a content of a kind: {kinds}")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a content")
    parser.add_argument("--seal", type=Path, help="folder of a seal: sign, and write the sealed PDF/A-3 too")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files (default: beside each content)")


def run(args: argparse.Namespace) -> int:
    """Print the form of a content, or write certificates."""
    if args.example:
        print_json(example(args.example))
    elif args.schema:
        print_json(CertificateContent.model_json_schema())
    elif not args.files:
        raise InputError("usage", "name the JSON of a content, or --example KIND to begin with one", "FILE")
    else:
        return run_files(args, _write_one)
    return 0


def _write_one(args: argparse.Namespace, file: Path) -> Answer:
    data = _json(read_file(file), str(file))
    if found := problems(data):
        told = "; ".join(f"{place or 'the whole'}: {message}" for place, message in found[:_MOST])
        more = f"; {len(found) - _MOST} more" if len(found) > _MOST else ""
        raise InputError("content", f"{len(found)} to mend: {told}{more}", str(file))
    content = load(data)
    try:
        files = {".xml": build(content)} if args.seal is None else _sealed(args.seal, content)
    except InputError as error:
        if error.code != "glyph_missing":
            raise
        raise InputError(error.code, error.message, f"{file}: {error.place}") from None
    target = args.out / below(args, file) if args.out else file
    written = [_new(target.with_suffix(suffix), made) for suffix, made in files.items()]
    return Answer({"written": written}, "".join(f"{path}\n" for path in written), row=(", ".join(written),))


def _sealed(folder: Path, content: CertificateContent) -> dict[str, bytes]:
    from quanheng.evidence.issuing import issue_bytes  # the typesetter: only who prints waits for it

    passphrase = os.environ.get(PASSPHRASE)
    seal = Seal.load(folder, passphrase.encode() if passphrase else None)
    xml, pdf = issue_bytes(content, seal, datetime.now(UTC))
    return {".xml": xml, ".pdf": pdf}


def _json(data: bytes, place: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(
            "not_json", "the file is no JSON: begin with `quanheng dcc write --example KIND`", place
        ) from None


def _new(path: Path, data: bytes) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            out.write(data)
    except FileExistsError:
        raise InputError("exists", "the file exists already: move it away", str(path)) from None
    except OSError as error:
        raise InputError("unwritable", f"the file cannot be written: {error.strerror}", str(path)) from None
    return str(path)
