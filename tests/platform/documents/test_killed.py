"""Processes of the product killed with SIGKILL at random: the database and the log end up with the same certificates.

Runs the product on an SQLite data folder of its own, in real processes; the long form kills far more often.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quanheng.evidence.ledger import Log, fsck, leaf_hash, load_signer

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("QUANHENG_DATABASE_URL")), reason="these processes have a database file of their own"
)


def start(data: Path, *words: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("QUANHENG_DATABASE", "DJANGO_SETTINGS"))}
    env |= {"QUANHENG_DATA": str(data), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", *words], env=env, cwd=data, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


class Product:
    """A data folder and the process that forks workers over it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = start(data, "tests.platform.documents.killable")
        assert self.hear() == "prepared"

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def fork(self, role: str) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{role}\n")
        self.process.stdin.flush()
        return int(self.hear())

    def finish(self, role: str) -> None:
        self.fork(role)
        assert self.hear() == "done"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("killed"))
    yield made
    made.process.communicate("", timeout=30)


def rows(data: Path, question: str) -> list[tuple[object, ...]]:
    link = sqlite3.connect(data / "quanheng.sqlite3", timeout=60)
    try:
        return link.execute(question).fetchall()
    finally:
        link.close()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def check(product: Product) -> int:
    """After a last quiet merge: every acknowledged certificate stands in the log, once, where the database says."""
    product.finish("settle")
    data = product.data
    leaves = rows(data, 'SELECT data, leaf_hash, "index" FROM documents_leaf ORDER BY "index"')
    log = Log(data / "log", verifiers=[load_signer(data / "keys" / "log.ed25519").verifier])
    assert [row[2] for row in leaves] == list(range(log.size))
    assert [bytes(row[0]) for row in leaves] == list(log.entries())
    assert len({row[1] for row in leaves}) == len(leaves)
    assert all(leaf_hash(bytes(row[0])).hex() == row[1] for row in leaves)
    assert fsck(data / "log", log.verifiers).sound
    numbers = {str(row[0]) for row in rows(data, "SELECT number FROM documents_document")}
    assert len(acknowledged(data)) == len(set(acknowledged(data)))
    assert set(acknowledged(data)) <= numbers
    assert len(numbers) == len(leaves)
    return len(leaves)


def acknowledged(data: Path) -> list[str]:
    file = data / "ACKNOWLEDGED"
    return file.read_text().split() if file.exists() else []


def wait_for_issues(data: Path, count: int) -> None:
    begun, before = time.monotonic(), len(acknowledged(data))
    while len(acknowledged(data)) < before + count and time.monotonic() - begun < 60:
        time.sleep(0.02)


def killing_rounds(product: Product, count: int, seed: int) -> None:
    """Kill the issuer at any point of its work, starting included, and the merger beside it."""
    rng = random.Random(seed)
    working = {role: product.fork(role) for role in ("merge", "issue")}
    for turn in range(count):
        role = ("issue", "merge", "issue")[turn % 3]
        if role == "issue":
            wait_for_issues(product.data, rng.choice([0, 1, 2]))
        time.sleep(rng.uniform(0.0, 0.4))
        kill(working[role])
        working[role] = product.fork(role)
    for pid in working.values():
        kill(pid)


def test_what_a_dead_process_left_is_in_the_log_within_a_minute(product: Product) -> None:
    """The promise of DESIGN §5, kept by the real worker."""
    waiting = 'SELECT count(*) FROM documents_leaf WHERE "index" IS NULL'
    product.finish("pending")
    assert rows(product.data, waiting) == [(1,)]
    begun = time.monotonic()
    worker = start(product.data, "quanheng.cli", "worker", "--data-dir", str(product.data))
    try:
        while rows(product.data, waiting) != [(0,)]:
            assert time.monotonic() - begun < 60
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.communicate(timeout=60)
    assert check(product) == 1


def test_killed_at_any_moment_the_database_and_the_log_agree(product: Product) -> None:
    killing_rounds(product, 9, 7)
    assert check(product) >= 3


@pytest.mark.long
def test_killed_three_hundred_times_the_database_and_the_log_agree(product: Product) -> None:
    killing_rounds(product, 300, 8)
    assert check(product) >= 100
