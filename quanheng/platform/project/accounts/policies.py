"""Who may look after organisations, people and roles."""

from __future__ import annotations

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role

_BY_KIND: dict[str, frozenset[str]] = {
    OrganisationKind.ENTERPRISE: frozenset({Role.ENTERPRISE}),
    OrganisationKind.INSTITUTE: frozenset(INSTITUTE_ROLES),
    OrganisationKind.REGULATOR: frozenset({Role.REGULATOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
    OrganisationKind.OTHER: frozenset({Role.ENTERPRISE, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
}
ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.LAB_MANAGER)


def may_open_administration(actor: Actor) -> Decision:
    """Administrators of the system and of an institute."""
    return Allowed() if actor.has(*ADMINISTRATORS) else Denied(_("只有管理员可以维护机构和人员"))


def may_manage_person(actor: Actor, user: User) -> Decision:
    """The administrator of the person's organisation; nobody changes their own roles."""
    if user.pk == actor.user_id:
        return Denied(_("不能修改自己的角色和状态,请由另一位管理员办理"))
    if user.is_superuser and not actor.has(Role.SYSTEM_ADMIN):
        return Denied(_("只有系统管理员可以维护该账户"))
    if not may_administer(actor, user.organisation):
        return Denied(_("该人员不在您管理的机构内"))
    above = {g.role for g in user.grants.all()} - INSTITUTE_ROLES - {Role.ENTERPRISE}
    if above and not actor.has(Role.SYSTEM_ADMIN):
        return Denied(_("该人员持有更高的角色,只有系统管理员可以维护"))
    return Allowed()


def grantable(actor: Actor, organisation: Organisation) -> list[str]:
    """Roles the actor may give there: what fits the kind of organisation; managers only those of an institute."""
    if not may_administer(actor, organisation):
        return []
    fitting = _BY_KIND.get(organisation.kind, frozenset())
    if not actor.has(Role.SYSTEM_ADMIN):
        fitting &= INSTITUTE_ROLES
    return [role for role in Role.values if role in fitting]
