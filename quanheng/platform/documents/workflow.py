"""The life of a document after issue: it stands, or was replaced, or was revoked. Bytes never change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.platform.documents import policies
from quanheng.platform.kernel.workflow import WORKFLOWS, Transition, Workflow

STATES = {"issued": _("已签发"), "replaced": _("已被替换"), "revoked": _("已撤销")}

DOCUMENT = WORKFLOWS.register(
    "documents",
    Workflow(
        name="documents",
        states=STATES,
        initial="issued",
        transitions=(
            Transition("replace", ("issued",), "replaced", _("替换"), policies.may_withdraw, reason_required=True),
            Transition("revoke", ("issued",), "revoked", _("撤销"), policies.may_withdraw, reason_required=True),
        ),
    ),
)
