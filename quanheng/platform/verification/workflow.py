"""Applications and tasks as state machines."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel.workflow import WORKFLOWS, Transition, Workflow
from quanheng.platform.verification import policies

APPLICATION = WORKFLOWS.register(
    "applications",
    Workflow(
        name="applications",
        states={
            "draft": _("草稿"),
            "submitted": _("待受理"),
            "accepted": _("已受理"),
            "returned": _("已退回"),
            "withdrawn": _("已撤回"),
            "completed": _("已办结"),
        },
        initial="draft",
        transitions=(
            Transition("submit", ("draft", "returned"), "submitted", _("提交申请"), policies.may_apply),
            Transition("withdraw", ("draft", "submitted", "returned"), "withdrawn", _("撤回申请"), policies.may_apply),
            Transition("accept", ("submitted",), "accepted", _("受理"), policies.may_receive),
            Transition("return", ("submitted",), "returned", _("退回"), policies.may_receive, reason_required=True),
            Transition("complete", ("accepted",), "completed", _("办结"), policies.may_work),
        ),
    ),
)

TASK = WORKFLOWS.register(
    "tasks",
    Workflow(
        name="tasks",
        states={
            "waiting": _("待安排"),
            "assigned": _("已安排"),
            "working": _("检定中"),
            "checking": _("待核验"),
            "signing": _("待签发"),
            "issued": _("已出证"),
            "cancelled": _("已取消"),
        },
        initial="waiting",
        transitions=(
            Transition("assign", ("waiting", "assigned"), "assigned", _("安排"), policies.may_receive),
            Transition("start", ("assigned",), "working", _("开始检定"), policies.may_verify),
            Transition("submit", ("working",), "checking", _("提交核验"), policies.may_verify),
            Transition("check", ("checking",), "signing", _("核验通过"), policies.may_check),
            Transition(
                "return",
                ("checking", "signing"),
                "working",
                _("退回检定"),
                policies.may_check_or_sign,
                reason_required=True,
            ),
            Transition("issue", ("signing",), "issued", _("签发"), policies.may_sign),
            Transition(
                "cancel",
                ("waiting", "assigned", "working"),
                "cancelled",
                _("取消"),
                policies.may_receive,
                reason_required=True,
            ),
            Transition(
                "lapse",
                ("waiting", "assigned", "working", "checking", "signing"),
                "cancelled",
                _("随器具报废取消"),
                policies.by_itself,
                reason_required=True,
            ),
            Transition(
                "release", ("assigned", "working"), "waiting", _("重新安排"), policies.may_receive, reason_required=True
            ),
        ),
    ),
)
