"""The life of a measurement standard."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.workflow import WORKFLOWS, Transition, Workflow


def may_decide(actor: Actor, standard: Any) -> Decision:
    """The institute's manager decides on suspension and condemnation."""
    if actor.acts_for(standard.organisation.path, Role.LAB_MANAGER):
        return Allowed()
    return Denied(str(_("只有本机构管理员可以停用、报废或恢复计量标准")))


STANDARD = WORKFLOWS.register(
    "standards",
    Workflow(
        name="standards",
        states={
            "in_use": _("在用"),
            "suspended": pgettext_lazy("state", "暂停"),
            "condemned": pgettext_lazy("state", "停用(不合格)"),
        },
        initial="in_use",
        transitions=(
            Transition("suspend", ("in_use",), "suspended", _("暂停"), may_decide, reason_required=True),
            Transition("resume", ("suspended",), "in_use", _("恢复"), may_decide),
            Transition(
                "condemn", ("in_use", "suspended"), "condemned", _("停用(不合格)"), may_decide, reason_required=True
            ),
            Transition("restore", ("condemned",), "in_use", _("恢复使用"), may_decide, reason_required=True),
        ),
    ),
)
