"""``quanheng draw``: commit to a draw, run it on later randomness, let anybody verify it. Needs no database."""

from __future__ import annotations

import argparse
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quanheng.errors import InputError
from quanheng.evidence import draw

_MAX = 256 * 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs commit, run, verify and secret."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="commit|run|verify|secret")
    commit = verbs.add_parser("commit", help="fix a plan; writes FILE.draw.json and prints the hash to publish")
    commit.add_argument("file", type=Path, metavar="FILE", help="the plan, JSON")
    running = verbs.add_parser("run", help="draw from a committed file and later randomness")
    running.add_argument("file", type=Path, metavar="FILE", help="what commit wrote")
    running.add_argument("--randomness", type=Path, metavar="JSON", help="the randomness as a file")
    running.add_argument("--pulse-value", metavar="HEX", help="the value of the committed beacon pulse")
    running.add_argument("--pulse-at", metavar="TIME", help="the time of that pulse")
    running.add_argument("--reveal", action="append", default=[], metavar="PARTY=HEX", help="a party's secret")
    verify = verbs.add_parser("verify", help="recompute a finished draw")
    verify.add_argument("file", type=Path, metavar="FILE", help="what run wrote")
    verify.add_argument("--commitment", metavar="HASH", help="the hash that was published before the draw")
    secret = verbs.add_parser("secret", help="a party's secret and the hash it publishes beforehand")
    secret.add_argument("party", metavar="PARTY")
    for one in (commit, running):
        one.add_argument("--out", type=Path, metavar="FILE", help="where to write (default: beside FILE)")
    for one in (commit, running, verify, secret):
        one.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Run one action; ``verify`` exits 1 where something does not follow."""
    return {"commit": _commit, "run": _run, "verify": _verify, "secret": _secret}[args.action](args)


def _commit(args: argparse.Namespace) -> int:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = draw.commit(_read(args.file), salt=secrets.token_hex(32), at=at)
    target = args.out or args.file.with_name(f"{args.file.name.removesuffix('.json')}.draw.json")
    _write(target, made)
    answer = {"file": str(target), "commitment_sha256": made["commitment_sha256"], "commitment": made["commitment"]}
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print(f"{target}\n公布此数 publish this: {made['commitment_sha256']}")
    return 0


def _run(args: argparse.Namespace) -> int:
    file = _read(args.file)
    done = draw.run(file, _randomness(args, file))
    target = args.out or args.file.with_name(f"{args.file.name.removesuffix('.draw.json')}.drawn.json")
    _write(target, done)
    if args.json:
        print(json.dumps({"file": str(target), "sample": done["sample"]}, ensure_ascii=False, indent=1))
        return 0
    print(target)
    for name, strata in done["sample"]["lists"].items():
        for stratum, drawn in strata.items():
            print(f"{name} {stratum}".rstrip() + f" ({len(drawn)}): {', '.join(drawn)}")
    for taker, givers in (done["sample"]["assign"] or {}).items():
        print(f"{taker} ← {', '.join(givers)}")
    return 0


def _randomness(args: argparse.Namespace, file: Any) -> Any:
    if args.randomness is not None:
        return _read(args.randomness)
    if args.reveal:
        pairs = [text.partition("=") for text in args.reveal]
        return {"source": "reveals", "reveals": {party: secret for party, _, secret in pairs}}
    if args.pulse_value and args.pulse_at:
        try:
            pulse = file["plan"]["randomness"]["pulse"]
        except (KeyError, TypeError):
            raise InputError("draw", "the committed file names no pulse", str(args.file)) from None
        return {"source": "beacon", "pulse": pulse, "at": args.pulse_at, "value": args.pulse_value.lower()}
    raise InputError("usage", "give --randomness, --reveal, or --pulse-value with --pulse-at", "quanheng draw run")


def _verify(args: argparse.Namespace) -> int:
    checks = draw.verify(_read(args.file), args.commitment)
    ok = all(c.ok for c in checks)
    claimed = args.commitment is None
    if args.json:
        listed = [{"code": c.code, "ok": c.ok, "message": c.message} for c in checks]
        answer = {"ok": ok, "commitment_first": "claimed" if claimed else "checked", "checks": listed}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        for check in checks:
            print(f"{'✓' if check.ok else '✗'} {check.message}")
        print("抽取可以复算 the draw follows from what was committed" if ok else "抽取不成立 the draw does NOT follow")
    return 0 if ok else 1


def _secret(args: argparse.Namespace) -> int:
    secret = secrets.token_hex(32)
    answer = {"party": args.party, "secret": secret, "commitment": draw.reveal_hash(args.party, secret)}
    print(
        json.dumps(answer, ensure_ascii=False)
        if args.json
        else f"保密 keep: {secret}\n公布 publish: {answer['commitment']}"
    )
    return 0


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MAX:
            raise InputError("too_large", "the file is too large for a draw", str(path))
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from None
    except (ValueError, RecursionError):
        raise InputError("unreadable", "the file is not JSON", str(path)) from None


def _write(path: Path, content: Any) -> None:
    """Never over an existing file: a second draw in place of the first is what this is there to prevent."""
    try:
        with path.open("x", encoding="utf-8") as out:
            json.dump(content, out, ensure_ascii=False, indent=1)
            out.write("\n")
    except FileExistsError:
        raise InputError("exists", "the file exists already: move it away", str(path)) from None
    except OSError as error:
        raise InputError("unwritable", f"the file cannot be written: {error.strerror}", str(path)) from None
