"""``quanheng doctor``: how everything is and what to do about it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """``--quick`` leaves out reading every stored byte."""
    add_data_dir(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Print the findings; exit 1 where there is a problem."""
    setup(args.data_dir)
    from quanheng.platform.project import doctor

    if not args.json:
        return doctor.report(quick=args.quick)
    found = doctor.findings(quick=args.quick)
    print(json.dumps([asdict(f) for f in found], ensure_ascii=False))
    return int(any(f.level == "problem" for f in found))
