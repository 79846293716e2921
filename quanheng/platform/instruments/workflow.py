"""The life of an instrument: entered, filed, in use, stopped, under repair, scrapped."""

from __future__ import annotations

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from quanheng.platform.instruments import policies
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.workflow import WORKFLOWS, Stateful, Transition, Workflow

STATES = {
    "draft": _("草稿"),
    "filing": _("待备案"),
    "in_use": _("在用"),
    "stopped": pgettext_lazy("state", "报停"),
    "repair": _("维修"),
    "awaiting": _("修后待检"),
    "scrapped": pgettext_lazy("state", "报废"),
}

VERIFIABLE = frozenset({"in_use", "stopped", "awaiting"})

INSTRUMENT = WORKFLOWS.register(
    "instruments",
    Workflow(
        name="instruments",
        states=STATES,
        initial="draft",
        transitions=(
            Transition("file", ("draft",), "filing", _("提交备案"), policies.may_keep),
            Transition("confirm_filing", ("filing",), "in_use", _("确认备案"), policies.may_review_filing),
            Transition(
                "return_filing", ("filing",), "draft", _("退回备案"), policies.may_review_filing, reason_required=True
            ),
            Transition("withdraw_filing", ("filing",), "draft", _("撤回备案"), policies.may_keep),
            Transition("stop", ("in_use",), "stopped", _("报停"), policies.may_keep, reason_required=True),
            Transition(
                "restart",
                ("stopped",),
                "in_use",
                pgettext_lazy("button", "启用"),
                policies.may_keep,
                (policies.not_rejected,),
            ),
            Transition(
                "send_to_repair",
                ("in_use", "stopped", "awaiting"),
                "repair",
                _("送修"),
                policies.may_keep,
                reason_required=True,
            ),
            Transition("return_from_repair", ("repair",), "awaiting", _("修理完毕"), policies.may_keep),
            Transition("move", ("in_use",), "in_use", _("迁移"), policies.may_keep, reason_required=True),
            Transition(
                "relocate", ("in_use", "stopped"), "filing", _("跨区迁移"), policies.may_keep, reason_required=True
            ),
            Transition(
                "stop_on_rejection",
                ("in_use", "awaiting"),
                "stopped",
                _("不合格停用"),
                policies.may_record_result,
                reason_required=True,
            ),
            Transition(
                "resume_on_pass", ("stopped", "awaiting"), "in_use", _("合格恢复使用"), policies.may_record_result
            ),
            Transition(
                "scrap",
                ("draft", "in_use", "stopped", "repair", "awaiting"),
                "scrapped",
                _("报废"),
                policies.may_keep,
                reason_required=True,
            ),
        ),
    ),
)


def verifiable(item: Stateful) -> Decision:
    """Whether the instrument can be verified as it stands: filed, not under repair, not scrapped."""
    if item.state in VERIFIABLE:
        return Allowed()
    return Denied(gettext("器具当前状态不能检定(%(state)s)") % {"state": STATES[item.state]})
