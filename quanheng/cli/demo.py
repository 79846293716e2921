"""``quanheng demo``: builds the demo region where there is none, and serves it."""

from __future__ import annotations

import argparse
import fcntl
import gc
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from quanheng.cli import serve
from quanheng.cli._platform import add_data_dir, setup
from quanheng.errors import InputError

NAMES = ("url", "logins", "samples", "keys")
ABOUT = """Build the demo region in an empty or absent data folder, print how to get in, and serve it.

A folder that holds a demo region is served at once; a folder with anything else in it is refused and left alone. The
region is built beside the folder, in .DIR.demo-building, and moved in when it is whole; one build at a time. It needs
the embedded database: QUANHENG_DATABASE_URL must be unset. What is printed is also kept in DATA/demo.json."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Where the data lie, where to listen; ``--code`` stands in for a phone."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_data_dir(parser)
    parser.add_argument("--no-serve", action="store_true", help="build the region, or check that it is there, and end")
    parser.add_argument("--json", action="store_true", help="print demo.json; progress goes to stderr")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, help=f"port to listen on (default: the one it was built with, else {serve.PORT})"
    )
    parser.add_argument(
        "--size",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="share of the full region to build, from 0.02 to 1 (default: %(default)s); an existing one stays as it is",
    )
    parser.add_argument(
        "--code", metavar="USER", help="print the six digits that USER's authenticator shows now, and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Build once, print how to get in, serve until interrupted."""
    folder = (args.data_dir or Path(os.environ.get("QUANHENG_DATA", "data"))).expanduser().resolve()
    if args.code:
        return _print_code(folder, args.code)
    if args.port is not None:
        serve.check_port(args.port)
    if not 0.02 <= args.size <= 1:
        raise InputError("usage", "the size is a share from 0.02 to 1", "--size")
    fresh = _is_empty(folder)
    if fresh:
        _build(folder, args)
    described = _described(folder)
    port = args.port or urlsplit(described["url"]).port or serve.PORT
    if not args.no_serve and port != (urlsplit(described["url"]).port or serve.PORT):
        os.environ["QUANHENG_BASE_URL"] = described["url"] = f"http://127.0.0.1:{port}"
    if args.json:
        print(json.dumps(described, ensure_ascii=False, indent=1))
    else:
        print(_table(described))
    sys.stdout.flush()
    return 0 if args.no_serve else _serve(folder, args.host, port, fresh)


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _described(folder: Path) -> dict[str, Any]:
    """The content of demo.json; a folder without one holds somebody's real data and is left alone."""
    try:
        data: dict[str, Any] = json.loads((folder / "demo.json").read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            "not_demo",
            "this folder holds data that is not a demo region; name an empty one with --data-dir",
            str(folder),
        ) from None
    except (OSError, ValueError) as error:
        raise InputError("demo_json", f"demo.json cannot be read: {error}; restore it", str(folder)) from error
    if not isinstance(data, dict) or any(name not in data for name in NAMES):
        raise InputError("demo_json", "demo.json is not what `quanheng demo` wrote; restore it", str(folder))
    return {**data, "keys": str(folder / "KEYS")}


def _build(folder: Path, args: argparse.Namespace) -> None:
    """Build beside the folder and move it in when it is whole, so that an interruption leaves nothing behind."""
    if os.environ.get("QUANHENG_DATABASE_URL"):
        raise InputError(
            "usage",
            "the demo region keeps its data in one folder; unset QUANHENG_DATABASE_URL",
            "QUANHENG_DATABASE_URL",
        )
    scratch = folder.with_name(f".{folder.name}.demo-building")
    with _alone(scratch, folder):
        if not _is_empty(folder):  # somebody else's build ended just now
            shutil.rmtree(scratch, ignore_errors=True)
            return
        if args.port not in (None, serve.PORT) and "QUANHENG_BASE_URL" not in os.environ:
            (scratch / "config.toml").write_text(f'base_url = "http://127.0.0.1:{args.port}"\n', "utf-8")
        setup(scratch)
        _fill(scratch, args)
        if folder.exists():
            folder.rmdir()
        scratch.rename(folder)
        _write(folder / "demo.json", _described(folder))


@contextmanager
def _alone(scratch: Path, folder: Path) -> Iterator[None]:
    """Have the place of the build to oneself, emptied of what an interrupted one left.

    The folder itself is locked: the lock ends with its holder, however that ends, and leaves no file behind.
    """
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, folder)
        for left in scratch.iterdir() if scratch.is_dir() else ():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = "another `quanheng demo` is building this region; wait until it ends, or name another --data-dir"
        raise InputError("building", message, str(folder)) from None


def _fill(scratch: Path, args: argparse.Namespace) -> None:
    from django.db import connection, connections

    from quanheng.platform.project.demo import build, samples
    from quanheng.platform.project.demo.passwords import memorable

    told = sys.stderr if args.json else sys.stdout
    gc.set_threshold(200_000, 50, 50)  # many short-lived rows, one short-lived process
    with connection.cursor() as cursor:  # an interrupted build is thrown away: it is made durable once, as a whole
        cursor.execute("PRAGMA synchronous = OFF")
    for step in build.build(size=args.size, password=memorable()):
        if isinstance(step, samples.Description):
            _write(scratch / "demo.json", step.data)
        else:
            print(f"{step.seconds:6.1f} s  {step.text}", file=told, flush=True)
    connections.close_all()
    os.sync()


def _write(path: Path, described: dict[str, Any]) -> None:
    """Beside it and moved over it, so that no reader finds half of it."""
    beside = path.with_name(f".{path.name}")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(described, ensure_ascii=False, indent=1), "utf-8")
    beside.replace(path)


def _serve(folder: Path, host: str, port: int, fresh: bool) -> int:
    if not fresh:
        _catch_up(folder)
    serve.check_free(host, port)
    verb = [sys.executable, "-m", "quanheng.cli", "serve", "--data-dir", str(folder)]
    return os.execv(sys.executable, [*verb, "--host", host, "--port", str(port)])  # noqa: S606 our own interpreter


def _catch_up(folder: Path) -> None:
    """What a newer release asks of an older folder."""
    setup(folder)
    from quanheng.platform.project import operations

    if operations.unapplied():
        for line in operations.prepare():
            print(line, file=sys.stderr)


def _print_code(folder: Path, user: str) -> int:
    login = next((x for x in _described(folder)["logins"] if x["user"] == user and x.get("totp")), None)
    if login is None:
        raise InputError("no_second_factor", "no demo person of that name carries an authenticator", user)
    setup(folder)
    from quanheng.platform.project.demo.world import code_of

    print(code_of(login["totp"]))
    return 0


def _table(described: dict[str, Any]) -> str:
    rows = [("user", "password", "role", "name", "organisation")]
    rows += [(x["user"], x["password"], x["title"], x["name"], x["organisation"]) for x in described["logins"]]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    coded = ", ".join(x["user"] for x in described["logins"] if x.get("totp"))
    sample = described["samples"]
    return "\n".join(
        [
            "",
            *lines,
            "",
            f"six digits for {coded}: quanheng demo --code USER",
            f"samples: instrument {sample.get('instrument')}, standard {sample.get('standard')}, "
            f"certificate {sample.get('certificate')}; keys {described['keys']}",
            f"open {described['url']}",
        ]
    )


def _width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
