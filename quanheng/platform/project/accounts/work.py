"""What waits for who looks after people: links to hand over, newcomers to confirm face to face, locks to end."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.project.accounts import policies, queries

FIRST = 5


def _group(step: str, label: str, people: QuerySet[User], action: str) -> WorkGroup:
    rows = queries.waiting(people, step)
    items = [
        WorkItem(p.name, str(p.organisation or ""), reverse("project:person", args=[p.pk]), action=action)
        for p in rows[:FIRST]
    ]
    return WorkGroup(f"people.{step}", label, rows.count(), 0, f"{reverse('project:people')}?step={step}", items)


def administrators(actor: Actor) -> Sequence[WorkGroup]:
    """Security administrators hand links over; those who manage people confirm who used them; both end locks."""
    if actor.user_id is None:
        return []
    others = queries.persons(actor).exclude(pk=actor.user_id)
    found = []
    if actor.has(Role.SECURITY_ADMIN):
        found.append(_group("link", _("待发放密码链接的人员"), others, _("发放链接")))
    if actor.has(Role.SYSTEM_ADMIN, Role.LAB_MANAGER):
        found.append(_group("confirm", _("待当面确认的人员"), others, _("当面确认")))
    if policies.may_open_administration(actor):
        found.append(_group("locked", _("登录被锁定的人员"), others, _("解除锁定")))
    return found
