"""What the fuzzer drives: each target takes any bytes and may only answer, or refuse in one line.

The commands are driven through their own ``main``, because their contract is the exit code: 0, 1 or 2, never 3.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from quanheng.cli.main import main as quanheng
from quanheng.errors import InputError
from quanheng.evidence.bundle import read_bundle, write_bundle
from quanheng.evidence.ledger import Signer, open_checkpoint, open_status, parse_leaf
from quanheng.evidence.ledger.note import COSIGNATURE
from quanheng.evidence.ledger.tiles import TileReader, unpack_entries
from quanheng.evidence.verify import main as verify
from quanheng.evidence.verify import read_keys, write_keys
from quanheng.evidence.witness.server import answer, parse_request
from quanheng.evidence.witness.state import Witness

SEED = bytes(range(32))
LOG = Signer("log.example", SEED)
WITNESS = Signer("witness.example", SEED[::-1], COSIGNATURE)
FOLDER = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
LAST = 4_102_444_800  # 2100-01-01


class Broken(AssertionError):
    """A contract that does not hold."""


@cache
def folder() -> Path:
    """One folder for each process, with the keys that belong to the seeds."""
    made = Path(tempfile.mkdtemp(prefix="quanheng-fuzz-", dir=FOLDER))
    (made / "KEYS").write_text(f"{LOG.verifier.line}\n{WITNESS.verifier.line}\n")
    Witness.create(made / "witness", "fuzz.example").watch([LOG.verifier])
    return made


def _run(command: Callable[[list[str]], int], words: list[str], data: bytes, name: str) -> None:
    path = folder() / name
    path.write_bytes(data)
    said, complained = io.StringIO(), io.StringIO()
    said.buffer = io.BytesIO()  # type: ignore[misc]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = command([str(path) if word == "FILE" else word for word in words])
    lines = complained.getvalue().splitlines()
    if code not in (0, 1, 2) or (code == 2) != (len(lines) == 1) or len(lines) > 1:
        raise Broken(f"exit code {code}, stderr {lines[:3]}")


def dcc_show(data: bytes) -> None:
    _run(quanheng, ["dcc", "show", "FILE", "--json"], data, "file.xml")


def dcc_validate(data: bytes) -> None:
    _run(quanheng, ["dcc", "validate", "FILE", "--json"], data, "file.xml")


def dcc_verify(data: bytes) -> None:
    _run(quanheng, ["dcc", "verify", "FILE", "--json"], data, "file.pdf" if data[:4] == b"%PDF" else "file.xml")


def verify_xml(data: bytes) -> None:
    _run(verify, ["FILE", "--keys", str(folder() / "KEYS"), "--json"], b"<" + data, "file.xml")


def verify_pdf(data: bytes) -> None:
    _run(verify, ["FILE", "--keys", str(folder() / "KEYS")], b"%PDF-" + data, "file.pdf")


def verify_bundle(data: bytes) -> None:
    _run(verify, ["FILE", "--keys", str(folder() / "KEYS")], b"{" + data, "file.json")


def bundle(data: bytes) -> None:
    try:
        parsed = read_bundle(data)
    except InputError:
        return
    if read_bundle(write_bundle(parsed)) != parsed:
        raise Broken("a bundle changes by writing it")


def note(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for opener in (open_checkpoint, open_status):
        try:
            opener(text, [LOG.verifier, WITNESS.verifier])
        except InputError:
            continue


def leaf(data: bytes) -> None:
    try:
        parsed = parse_leaf(data)
    except InputError:
        return
    if parsed.data != data:
        raise Broken("a leaf is not its bytes")


def keys(data: bytes) -> None:
    try:
        parsed = read_keys(data)
    except InputError:
        return
    again = read_keys(write_keys(parsed).encode())
    if set(again.verifiers) != set(parsed.verifiers) or again.policy.quorum != parsed.policy.quorum:
        raise Broken("keys change by writing them")


def tiles(data: bytes) -> None:
    """The first byte is the size of the log; every file of it holds the rest."""

    class Same:
        def read(self, path: str) -> bytes:
            if data[:1] < b"\x10" and ".p/" in path:
                raise FileNotFoundError(path)
            return data[1:]

    reader = TileReader(Same(), int.from_bytes(data[:1], "big") * 37)
    for use in (lambda: reader.subtree(3, 1), lambda: reader.subtree(9, 0), lambda: reader.entries(0)):
        with contextlib.suppress(InputError):
            use()
    with contextlib.suppress(InputError):
        unpack_entries(data, place="fuzz")


def witness(data: bytes) -> None:
    with contextlib.suppress(InputError):
        parse_request(data)
    status, _, text = answer(Witness(folder() / "witness"), data, LAST)
    if status not in (200, 400, 403, 404, 409, 422) or not text.endswith("\n"):
        raise Broken(f"the witness answered {status}")


TARGETS: dict[str, Callable[[bytes], None]] = {
    item.__name__: item
    for item in (
        dcc_show,
        dcc_validate,
        dcc_verify,
        verify_xml,
        verify_pdf,
        verify_bundle,
        bundle,
        note,
        leaf,
        keys,
        tiles,
        witness,
    )
}
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
