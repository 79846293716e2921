"""Backup of a PostgreSQL installation into another, empty database: people, documents, log and counters come along."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

URL = os.environ.get("QUANHENG_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="set QUANHENG_DATABASE_URL to test the backup of PostgreSQL")

ISSUE = """
import django
django.setup()
from quanheng.platform.documents import keys, ledger
from quanheng.platform.kernel import clock
from tests.platform.cast import make_cast
from tests.platform.certificates import steps
with clock.at(steps.TODAY):
    cast = make_cast()
    keys.ensure_keys([cast.institute])
    steps.signed(cast)
    ledger.merge_leaves()
"""
AFTER = """
import django
django.setup()
from quanheng.platform.documents.models import Document
from quanheng.platform.kernel import files, actors, people
from quanheng.platform.kernel.models import AuditEvent, Region, User
document = Document.objects.get()
assert files.get(document.pdf_sha256).startswith(b"%PDF-")
last = AuditEvent.objects.latest("id").pk
people.add_region(actor=actors.system("test"), code="880000", name="x", parent=None)
assert AuditEvent.objects.latest("id").pk == last + 1
assert User.objects.count() > 5
"""


def named(name: str) -> str:
    """The address of another database on the same server, over one connection."""
    parts = urlsplit(URL)
    return urlunsplit(parts._replace(path=f"/{name}", query="&".join(filter(None, [parts.query, "pool=0"]))))


@pytest.fixture
def databases() -> Iterator[tuple[str, str]]:
    """Two new databases."""
    import psycopg

    names = [f"quanheng_backup_{uuid4().hex[:8]}" for _ in range(2)]
    with closing(psycopg.connect(named("postgres").replace("pool=0", "").rstrip("?&"), autocommit=True)) as server:
        for name in names:
            server.execute(f'CREATE DATABASE "{name}"')
        yield named(names[0]), named(names[1])
        for name in names:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(folder: Path, url: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run Python with a data folder and a database."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("QUANHENG_TEST_DATA")}
    env |= {"QUANHENG_DATA": str(folder), "QUANHENG_DATABASE_URL": url}
    env |= {"DJANGO_SETTINGS_MODULE": "quanheng.platform.project.settings"}
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)


def verb(folder: Path, url: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return run(folder, url, "-m", "quanheng.cli", *words, "--data-dir", folder)


def test_everything_comes_back_from_another_database(databases: tuple[str, str], tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    assert verb(old, databases[0], "migrate").returncode == 0
    issued = run(old, databases[0], "-c", ISSUE)
    assert issued.returncode == 0, issued.stderr
    made = verb(old, databases[0], "backup", tmp_path / "backup")
    assert made.returncode == 0, made.stderr
    restored = verb(new, databases[1], "restore", tmp_path / "backup")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    heads = [verb(f, u, "ledger", "checkpoint").stdout for f, u in zip((old, new), databases, strict=True)]
    assert heads[0]
    assert heads[0] == heads[1]
    after = run(new, databases[1], "-c", AFTER)
    assert after.returncode == 0, after.stderr
    assert not (new / "tables").exists()
    _refused_where_people_are(databases, tmp_path)


def _refused_where_people_are(databases: tuple[str, str], tmp_path: Path) -> None:
    again = verb(tmp_path / "third", databases[0], "restore", tmp_path / "backup")
    assert (again.returncode, again.stderr.split(":")[0]) == (2, "not_empty")
    assert not (tmp_path / "third").exists()
