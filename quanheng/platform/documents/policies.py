"""Who may issue, withdraw and read documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role

if TYPE_CHECKING:
    from quanheng.platform.kernel.models import Organisation


def may_issue(actor: Actor, organisation: Organisation) -> Decision:
    """Signatories of the issuing institute."""
    if actor.acts_for(organisation.path, Role.SIGNATORY):
        return Allowed()
    return Denied(_("只有本机构的授权签字人可以签发"))


def may_withdraw(actor: Actor, document: Any) -> Decision:
    """Signatories of the institute that issued it; nothing imported or foreign is ours to withdraw."""
    if document.origin != "issued":
        return Denied(_("只能替换或撤销本系统签发的文书"))
    return may_issue(actor, document.organisation)


def may_import(actor: Actor, organisation: Organisation) -> Decision:
    """A bureau's own manager brings in its history."""
    if actor.acts_for(organisation.path, Role.LAB_MANAGER) or actor.has(Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有机构管理员可以导入历史证书"))


def visible_to(actor: Actor) -> Q:
    """The institute that issued, the one it was issued to, and the regulators of the place."""
    issuer = scope_q(actor, owner="organisation", roles=tuple(INSTITUTE_ROLES))
    receiver = scope_q(actor, owner="owner", region="region_id", roles=(Role.ENTERPRISE, Role.LAB_MANAGER))
    return issuer | receiver
