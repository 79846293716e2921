"""``quanheng manage COMMAND``: Django's management commands on a data folder."""

from __future__ import annotations

import argparse

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """Everything after the command goes to it unchanged."""
    add_data_dir(parser)
    parser.add_argument("command")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def run(args: argparse.Namespace) -> int:
    """Run one management command."""
    setup(args.data_dir, must_exist=False)
    from django.core.management import ManagementUtility

    ManagementUtility(["quanheng manage", args.command, *args.arguments]).execute()
    return 0
