"""``quanheng backup FILE``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """The file to write."""
    add_data_dir(parser)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Write the backup and say how large it is."""
    setup(args.data_dir)
    from quanheng.platform.project import backup

    made = backup.write(args.file.resolve())
    print(json.dumps(made) if args.json else f"{made['files']} files, {made['bytes']} bytes in {made['file']}")
    return 0
