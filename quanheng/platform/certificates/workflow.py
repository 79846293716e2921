"""A raw record's way: draft, checking, signing, issued; sent back with a reason; voided as a draft."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.platform.certificates import policies
from quanheng.platform.kernel.workflow import WORKFLOWS, Transition, Workflow
from quanheng.platform.verification import policies as verification

RECORD = WORKFLOWS.register(
    "records",
    Workflow(
        name="records",
        states={
            "draft": _("待编辑"),
            "checking": _("待核验"),
            "signing": _("待签发"),
            "issued": _("已签发"),
            "voided": _("已作废"),
        },
        initial="draft",
        transitions=(
            Transition("submit", ("draft",), "checking", _("提交核验"), policies.may_record),
            Transition("check", ("checking",), "signing", _("核验通过"), policies.may_check),
            Transition(
                "return",
                ("checking", "signing"),
                "draft",
                _("退回检定员"),
                policies.may_return,
                reason_required=True,
            ),
            Transition("sign", ("signing",), "issued", _("签发"), policies.may_sign),
            Transition("void", ("draft",), "voided", _("作废记录"), policies.may_void, reason_required=True),
            Transition(
                "lapse",
                ("draft", "checking", "signing"),
                "voided",
                _("随器具报废作废"),
                verification.by_itself,
                reason_required=True,
            ),
        ),
    ),
)


PREPARED = WORKFLOWS.register(
    "prepared",
    Workflow(
        name="prepared",
        states={"checking": _("待核验"), "signing": _("待签发"), "issued": _("已签发"), "voided": _("已作废")},
        initial="checking",
        transitions=(
            Transition("check", ("checking",), "signing", _("核验通过"), policies.may_check),
            Transition("sign", ("signing",), "issued", _("签发"), policies.may_sign),
            Transition(
                "return", ("checking", "signing"), "voided", _("退回"), policies.may_return, reason_required=True
            ),
            Transition("void", ("checking", "signing"), "voided", _("作废"), policies.may_void, reason_required=True),
        ),
    ),
)
