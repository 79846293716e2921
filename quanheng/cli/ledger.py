"""``quanheng ledger``: read, prove and check the public log. Needs its files alone, no database."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from quanheng.cli._platform import add_data_dir
from quanheng.errors import InputError
from quanheng.evidence.ledger import Log, ProofError, Verifier, fsck, leaf_hash, parse_leaf, verify_consistency
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint
from quanheng.evidence.verify import read_keys


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs checkpoint, prove, verify and fsck."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="checkpoint|prove|verify|fsck")
    verbs.add_parser("checkpoint", help="print the signed checkpoint as published")
    prove = verbs.add_parser("prove", help="print the inclusion proof of an entry")
    prove.add_argument("entry", metavar="ENTRY", help="index, hex leaf hash, or a logged XML or PDF file")
    verify = verbs.add_parser("verify", help="check signature and root, and that the log continues older checkpoints")
    verify.add_argument("older", metavar="CHECKPOINT", nargs="*", type=Path, help="checkpoints kept from earlier")
    check = verbs.add_parser("fsck", help="rebuild the log from its entries and name what differs")
    check.add_argument("--trusted", metavar="CHECKPOINT", action="append", default=[], type=Path)
    for verb in verbs.choices.values():
        verb.add_argument("--keys", metavar="KEYS", type=Path, help="verifier keys (default: those of the data folder)")
        verb.add_argument("--json", action="store_true", help="print JSON")
        add_data_dir(verb)


def run(args: argparse.Namespace) -> int:
    """verify and fsck exit 1 where something does not hold."""
    actions: dict[str, Callable[[argparse.Namespace, Path, tuple[Verifier, ...]], int]] = {
        "checkpoint": _checkpoint,
        "prove": _prove,
        "verify": _verify,
        "fsck": _fsck,
    }
    folder = Path(args.data_dir or os.environ.get("QUANHENG_DATA", "data")).expanduser()
    if not (folder / "log").is_dir():
        raise InputError("no_log", "There is no log in this data folder; name another with --data-dir.", str(folder))
    return actions[args.action](args, folder / "log", _verifiers(args.keys, folder / "keys"))


def _checkpoint(args: argparse.Namespace, folder: Path, keys: tuple[Verifier, ...]) -> int:
    log = Log(folder, verifiers=keys)
    head = log.head()  # a checkpoint that our own key did not sign is not shown as ours
    if args.json:
        text = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "note": log.checkpoint()}
        print(json.dumps(text, ensure_ascii=False))
    else:
        print(log.checkpoint(), end="")
    return 0


def _prove(args: argparse.Namespace, folder: Path, keys: tuple[Verifier, ...]) -> int:
    log = Log(folder, verifiers=keys)
    head, note = log.head(), log.checkpoint()
    index = _find(log, args.entry)
    entry = log.entry(index)
    proof = [base64.b64encode(item).decode() for item in log.inclusion_proof(index, head.size)]
    answer = {
        "index": index,
        "size": head.size,
        "leaf": base64.b64encode(entry).decode(),
        "leaf_hash": leaf_hash(entry).hex(),
        "proof": proof,
        "checkpoint": note,
    }
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(f"entry {index} of {head.size}: {entry.decode('utf-8', 'replace')}")
        print("\n".join(proof))
    return 0


def _verify(args: argparse.Namespace, folder: Path, keys: tuple[Verifier, ...]) -> int:
    if not keys:
        raise InputError("keys", "There is no verifier key; give one with --keys.", "--keys")
    log = Log(folder, verifiers=keys)
    problems: list[str] = []
    kept = [(path.name, _older(path, keys)) for path in args.older]
    try:
        head = log.head()
        if log.root(head.size) != head.root:
            problems.append("the tiles do not lead to the root that the checkpoint signs")
        for name, older in kept:
            problems += _continues(log, head, older, name)
    except InputError as error:
        if error.code == "no_log":
            raise
        problems.append(error.message)
    if args.json:
        print(json.dumps({"ok": not problems, "problems": problems}, ensure_ascii=False))
    else:
        print("\n".join(problems) or f"{head.origin}: {head.size} entries, signature and root hold")
    return 1 if problems else 0


def _continues(log: Log, head: Checkpoint, older: Checkpoint, name: str) -> list[str]:
    if older.origin != head.origin:
        return [f"{name} belongs to another log, {older.origin}"]
    if older.size > head.size:
        return [f"{name} saw {older.size} entries, the log now holds {head.size}"]
    try:
        verify_consistency(older.size, head.size, log.consistency_proof(older.size), older.root, head.root)
    except ProofError as error:
        return [f"{name}: {error}"]
    return []


def _fsck(args: argparse.Namespace, folder: Path, keys: tuple[Verifier, ...]) -> int:
    report = fsck(folder, keys, trusted=[_older(path, keys) for path in args.trusted])
    if args.json:
        found = [{"code": f.code, "place": f.place, "message": f.message} for f in report.findings]
        answer = {"ok": report.sound, "size": report.size, "root": report.root.hex(), "signature": bool(keys)}
        print(json.dumps({**answer, "findings": found}, ensure_ascii=False))
    else:
        for finding in report.findings:
            print(f"{finding.code}: {finding.message} ({finding.place})")
        unsigned = "" if keys else "; no verifier key was found, so the signature was not checked"
        print(f"{report.size} entries, {len(report.findings)} findings{unsigned}")
    return 0 if report.sound else 1


def _find(log: Log, text: str) -> int:
    """An index, a leaf hash, or the position of the first entry with the hash of a file."""
    if text.isdecimal() and len(text) < 19:
        return int(text)
    wanted = text.lower()
    path = Path(text)
    if path.is_file():
        wanted = hashlib.sha256(path.read_bytes()).hexdigest()
        for index, entry in enumerate(log.entries()):
            if wanted.encode() in entry and wanted in (parse_leaf(entry).xml_sha256, parse_leaf(entry).pdf_sha256):
                return index
    else:
        for index, entry in enumerate(log.entries()):
            if leaf_hash(entry).hex() == wanted:
                return index
    raise InputError("leaf_unknown", "The log holds no such entry.", text)


def _older(path: Path, keys: tuple[Verifier, ...]) -> Checkpoint:
    try:
        note = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("unreadable", "The checkpoint cannot be read.", str(path)) from None
    return open_checkpoint(note, keys, place=path.name)


def _verifiers(given: Path | None, folder: Path) -> tuple[Verifier, ...]:
    """Keys from a KEYS file, else the public halves that lie beside the log's keys."""
    if given is not None:
        try:
            return read_keys(given.read_bytes(), place=given.name).verifiers
        except OSError:
            raise InputError("unreadable", "The keys cannot be read.", str(given)) from None
    paths = sorted(folder.glob("*.pub")) if folder.is_dir() else []
    return tuple(Verifier.parse(path.read_text(encoding="utf-8"), place=path.name) for path in paths)
