"""One file that holds everything: database, documents, log, keys. Restored elsewhere it proves the same log root."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

import quanheng
from quanheng.errors import InputError
from quanheng.platform.documents import ledger
from quanheng.platform.kernel import clock
from quanheng.platform.project.archive import COPY_CHUNK, FILES, FOLDERS, FORMAT, SQLITE_NAME


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(COPY_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _passing(folder: str, path: Path) -> bool:
    """Locks, and files that somebody is just writing under a name of the moment."""
    if folder == "blobs":
        return len(path.name) != len(hashlib.sha256().hexdigest())
    return path.name.startswith(".") or path.name.endswith(".lock")


def _members(root: Path) -> Iterator[tuple[str, Path]]:
    for name in FILES:
        if (root / name).is_file():
            yield name, root / name
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and not _passing(folder, path):
                yield path.relative_to(root).as_posix(), path


def _tables() -> list[str]:
    """Every table with rows to keep, in no order: constraints are switched off while they are read back."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return sorted(n for n in names if n != "django_session")


def _dump_database(folder: Path) -> list[str]:
    """Copy the database into the folder; returns the file names."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        copy = sqlite3.connect(folder / SQLITE_NAME)
        with copy:
            connection.connection.backup(copy)
        copy.close()
        return [SQLITE_NAME]
    written = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for table in _tables():
            columns = ", ".join(connection.ops.quote_name(name) for name in _kept_columns(cursor, table))
            name = f"tables/{table}.copy"
            (folder / "tables").mkdir(exist_ok=True)
            with (folder / name).open("wb") as out:
                out.write(f"{columns}\n".encode())
                with cursor.copy(f"COPY {connection.ops.quote_name(table)} ({columns}) TO STDOUT") as rows:
                    for chunk in rows:
                        out.write(chunk)
            written.append(name)
    return written


def _kept_columns(cursor: CursorWrapper, table: str) -> list[str]:
    """The columns of a table that are stored as given; the database computes the others again."""
    described = connection.introspection.get_table_description(cursor, table)
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = %s AND is_generated = 'ALWAYS'",
        [table],
    )
    computed = {row[0] for row in cursor.fetchall()}
    return [column.name for column in described if column.name not in computed]


def write(target: Path) -> dict[str, object]:
    """Write the backup; the log stands still while database and log are copied, so they agree.

    Raises InputError where the file exists or cannot be written. A half-written file is removed.
    """
    if target.exists():
        raise InputError("exists", "the backup file exists; name another one", str(target))
    if not target.parent.is_dir():
        raise InputError("no_folder", "the folder for the backup does not exist; make it first", str(target.parent))
    root = Path(settings.QUANHENG.data_dir)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch, ledger.merging():
            names = _dump_database(Path(scratch))
            members = [(n, Path(scratch) / n) for n in names] + list(_members(root))
            manifest = {
                "format": FORMAT,
                "software": quanheng.__version__,
                "database": connection.vendor,
                "made_at": clock.now().isoformat(),
                "files": {name: _hash(path) for name, path in members},
            }
            with tarfile.open(partial, "w:gz", compresslevel=1) as archive:
                data = json.dumps(manifest, indent=1).encode()
                head = tarfile.TarInfo("manifest.json")
                head.size = len(data)
                archive.addfile(head, io.BytesIO(data))
                for name, path in members:
                    archive.add(path, arcname=name, recursive=False)
        partial.chmod(0o600)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return {"file": str(target), "files": len(members), "bytes": target.stat().st_size}


def load_tables(root: Path) -> int:
    """Read the table copies of a PostgreSQL backup into the empty, migrated database this process is connected to."""
    folder = root / "tables"
    if not folder.is_dir():
        return 0
    call_command("migrate", verbosity=0, interactive=False)
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        files = sorted(folder.glob("*.copy"))
        quoted = ", ".join(connection.ops.quote_name(p.stem) for p in files)
        cursor.execute("SELECT COUNT(*) FROM kernel_user")
        if cursor.fetchone()[0]:
            raise InputError(
                "not_empty", "the PostgreSQL database already holds people; restore into an empty one", "kernel_user"
            )
        cursor.execute(f"TRUNCATE {quoted} CASCADE")
        for path in files:
            with path.open("rb") as handle:
                columns = handle.readline().decode().strip()
                with cursor.copy(f"COPY {connection.ops.quote_name(path.stem)} ({columns}) FROM STDIN") as rows:
                    while chunk := handle.read(COPY_CHUNK):
                        rows.write(chunk)
            count += 1
        _reset_sequences(cursor)
    for path in files:
        path.unlink()
    folder.rmdir()
    return count


def _reset_sequences(cursor: object) -> None:
    for table in _tables():
        for sequence in connection.introspection.get_sequences(cursor, table):  # type: ignore[arg-type]
            column, name = connection.ops.quote_name(sequence["column"]), connection.ops.quote_name(table)
            cursor.execute(  # type: ignore[attr-defined]
                "SELECT setval(pg_get_serial_sequence(%s, %s), COALESCE(MAX("  # noqa: S608 - quoted by Django
                f"{column}), 0) + 1, false) FROM {name}",
                [name, sequence["column"]],
            )
