"""``quanheng restore FILE``: a bare machine gets everything back, and the log is checked."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from quanheng.cli._platform import add_data_dir, setup


def configure(parser: argparse.ArgumentParser) -> None:
    """The file to read; ``--data-dir`` names the new folder."""
    add_data_dir(parser)
    parser.add_argument("file", type=Path)


def run(args: argparse.Namespace) -> int:
    """Unpack, read the database back where it is PostgreSQL, recheck the log. A failure keeps no half folder."""
    root = (args.data_dir or Path(os.environ.get("QUANHENG_DATA", "data"))).expanduser().resolve()
    from quanheng.platform.project.archive import unpack

    wanted = "postgresql" if os.environ.get("QUANHENG_DATABASE_URL") else "sqlite"
    manifest = unpack(args.file, root, database=wanted)
    if wanted == "postgresql":
        _read_back(root)
    setup(root)
    from quanheng.platform.project import doctor

    files = manifest["files"]
    print(f"{len(files) if isinstance(files, dict) else 0} files restored into {root}")
    return doctor.report(quick=True)


def _read_back(root: Path) -> None:
    setup(root)
    from quanheng.platform.project import backup

    try:
        backup.load_tables(root)
    except BaseException:
        shutil.rmtree(root)
        raise
