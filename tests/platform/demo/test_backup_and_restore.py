"""What the demo folder holds comes back on another machine: same log, same documents, same people."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.platform.demo.conftest import described, quanheng


@pytest.fixture(scope="module")
def backup(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the demo folder."""
    file = tmp_path_factory.mktemp("backup") / "quanheng.backup"
    made = quanheng("backup", file, "--data-dir", demo_folder)
    assert made.returncode == 0, made.stderr
    return file


def test_restored_elsewhere_the_log_has_the_same_checkpoint(demo_folder: Path, backup: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    restored = quanheng("restore", backup, "--data-dir", again)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    heads = [quanheng("ledger", "checkpoint", "--data-dir", folder).stdout for folder in (demo_folder, again)]
    assert heads[0]
    assert heads[0] == heads[1]
    assert quanheng("ledger", "fsck", "--data-dir", again).returncode == 0
    assert quanheng("doctor", "--data-dir", again).returncode == 0
    number = described(again)["samples"]["certificate"]
    out = tmp_path / "out"
    assert quanheng("certificate", "export", number, "--out", out, "--data-dir", again).returncode == 0
    assert quanheng("demo", "--no-serve", "--data-dir", again).returncode == 0


def test_a_backup_is_readable_by_its_owner_alone_and_never_overwritten(demo_folder: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    size = backup.stat().st_size
    refused = quanheng("backup", backup, "--data-dir", demo_folder)
    assert (refused.returncode, refused.stderr.split(":")[0], backup.stat().st_size) == (2, "exists", size)


def test_a_backup_into_nowhere_is_refused(demo_folder: Path, tmp_path: Path) -> None:
    refused = quanheng("backup", tmp_path / "no" / "where", "--data-dir", demo_folder)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "no_folder")


def test_restoring_over_data_is_refused(demo_folder: Path, backup: Path) -> None:
    refused = quanheng("restore", backup, "--data-dir", demo_folder)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "not_empty")


def test_a_backup_of_the_embedded_database_does_not_go_into_postgresql(backup: Path, tmp_path: Path) -> None:
    refused = quanheng(
        "restore", backup, "--data-dir", tmp_path / "x", QUANHENG_DATABASE_URL="postgresql://nobody@127.0.0.1/none"
    )
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "database")
    assert not (tmp_path / "x").exists()


def test_doctor_names_a_changed_document_and_a_changed_event(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert quanheng("restore", backup, "--data-dir", folder).returncode == 0
    with sqlite3.connect(folder / "quanheng.sqlite3") as database:
        sha256 = database.execute("SELECT pdf_sha256 FROM documents_document WHERE origin = 'issued'").fetchone()[0]
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE kernel_auditevent SET actor_name = 'nobody' WHERE id = 5")
    blob = folder / "blobs" / sha256[:2] / sha256[2:4] / sha256
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    report = quanheng("doctor", "--data-dir", folder)
    assert report.returncode == 1
    problems = [line for line in report.stdout.splitlines() if line.startswith("PROBLEM")]
    assert [p.split()[1].rstrip(":") for p in problems] == ["documents", "audit"]


def test_doctor_names_a_log_that_lost_its_end(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert quanheng("restore", backup, "--data-dir", folder).returncode == 0
    for tile in sorted((folder / "log" / "tile" / "entries").rglob("*")):
        if tile.is_file():
            tile.write_bytes(tile.read_bytes()[:-7])
    report = quanheng("doctor", "--data-dir", folder)
    assert report.returncode == 1
    assert "PROBLEM log" in report.stdout


def lose(folder: Path, name: str) -> None:
    """Remove a file or a folder."""
    place = folder / name
    place.rename(folder.with_name(f"lost-{place.name}"))


def stop_worker_long_ago(folder: Path) -> None:
    """As after a day without a worker."""
    with sqlite3.connect(folder / "quanheng.sqlite3") as database:
        database.execute("UPDATE kernel_jobrun SET started_at = '2026-05-20 01:00:00'")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "the key of second factors gone": (lambda d: lose(d, "keys/mfa-secret"), "PROBLEM keys: mfa-secret"),
    "a wrong key of second factors": (
        lambda d: (d / "keys/mfa-secret").write_text("A" * 60, "ascii"),
        "PROBLEM keys: mfa-secret",
    ),
    "the key of the log gone": (lambda d: lose(d, "keys/log.ed25519"), "PROBLEM log.ed25519"),
    "the root of the seals gone": (lambda d: lose(d, "keys/authority"), "PROBLEM authority"),
    "the seals gone": (lambda d: lose(d, "keys/seal"), "PROBLEM keys: "),
    "KEYS gone": (lambda d: lose(d, "KEYS"), "PROBLEM keys: DATA/KEYS"),
    "the database gone": (lambda d: lose(d, "quanheng.sqlite3"), "PROBLEM database: it is empty"),
    "half the database": (
        lambda d: os.truncate(d / "quanheng.sqlite3", 2_000_000),
        "PROBLEM database",
    ),
    "no worker": (stop_worker_long_ago, "note    jobs: no worker for"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_doctor_tells_what_is_broken_and_makes_no_new_key_in_its_place(what: str, backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert quanheng("restore", backup, "--data-dir", folder).returncode == 0
    breaking, words = BROKEN[what]
    breaking(folder)
    before = {p: p.read_bytes() for p in (folder / "keys").rglob("*") if p.is_file()}
    report = quanheng("doctor", "--quick", "--data-dir", folder)
    assert words in report.stdout, report.stdout + report.stderr
    assert report.returncode == (0 if words.startswith("note") else 1)
    assert {p: p.read_bytes() for p in (folder / "keys").rglob("*") if p.is_file()} == before


def test_verbs_need_a_data_folder(tmp_path: Path) -> None:
    for words in (["doctor"], ["backup", tmp_path / "b"], ["worker", "--once"], ["serve"]):
        refused = quanheng(*words, "--data-dir", tmp_path / "none")
        assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "no_data")


def test_a_new_folder_is_prepared_by_migrate_and_worked_on_by_worker(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = quanheng("migrate", "--data-dir", folder)
    assert (first.returncode, len(first.stdout.splitlines())) == (0, 3)
    assert "database: 0 migrations applied" in quanheng("migrate", "--data-dir", folder).stdout
    worker = quanheng("worker", "--once", "--data-dir", folder)
    assert worker.returncode == 0, worker.stderr
    assert "documents.merge_leaves: nothing to merge" in worker.stdout
    assert quanheng("doctor", "--data-dir", folder).returncode == 0
    assert quanheng("manage", "--data-dir", folder, "check").returncode == 0
