"""Two furnished houses, made once for all tests of a file; each test takes back what it changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from quanheng.platform.kernel import clock
from tests.platform.access.scene import Scene, make_scene
from tests.platform.certificates import steps


@pytest.fixture(scope="module")
def _furnished(_keys: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]  # numbers are reserved in what must be the outermost
        with around:
            with clock.at(steps.TODAY):
                furnished = make_scene()
            yield furnished
            transaction.set_rollback(True)


@pytest.fixture
def scene(_furnished: Scene, db: None) -> Iterator[Scene]:
    """Both houses on the day of the story."""
    with clock.at(steps.TODAY):
        yield _furnished
