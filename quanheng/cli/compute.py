"""``quanheng compute TASK FILE.json``: the numerical tasks of `quanheng.metrology` from the shell."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology import tasks
from quanheng.metrology.tasks.reading import from_json

_LARGEST = 64 * 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("task", metavar="TASK", help=", ".join(tasks.names()))
    parser.add_argument("file", metavar="FILE.json", nargs="?", type=Path, help="request; - reads standard input")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the request")
    parser.add_argument("--example", nargs="?", const="", metavar="NAME", help="print an example request")


def run(args: argparse.Namespace) -> int:
    """Print the schema, an example or the answer; exit 0 whatever the numbers say."""
    task = tasks.find(args.task)
    if args.schema:
        _print(task.schema)
    elif args.example is not None:
        _print(_example(task, args.example))
    elif args.file is None:
        raise InputError("usage", "needs a FILE.json, --schema or --example", f"compute {args.task}")
    else:
        result = task.compute(_with_law(task, _read(args.file)))
        if args.json:
            _print(result.to_dict())
        else:
            print(result.table())
    return 0


def _with_law(task: tasks.Task, request: Any) -> Any:
    """The request with the tables of the law it names; the reader of the library loads only where a task needs it."""
    if not task.tables:
        return request
    return importlib.import_module("quanheng.library.tables").complete(task.tables, request)


def _example(task: tasks.Task, name: str) -> Any:
    if not name:
        return task.example
    if name not in task.examples:
        raise InputError(
            "example", f"there is no example {name!r}; there are {', '.join(task.examples) or 'none'}", name
        )
    return task.examples[name]


def _read(path: Path) -> Any:
    place = str(path)
    try:
        raw = sys.stdin.buffer.read(_LARGEST + 1) if place == "-" else path.read_bytes()
    except OSError as error:
        raise InputError("unreadable", error.strerror or "cannot read", place) from None
    if len(raw) > _LARGEST:
        raise InputError("too_large", f"a request is at most {_LARGEST // 2**20} MiB", place)
    return from_json(raw, place)


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
