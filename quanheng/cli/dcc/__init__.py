"""``quanheng dcc``: show, validate, verify, write, sign, export and compare digital calibration certificates."""

from __future__ import annotations

import argparse
import importlib

from quanheng.cli.dcc import checking, output, schemas, sealing, writing
from quanheng.cli.dcc.inputs import folders, run_files, time_of
from quanheng.errors import InputError

_ACTIONS = "show|validate|verify|write|sign|export|diff|schemas"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    actions = parser.add_subparsers(dest="action", required=True, metavar=_ACTIONS)
    _files(actions.add_parser("show", help="print a certificate for a person or as JSON"))
    check = _files(actions.add_parser("validate", help="check safety, official schema, content and signatures"))
    check.add_argument(
        "--schema-dir", type=checking.path, help="folder of the official schemas (else the installed ones)"
    )
    check.add_argument("--fail-on", choices=("info", "warning", "error"), default="error")
    verify = _files(actions.add_parser("verify", help="check the signatures of a DCC or PDF"))
    for each in (check, verify):
        each.add_argument("--trust", type=checking.path, nargs="+", default=[], metavar="PEM", help="trust anchors")
        each.add_argument("--at", type=time_of, help="a time somebody else vouches for, such as a log's")
    write = actions.add_parser("write", help="make a certificate from its content in JSON; --example to begin with")
    writing.configure(_files(write, count="*"))
    sealing.configure(_files(actions.add_parser("sign", help="sign with a seal folder or a PKCS#12 file")))
    _export(_files(actions.add_parser("export", help="results as JSON, CSV, Excel or Parquet")))
    diff = actions.add_parser("diff", help="what changed between two certificates of one item")
    diff.add_argument("before", type=checking.path, metavar="A")
    diff.add_argument("after", type=checking.path, metavar="B")
    diff.add_argument("--json", action="store_true", help="print JSON")
    schemas.configure(actions.add_parser("schemas", help="install the official schemas from a folder"))


def _files(parser: argparse.ArgumentParser, count: str = "+") -> argparse.ArgumentParser:
    parser.add_argument("files", type=checking.path, nargs=count, metavar="FILE", help="files, or folders of them")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--jobs", type=int, default=0, help="processes for many files (default: one for each core)")
    parser.add_argument("--details", action="store_true", help="every finding, for folders too")
    return parser


def _export(parser: argparse.ArgumentParser) -> None:
    about = "json: our own, numbers as text; toolkit: the JSON of dcc-json-toolkit; xml: from either, written anew"
    parser.add_argument(
        "--to", choices=("json", "toolkit", "csv", "xlsx", "parquet", "xml"), default="json", help=about
    )
    parser.add_argument(
        "--out", type=checking.path, metavar="DIR", help="folder for the files (needed for xlsx and parquet)"
    )
    parser.add_argument("--schema-dir", type=checking.path, help="official schemas, for toolkit JSON")


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    if args.action == "schemas":
        return schemas.run(args)
    if args.action == "write":
        return writing.run(args)
    if args.action == "diff":
        return int(importlib.import_module("quanheng.cli.dcc.exporting").diff(args))
    if args.action == "export":
        if args.out is None and folders(args) and not args.json:
            raise InputError("usage", "a folder is exported into files: name a folder for them with --out", "--out")
        return run_files(args, importlib.import_module("quanheng.cli.dcc.exporting").export_one)
    one = {
        "show": output.show,
        "validate": checking.validate_one,
        "verify": checking.verify_one,
        "sign": sealing.sign_one,
    }[args.action]
    return run_files(args, one)
