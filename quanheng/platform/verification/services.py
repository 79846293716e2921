"""From application to task: apply, receive or return, schedule, assign, hand over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import calendar, clock, events, numbering
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.parties import queries as rights
from quanheng.platform.parties.models import Duty
from quanheng.platform.verification import policies
from quanheng.platform.verification.models import Application, Handover, Task
from quanheng.platform.verification.workflow import APPLICATION, TASK

# Working days an institute has, by way of delivery, where the region's time limits say nothing else.
DEFAULT_LIMITS = {"sent_in": 20, "on_site": 20}


def norm_for(instrument: Instrument, on: dt.date) -> Norm | None:
    """The norm of the instrument's category that is in force that day.

    One with a procedure comes first; among several, the one that names this kind of instrument, then the newest.
    """
    norms = [
        n
        for n in instrument.category.norms.all()
        if (n.in_force_from is None or n.in_force_from <= on) and (n.in_force_to is None or on <= n.in_force_to)
    ]
    norms.sort(
        key=lambda n: (
            not n.procedure_id,
            not any(word and word in instrument.name for word in n.instrument.split("、")),
            -(n.in_force_from or dt.date.min).toordinal(),
        )
    )
    return norms[0] if norms else None


def refusals(instruments: Sequence[Instrument], organisation: Organisation) -> list[str]:
    """Why some of the instruments cannot be applied for, one sentence each."""
    pending = set(
        Task.objects.filter(instrument__in=instruments)
        .exclude(state__in=["issued", "cancelled"])
        .values_list("instrument_id", flat=True)
    )
    reasons = []
    for one in instruments:
        if one.organisation_id != organisation.pk and not one.organisation.path.startswith(organisation.path):
            reasons.append(_("%(item)s 不属于申请单位") % {"item": one})
        elif one.state not in {"in_use", "stopped", "awaiting"}:
            state = INSTRUMENT.states[one.state]
            reasons.append(_("%(item)s 尚未备案或已停止管理(%(state)s)") % {"item": one, "state": state})
        elif one.quantity > 1:
            reasons.append(_("%(item)s 是批量登记,不能逐台申请检定") % {"item": one})
        elif one.pk in pending:
            reasons.append(_("%(item)s 已有未办结的检定任务") % {"item": one})
    return reasons


@transaction.atomic
def create_application(
    *,
    actor: Actor,
    organisation: Organisation,
    institute: Organisation,
    instruments: Sequence[Instrument],
    **fields: Any,
) -> Application:
    """Draft an application for one or many instruments; each becomes a task waiting for acceptance."""
    if institute.kind != OrganisationKind.INSTITUTE:
        raise Refused(_("请选择检定机构"), code="institute", place="institute")
    if not instruments:
        raise Refused(_("请至少选择一台器具"), code="empty", place="instruments")
    if found := refusals(instruments, organisation):
        raise Refused(*found, code="not_applicable", place="instruments")
    today = clock.today()
    number = f"SQ{today:%Y%m%d}-{numbering.next_value(f'application-{today:%Y%m%d}'):05d}"
    application = Application(
        number=number,
        organisation=organisation,
        institute=institute,
        region_id=instruments[0].region_id,
        state="draft",
        created_by=actor.user_id,
        **fields,
    )
    require(policies.may_apply(actor, application))
    application.save(force_insert=True)
    tasks = [
        Task(
            application=application,
            instrument=one,
            organisation=institute,
            norm=norm_for(one, today),
            purpose="subsequent" if one.verified_on else "initial",
            delivery=application.delivery,
            state="waiting",
        )
        for one in instruments
    ]
    Task.objects.bulk_create(tasks)
    events.record(actor, "applications.created", application, after={"number": number, "count": len(tasks)})
    return application


@transaction.atomic
def edit_application(
    *, actor: Actor, application: Application, institute: Organisation, kept: Iterable[Instrument], **fields: Any
) -> Application:
    """Mend what was returned or never sent: to whom, how, when, whom to call, and which items to leave out."""
    current = Application.objects.select_for_update().get(pk=application.pk)
    require(policies.may_edit(actor, current))
    if institute.kind != OrganisationKind.INSTITUTE:
        raise Refused(_("请选择检定机构"), code="institute", place="institute")
    tasks = list(current.tasks.exclude(state="cancelled").select_related("instrument"))
    staying = {i.pk for i in kept}
    if not any(t.instrument_id in staying for t in tasks):
        raise Refused(_("请至少选择一台器具"), code="empty", place="instruments")
    left_out = [t for t in tasks if t.instrument_id not in staying]
    Task.objects.filter(pk__in=[t.pk for t in left_out]).delete()  # never accepted, so nothing was done on them
    changes = {"institute": institute, **fields}
    before = {k: getattr(current, k) for k in changes if getattr(current, k) != changes[k]}
    for name in changes:
        setattr(current, name, changes[name])
    current.version += 1
    current.save(update_fields=[*changes, "version"])
    current.tasks.exclude(state="cancelled").update(organisation=institute, delivery=current.delivery)
    after = {k: changes[k] for k in before} | {"count": len(tasks) - len(left_out)}
    if left_out:
        after["left_out"] = [str(t.instrument) for t in left_out]
    events.record(actor, "applications.edited", current, before=before, after=after)
    return current


@transaction.atomic
def submit_application(*, actor: Actor, application: Application) -> Application:
    """Send the application to the institute."""
    return apply(APPLICATION, "submit", application, actor=actor, submitted_at=clock.now())


@transaction.atomic
def withdraw_application(*, actor: Actor, application: Application, reason: str = "") -> Application:
    """Take the application back before it is accepted; its tasks are cancelled."""
    apply(APPLICATION, "withdraw", application, actor=actor, reason=reason)
    _cancel_open(application, actor, reason or _("申请已撤回"))
    return application


def _cancel_open(application: Application, actor: Actor, reason: str) -> None:
    for task in application.tasks.exclude(state__in=["issued", "cancelled"]):
        task.state, task.closed_at, task.version = "cancelled", clock.now(), task.version + 1
        task.save(update_fields=["state", "closed_at", "version"])
        events.record(actor, "tasks.cancel", task, reason=reason, after={"state": "cancelled"})


def unauthorised(application: Application, on: dt.date) -> list[str]:
    """Items of the application that the institute is not authorised to verify that day."""
    tasks = list(application.tasks.select_related("norm", "instrument"))
    norms = {t.norm_id: t.norm for t in tasks if t.norm is not None}
    held = {pk: rights.authorised(application.institute, norm, on) for pk, norm in norms.items()}
    reasons = []
    for task in tasks:
        if task.norm_id is None:
            reasons.append(_("%(item)s 没有现行的检定规程") % {"item": task.instrument})
        elif not held[task.norm_id]:
            reasons.append(_("%(why)s(%(item)s)") % {"why": held[task.norm_id].reason, "item": task.instrument})
    return reasons


@transaction.atomic
def accept_application(*, actor: Actor, application: Application, limit_days: int | None = None) -> Application:
    """Accept: every item must be authorised; the due date counts working days from today."""
    require(policies.may_receive(actor, application))
    today = clock.today()
    if reasons := unauthorised(application, today):
        raise Refused(*reasons, code="not_authorised")
    days = limit_days or DEFAULT_LIMITS[application.delivery]
    due, _certain = calendar.working_days().add(today, days)
    apply(APPLICATION, "accept", application, actor=actor, decided_at=clock.now(), due_on=due)
    application.tasks.exclude(state="cancelled").update(due_on=due)
    return application


@transaction.atomic
def return_application(*, actor: Actor, application: Application, reason: str) -> Application:
    """Return with a reason; the applicant mends and submits again."""
    return apply(APPLICATION, "return", application, actor=actor, reason=reason, decided_at=clock.now())


def load_on(organisation: Organisation, norm: Norm, day: dt.date) -> int:
    """Tasks of a norm already scheduled at the institute that day."""
    return (
        Task.objects.filter(organisation=organisation, norm=norm, scheduled_on=day).exclude(state="cancelled").count()
    )


def off_day(day: dt.date) -> str:
    """A warning where the institute does not work that day; empty on a working day. It warns, for some do."""
    days = calendar.working_days()
    if days.is_working(day):
        return ""
    kind = _("法定节假日") if day in days.holidays else _("周末")
    return _("%(day)s 是%(kind)s,请确认当日有人检定") % {"day": day, "kind": kind}


def _check_assignment(task: Task, verifier: User, day: dt.date) -> None:
    if task.application.state != "accepted":
        raise Refused(_("申请尚未受理,不能安排"), code="not_accepted")
    if task.norm is None:
        raise Refused(_("没有现行的检定规程"), code="no_norm")
    accepted = task.application.decided_at
    if accepted is not None and day < clock.civil_date(accepted):
        raise Refused(
            _("不能安排在受理日 %(day)s 之前") % {"day": clock.civil_date(accepted)},
            code="before_acceptance",
            place="scheduled_on",
        )
    require(rights.licence_for(verifier, task.organisation, Duty.VERIFY, task.norm, day))
    require(rights.authorised(task.organisation, task.norm, day))
    if task.scheduled_on != day and not rights.capacity_left(task.organisation, task.norm, day):
        full = load_on(task.organisation, task.norm, day)
        raise Refused(
            _("%(day)s 的能力(%(n)s 台)已排满") % {"day": day, "n": full}, code="capacity", place="scheduled_on"
        )


@transaction.atomic
def assign(*, actor: Actor, tasks: Iterable[Task], verifier: User, on: dt.date) -> list[Task]:
    """Give tasks to a licensed verifier for a day within the institute's capacity; all or none."""
    done = []
    for task in tasks:
        _check_assignment(task, verifier, on)
        done.append(apply(TASK, "assign", task, actor=actor, verifier=verifier, scheduled_on=on))
    return done


@transaction.atomic
def release(*, actor: Actor, task: Task, reason: str) -> Task:
    """Take a task back for another arrangement: the verifier left, or lost the licence."""
    return apply(TASK, "release", task, actor=actor, reason=reason, verifier=None, scheduled_on=None)


@transaction.atomic
def cancel_task(*, actor: Actor, task: Task, reason: str) -> Task:
    """Cancel one task of an accepted application."""
    apply(TASK, "cancel", task, actor=actor, reason=reason, closed_at=clock.now())
    complete_if_done(task.application, actor=actor)
    return task


@transaction.atomic
def hand_over(*, actor: Actor, task: Task, direction: str, counterpart: str = "", condition: str = "") -> Handover:
    """Note that the instrument came in or went back."""
    require(policies.may_work(actor, task))
    if direction not in {"in", "out"}:
        raise Refused(_("交接方向只能是收样或发还"), code="direction", place="direction")
    last = task.handovers.order_by("-id").first()
    if (last.direction if last else "out") == direction:
        raise Refused(_("该器具已收样") if direction == "in" else _("该器具未在本机构"), code="handover")
    made = Handover.objects.create(
        task=task, direction=direction, by_name=actor.name, counterpart=counterpart, condition=condition
    )
    events.record(actor, "tasks.handed_over", task, after={"direction": direction, "condition": condition})
    return made


def complete_if_done(application: Application, *, actor: Actor) -> None:
    """Close the application when its last task is closed."""
    if application.state == "accepted" and not application.tasks.exclude(state__in=["issued", "cancelled"]).exists():
        apply(APPLICATION, "complete", application, actor=actor)
