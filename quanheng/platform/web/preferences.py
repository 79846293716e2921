"""What a person chose for themselves: kept with the person, so that it follows them to another machine."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from quanheng.platform.kernel.models import User

_LIMIT = 200


def get(request: HttpRequest, key: str, default: Any = None) -> Any:
    """The value a person chose, else the default."""
    user = request.user
    return user.preferences.get(key, default) if isinstance(user, User) else default


def put(request: HttpRequest, key: str, value: Any) -> None:
    """Keep a choice; None forgets it. Nobody signed in: nothing kept."""
    user = request.user
    if not isinstance(user, User):
        return
    if value is None:
        user.preferences.pop(key, None)
    elif key in user.preferences or len(user.preferences) < _LIMIT:
        user.preferences[key] = value
    user.save(update_fields=["preferences"])
