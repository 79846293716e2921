"""``dcc show``."""

from __future__ import annotations

import argparse
from pathlib import Path

from quanheng.cli.dcc.inputs import Answer, read_xml
from quanheng.evidence.dcc import read
from quanheng.evidence.dcc import show as shown


def show(args: argparse.Namespace, file: Path) -> Answer:
    """The most that a file says, damaged or not."""
    certificate, problems = read.read_damaged(read_xml(file), str(file))
    told = "".join(f"! 文件已损坏 damaged:{p.line}: {p.message}\n" for p in problems)
    data = {
        "well_formed": not problems,
        "problems": [{"line": p.line, "message": p.message} for p in problems],
        **certificate.as_json(),
    }
    return Answer(data, told + shown.show(certificate))
