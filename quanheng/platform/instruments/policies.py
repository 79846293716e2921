"""Who may see and keep instruments."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role

KEEPERS = (Role.ENTERPRISE, Role.LAB_MANAGER)


def may_keep_for(actor: Actor, organisation: Any) -> Decision:
    """The organisation's own people, or those of one above it, keep its ledger."""
    if actor.acts_for(organisation.path, *KEEPERS):
        return Allowed()
    return Denied(_("只有使用单位的计量员可以维护自己的台账"))


def may_keep(actor: Actor, instrument: Any) -> Decision:
    """The owner's own people keep its ledger."""
    return may_keep_for(actor, instrument.organisation)


def may_take_from(actor: Actor, instrument: Any) -> Decision:
    """The owner's own people, out of a lot that is in the ledger for good."""
    if not instrument.serial_to:
        return Denied(_("不是批量登记"))
    if instrument.state in ("draft", "filing", "scrapped"):
        return Denied(_("批量登记备案确认后才能单独登记其中的器具"))
    return may_keep(actor, instrument)


def may_review_filing(actor: Actor, instrument: Any) -> Decision:
    """Regulators of the instrument's region review filings."""
    if actor.supervises(instrument.region_id):
        return Allowed()
    return Denied(_("只有器具所在地的监管人员可以审核备案"))


def may_extend(actor: Actor, instrument: Any) -> Decision:
    """Regulators of the instrument's region decide that it may be used longer before it is verified again."""
    if actor.supervises(instrument.region_id):
        return Allowed()
    return Denied(_("只有器具所在地的监管人员可以延长检定周期"))


def may_record_result(actor: Actor, instrument: Any) -> Decision:
    """Only the institute that signed a document, through the service that issues it."""
    return Allowed() if actor.has(*INSTITUTE_ROLES) else Denied(_("检定结果只能由出具文书的机构登记"))


def may_import_history(actor: Actor, organisation: Any) -> Decision:
    """A bureau's or institute's own manager brings in its past."""
    if organisation.kind not in ("institute", "regulator"):
        return Denied(_("历史检定数据由检定机构或监管部门导入"))
    if actor.has(Role.SYSTEM_ADMIN) or actor.acts_for(organisation.path, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有本机构的管理员可以导入历史检定数据"))


def not_rejected(instrument: Any) -> Decision:
    """A rejected instrument comes back into use only by passing."""
    if instrument.last_verdict == "reject":
        return Denied(_("最近一次检定不合格,重新检定合格后方可启用"))
    return Allowed()
