"""The law is open to anyone signed in; only system administrators load it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import Role


def may_read(actor: Actor) -> Decision:
    """Whoever is known to us."""
    if actor.system or actor.user_id is not None:
        return Allowed()
    return Denied(_("请先登录"))


def may_load(actor: Actor) -> Decision:
    """System administrators and the command line."""
    if actor.has(Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有系统管理员可以载入法规与数据"))
