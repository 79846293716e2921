"""The stories play with the platform's cast, and in the browser of the browser tests."""

from __future__ import annotations

from tests.browser.conftest import chromium, flush_despite_triggers, stage, visit
from tests.platform.conftest import _keys, _triggers, cast, committing

__all__ = ["_keys", "_triggers", "cast", "chromium", "committing", "flush_despite_triggers", "stage", "visit"]
