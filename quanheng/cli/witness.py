"""``quanheng ledger witness`` and ``ledger collect``: a neighbour watches a log and cosigns it; the log keeps that."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger import Log, Verifier
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.ledger.policy import Policy
from quanheng.evidence.verify.keys import read_keys
from quanheng.evidence.witness import Doubtful, Refusal, Witness, collect, keep, open_source
from quanheng.evidence.witness.collect import read_note
from quanheng.evidence.witness.server import make_server

WITNESSES = "witnesses"


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs init, watch, cosign, serve and show."""
    verbs = parser.add_subparsers(dest="witness", required=True, metavar="init|watch|cosign|serve|show")
    init = verbs.add_parser("init", help="make a witness: a key and an empty memory")
    init.add_argument("--name", required=True, help="the witness's name, such as metrology.example.cn/witness")
    watch = verbs.add_parser("watch", help="watch the logs whose keys stand in KEYS")
    watch.add_argument("keys", metavar="KEYS", type=Path)
    cosign = verbs.add_parser("cosign", help="visit a log, check that it only grew, and cosign its checkpoint")
    cosign.add_argument("source", metavar="LOG", help="the log's folder or http(s) address")
    cosign.add_argument("--out", metavar="FILE", type=Path, help="write the cosigned checkpoint here (default: print)")
    cosign.add_argument("--every", metavar="SECONDS", type=int, help="visit again and again")
    cosign.add_argument("--hashes-only", action="store_true", help="do not read the new entries")
    serve = verbs.add_parser("serve", help="answer add-checkpoint of C2SP tlog-witness over HTTP")
    serve.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:7380")
    verbs.add_parser("show", help="the witness's key, the logs it watches, and what it saw last")
    for verb in verbs.choices.values():
        verb.add_argument("--state", metavar="DIR", type=Path, required=True, help="the witness's folder")
        verb.add_argument("--json", action="store_true", help="print JSON")


def configure_collect(parser: argparse.ArgumentParser) -> None:
    """What comes back from witnesses, as files or by asking the addresses of DATA/keys/witnesses."""
    parser.add_argument("notes", metavar="NOTE", nargs="*", type=Path, help="cosigned checkpoints that came as files")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where a log is refused."""
    if args.witness == "init":
        witness = Witness.create(args.state, args.name)
        return _print(args, {"key": witness.signer.verifier.line}, witness.signer.verifier.line)
    witness = Witness(args.state)
    if args.witness == "watch":
        keys = [key for key in read_keys(_bytes(args.keys), place=args.keys.name).verifiers if key.kind != COSIGNATURE]
        if not keys:
            raise InputError(
                "no_log_key", "The file names no log: take the KEYS that its operator publishes.", args.keys.name
            )
        witness.watch(keys)
    if args.witness == "cosign":
        return _cosign(args, witness)
    if args.witness == "serve":
        return _serve(args, witness)
    return _show(args, witness)


def _show(args: argparse.Namespace, witness: Witness) -> int:
    logs = []
    for origin in dict.fromkeys(key.name for key in witness.logs):
        seen = witness.seen(origin)
        head = seen.head if seen else None
        at = head.witnessed_at.isoformat() if head and head.witnessed_at else None
        logs.append({"origin": origin, "size": head.size if head else None, "seen_at": at})
    lines = [
        f"{item['origin']}: "
        + (f"{item['size']} entries, seen {item['seen_at']}" if item["seen_at"] else "not visited yet")
        for item in logs
    ]
    text = "\n".join([witness.signer.verifier.line, *lines])
    return _print(args, {"key": witness.signer.verifier.line, "logs": logs}, text)


def _cosign(args: argparse.Namespace, witness: Witness) -> int:
    if args.every is None:
        return _visit(args, witness)
    if args.every < 1:
        raise InputError("usage", "Visits are at least one second apart.", "--every")
    worst = 0
    try:
        while True:
            try:
                worst = max(worst, _visit(args, witness))
            except InputError as error:
                if error.code != "unreachable":
                    raise
                print(error.line(), flush=True)
            time.sleep(args.every)
    except KeyboardInterrupt:
        return worst


def _visit(args: argparse.Namespace, witness: Witness) -> int:
    try:
        cosigned = witness.visit(open_source(args.source), int(time.time()), look=not args.hashes_only)
    except Refusal as refusal:
        said = {"ok": False, "code": refusal.code, "message": refusal.message}
        return _print(args, said, f"NOT COSIGNED, {refusal.code}: {refusal.message}", code=1)
    except Doubtful as doubtful:
        found = [{"index": d.index, "code": d.code, "message": d.message} for d in doubtful.doubts]
        lines = [f"entry {d.index}, {d.code}: {d.message}" for d in doubtful.doubts]
        text = "\n".join(["NOT COSIGNED; --hashes-only signs that the log only grew, whatever it holds", *lines])
        return _print(args, {"ok": False, "code": "doubtful", "entries": found}, text, code=1)
    head, at = cosigned.head, cosigned.head.witnessed_at
    if args.out is not None:
        args.out.write_text(cosigned.note, "utf-8")
    elif not args.json:
        print(cosigned.note, end="", flush=True)
        return 0
    answer = {"ok": True, "origin": head.origin, "size": head.size, "note": cosigned.note}
    return _print(args, answer, f"{head.origin}: {head.size} entries, cosigned at {at or dt.datetime.now(dt.UTC)}")


def _serve(args: argparse.Namespace, witness: Witness) -> int:
    host, _, port = str(args.listen).rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InputError("usage", "Say where to listen as HOST:PORT.", "--listen")
    try:
        server = make_server(witness, host.strip("[]"), int(port))
    except OSError as error:
        raise InputError("listen", f"This address cannot be used: {error.strerror}.", args.listen) from None
    _print(args, {"listening": f"http://{host}:{server.server_port}"}, f"http://{host}:{server.server_port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def witness_policy(path: Path) -> Policy:
    """The witnesses an operator has named: lines of a C2SP tlog-policy; none where the file is absent."""
    return read_keys(path.read_bytes(), place=path.name).policy if path.is_file() else Policy()


def collect_all(args: argparse.Namespace, data_dir: Path, keys: tuple[Verifier, ...]) -> int:
    """Take in notes, or ask every witness that has an address; exit code 1 where one of them refused."""
    policy = witness_policy(data_dir / "keys" / WITNESSES)
    if not policy.witnesses:
        remedy = "There are no witnesses; write `witness NAME VKEY [URL]` lines into this file."
        raise InputError("no_witness", remedy, str(data_dir / "keys" / WITNESSES))
    log = Log(data_dir / "log", verifiers=[key for key in keys if key not in policy.verifiers])
    done: list[dict[str, object]] = []
    for path in args.notes:
        head = keep(log, read_note(path), policy.verifiers)
        done.append({"note": path.name, "size": head.size, "ok": True})
    for item in policy.witnesses if not args.notes else ():
        if item.url:
            try:
                head = collect(log, item.url, item.verifier, policy.verifiers)
                done.append({"witness": item.name, "size": head.size, "ok": True})
            except InputError as error:
                done.append({"witness": item.name, "ok": False, "problem": error.line()})
    text = "\n".join(f"{d.get('witness') or d.get('note')}: {d.get('problem') or d.get('size')}" for d in done)
    return _print(args, {"witnesses": done}, text, code=0 if all(d["ok"] for d in done) else 1)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise InputError("unreadable", "The keys cannot be read.", str(path)) from None


def _print(args: argparse.Namespace, answer: dict[str, object], text: str, code: int = 0) -> int:
    print(json.dumps(answer, ensure_ascii=False) if args.json else text, flush=True)
    return code
