"""The cast, ready on the stage, and a database that commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

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


_ASIDE: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _triggers(request: pytest.FixtureRequest) -> None:
    """Put back the triggers that were set aside when the last test that commits was cleaned up."""
    if _ASIDE:
        with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
            for name in list(_ASIDE):
                cursor.execute(_ASIDE.pop(name))


@pytest.fixture
def committing(_triggers: None, transactional_db: None) -> Iterator[None]:
    """Real commits, as threads and browsers need them; append-only tables would otherwise refuse to be emptied."""
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            _ASIDE.update(dict(cursor.fetchall()))
            for name in _ASIDE:
                cursor.execute(f"DROP TRIGGER {name}")
