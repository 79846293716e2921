"""``dcc export`` and ``dcc diff``; loaded only for them, since column libraries take their time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from quanheng.cli.dcc.inputs import Answer, below, print_json, read_xml
from quanheng.errors import InputError
from quanheng.evidence.dcc import read, schema, tables, toolkit
from quanheng.evidence.dcc.compare import Comparison, compare
from quanheng.evidence.dcc.document import Document

_SUFFIX = {
    "json": ".json",
    "toolkit": ".dcc.json",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "parquet": ".parquet",
    "xml": ".xml",
}
_TEXT = {"json", "toolkit", "csv", "xml"}


def export_one(args: argparse.Namespace, file: Path) -> Answer:
    """Results of one file, printed or written."""
    made = _made(args, file)
    if args.out is None:
        if args.to not in _TEXT:
            raise InputError("usage", f"{args.to} is not text: name a folder with --out", "--out")
        text = made.decode("utf-8")
        return Answer(json.loads(text) if args.to in {"json", "toolkit"} else {args.to: text}, text)
    target = args.out / below(args, file).with_name(f"{file.stem}{_SUFFIX[args.to]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            out.write(made)
    except FileExistsError:
        raise InputError("exists", "the file exists already: move it away", str(target)) from None
    except OSError as error:
        raise InputError("unwritable", f"the file cannot be written: {error.strerror}", str(target)) from None
    return Answer({"written": str(target)}, f"{target}\n", row=(str(target),))


def _made(args: argparse.Namespace, file: Path) -> bytes:
    data, place = read_xml(file), str(file)
    folder = schema.folder_or_default(args.schema_dir) if args.to in {"toolkit", "xml"} else None
    if args.to == "xml":
        if data.lstrip()[:1] == b"{":
            return toolkit.from_json(data, folder, place)
        return Document.read(data, place).write()
    if args.to == "toolkit":
        return (json.dumps(toolkit.to_dict(data, folder, place), ensure_ascii=False, indent=1) + "\n").encode()
    certificate = read.read(data, place)
    if args.to == "csv":
        return tables.csv(certificate).encode()
    if args.to == "xlsx":
        return tables.excel(certificate)
    if args.to == "parquet":
        return tables.parquet(certificate)
    return (json.dumps(certificate.as_json(), ensure_ascii=False) + "\n").encode()


def diff(args: argparse.Namespace) -> int:
    """Two certificates of one item; exit 0 whatever changed."""
    before, after = (read.read(read_xml(path), str(path)) for path in (args.before, args.after))
    found = compare(before, after)
    if args.json:
        print_json(found.as_json())
    else:
        print(_words(found))
    return 0


def _words(found: Comparison) -> str:
    same = ", ".join(found.shared_identifiers) or "没有相同的编号 no identifier in common"
    lines = [f"同一器具 same item: {'是 yes' if found.same_item else '未证实 not shown'} ({same})"]
    lines += [f"  {c.where}: {c.before or '—'} → {c.after or '—'}" for c in found.changes]
    mark = {"within": "在不确定度之内 within U", "beyond": "超出不确定度 beyond U", "unknown": "无法判断 cannot tell"}
    for d in found.drifts:
        ratio = "" if d.ratio is None else f"  |d|/U = {d.ratio:.2f}"
        row = f"  {d.result} · {d.column} @ {d.row}"
        lines.append(f"{row}: {d.before} → {d.after} {d.unit}  d = {d.difference}{ratio}  {mark[d.verdict]}")
    lines += [f"  ? 无对应 unmatched: {name}" for name in found.unmatched]
    return "\n".join(lines)
