"""Who may enter, confirm and withdraw what an institute is authorised for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Allowed, Decision, Denied


def may_confirm(actor: Actor, organisation: Organisation) -> Decision:
    """Regulators of the institute's region, or of one above it: it is they who authorise."""
    if actor.supervises(organisation.region_id):
        return Allowed()
    return Denied(_("只有机构所在地或其上级的监管人员可以确认授权项目"))


def may_enter(actor: Actor, organisation: Organisation) -> Decision:
    """Who manages the institute (it then waits for confirmation), or who may confirm it."""
    return Allowed() if may_confirm(actor, organisation) else may_administer(actor, organisation)
