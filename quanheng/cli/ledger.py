"""``quanheng ledger``: read, prove and check the public log. Needs its files alone, no database."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from quanheng.cli import witness
from quanheng.cli._platform import add_data_dir
from quanheng.errors import InputError
from quanheng.evidence.ledger import Log, ProofError, Verifier, fsck, leaf_hash, parse_leaf, verify_consistency
from quanheng.evidence.ledger.checkpoint import Checkpoint, open_checkpoint
from quanheng.evidence.ledger.fsck import COSIGNED
from quanheng.evidence.ledger.merkle import consistency_path, range_hash
from quanheng.evidence.ledger.rotation import RETIRED, rotate_key
from quanheng.evidence.ledger.tiles import Files, Folder, TileReader
from quanheng.evidence.verify.keys import Keys, read_keys
from quanheng.evidence.witness import open_source, read_checkpoint
from quanheng.evidence.witness.state import write_flushed


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs checkpoint, prove, verify, fsck, rotate, collect and witness."""
    verbs = parser.add_subparsers(
        dest="action", required=True, metavar="checkpoint|prove|verify|fsck|rotate|collect|witness"
    )
    verbs.add_parser("checkpoint", help="print the signed checkpoint as published")
    prove = verbs.add_parser("prove", help="print the inclusion proof of an entry")
    prove.add_argument("entry", metavar="ENTRY", help="index, hex leaf hash, or a logged XML or PDF file")
    verify = verbs.add_parser("verify", help="check signature and root, and that the log continues older checkpoints")
    verify.add_argument("older", metavar="CHECKPOINT", nargs="*", type=Path, help="checkpoints kept from earlier")
    verify.add_argument(
        "--remember", metavar="FILE", type=Path, help="keep the checkpoint here, and next time demand that it continues"
    )
    check = verbs.add_parser("fsck", help="rebuild the log from its entries and name what differs")
    check.add_argument("--trusted", metavar="CHECKPOINT", action="append", default=[], type=Path)
    for verb in (verify, check):
        verb.add_argument("--source", metavar="LOG", help="another log or a mirror: its folder or http(s) address")
    verbs.add_parser("rotate", help="a new signing key; the old one stays good for what it signed")
    witness.configure_collect(verbs.add_parser("collect", help="ask witnesses to cosign, or take in what they signed"))
    for verb in verbs.choices.values():
        verb.add_argument("--keys", metavar="KEYS", type=Path, help="verifier keys (default: those of the data folder)")
        verb.add_argument("--json", action="store_true", help="print JSON")
        add_data_dir(verb)
    witness.configure(verbs.add_parser("witness", help="watch and cosign the log of another organisation"))


def run(args: argparse.Namespace) -> int:
    """verify and fsck exit 1 where something does not hold."""
    actions: dict[str, Callable[[argparse.Namespace, Path, tuple[Verifier, ...]], int]] = {
        "checkpoint": _checkpoint,
        "prove": _prove,
        "verify": _verify,
        "fsck": _fsck,
        "rotate": _rotate,
    }
    if args.action == "witness":
        return witness.run(args)
    if args.action in ("verify", "fsck") and args.source:
        return actions[args.action](args, Path(), _verifiers(args.keys, Path()))
    folder = Path(args.data_dir or os.environ.get("QUANHENG_DATA", "data")).expanduser()
    if not (folder / "log").is_dir():
        raise InputError("no_log", "There is no log in this data folder; name another with --data-dir.", str(folder))
    if args.action == "collect":
        return witness.collect_all(args, folder, _verifiers(args.keys, folder / "keys"))
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
    files = open_source(args.source) if args.source else Folder(folder)
    remembered = [args.remember] if args.remember and args.remember.exists() else []
    kept = [(path.name, _older(path, keys)) for path in [*args.older, *remembered]]
    problems: list[str] = []
    note = read_checkpoint(files)
    head = None
    try:
        head = open_checkpoint(note, keys)
        reader = TileReader(files, head.size)
        if range_hash(reader.subtree, 0, head.size) != head.root:
            problems.append("the tiles do not lead to the root that the checkpoint signs")
        for name, older in kept:
            problems += _continues(reader, head, older, name)
        problems += _cosigned(args.keys, files, reader, head)
    except InputError as error:
        if error.code in ("unreachable", "too_large", "usage"):
            raise
        problems.append(error.message)
    if args.remember and not problems:
        write_flushed(args.remember, note.encode())
    if args.json:
        print(json.dumps({"ok": not problems, "problems": problems}, ensure_ascii=False))
    else:
        said = f"{head.origin}: {head.size} entries, signature and root hold" if head else ""
        print("\n".join(problems) or said)
    return 1 if problems else 0


def _continues(reader: TileReader, head: Checkpoint, older: Checkpoint, name: str) -> list[str]:
    if older.origin != head.origin:
        return [f"{name} belongs to another log, {older.origin}"]
    if older.size > head.size:
        return [f"{name} saw {older.size} entries, the log now holds {head.size}"]
    proof = consistency_path(reader.subtree, older.size, head.size)
    try:
        verify_consistency(older.size, head.size, proof, older.root, head.root)
    except ProofError as error:
        return [f"{name}: {error}"]
    return []


def _cosigned(given: Path | None, files: Files, reader: TileReader, head: Checkpoint) -> list[str]:
    """Where KEYS demand witnesses: the last checkpoint they signed, which the newest must continue."""
    keys = read_keys(given.read_bytes(), place=given.name) if given else Keys()
    if not keys.policy.demands:
        return []
    try:
        note = files.read(COSIGNED).decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return [f"the log shows no checkpoint cosigned by {keys.policy.text}"]
    seen = open_checkpoint(note, keys.verifiers, place=COSIGNED)
    if not keys.policy.satisfied(seen.signed_by):
        return [f"the last cosigned checkpoint lacks the quorum {keys.policy.text}"]
    return _continues(reader, head, seen, COSIGNED)


def _rotate(args: argparse.Namespace, folder: Path, _: tuple[Verifier, ...]) -> int:
    old, new = rotate_key(folder, folder.parent / "keys")
    if args.json:
        print(json.dumps({"old": old.line, "new": new.line}))
    else:
        print(f"new key: {new.line}\nold key, keep it in KEYS: {old.line}\nrestart `quanheng serve` and `worker` now")
    return 0


def _fsck(args: argparse.Namespace, folder: Path, keys: tuple[Verifier, ...]) -> int:
    log = open_source(args.source) if args.source else folder
    report = fsck(log, keys, trusted=[_older(path, keys) for path in args.trusted])
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
    ways = "give an index, a leaf hash, or the XML or PDF itself (`quanheng certificate export NUMBER` writes both)"
    raise InputError("leaf_unknown", f"The log holds no such entry: {ways}.", text)


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
    paths = [*sorted(folder.glob("*.pub")), *sorted((folder / RETIRED).glob("*.pub"))] if folder.is_dir() else []
    return tuple(Verifier.parse(path.read_text(encoding="utf-8"), place=path.name) for path in paths)
