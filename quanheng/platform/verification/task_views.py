"""Pages of the institute's work: tasks, assignment, schedule, hand-over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, IntegerField, QuerySet, When
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quanheng.platform.instruments.workflow import verifiable
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, first_denial
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.verification import forms, policies, queries, services, tables
from quanheng.platform.verification.models import Task
from quanheng.platform.verification.workflow import TASK
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header
from quanheng.platform.web.http import asked_day
from quanheng.platform.web.pages import Batch, FormPage, ListPage, Page

# Upper apps add what can be done next with a task: a function (task, actor) → Action or None.
CLOSED_LAST = Case(When(state__in=queries.OPEN_TASKS, then=0), default=1, output_field=IntegerField())
RECEIVED = ("accepted", "completed")  # before that there is an application, and no work yet
TASK_ACTIONS: Registry[Any] = Registry("task actions")


def _institute_people(actor: Any) -> Decision:
    return (
        Allowed() if actor.has(*INSTITUTE_ROLES, Role.REGULATOR, Role.ENTERPRISE) else Denied(_("您没有检定业务的角色"))
    )


class TaskList(ListPage):
    """Tasks of the institute; the receptionist assigns them in batch."""

    table_class = tables.TaskTable
    filterset_class = tables.TaskFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("没有检定任务"), _("受理申请后,每台器具成为一项任务,在这里安排检定员和日期。"))

    def allowed(self, actor: Any) -> Decision:
        return _institute_people(actor)

    def header(self) -> Header:
        calendar = [Action(_("排期日历"), reverse("verification:schedule"), "calendar")]
        return Header(_("检定任务"), menu=calendar if self.actor.has(*INSTITUTE_ROLES) else [])

    def get_queryset(self) -> QuerySet[Task]:
        return queries.tasks(self.actor).filter(application__state__in=RECEIVED).order_by(CLOSED_LAST, "due_on", "pk")

    def chips(self) -> Sequence[Chip]:
        counts = queries.counts(self.get_queryset())
        mine = self.get_queryset().filter(verifier_id=self.actor.person).count()
        chips = [Chip(_("全部"), {}, sum(counts.values()))]
        chips += [Chip(label, {"state": s}, counts.get(s, 0)) for s, label in TASK.states.items()]
        return [*chips, Chip(_("我的"), {"q": self.actor.name}, mine)] if self.actor.has(Role.VERIFIER) else chips

    def batches(self) -> Sequence[Batch]:
        desk = self.actor.has(Role.RECEPTIONIST, Role.LAB_MANAGER)
        inside = [Batch("handover", _("样品交接"), "arrow-right")] if self.actor.has(*INSTITUTE_ROLES) else []
        return [*([Batch("assign", _("安排"), "user")] if desk else []), *inside]

    def batch_assign(self, rows: QuerySet[Task]) -> Any:
        """Ask for whom and when."""
        return redirect(f"{reverse('verification:assign')}?{_ids(rows)}")

    def batch_handover(self, rows: QuerySet[Task]) -> Any:
        """Ask which way, with whom and in which condition; what is here already goes back."""
        back = rows.alias(lines=Count("handovers")).filter(lines=1).exists()
        return redirect(f"{reverse('verification:handovers')}?direction={'out' if back else 'in'}&{_ids(rows)}")


def _ids(rows: QuerySet[Task]) -> str:
    return urlencode([("t", str(pk)) for pk in rows.values_list("pk", flat=True)[:200]])


class ChosenTasks(FormPage):
    """A form about the tasks ticked in the list."""

    template_name = "verification/assign.html"

    def context(self) -> dict[str, Any]:
        return {"tasks": self.tasks}

    @property
    def tasks(self) -> list[Task]:
        ids = self.request.POST.getlist("t") or self.request.GET.getlist("t")
        try:
            found = list(queries.tasks(self.actor).filter(pk__in=ids[:200]))
        except ValidationError as error:
            raise Http404 from error
        if not found:
            raise Http404
        return found


class Assign(ChosenTasks):
    """Give the chosen tasks to one verifier for one day."""

    form_class = forms.AssignForm
    submit = gettext_lazy("安排")

    def allowed(self, actor: Any) -> Decision:
        return Allowed() if actor.has(Role.RECEPTIONIST, Role.LAB_MANAGER) else Denied(_("只有受理员可以安排任务"))

    def header(self) -> Header:
        return Header(_("安排任务"), crumbs=[(_("检定任务"), reverse("verification:tasks"))])

    def context(self) -> dict[str, Any]:
        return {"tasks": self.tasks, "warning": services.off_day(self.initial()["on"])}

    def form_kwargs(self) -> dict[str, Any]:
        tasks = self.tasks
        norms = {t.norm_id: t.norm for t in tasks if t.norm is not None}
        return {"verifiers": queries.verifiers_for(tasks[0].organisation, list(norms.values()), clock.today())}

    def initial(self) -> Mapping[str, Any]:
        """The day that all of them wish, else today."""
        wished = {t.application.wanted_on for t in self.tasks}
        only = wished.pop() if len(wished) == 1 else None
        return {"on": max(only or clock.today(), clock.today())}

    def done(self, form: Any) -> str:
        done = services.assign(actor=self.actor, tasks=self.tasks, **form.cleaned_data)
        messages.success(self.request, _("已安排 %(n)s 项任务") % {"n": len(done)})
        if warning := services.off_day(form.cleaned_data["on"]):
            messages.warning(self.request, warning)
        return reverse("verification:tasks")


class OneTask(Page):
    """A page about one task that the viewer sees."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.task = get_object_or_404(queries.tasks(self.actor), pk=kwargs["pk"])

    @property
    def here(self) -> str:
        """The address of the task."""
        return reverse("verification:task", args=[self.task.pk])


class TaskPage(OneTask):
    """One task: the instrument, the norm, who, when, the hand-over log, and the next step."""

    template_name = "verification/task.html"

    def header(self) -> Header:
        t = self.task
        offered = [action for make in TASK_ACTIONS.values() if (action := make(t, self.actor)) is not None]
        if t.state in {"waiting", "assigned"}:
            decision = first_denial(TASK.may("assign", t, self.actor), verifiable(t.instrument))
            offered.append(Action.guarded(decision, _("安排"), f"{reverse('verification:assign')}?t={t.pk}"))
        if t.state == "waiting":
            there = reverse("verification:task-norm", args=[t.pk])
            offered.append(Action.guarded(policies.may_choose_norm(self.actor, t), _("改检定规程"), there))
        if t.state in {"assigned", "working"}:
            step = reverse("verification:task-step", args=[t.pk])
            offered.append(Action.guarded(TASK.may("release", t, self.actor), _("重新安排"), f"{step}?step=release"))
        if t.state in {"waiting", "assigned", "working"}:
            step = reverse("verification:task-step", args=[t.pk])
            offered.append(Action.guarded(TASK.may("cancel", t, self.actor), _("取消"), f"{step}?step=cancel"))
        usable = [a for a in offered if not a.denied]
        return Header(
            str(t.instrument),
            lead=str(t.instrument.organisation),
            status=tables.task_status(t),
            crumbs=[(_("检定任务"), reverse("verification:tasks"))],
            primary=usable[0] if usable else (offered[0] if offered else None),
            menu=usable[1:],
        )

    def context(self) -> dict[str, Any]:
        t = self.task
        may_hand = policies.may_work(self.actor, t)
        facts = [
            Definition(
                _("申请编号"), t.application.number, url=reverse("verification:application", args=[t.application_id])
            ),
            Definition(_("器具"), t.instrument, url=reverse("instruments:instrument", args=[t.instrument_id])),
            Definition(_("检定规程"), t.norm or "—"),
            Definition(_("检定类别"), t.get_purpose_display()),
            Definition(_("检定员"), t.verifier or "—"),
            Definition(_("安排日期"), t.scheduled_on or "—"),
            Definition(_("办结期限"), t.due_on or "—"),
            Definition(_("测量范围"), t.instrument.measuring_range or "—"),
            Definition(_("准确度等级"), t.instrument.accuracy_class or "—"),
            Definition(_("安装/使用地点"), t.instrument.location or "—"),
        ]
        lines = list(t.handovers.order_by("-id"))
        next_way = "out" if lines and lines[0].direction == "in" else "in"
        hand = forms.HandoverForm(initial={"direction": next_way}) if may_hand and t.delivery == "sent_in" else None
        return {
            "task": t,
            "stopped": stopped(t),
            "facts": facts,
            "handovers": lines,
            "handover_form": hand,
            "history": events.history(t)[:50],
        }


def stopped(task: Task) -> str:
    """Why the task does not go on: it was cancelled, or its instrument cannot be verified as it stands."""
    if why := services.why_cancelled(task):
        return _("检定任务已取消:%(why)s") % {"why": retold(why)}
    decision = verifiable(task.instrument)
    return "" if decision or task.state not in queries.OPEN_TASKS else decision.reason


class ChooseNorm(OneTask, FormPage):
    """The desk says which norm applies where the instrument's name does not."""

    form_class = forms.NormForm

    def allowed(self, actor: Any) -> Decision:
        return policies.may_choose_norm(actor, self.task)

    def header(self) -> Header:
        lead = _("%(item)s:现在按 %(norm)s。授权、资质和记录表都随规程而定。") % {
            "item": self.task.instrument,
            "norm": self.task.norm or "—",
        }
        return Header(_("改检定规程"), lead=lead, crumbs=[(str(self.task.instrument), self.here)])

    def form_kwargs(self) -> dict[str, Any]:
        return {"norms": services.norms_in_force(self.task.instrument, clock.today())}

    def initial(self) -> Mapping[str, Any]:
        return {"norm": self.task.norm_id}

    def done(self, form: Any) -> str:
        task = services.choose_norm(actor=self.actor, task=self.task, norm=form.cleaned_data["norm"])
        messages.success(self.request, _("检定规程已改为 %(norm)s") % {"norm": task.norm})
        return self.here


class TaskStep(OneTask, FormPage):
    """Cancel a task or arrange it anew, with the reason."""

    form_class = forms.ReasonForm
    steps: Mapping[str, Any] = {"cancel": services.cancel_task, "release": services.release}

    @property
    def submit(self) -> Any:  # type: ignore[override]
        return TASK[self.step].label

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.step = request.POST.get("step") or request.GET.get("step") or ""
        if self.step not in self.steps:
            raise Http404

    def allowed(self, actor: Any) -> Decision:
        """Who may not take the step does not see its form either."""
        return TASK[self.step].policy(actor, self.task)

    def header(self) -> Header:
        return Header(TASK[self.step].label, lead=str(self.task.instrument), crumbs=[(_("检定任务"), self.here)])

    def context(self) -> dict[str, Any]:
        return {"hidden": {"step": self.step}}

    def done(self, form: Any) -> str:
        self.steps[self.step](actor=self.actor, task=self.task, **form.cleaned_data)
        return self.here


class HandOver(OneTask, FormPage):
    """Write a line of the hand-over log."""

    form_class = forms.HandoverForm

    def allowed(self, actor: Any) -> Decision:
        """People of the institute."""
        return policies.may_work(actor, self.task)

    def header(self) -> Header:
        return Header(_("样品交接"), lead=str(self.task.instrument), crumbs=[(_("检定任务"), self.here)])

    def done(self, form: Any) -> str:
        services.hand_over(actor=self.actor, task=self.task, **form.cleaned_data)
        return self.here


class HandOverAll(ChosenTasks):
    """One line of the hand-over log for all that came or went together."""

    form_class = forms.HandoverForm
    submit = gettext_lazy("记录交接")

    def allowed(self, actor: Any) -> Decision:
        return Allowed() if actor.has(*INSTITUTE_ROLES) else Denied(_("只有本机构人员可以办理"))

    def header(self) -> Header:
        return Header(_("样品交接"), crumbs=[(_("检定任务"), reverse("verification:tasks"))])

    def initial(self) -> Mapping[str, Any]:
        return {"direction": self.request.GET.get("direction", "in"), "counterpart": self.tasks[0].application.contact}

    def done(self, form: Any) -> str:
        n = len(services.hand_over_all(actor=self.actor, tasks=self.tasks, **form.cleaned_data))
        messages.success(self.request, ngettext("已记录 %(n)d 台的交接", "已记录 %(n)d 台的交接", n) % {"n": n})
        return reverse("verification:tasks")


class Schedule(Page):
    """The institute's week: tasks and load against capacity by day."""

    template_name = "verification/schedule.html"

    def allowed(self, actor: Any) -> Decision:
        return Allowed() if actor.has(*INSTITUTE_ROLES) else Denied(_("只有检定机构人员有排期"))

    def header(self) -> Header:
        return Header(_("排期日历"), crumbs=[(_("检定任务"), reverse("verification:tasks"))])

    def context(self) -> dict[str, Any]:
        mine = Organisation.objects.filter(pk__in=self.actor.organisation_ids(*INSTITUTE_ROLES)).order_by("name")
        asked = self.request.GET.get("institute")
        institute = next((one for one in mine if str(one.pk) == asked), None) if asked else mine.first()
        if institute is None:
            raise Http404
        monday = clock.today() - dt.timedelta(days=clock.today().weekday())
        start = asked_day(self.request, "from", monday)
        week = dt.timedelta(days=7)
        return {
            "institute": institute,
            "days": queries.schedule(self.actor, institute, start),
            "earlier": start - week,
            "later": start + week,
            "today": clock.today(),
        }
