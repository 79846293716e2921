"""Loads Django for the verbs that need the product."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from quanheng.errors import InputError


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """The option every platform verb takes."""
    parser.add_argument("--data-dir", type=Path, help="the data folder (default: QUANHENG_DATA or ./data)")


def setup(data_dir: Path | None, *, must_exist: bool = True) -> Path:
    """Point the product at a data folder and load Django; a missing folder is refused unless it may be new."""
    folder = (data_dir or Path(os.environ.get("QUANHENG_DATA", "data"))).expanduser().resolve()
    if must_exist and not folder.is_dir():
        raise InputError(
            "no_data", "there is no data folder here; name one with --data-dir or run `quanheng demo`", str(folder)
        )
    os.environ["QUANHENG_DATA"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quanheng.platform.project.settings")
    import django

    django.setup()
    return folder
