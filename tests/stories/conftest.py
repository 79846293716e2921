"""The stories play with the platform's cast."""

from __future__ import annotations

from tests.platform.conftest import _keys, _triggers, cast, committing

__all__ = ["_keys", "_triggers", "cast", "committing"]
