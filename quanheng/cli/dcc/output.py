"""``dcc show`` and ``dcc export``."""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path

from quanheng.cli.dcc.inputs import Answer, read_file
from quanheng.evidence.dcc import read, units
from quanheng.evidence.dcc import show as shown
from quanheng.evidence.dcc.certificate import Certificate, pick


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``export``."""
    parser.add_argument("--to", choices=("json", "csv"), default="json")


def show(args: argparse.Namespace, file: Path) -> Answer:
    """The most that a file says, damaged or not."""
    certificate, problems = read.read_damaged(read_file(file), str(file))
    told = "".join(f"! 文件已损坏 damaged:{p.line}: {p.message}\n" for p in problems)
    data = {
        "well_formed": not problems,
        "problems": [{"line": p.line, "message": p.message} for p in problems],
        **certificate.as_json(),
    }
    return Answer(data, told + shown.show(certificate))


def export_one(args: argparse.Namespace, file: Path) -> Answer:
    """Results of one file."""
    certificate = read.read(read_file(file), str(file))
    if args.to == "csv":
        text = _csv(certificate)
        return Answer({"csv": text}, text)
    return Answer(certificate.as_json(), json.dumps(certificate.as_json(), ensure_ascii=False) + "\n")


def _csv(certificate: Certificate) -> str:
    """One row per value: certificate, result, column, row, value, unit, uncertainty, k."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["certificate", "result", "column", "row", "value", "unit", "uncertainty", "kind", "k"])
    for measurement in certificate.measurements:
        for result in measurement.results:
            for q in (column for table in result.tables for column in table.columns):
                for row, cell in enumerate(q.values):
                    u = q.uncertainty
                    writer.writerow(
                        [
                            certificate.core.unique_identifier,
                            _inert(pick(result.name, "zh")),
                            _inert(pick(q.name, "zh") or " ".join(q.ref_types)),
                            row + 1,
                            cell if q.units else _inert(cell),
                            units.symbol(_at(q.units, row)),
                            _at(u.values, row) if u else "",
                            u.kind if u else "",
                            _at(u.k or (), row) if u else "",
                        ]
                    )
    return out.getvalue()


def _at(entries: tuple[str, ...], row: int) -> str:
    """An XML list of one entry stands for all rows."""
    if len(entries) == 1:
        return entries[0]
    return entries[row] if row < len(entries) else ""


def _inert(text: str) -> str:
    """A spreadsheet must not run what a certificate says."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text
