"""``dcc validate`` and ``dcc verify``."""

from __future__ import annotations

import argparse
from pathlib import Path

from quanheng.cli.dcc.inputs import Answer, anchors, read_file
from quanheng.evidence.attachment import readable
from quanheng.evidence.dcc import codes, schema
from quanheng.evidence.dcc.safe import Problem
from quanheng.evidence.dcc.validate import Validation, validate
from quanheng.evidence.printable import printable
from quanheng.evidence.signing.pades import verify_pdf
from quanheng.evidence.signing.report import ABSENT, SignatureReport
from quanheng.evidence.signing.xmlverify import verify_signatures

path = Path
_MARK = {"error": "错误 error", "warning": "警告 warning", "info": "提示 info"}


def validate_one(args: argparse.Namespace, file: Path) -> Answer:
    """All layers of one file."""
    folder = schema.folder_or_default(args.schema_dir)
    result = validate(read_file(file), folder, anchors=anchors(args.trust), at=args.at, place=str(file))
    counts = tuple(str(result.count(s)) for s in ("error", "warning", "info"))
    row = (result.version, _schema_word(result), *counts, _signature_words(result.signatures))
    known = codes.meant(result.version) in codes.RELEASES
    note = _no_schema(result) if result.schema.state == "missing" and known else ""
    return Answer(result.as_json(), _text(file, result), int(result.negative(args.fail_on)), row, note)


def _no_schema(result: Validation) -> str:
    """A version nobody released has no schema to install: its finding says what to write."""
    if result.schema.state == "unusable":
        return f"  版本 {result.version} 的官方架构不能编译 the official schema of {result.version} does not compile"
    if codes.meant(result.version) not in codes.RELEASES:
        return f"  没有版本“{result.version}”的架构文件 there is no schema of version {result.version!r}"
    words = "没有安装架构文件，不能通过 no schema installed, which is no pass"
    return f"  {words}: --schema-dir, or `quanheng dcc schemas add DIR`"


def _schema_word(result: Validation) -> str:
    return {True: "valid", False: "invalid", None: result.schema.state}[result.schema.valid]


def both(said: Problem | schema.SchemaError) -> str:
    """In both languages, where it has words in both."""
    return said.message if said.zh == said.message else f"{said.zh} · {said.message}"


def _signature_words(signatures: tuple[SignatureReport, ...]) -> str:
    return ", ".join(s.state for s in signatures) or "-"


def _text(file: Path, result: Validation) -> str:
    signed = _signature_words(result.signatures)
    lines = [f"{file}: DCC {result.version}, schema {_schema_word(result)}, signature {signed}"]
    lines += [f"  damaged:{p.line}: {both(p)}" for p in result.problems]
    if result.schema.state in {"missing", "unusable"}:
        lines.append(_no_schema(result))
    lines += [f"  schema:{e.line}: {both(e)}{' [foreign]' if e.foreign else ''}" for e in result.schema.errors]
    for f in result.findings:
        remedy = " / ".join(dict.fromkeys(r for r in (f.remedy, f.remedy_en) if r))
        lines.append(f"  {_MARK[f.severity]} [{f.code}] {f.line}: {f.zh} · {f.en}{f' → {remedy}' if remedy else ''}")
        lines.append(f"      {f.path}")
    lines += [f"  signature: {s.state} {s.signer} – {s.reason}" for s in result.signatures]
    return printable("\n".join(" ".join(line.splitlines()) for line in lines) + "\n")


def verify_one(args: argparse.Namespace, file: Path) -> Answer:
    """Every signature of one file; the worst decides."""
    data, trusted = read_file(file), anchors(args.trust)
    if data.startswith(b"%PDF-"):
        if b"/ByteRange" not in data:  # where there was a signature, damage is the signature's failure
            readable(data)
        reports: tuple[SignatureReport, ...] = (verify_pdf(data, trusted, args.at),)
    else:
        reports = verify_signatures(data, trusted, args.at) or (ABSENT,)
    lines = [f"{file}: {r.state}{f' {r.signer}' if r.signer else ''} – {r.reason}" for r in reports]
    worst = next((r for r in reports if not r.good), reports[0])
    listed = [r.as_json() for r in reports if r.state != "absent"]
    row = (_signature_words(reports), ", ".join(dict.fromkeys(r.signer for r in reports if r.signer)))
    return Answer(
        {**worst.as_json(), "signatures": listed}, printable("\n".join(lines) + "\n"), int(not worst.good), row
    )
