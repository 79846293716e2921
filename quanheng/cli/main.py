"""Entry point of the ``quanheng`` command: finds the verb, prints one line on error, keeps the exit codes.

Exit codes: 0 done, 1 a negative judgement, 2 unreadable input or wrong usage, 3 our own fault.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from quanheng import __version__
from quanheng.errors import InputError

# verb → (module with configure(parser) and run(args) -> int, one line of help)
VERBS: dict[str, tuple[str, str]] = {
    "compute": ("quanheng.cli.compute", "compute an uncertainty, a comparison, a calibration line and other tasks"),
    "procedure": ("quanheng.cli.procedure", "list, show, run or replay measurement procedures"),
    "dcc": ("quanheng.cli.dcc", "show, validate, verify, write or sign digital calibration certificates"),
    "draw": ("quanheng.cli.draw", "commit to a random draw, run it, verify it"),
    "ledger": ("quanheng.cli.ledger", "checkpoint, prove, verify or check the public log"),
    "seal": ("quanheng.cli.seal", "make a seal's key, ask for its certificate, or be a small authority"),
    "trace": ("quanheng.cli.trace", "prove a chain, list what a standard reached, audit the graph"),
    "fleet": ("quanheng.cli.fleet", "simulate, judge and score fleets of meters; take in readings"),
    "certificate": ("quanheng.cli.certificate", "list or export issued certificates"),
    "import": ("quanheng.cli.imports", "import rows from a sheet"),
    "demo": ("quanheng.cli.demo", "build the demo region and serve it"),
    "serve": ("quanheng.cli.serve", "serve the product"),
    "worker": ("quanheng.cli.worker", "run background jobs"),
    "migrate": ("quanheng.cli.migrate", "prepare or upgrade the database"),
    "doctor": ("quanheng.cli.doctor", "explain the state of everything"),
    "backup": ("quanheng.cli.backup", "write one file that holds everything"),
    "restore": ("quanheng.cli.restore", "rebuild from a backup"),
    "manage": ("quanheng.cli.manage", "run a management command of the platform"),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError("usage", f"{message}; see `{self.prog} --help`", self.prog)


def parser() -> argparse.ArgumentParser:
    """The outer parser; a verb's own options are added only when that verb is asked for."""
    outer = _Parser(prog="quanheng", description="Quanheng 权衡", add_help=True)
    outer.add_argument("--version", action="version", version=f"quanheng {__version__}")
    outer.add_argument("verb", metavar="VERB", choices=sorted(VERBS), help=", ".join(sorted(VERBS)))
    return outer


def run(argv: Sequence[str]) -> int:
    """Parse and run one command; raises InputError for anything the caller can mend."""
    head = argv[:1]
    if not head or head[0].startswith("-"):
        parser().parse_args(head or ["--help"])
    verb = str(vars(parser().parse_args(head))["verb"])
    module_name, text = VERBS[verb]
    module = importlib.import_module(module_name)
    inner = _Parser(prog=f"quanheng {verb}", description=text)
    module.configure(inner)
    return int(module.run(inner.parse_args(argv[1:])))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return run(sys.argv[1:] if argv is None else list(argv))
    except InputError as error:
        print(error.line(), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("QUANHENG_DEBUG"):
            traceback.print_exc()
        place = f"{type(error).__name__}; set QUANHENG_DEBUG=1 for details"
        print(InputError("internal", str(error) or "unexpected failure", place).line(), file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
