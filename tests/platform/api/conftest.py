"""Rates are counted in the memory of the process: every test begins with none."""

from __future__ import annotations

import pytest
from django.core.cache import caches


@pytest.fixture(autouse=True)
def _fresh_rates():
    caches["memory"].clear()
