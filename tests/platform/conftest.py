"""The cast, ready on the stage."""

from __future__ import annotations

import pytest

from tests.platform.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """Shop, institute, bureau and their people."""
    return make_cast()
