"""Who sees areas and their meters, who has them judged, who orders a check. Everything else is refused."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role

WATCHERS = (Role.ENTERPRISE, Role.REGULATOR)


def visible_to(actor: Actor, *, owner: str = "organisation", region: str = "region_id") -> Q:
    """Rows of the actor's own utilities, and for regulators those of their region."""
    return scope_q(actor, owner=owner, region=region, roles=(Role.ENTERPRISE,))


def may_watch(actor: Actor) -> Decision:
    """People of utilities and regulators open these pages; what is listed there is their own."""
    return Allowed() if actor.has(*WATCHERS) else Denied(_("您没有查看在用表计监测的角色"))


def may_keep_for(actor: Actor, organisation: Any) -> Decision:
    """The utility's own people keep its areas."""
    if actor.acts_for(organisation.path, Role.ENTERPRISE):
        return Allowed()
    return Denied(_("只有台区所属单位的计量员可以维护和申请"))


def may_bring(actor: Actor) -> Decision:
    """Readings are brought by people of utilities; whose, each batch asks again."""
    return Allowed() if actor.has(Role.ENTERPRISE) else Denied(_("只有台区所属单位可以导入读数"))


def may_resend(actor: Actor) -> Decision:
    """Readings that were set aside are brought in anew by the utility they belong to."""
    return Allowed() if actor.has(Role.ENTERPRISE) else Denied(_("只有台区所属单位可以重新入库"))


def may_keep(actor: Actor, subject: Any) -> Decision:
    """The same, of something that belongs to a utility."""
    return may_keep_for(actor, subject.organisation)


def may_order(actor: Actor, subject: Any) -> Decision:
    """The utility, and the regulator of the region, have areas judged and meters checked."""
    if may_keep(actor, subject) or actor.supervises(subject.region_id):
        return Allowed()
    return Denied(_("只有台区所属单位或所在地监管人员可以发起评价和核查"))


def may_decide(actor: Actor, extension: Any) -> Decision:
    """The regulator of the region decides about a lot, never the one who proposed it."""
    if not actor.supervises(extension.region_id):
        return Denied(_("检定周期的延长由所在地监管人员决定"))
    if extension.proposed_by is not None and actor.user_id == extension.proposed_by:
        return Denied(_("提出申请的人不能作决定"))
    return Allowed()


def may_conclude(actor: Actor, check: Any) -> Decision:
    """Only the institute that verified the meter, by the document it issued."""
    institute = check.application.institute if check.application_id else None
    if actor.system or (institute is not None and actor.acts_for(institute.path, *INSTITUTE_ROLES)):
        return Allowed()
    return Denied(_("核查结论由检定机构的文书作出"))
