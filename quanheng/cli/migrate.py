"""``quanheng migrate``: prepares or upgrades the database, the library and the keys."""

from __future__ import annotations

import argparse

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """Only the data folder."""
    add_data_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Apply migrations, load the library, make the keys that are missing."""
    setup(args.data_dir, must_exist=False)
    from quanheng.platform.project import operations

    for line in operations.prepare():
        print(line)
    return 0
