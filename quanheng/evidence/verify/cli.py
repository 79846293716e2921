"""The ``quanheng-verify`` command: off line, without our servers, in words."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from quanheng.errors import InputError
from quanheng.evidence.bundle import MAX_BUNDLE, read_bundle
from quanheng.evidence.ledger.policy import at_least
from quanheng.evidence.verify.check import Outcome, verify_file
from quanheng.evidence.verify.keys import Keys, read_keys
from quanheng.evidence.verify.reasons import in_chinese
from quanheng.evidence.verify.words import HEADINGS, RESULTS


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError("usage", f"{message}; see `{self.prog} --help`", self.prog)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="quanheng-verify",
        description="Check a calibration certificate off line / 离线验证证书",
        epilog="exit codes: 0 proven, 1 not proven or tampered, 2 unreadable, 3 our fault",
    )
    parser.add_argument("file", metavar="FILE", help="a DCC (XML), a PDF, or a proof bundle")
    parser.add_argument("--bundle", metavar="BUNDLE", help="the proof bundle that belongs to FILE")
    parser.add_argument(
        "--keys", metavar="KEYS", help="trust anchors (PEM) and verifier-key lines; without them nothing is proven"
    )
    parser.add_argument(
        "--witness",
        metavar="any|all|N",
        help="how many of the witnesses in KEYS must have cosigned (default: the quorum line of KEYS, else none)",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--lang", choices=("zh", "en"), default=_default_lang(), help="language of the words")
    return parser


def _default_lang() -> str:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.lower().startswith("en") else "zh"


def run(argv: Sequence[str]) -> int:
    """Check and print; raises InputError where a file is unreadable."""
    args = _parser().parse_args(argv)
    try:
        return _checked(args)
    except InputError as error:
        if args.lang == "zh":
            raise InputError(error.code, in_chinese(error.message), error.place) from error
        raise


def _checked(args: argparse.Namespace) -> int:
    data = _read(args.file)
    keys = read_keys(_read(args.keys), place=Path(args.keys).name) if args.keys else Keys()
    if args.witness:
        keys = replace(keys, policy=at_least(args.witness, keys.verifiers))
    bundle = read_bundle(_read(args.bundle), place=Path(args.bundle).name) if args.bundle else None
    outcome = verify_file(data, bundle, keys)
    if args.json:
        _print(json.dumps(outcome.as_json(args.lang), ensure_ascii=False, indent=1))
    else:
        _print(_words(outcome, args.lang))
    return 0 if outcome.result == "proven" else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; never a traceback."""
    try:
        return run(sys.argv[1:] if argv is None else list(argv))
    except InputError as error:
        sys.stderr.write(f"{error.line()}\n")
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        text = InputError("internal", str(error)[:200] or "unexpected failure", type(error).__name__).line()
        sys.stderr.write(f"{text}\n")
        return 3


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BUNDLE + 1)
    except OSError as error:
        raise InputError("unreadable", f"The file cannot be read: {error.strerror}.", path) from None
    if len(data) > MAX_BUNDLE:
        raise InputError("too_large", f"The file is larger than {MAX_BUNDLE // 1024 // 1024} MiB.", path)
    return data


def _words(outcome: Outcome, lang: str) -> str:
    column = 0 if lang == "zh" else 1
    lines = [RESULTS[outcome.result][column]]
    parts = {
        "problems": outcome.contradictions + outcome.gaps,
        "proven": outcome.proven,
        "claimed": outcome.claimed,
        "unchecked": outcome.unchecked,
    }
    for name, statements in parts.items():
        if statements:
            lines += ["", HEADINGS[name][column], *(f"  · {item.text(lang)}" for item in statements)]
    return "\n".join(lines)


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()
