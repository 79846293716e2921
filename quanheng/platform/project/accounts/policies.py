"""Who may look after organisations, people and roles; and who may give somebody a new way to sign in.

Whoever can renew both the password and the second factor of a signatory can sign as them, and whoever holds the links
of verifier and checker is two of the three people. So for people who verify, check, sign or administer that is the
security administrator's, never the work of one who manages, entered or invited the person.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent, Organisation, OrganisationKind, User
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, first_denial
from quanheng.platform.kernel.roles import GUARDED_ROLES, INSTITUTE_ROLES, Role
from quanheng.platform.web.second_factor import is_set_up

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


def may_add_people(actor: Actor) -> Decision:
    """Those who manage some organisation; the security administrator guards ways in and enters nobody."""
    if actor.has(Role.SYSTEM_ADMIN, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有系统管理员或机构管理员可以新增机构和人员"))


def holds_power(user: User) -> bool:
    """Whether the person verifies, checks, signs or administers, or once did: a role taken away changes nothing."""
    return user.is_superuser or any(g.role in GUARDED_ROLES for g in user.grants.all())


def acted_on(actor: Actor, user: User, *verbs: str) -> bool:
    """Whether the actor did one of these to the person before; the audit trail knows."""
    mine = AuditEvent.objects.filter(subject_type=User._meta.label_lower, subject_id=str(user.pk))
    return actor.user_id is not None and mine.filter(verb__in=verbs, actor_id=actor.user_id).exists()


def link_was_handed_over(user: User) -> bool:
    """Whether the last link went through a person's hands; one from the machine's console did not."""
    mine = AuditEvent.objects.filter(subject_type=User._meta.label_lower, subject_id=str(user.pk))
    last = mine.filter(verb="kernel.person_invited").order_by("pk").last()
    return last is not None and last.actor_id is not None


def _guards_ways_in(actor: Actor, user: User) -> Decision:
    """A security administrator who neither manages the person nor entered them; the system itself, at the console."""
    if actor.system:
        return Allowed()
    if not actor.has(Role.SECURITY_ADMIN):
        return Denied(
            _(
                "该人员检定、核验、签发或管理系统:其密码和第二因子只能由安全管理员重置,管理或邀请该人员的人不能办理,否则一人即可冒名签字"
            )
        )
    place = user.organisation
    manages = actor.has(Role.SYSTEM_ADMIN) or (place is not None and actor.acts_for(place.path, Role.LAB_MANAGER))
    if manages or acted_on(actor, user, "kernel.person_added"):
        return Denied(_("您同时管理该人员或由您新增,须由另一位安全管理员办理,否则一人即可冒名签字"))
    return Allowed()


def may_send_link(actor: Actor, user: User) -> Decision:
    """A new password link: not for oneself, not by who took the second factor away, not by a signatory's manager."""
    if user.pk == actor.user_id:
        return Denied(_("不能为自己生成设置密码的链接,请在“我的账户”中修改密码"))
    if not holds_power(user):
        return may_manage_person(actor, user)
    if acted_on(actor, user, "kernel.second_factor_reset") and not is_set_up(user):
        return Denied(_("您重置过该人员的第二因子,本人尚未重新设置:密码须由另一位安全管理员重置,否则一人即可冒名签字"))
    return _guards_ways_in(actor, user)


def may_reset_second_factor(actor: Actor, user: User) -> Decision:
    """Taking a lost second factor away: never one's own, never by who made a password link for the person."""
    if user.pk == actor.user_id:
        return Denied(_("不能重置自己的第二因子:请在“我的账户”中用现有的第二因子更换;已丢失的,由另一位安全管理员办理"))
    if not holds_power(user):
        return may_manage_person(actor, user)
    invited = Denied(_("您为该人员生成过设置密码的链接:第二因子须由另一位安全管理员重置,否则一人即可冒名签字"))
    return first_denial(
        _guards_ways_in(actor, user), invited if acted_on(actor, user, "kernel.person_invited") else Allowed()
    )


def may_release_lock(actor: Actor, user: User) -> Decision:
    """Ending a lock gives nobody a new way in: who manages the person, or who guards ways in."""
    if user.pk != actor.user_id and actor.has(Role.SECURITY_ADMIN):
        return Allowed()
    return may_manage_person(actor, user)


def may_confirm_keys(actor: Actor, user: User) -> Decision:
    """Saying that the keys are in the right hands: who manages the person, never who handed the link over."""
    if user.pk != actor.user_id and not user.awaiting_confirmation:
        return Denied(_("该账户没有待确认的密码"))
    if acted_on(actor, user, "kernel.person_invited"):
        return Denied(_("设置密码的链接由您发放:须由另一位管理员当面确认,否则一人即可冒名签字"))
    return may_manage_person(actor, user)


def grantable(actor: Actor, organisation: Organisation) -> list[str]:
    """Roles the actor may give there: what fits the kind of organisation; managers only those of an institute."""
    if not may_administer(actor, organisation):
        return []
    fitting = _BY_KIND.get(organisation.kind, frozenset())
    if not actor.has(Role.SYSTEM_ADMIN):
        fitting &= INSTITUTE_ROLES
    return [role for role in Role.values if role in fitting]
