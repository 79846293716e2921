"""What waits for applicants, receptionists and verifiers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.policies import may_keep
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.verification import queries, services
from quanheng.platform.verification.models import CLOSED_TASKS, Application, Task
from quanheng.platform.verification.workflow import APPLICATION, TASK

FIRST = 5


def _applications(rows: QuerySet[Application], key: str, label: str, state: str, action: str) -> WorkGroup:
    items = [
        WorkItem(
            title=a.number,
            detail=f"{a.organisation} → {a.institute}",
            url=reverse("verification:application", args=[a.pk]),
            due=a.due_on,
            action=action,
        )
        for a in rows.order_by("submitted_at")[:FIRST]
    ]
    return WorkGroup(key, label, rows.count(), 0, f"{reverse('verification:applications')}?state={state}", items)


def _tasks(rows: QuerySet[Task], key: str, label: str, state: str, action: str) -> WorkGroup:
    items = [
        WorkItem(
            title=f"{t.instrument.name} {t.instrument.serial_number}",
            detail=str(t.instrument.organisation),
            url=reverse("verification:task", args=[t.pk]),
            due=t.due_on,
            action=action,
        )
        for t in rows.order_by("due_on", "scheduled_on")[:FIRST]
    ]
    late = rows.filter(due_on__lt=clock.today()).count()
    return WorkGroup(key, label, rows.count(), late, f"{reverse('verification:tasks')}?state={state}", items)


def waiting(actor: Actor) -> Sequence[WorkGroup]:
    """Groups by role; the queue leaves out the empty ones."""
    groups: list[WorkGroup] = []
    if actor.has(Role.ENTERPRISE):
        mine = queries.applications(actor)
        returned, drafts = mine.filter(state="returned"), mine.filter(state="draft")
        groups.append(_applications(returned, "applications.returned", _("被退回的申请"), "returned", _("修改后重报")))
        groups.append(_applications(drafts, "applications.draft", _("未提交的申请"), "draft", _("提交申请")))
    if actor.has(Role.RECEPTIONIST, Role.LAB_MANAGER):
        received = queries.applications(actor).filter(state="submitted")
        groups.append(_applications(received, "applications.submitted", _("待受理的申请"), "submitted", _("受理")))
        unassigned = queries.tasks(actor).filter(state="waiting", application__state="accepted")
        groups.append(_tasks(unassigned, "tasks.waiting", _("待安排的任务"), "waiting", _("安排")))
    if actor.has(Role.VERIFIER):
        own = queries.tasks(actor).filter(verifier_id=actor.person)
        groups.append(
            _tasks(own.filter(state="assigned"), "tasks.assigned", _("待开始的检定"), "assigned", _("开始检定"))
        )
        groups.append(_tasks(own.filter(state="working"), "tasks.working", _("检定中"), "working", _("继续")))
    return groups


def may_start(actor: Actor) -> bool:
    """Whether the person is offered to apply for verification at all."""
    return actor.has(Role.ENTERPRISE, Role.LAB_MANAGER)


def may_start_for(actor: Actor, instrument: Instrument) -> Decision:
    """Whether this instrument can be applied for now, else why not."""
    allowed = may_keep(actor, instrument)
    if not allowed:
        return allowed
    if reasons := services.refusals([instrument], instrument.organisation):
        return Denied(reasons[0])
    return Allowed()


def being_verified() -> Q:
    """Instruments with an application or a task that is not closed: nothing more to apply for."""
    return Q(pk__in=Task.objects.exclude(state__in=CLOSED_TASKS).values("instrument_id"))


def underway(instrument: Instrument) -> list[str]:
    """What the owner is told before a step that a verification under way would meet."""
    rows = Task.objects.filter(instrument=instrument).exclude(state__in=CLOSED_TASKS).select_related("application")
    return [
        _("该器具有未办结的检定:申请 %(number)s(%(state)s)") % {"number": t.application.number, "state": _stage(t)}
        for t in rows
    ]


def _stage(task: Task) -> str:
    accepted = task.application.state == "accepted"
    return str(TASK.states[task.state] if accepted else APPLICATION.states[task.application.state])


def with_tasks(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Of these instruments, those that were ever applied for."""
    return set(Task.objects.filter(instrument_id__in=list(ids)).values_list("instrument_id", flat=True))
