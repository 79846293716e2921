"""A new signing key for a log. What the old key signed stays good wherever its verifier line is kept.

The head of the log is signed once more by both keys, so that somebody who still holds only the old line sees the
change of keys vouched for by the key they trust.
"""

from __future__ import annotations

import os
from pathlib import Path

from quanheng.errors import InputError
from quanheng.evidence.ledger.log import Log
from quanheng.evidence.ledger.note import Signer, Verifier, load_signer

KEY, RETIRED = "log.ed25519", "retired"


def retired(keys_dir: Path) -> tuple[Verifier, ...]:
    """Verifier keys that signed in the past."""
    folder = keys_dir / RETIRED
    paths = sorted(folder.glob("*.pub")) if folder.is_dir() else []
    return tuple(Verifier.parse(path.read_text("utf-8"), place=path.name) for path in paths)


def rotate_key(log_dir: Path, keys_dir: Path) -> tuple[Verifier, Verifier]:
    """Replace DATA/keys/log.ed25519; the old verifier line goes to DATA/keys/retired, the old secret is destroyed.

    The old line is kept before the new key stands, so a crash in between leaves the old key in force.
    """
    path = keys_dir / KEY
    if not path.is_file():
        raise InputError("key", "There is no signing key here to replace.", str(path))
    old = load_signer(path)
    new = Signer.generate(old.name)
    log = Log(log_dir, new, verifiers=[old.verifier, *retired(keys_dir)])
    _write(keys_dir / RETIRED / f"{old.verifier.id.hex()}.pub", old.verifier.line, 0o644)
    log.publish_again([old, new])
    _write(path, new.private_line, 0o600)
    _write(path.with_suffix(".pub"), new.verifier.line, 0o644)
    return old.verifier, new.verifier


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
