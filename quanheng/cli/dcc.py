"""``quanheng dcc``: show, validate, verify, sign and export digital calibration certificates."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from quanheng.errors import InputError
from quanheng.evidence.dcc import show, units
from quanheng.evidence.dcc.certificate import Certificate, pick
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.safe import MAX_BYTES
from quanheng.evidence.dcc.validate import Validation, validate
from quanheng.evidence.signing.authority import Seal, load_anchors
from quanheng.evidence.signing.pades import verify_pdf
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xades import sign_xml, verify_xml

PASSPHRASE = "QUANHENG_SEAL_PASSPHRASE"  # noqa: S105 the name of a variable, not a secret
SCHEMAS = "QUANHENG_DCC_SCHEMAS"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|validate|verify|sign|export")
    _files(actions.add_parser("show", help="print a certificate for a person or as JSON"))
    check = _files(actions.add_parser("validate", help="check safety, official schema, content and signature"))
    check.add_argument("--schema-dir", type=Path, help=f"folder of the official schemas (else ${SCHEMAS})")
    check.add_argument("--fail-on", choices=("info", "warning", "error"), default="error")
    verify = _files(actions.add_parser("verify", help="check the signature of a DCC or PDF"))
    for each in (check, verify):
        each.add_argument("--trust", type=Path, nargs="+", default=[], metavar="PEM", help="trust anchors")
        each.add_argument("--at", type=_time, help="a time somebody else vouches for, such as a log's")
    sign = _files(actions.add_parser("sign", help=f"sign with a seal folder; passphrase in ${PASSPHRASE}"))
    sign.add_argument("--seal", type=Path, required=True, help="folder with seal.key.pem and seal.pem")
    sign.add_argument("--at", type=_time, help="signing time (default: now)")
    sign.add_argument("--out", type=Path, help="folder for the signed files (default: beside each file)")
    export = _files(actions.add_parser("export", help="results as JSON or CSV"))
    export.add_argument("--to", choices=("json", "csv"), default="json")


def _files(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("time", f"{text!r} is no ISO 8601 time: write 2026-10-12T08:30:00Z", "--at") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def run(args: argparse.Namespace) -> int:
    actions = {"show": _show, "validate": _validate, "verify": _verify, "sign": _sign, "export": _export}
    one = actions[args.action]
    answers, code = [], 0
    for file in args.files:
        answer, text, own = one(args, file)
        answers.append({"file": str(file), **answer})
        code = max(code, own)
        if not args.json:
            sys.stdout.write(text)
    if args.json:
        json.dump(answers if len(answers) > 1 else answers[0], sys.stdout, ensure_ascii=False, indent=2)
        print()
    return code


_Answer = tuple[dict[str, Any], str, int]


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("too_large", f"the file is larger than the {MAX_BYTES // 2**20} MiB read here", str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from None


def _show(args: argparse.Namespace, file: Path) -> _Answer:
    certificate = read(_bytes(file), str(file))
    return certificate.as_json(), show.show(certificate), 0


def _anchors(paths: list[Path]) -> list[x509.Certificate]:
    found = [anchor for path in paths for anchor in load_anchors(_bytes(path))]
    if paths and not found:
        raise InputError("trust", "no PEM certificate in the trust files", str(paths[0]))
    return found


def _validate(args: argparse.Namespace, file: Path) -> _Answer:
    folder = args.schema_dir or (Path(os.environ[SCHEMAS]) if os.environ.get(SCHEMAS) else None)
    if folder is not None and not folder.is_dir():
        raise InputError("schema_dir", "the schema folder does not exist", str(folder))
    result = validate(_bytes(file), folder, anchors=_anchors(args.trust), at=args.at, place=str(file))
    return result.as_json(), _validation_text(file, result), int(result.negative(args.fail_on))


def _validation_text(file: Path, result: Validation) -> str:
    state = {True: "valid", False: "invalid", None: result.schema.state}[result.schema.valid]
    lines = [f"{file}: DCC {result.version}, schema {state}, signature {result.signature.state}"]
    lines += [f"  schema:{e.line}: {e.message}{' [foreign]' if e.foreign else ''}" for e in result.schema.errors]
    for f in result.findings:
        lines.append(f"  {f.severity}:{f.line}: {f.zh} {f.en}{f' → {f.remedy}' if f.remedy else ''}")
    return "\n".join(lines) + "\n"


def _verify(args: argparse.Namespace, file: Path) -> _Answer:
    data, anchors = _bytes(file), _anchors(args.trust)
    check = verify_pdf if data.startswith(b"%PDF-") else verify_xml
    report: SignatureReport = check(data, anchors, args.at)
    signer = f" {report.signer}" if report.signer else ""
    return report.as_json(), f"{file}: {report.state}{signer} – {report.reason}\n", int(not report.good)


def _sign(args: argparse.Namespace, file: Path) -> _Answer:
    passphrase = os.environ.get(PASSPHRASE)
    seal = Seal.load(args.seal, passphrase.encode() if passphrase else None)
    signed = sign_xml(_bytes(file), seal, args.at or datetime.now(UTC))
    target = (args.out or file.parent) / f"{file.stem}.signed.xml"
    try:
        with target.open("xb") as out:
            out.write(signed)
    except FileExistsError:
        raise InputError("exists", "the signed file exists already: move it away", str(target)) from None
    except OSError as error:
        raise InputError("unwritable", f"the signed file cannot be written: {error.strerror}", str(target)) from None
    return {"signed": str(target), "signer": seal.organisation}, f"{target}\n", 0


def _export(args: argparse.Namespace, file: Path) -> _Answer:
    certificate = read(_bytes(file), str(file))
    text = _csv(certificate) if args.to == "csv" else json.dumps(certificate.as_json(), ensure_ascii=False) + "\n"
    return ({"csv": text} if args.to == "csv" else certificate.as_json()), text, 0


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
