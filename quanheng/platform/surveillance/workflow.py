"""The way of a check on site."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel.workflow import WORKFLOWS, Transition, Workflow
from quanheng.platform.surveillance import policies

EXTENSION = WORKFLOWS.register(
    "period_extensions",
    Workflow(
        name="period_extensions",
        states={
            "proposed": _("待决定"),
            "granted": pgettext_lazy("extension", "同意延长"),
            "refused": pgettext_lazy("extension", "不同意"),
            "undone": pgettext_lazy("extension", "已撤销"),
            "withdrawn": pgettext_lazy("extension", "已撤回"),
        },
        initial="proposed",
        transitions=(
            Transition("grant", ("proposed",), "granted", _("同意延长"), policies.may_decide, reason_required=True),
            Transition("refuse", ("proposed",), "refused", _("不同意"), policies.may_decide, reason_required=True),
            Transition("undo", ("granted",), "undone", _("撤销延长"), policies.may_decide, reason_required=True),
            Transition("withdraw", ("proposed",), "withdrawn", _("撤回申请"), policies.may_keep, reason_required=True),
        ),
    ),
)

CHECK = WORKFLOWS.register(
    "site_checks",
    Workflow(
        name="site_checks",
        states={
            "open": _("待安排核查"),
            "applied": _("检定中"),
            "confirmed": pgettext_lazy("check", "核查属实"),
            "refuted": pgettext_lazy("check", "核查合格"),
            "replaced": pgettext_lazy("check", "已更换"),
            "cancelled": _("已取消"),
        },
        initial="open",
        transitions=(
            Transition("apply", ("open",), "applied", _("申请检定"), policies.may_keep),
            Transition("reopen", ("applied",), "open", _("重新安排"), policies.may_conclude, reason_required=True),
            Transition("confirm", ("applied",), "confirmed", _("核查属实"), policies.may_conclude),
            Transition("refute", ("applied",), "refuted", _("核查合格"), policies.may_conclude),
            Transition("replace", ("confirmed",), "replaced", _("登记更换"), policies.may_keep),
            Transition("cancel", ("open",), "cancelled", _("取消"), policies.may_order, reason_required=True),
        ),
    ),
)
