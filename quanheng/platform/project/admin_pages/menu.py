"""Entries of these pages in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel.roles import Role
from quanheng.platform.web import menu

TOKENS = (Role.ENTERPRISE, Role.LAB_MANAGER, Role.SYSTEM_ADMIN)
AUDIT = (Role.AUDIT_ADMIN, Role.LAB_MANAGER, Role.ENTERPRISE, Role.REGULATOR)


def register() -> None:
    """Called once when the app is ready."""
    menu.register("admin", _("接口令牌"), "project:tokens", "key", visible=menu.roles(*TOKENS), order=120)
    menu.register("admin", _("审计记录"), "project:audit", "history", visible=menu.roles(*AUDIT), order=130)
