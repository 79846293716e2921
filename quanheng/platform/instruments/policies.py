"""Who may see and keep instruments."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import Role


def may_keep(actor: Actor, instrument: Any) -> Decision:
    """The owner's own people keep its ledger."""
    if actor.acts_for(instrument.organisation.path, Role.ENTERPRISE, Role.LAB_MANAGER):
        return Allowed()
    return Denied(_("只有使用单位的计量员可以维护自己的台账"))


def may_review_filing(actor: Actor, instrument: Any) -> Decision:
    """Regulators of the instrument's region review filings."""
    if actor.supervises(instrument.region_id):
        return Allowed()
    return Denied(_("只有器具所在地的监管人员可以审核备案"))
