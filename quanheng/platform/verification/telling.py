"""What the applicant is told of: accepted, returned, cancelled, done."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.instruments.telling import tell_keepers
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.verification.models import Application, Task

WORDS = {
    "accepted": _("申请 %(number)s 已受理,办结期限 %(due)s"),
    "returned": _("申请 %(number)s 被退回:%(reason)s"),
    "completed": _("申请 %(number)s 已办结,%(n)s 台已出具文书"),
}
CANCELLED = _("%(item)s 的检定任务已被检定机构取消:%(reason)s")


def application_moved(application: Application, actor: Actor) -> None:
    """The institute accepted or returned it, or the last of its tasks is closed."""
    values: dict[str, Any] = {"number": application.number, "due": application.due_on, "reason": _reason(application)}
    if application.state == "completed":
        values["n"] = application.tasks.filter(state="issued").count()
    tell_keepers(
        application.organisation,
        WORDS[application.state],
        values,
        kind="application",
        key=f"{application.pk}-{application.version}",
        url=reverse("verification:application", args=[application.pk]),
        by=actor,
    )


def task_cancelled(task: Task, actor: Actor) -> None:
    """The institute will not verify this one."""
    tell_keepers(
        task.application.organisation,
        CANCELLED,
        {"item": task.instrument, "reason": _reason(task)},
        kind="application",
        key=f"task-{task.pk}-{task.version}",
        url=reverse("verification:task", args=[task.pk]),
        by=actor,
    )


def _reason(subject: Any) -> str:
    last = events.history(subject).first()
    return last.reason if last else ""
