"""``dcc show``."""

from __future__ import annotations

import argparse
from pathlib import Path

from quanheng.cli.dcc.checking import both
from quanheng.cli.dcc.inputs import Answer, read_xml
from quanheng.evidence.dcc import nearly, read, safe
from quanheng.evidence.dcc import show as shown
from quanheng.evidence.dcc.certificate import Certificate, pick
from quanheng.evidence.printable import printable


def show(args: argparse.Namespace, file: Path) -> Answer:
    """The most that a file says, damaged or not."""
    place = str(file)
    parsed = safe.parse_damaged(read_xml(file), place)
    misses = nearly.mend(parsed.root, place)
    certificate = read.read_root(parsed.root, place)
    told = "".join(f"! 文件已损坏 damaged:{p.line}: {both(p)}\n" for p in parsed.problems)
    told += "".join(f"! {' · '.join(miss.words)}\n" for miss in misses)
    data = {
        "well_formed": parsed.well_formed,
        "problems": [p.as_json() for p in parsed.problems],
        "namespaces": [{"written": miss.written, "right": miss.right} for miss in misses],
        **certificate.as_json(),
    }
    return Answer(data, printable(told) + shown.show(certificate), row=_row(certificate))


def _row(certificate: Certificate) -> tuple[str, ...]:
    """What tells one certificate of a folder from another."""
    core = certificate.core
    items = [pick(i.name, "zh") for i in certificate.items[:2]] + ["…"] * (len(certificate.items) > 2)
    laboratory = pick(certificate.laboratory.name, "zh") if certificate.laboratory else ""
    cells = (certificate.version, core.unique_identifier, core.end or core.begin, ", ".join(items), laboratory)
    return tuple(" ".join(cell.split())[:40] for cell in cells)
