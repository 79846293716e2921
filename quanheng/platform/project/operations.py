"""What an operator does: prepare, check, run queued jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from quanheng.platform.documents import keys
from quanheng.platform.kernel import actors
from quanheng.platform.law import services as law


def unapplied() -> list[str]:
    """Names of the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    return [str(m) for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def prepare() -> Iterator[str]:
    """Migrate, load the library, make missing keys; one line for each thing done."""
    waiting = unapplied()
    call_command("migrate", verbosity=0, interactive=False)
    yield f"database: {len(waiting)} migrations applied"
    yield f"library: {law.load_library(actor=actors.system('quanheng migrate'))}"
    yield f"keys: {keys.keys_file()}"


def collect_static() -> None:
    """Copy and compress the static files where the package is newer than the copy."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    sources = [p for p in (Path(__file__).parents[1]).rglob("static") if p.is_dir()]
    newest = max((f.stat().st_mtime for s in sources for f in s.rglob("*") if f.is_file()), default=0.0)
    if stamp.is_file() and stamp.stat().st_mtime >= newest:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.touch()


def run_queued_jobs() -> None:
    """Everything ready in the queue, one after another; a look first, so that an idle worker takes no write lock."""
    if not DBTaskResult.objects.ready().exists():
        return
    Worker(
        queue_names=["*"],
        interval=1.0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(16),
        excluded_queue_names=[],
    ).run()
