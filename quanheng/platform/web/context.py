"""What every page of the shell needs, computed only when a template asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from quanheng.platform.kernel.models import Notice
from quanheng.platform.web import menu
from quanheng.platform.web.http import actor_of

THEMES = ("light", "dark", "auto")


@dataclass
class Shell:
    """The frame around a page."""

    request: HttpRequest

    @property
    def theme(self) -> str:
        """The chosen theme, from a cookie; ``auto`` follows the system."""
        chosen = self.request.COOKIES.get("qh_theme", "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def menu(self) -> list[menu.ShownSection]:
        """The menu of this person."""
        return menu.shown(actor_of(self.request), self.request.path)

    @cached_property
    def unread(self) -> str:
        """How many notices wait, as it is printed; beyond 99 only that."""
        user_id = actor_of(self.request).user_id
        count = Notice.objects.filter(user_id=user_id, read_at=None)[:100].count() if user_id else 0
        return "99+" if count > 99 else str(count or "")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": Shell(request)}
