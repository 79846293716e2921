"""The cast, ready on the stage, and a database that commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from quanheng.platform.documents.keys import ensure_keys
from quanheng.platform.kernel import clock
from tests.platform.cast import Cast, make_cast


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    """The installation is older than anything the tests issue."""
    with clock.at(dt.date(2020, 1, 1)):
        ensure_keys()


@pytest.fixture
def cast(db: None) -> Cast:
    """Shop, institute, bureau and their people."""
    return make_cast()


@pytest.fixture
def _triggers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """Triggers set aside while SQLite is emptied after a test that commits, then put back."""
    aside: dict[str, str] = {}
    yield aside
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for statement in aside.values():
            cursor.execute(statement)


@pytest.fixture
def committing(_triggers: dict[str, str], transactional_db: None) -> Iterator[None]:
    """Real commits, as threads need them; the append-only tables would otherwise refuse to be emptied."""
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            _triggers.update(dict(cursor.fetchall()))
            for name in _triggers:
                cursor.execute(f"DROP TRIGGER {name}")
