"""From application to task: apply, receive or return, schedule, assign, hand over."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.library.names import names_of
from quanheng.platform.catalog.models import Norm
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.workflow import INSTRUMENT, VERIFIABLE, verifiable
from quanheng.platform.kernel import calendar, clock, events, numbering
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.words import reasons_of
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.parties import queries as rights
from quanheng.platform.parties.models import Duty
from quanheng.platform.verification import policies
from quanheng.platform.verification.models import CLOSED_TASKS, Application, Handover, Task
from quanheng.platform.verification.workflow import APPLICATION, TASK

# Working days an institute has, by way of delivery, where the region's time limits say nothing else.
DEFAULT_LIMITS = {"sent_in": 20, "on_site": 20}


def norms_in_force(instrument: Instrument, on: dt.date) -> list[Norm]:
    """The norms of the instrument's category that are in force that day, the likeliest first.

    That is the one whose longest name stands in the name of the instrument; among equals the one with a procedure,
    then the newest. Where it is another, the desk chooses.
    """
    norms = [
        n
        for n in instrument.category.norms.all()
        if (n.in_force_from is None or n.in_force_from <= on) and (n.in_force_to is None or on <= n.in_force_to)
    ]

    def named(norm: Norm) -> int:
        return max((len(word) for word in names_of(norm.number, norm.instrument) if word in instrument.name), default=0)

    return sorted(
        norms, key=lambda n: (-named(n), not n.procedure_id, -(n.in_force_from or dt.date.min).toordinal(), n.number)
    )


def norm_for(instrument: Instrument, on: dt.date) -> Norm | None:
    """The likeliest norm of the day."""
    return next(iter(norms_in_force(instrument, on)), None)


def norms_for(instruments: Iterable[Instrument], on: dt.date) -> list[Norm]:
    """The likeliest norms of the day for these instruments, each once."""
    return list({n.pk: n for one in instruments if (n := norm_for(one, on)) is not None}.values())


@transaction.atomic
def choose_norm(*, actor: Actor, task: Task, norm: Norm) -> Task:
    """The desk names the norm by which a task is done, before anybody is at work on it."""
    task = Task.objects.select_for_update(of=("self",)).select_related("norm").get(pk=task.pk)
    require(policies.may_choose_norm(actor, task))
    if norm not in norms_in_force(task.instrument, clock.today()):
        raise Refused(_("该规程不适用于此类器具,或今日未在实施"), code="norm", place="norm")
    if not (held := rights.authorised(task.organisation, norm, clock.today())):
        raise Refused(held.reason, code="authorised", place="norm")
    if norm == task.norm:
        return task
    before, task.norm, task.version = task.norm, norm, task.version + 1
    task.save(update_fields=["norm", "version"])
    change = {"before": {"norm": before.number if before else None}, "after": {"norm": norm.number}}
    events.record(actor, "tasks.norm_chosen", task, **change)
    return task


def refusals(instruments: Sequence[Instrument], organisation: Organisation) -> list[str]:
    """Why some of the instruments cannot be applied for, one sentence each."""
    open_tasks = Task.objects.filter(instrument__in=instruments).exclude(state__in=CLOSED_TASKS)
    pending = dict(open_tasks.values_list("instrument_id", "application__number"))
    reasons = []
    for one in instruments:
        if one.organisation_id != organisation.pk and not one.organisation.path.startswith(organisation.path):
            reasons.append(_("%(item)s 不属于申请单位") % {"item": one})
        elif one.state not in VERIFIABLE:
            state = INSTRUMENT.states[one.state]
            reasons.append(_("%(item)s 尚未备案或已停止管理(%(state)s)") % {"item": one, "state": state})
        elif one.quantity > 1:
            reasons.append(_("%(item)s 是批量登记:请先在其页面“从批中单独登记”要检定的,再逐台申请") % {"item": one})
        elif one.pk in pending:
            told = {"item": one, "number": pending[one.pk]}
            reasons.append(_("%(item)s 已有未办结的检定任务(申请 %(number)s)") % told)
    return reasons


def _refuse_past(wanted_on: dt.date | None) -> None:
    if wanted_on is not None and wanted_on < clock.today():
        raise Refused(_("期望日期 %(day)s 已过") % {"day": wanted_on}, code="invalid", place="wanted_on")


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
    _refuse_past(fields.get("wanted_on"))
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


def remaining_tasks(application: Application) -> QuerySet[Task]:
    """The tasks not cancelled, with what choosing their norms needs."""
    tasks = application.tasks.exclude(state="cancelled").select_related("instrument__category")
    return tasks.prefetch_related("instrument__category__norms")


@transaction.atomic
def amend_application(
    *, actor: Actor, application: Application, leave_out: Collection[str] = (), **fields: Any
) -> Application:
    """Change a draft or a returned application before it is handed in (again); tasks left out are cancelled.

    The norm is chosen anew: another may be in force since it was returned.
    """
    application = Application.objects.select_for_update().get(pk=application.pk)
    require(policies.may_amend(actor, application))
    _refuse_past(fields.get("wanted_on"))
    today, remaining = clock.today(), remaining_tasks(application)
    kept = remaining.exclude(pk__in=leave_out)
    if not kept.exists():
        raise Refused(_("请至少保留一台器具,或撤回申请"), code="empty", place="instruments")
    before = {key: getattr(application, key) for key in fields}
    for key, value in fields.items():
        setattr(application, key, value)
    application.version += 1
    application.save(update_fields=[*fields, "version"])
    _cancel(remaining.filter(pk__in=leave_out), actor, _("修改申请时移除"))
    for task in kept:
        task.organisation, task.delivery = application.institute, application.delivery
        task.norm, task.version = norm_for(task.instrument, today), task.version + 1
        task.save(update_fields=["organisation", "delivery", "norm", "version"])
    events.record(actor, "applications.amended", application, before=before, after=fields)
    return application


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
    _cancel(application.tasks.exclude(state__in=CLOSED_TASKS), actor, reason)


def _cancel(tasks: Iterable[Task], actor: Actor, reason: str) -> None:
    for task in tasks:
        task.state, task.closed_at, task.version = "cancelled", clock.now(), task.version + 1
        task.save(update_fields=["state", "closed_at", "version"])
        events.record(actor, "tasks.cancel", task, reason=reason, after={"state": "cancelled"})


def unauthorised(application: Application, on: dt.date) -> list[str]:
    """Items of the application that the institute is not authorised to verify that day."""
    tasks = list(application.tasks.exclude(state="cancelled").select_related("norm", "instrument"))
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


def crowded(application: Application, on: dt.date) -> list[str]:
    """Norms of which the institute has not the room for this application until it would be due."""
    days = calendar.working_days()
    due, _certain = days.add(on, DEFAULT_LIMITS[application.delivery])
    open_days = [day for n in range((due - on).days + 1) if days.is_working(day := on + dt.timedelta(days=n))]
    wanted = Counter(t.norm for t in application.tasks.exclude(state="cancelled").select_related("norm") if t.norm)
    unplanned = Task.objects.filter(organisation=application.institute, state="waiting", application__state="accepted")
    reasons = []
    for norm, count in wanted.items():
        free = sum(rights.capacity_left(application.institute, norm, day) for day in open_days)
        free = max(0, free - unplanned.filter(norm=norm).count())
        if free < count:
            words = {"due": due, "norm": norm.number, "free": free, "n": count}
            reasons.append(_("到办结期限 %(due)s 为止,%(norm)s 还能安排 %(free)s 台,本申请 %(n)s 台") % words)
    return reasons


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
    require(verifiable(task.instrument))
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


def end_with(instrument: Instrument, actor: Actor) -> None:
    """An instrument was scrapped: what is open about it and not yet signed ends with it, and why is kept."""
    # Its owner may cancel nothing at an institute: that follows by itself, and is told under the owner's name.
    by_itself = Actor(actor.user_id, actor.name, system=True, on_behalf_of=actor.on_behalf_of)
    scrapped = events.history(instrument).filter(verb="instruments.scrap").first()
    reason = _("器具已报废:%(reason)s") % {"reason": scrapped.reason if scrapped else ""}
    open_tasks = Task.objects.filter(instrument=instrument).exclude(state__in=CLOSED_TASKS)
    for task in open_tasks.select_related("application", "organisation"):
        apply(TASK, "lapse", task, actor=by_itself, reason=reason, closed_at=clock.now())
        application = task.application
        complete_if_done(application, actor=by_itself)
        if application.state in APPLICATION["withdraw"].sources and not application.tasks.exclude(state="cancelled"):
            apply(APPLICATION, "withdraw", application, actor=by_itself, reason=reason)


def why_cancelled(task: Task) -> str:
    """The reason with which the task ended; empty where it did not end so."""
    if task.state != "cancelled":
        return ""
    last = events.history(task).filter(verb__in=("tasks.cancel", "tasks.lapse")).first()
    return last.reason if last else ""


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


@transaction.atomic
def hand_over_all(*, actor: Actor, tasks: Sequence[Task], **line: str) -> list[Handover]:
    """Note for several at once that they came in or went back; all or none, naming each that stands in the way."""
    made, reasons = [], []
    for task in tasks:
        try:
            made.append(hand_over(actor=actor, task=task, **line))
        except Refused as error:
            reasons += [_("%(why)s(%(item)s)") % {"why": why, "item": task.instrument} for why in reasons_of(error)]
    if reasons:
        raise Refused(*reasons, code="handover")
    return made


def complete_if_done(application: Application, *, actor: Actor) -> None:
    """Close the application when its last task is closed."""
    if application.state == "accepted" and not application.tasks.exclude(state__in=CLOSED_TASKS).exists():
        apply(APPLICATION, "complete", application, actor=actor)
