"""What this app hands to the apps below it and to the shell: work, menu, task button, public check, hooks."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from quanheng.platform.certificates import foreign, public, telling, work
from quanheng.platform.certificates.intake import kind as intake
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.documents.workflow import DOCUMENT
from quanheng.platform.instruments.workflow import verifiable
from quanheng.platform.kernel import workflow
from quanheng.platform.kernel.actors import Actor, system
from quanheng.platform.kernel.policies import first_denial
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.kernel.work import WORK
from quanheng.platform.verification import services
from quanheng.platform.verification.models import Task
from quanheng.platform.verification.task_views import TASK_ACTIONS
from quanheng.platform.verification.workflow import TASK
from quanheng.platform.web import menu
from quanheng.platform.web.components import Action


def task_action(task: Task, actor: Actor) -> Action | None:
    """The button on a task: start, continue, look."""
    address = reverse("certificates:open", args=[task.pk])
    if task.state == "assigned":
        may = first_denial(TASK.may("start", task, actor), verifiable(task.instrument))
        return Action.guarded(may, _("开始检定"), address, icon="writing", method="post")
    if task.state == "working":
        return Action.guarded(TASK.may("submit", task, actor), _("继续检定"), address, icon="writing", method="post")
    if task.state in ("checking", "signing", "issued") and actor.acts_for(task.organisation.path, *INSTITUTE_ROLES):
        return Action(_("查看原始记录"), address, "table")
    return None


def drop_draft(task: Task, actor: Actor) -> None:
    """A task that was taken back or cancelled leaves no draft behind; what was typed stays in the voided record."""
    for record in Record.objects.filter(task=task, state="draft"):
        reason = f"task {task.state} by {actor.name}"
        workflow.apply(RECORD, "void", record, actor=system("records"), reason=reason)


def drop_unsigned(task: Task, actor: Actor) -> None:
    """A task that ended with its instrument leaves nothing to check or to sign."""
    reason = services.why_cancelled(task)
    for record in Record.objects.filter(task=task, state__in=("draft", "checking", "signing")):
        workflow.apply(RECORD, "lapse", record, actor=actor, reason=reason)


def register() -> None:
    """Called once when the app is ready."""
    public.register()
    intake.register()
    foreign.register()
    WORK.register("certificates", work.waiting)
    TASK_ACTIONS.register("certificates", task_action)
    TASK.after("release", drop_draft)
    TASK.after("cancel", drop_draft)
    TASK.after("lapse", drop_unsigned)
    RECORD.after("sign", telling.signed)
    for step in ("revoke", "replace"):
        DOCUMENT.after(step, telling.withdrawn)
    inside = menu.roles(*INSTITUTE_ROLES, Role.REGULATOR)
    everyone = menu.roles(*INSTITUTE_ROLES, Role.REGULATOR, Role.ENTERPRISE)
    menu.register(
        "business", gettext_lazy("原始记录"), "certificates:records", "table", visible=inside, letter="y", order=40
    )
    menu.register(
        "business",
        pgettext_lazy("list", "证书"),
        "certificates:list",
        "certificate",
        visible=everyone,
        letter="c",
        order=50,
    )
