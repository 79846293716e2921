"""Files and folders given on the command line, one after another or in parallel, and the printing of the answers."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from cryptography import x509

from quanheng.errors import InputError
from quanheng.evidence.attachment import certificate_xml
from quanheng.evidence.dcc.safe import MAX_BYTES
from quanheng.evidence.printable import printable
from quanheng.evidence.signing.authority import load_anchors

_SUFFIXES = {"sign": {".xml", ".dcc"}, "write": {".json"}}
_ANY = {".xml", ".dcc", ".pdf"}
_PARALLEL_FROM = 8
_JUDGED = {"validate", "verify"}
_UNREAD = "读不了 not read"
_WRITTEN = ("写出 Written",)
_HEADS: dict[str, tuple[str, ...]] = {
    "show": ("版本 Version", "编号 Number", "日期 Performed", "器具 Item", "机构 Laboratory"),
    "validate": ("版本 Version", "架构 Schema", "错 E", "警 W", "提示 I", "签名 Signature"),
    "verify": ("签名 Signature", "签名者 Signer"),
    "write": _WRITTEN,
    "sign": _WRITTEN,
    "export": _WRITTEN,
}


@dataclass(frozen=True)
class Answer:
    """What one file gave: data for JSON, text for a person, a row of the summary, the exit code."""

    data: dict[str, Any]
    text: str
    code: int = 0
    row: tuple[str, ...] = field(default=())
    # said once below the summary, however many files it holds for
    note: str = ""


One = Callable[[argparse.Namespace, Path], Answer]


def run_files(args: argparse.Namespace, one: One) -> int:
    """Every file's answer, then the worst code. A single file that cannot be read is an InputError."""
    files = list(_gather(args))
    if len(files) == 1 and not folders(args):
        answer = _placed(args, one, files[0])
        print_json({"file": str(files[0]), **answer.data}) if args.json else sys.stdout.write(answer.text)
        return answer.code
    answers: list[Answer] = []
    for number, answer in enumerate(_answers(args, one, files), start=1):
        answers.append(answer)
        if not args.json and (args.details or not folders(args)):
            sys.stdout.write(answer.text)
        _progress(number, len(files))
    if args.json:
        print_json([{"file": str(f), **a.data} for f, a in zip(files, answers, strict=True)])
    elif folders(args) or any(a.row for a in answers):
        sys.stdout.write(_table(args, files, answers))
    unread = [a for a in answers if "error" in a.data]
    if unread:
        first = unread[0].data["error"]
        message = f"{len(unread)} of {len(files)} files could not be read; the first: {first['message']}"
        print(InputError(first["code"], message, first["place"]).line(), file=sys.stderr)
    return max((a.code for a in answers), default=0)


def folders(args: argparse.Namespace) -> bool:
    """Whether a folder was named, so that what it holds is not known to who typed it."""
    return any(path.is_dir() for path in args.files)


def below(args: argparse.Namespace, file: Path) -> Path:
    """A file as it lies below the folder that was named; its name alone, where it was named itself."""
    folder = next((path for path in args.files if path in file.parents), None)
    return file.relative_to(folder) if folder is not None else Path(file.name)


def _gather(args: argparse.Namespace) -> Iterator[Path]:
    wanted = _SUFFIXES.get(args.action, _ANY)
    for path in args.files:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in wanted and p.is_file())
        if not inside:
            raise InputError("empty_folder", f"the folder holds no {' or '.join(sorted(wanted))} file", str(path))
        yield from inside


def _answers(args: argparse.Namespace, one: One, files: list[Path]) -> Iterator[Answer]:
    jobs = args.jobs or os.cpu_count() or 1
    task = partial(_guarded, args, one)
    if jobs == 1 or len(files) < _PARALLEL_FROM:
        yield from map(task, files)
        return
    with ProcessPoolExecutor(max_workers=min(jobs, len(files))) as pool:
        yield from pool.map(task, files, chunksize=max(1, min(16, len(files) // (jobs * 4))))


def _guarded(args: argparse.Namespace, one: One, file: Path) -> Answer:
    try:
        return _placed(args, one, file)
    except InputError as error:
        if error.code == "pdf_without_xml" and file not in args.files:  # a printed copy in a folder is no fault
            return Answer({"skipped": error.code}, f"{file}: {error.message}\n", 0, ("无 XML no XML",))
        data = {"error": {"code": error.code, "message": error.message, "place": error.place}}
        return Answer(data, f"{file}: {error.line()}\n", 2, (f"{_UNREAD}: {error.code}",))


def _placed(args: argparse.Namespace, one: One, file: Path) -> Answer:
    """The answer; an error always names the file."""
    try:
        return one(args, file)
    except InputError as error:
        if error.place not in {"", "pdf"}:
            raise
        raise InputError(error.code, error.message, str(file)) from None


def _progress(number: int, count: int) -> None:
    """Only where a person watches: what a script reads on stderr is one line or nothing."""
    if sys.stderr.isatty() and count >= _PARALLEL_FROM:
        width = 30 * number // count
        print(f"\r[{'█' * width:<30}] {number}/{count}", end="\n" if number == count else "", file=sys.stderr)


def _table(args: argparse.Namespace, files: list[Path], answers: list[Answer]) -> str:
    head = ("", "文件 File", *_HEADS[args.action])
    mark = {0: "✓", 1: "✗", 2: "!"}
    rows = [(mark[a.code], _label(args, f), *a.row) for f, a in zip(files, answers, strict=True)]
    # what could not be read has a word of its own, which may run over the columns of the others
    fitting = [
        head,
        *(r for r, a in zip(rows, answers, strict=True) if "error" not in a.data and "skipped" not in a.data),
    ]
    widths = [max(_width(r[i]) for r in (*fitting, *(x[:2] for x in rows)) if i < len(r)) for i in range(len(head))]
    lines = [
        "  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in (head, *rows)
    ]
    good, bad, unread = (sum(a.code == code for a in answers) for code in (0, 1, 2))
    word = "通过 passed" if args.action in _JUDGED else "完成 done"
    parts = [f"{good} ✓ {word}"]
    parts += [
        f"{count} {sign} {said}"
        for count, sign, said in ((bad, "✗", "未通过 not passed"), (unread, "!", _UNREAD))
        if count
    ]
    last = f"{len(answers)} 个文件 files: {', '.join(parts)}"
    notes = dict.fromkeys(a.note for a in answers if a.note)
    return printable("\n".join([*lines, last, *notes])) + "\n"


def _label(args: argparse.Namespace, file: Path) -> str:
    """A file as it lies below the one folder that was named, so that equal names stay apart."""
    only = args.files[0]
    name = str(file.relative_to(only)) if len(args.files) == 1 and only.is_dir() else str(file)
    return " ".join(name.splitlines())


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    return text + " " * max(0, width - _width(text))


def print_json(data: Any) -> None:
    """On standard output, for a program."""
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    print()


def read_file(path: Path) -> bytes:
    """The bytes of a file of bounded size."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)  # not by its size on disk: a device or a pipe has none
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from None
    if len(data) > MAX_BYTES:
        raise InputError("too_large", f"the file is larger than the {MAX_BYTES // 2**20} MiB read here", str(path))
    return data


def read_xml(path: Path) -> bytes:
    """The XML of a file of bounded size, or of the PDF that carries it."""
    return certificate_xml(read_file(path), str(path))


def anchors(paths: list[Path]) -> list[x509.Certificate]:
    """Trust anchors from PEM files."""
    found = [anchor for path in paths for anchor in load_anchors(read_file(path))]
    if paths and not found:
        raise InputError("trust", "no PEM certificate in the trust files", str(paths[0]))
    return found


def time_of(text: str) -> datetime:
    """An ISO 8601 time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("time", f"{text!r} is no ISO 8601 time: write 2026-10-12T08:30:00Z", "--at") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
