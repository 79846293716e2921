"""Pages of applications: apply, receive or return, follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events, people
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Decision, Denied
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.words import reasons_of
from quanheng.platform.kernel.workflow import Workflow
from quanheng.platform.verification import forms, policies, queries, services, tables
from quanheng.platform.verification.models import Application
from quanheng.platform.verification.workflow import APPLICATION
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header
from quanheng.platform.web.pages import FormPage, ListPage, Page

HELD = ~Q(tasks__state="cancelled") | Q(state="withdrawn")  # what was left out is not applied for


class ApplicationList(ListPage):
    """Everything applied for that the viewer may see."""

    table_class = tables.ApplicationTable
    filterset_class = tables.ApplicationFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        start = Action(_("从台账选择器具申请"), reverse("instruments:list"), "plus")
        return Empty(_("还没有检定申请"), _("在台账中选择一台或多台器具,点“申请检定”,申请就会出现在这里。"), start)

    def header(self) -> Header:
        new = Action(_("申请检定"), reverse("verification:apply"), "plus")
        return Header(_("检定申请"), primary=new if self.actor.has(Role.ENTERPRISE, Role.LAB_MANAGER) else None)

    def get_queryset(self) -> QuerySet[Application]:
        return queries.applications(self.actor).annotate(count=Count("tasks", filter=HELD)).order_by("-created_at")

    def chips(self) -> Sequence[Chip]:
        counts = queries.counts(queries.applications(self.actor))
        total = Chip(_("全部"), {}, sum(counts.values()))
        return [total, *(Chip(label, {"state": s}, counts.get(s, 0)) for s, label in APPLICATION.states.items())]


def chosen_instruments(request: HttpRequest, actor: Any) -> list[Instrument]:
    """The instruments named by ``i`` in the address or form, of the actor's own organisations."""
    ids = request.POST.getlist("i") or request.GET.getlist("i")
    mine = people.scope_q(actor, owner="organisation", roles=(Role.ENTERPRISE, Role.LAB_MANAGER))
    try:
        return list(
            Instrument.objects.filter(mine, pk__in=ids[:500])
            .select_related("organisation", "category", "region")
            .prefetch_related("category__norms")
        )
    except ValidationError as error:
        raise Http404 from error


class Apply(FormPage):
    """Apply for one or many instruments."""

    form_class = forms.ApplicationForm
    template_name = "verification/apply.html"
    submit = gettext_lazy("提交申请")

    def allowed(self, actor: Any) -> Decision:
        from_role = actor.has(Role.ENTERPRISE, Role.LAB_MANAGER)
        return super().allowed(actor) if from_role else Denied(_("只有使用单位的计量员可以申请检定"))

    def header(self) -> Header:
        return Header(_("申请检定"), crumbs=[(_("检定申请"), reverse("verification:applications"))])

    @property
    def instruments(self) -> list[Instrument]:
        left_out = set(self.request.POST.getlist("remove"))
        return [i for i in chosen_instruments(self.request, self.actor) if str(i.pk) not in left_out]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A line taken off the application leaves the rest, and what was typed, as it is."""
        if "remove" not in request.POST:
            return super().post(request, *args, **kwargs)
        typed = {k: v for k, v in request.POST.items() if k in self.form_class.base_fields}
        form = self.form_class(initial={**self.initial(), **typed}, **self.form_kwargs())
        return self.draw(form=form, submit=self.submit, wide=self.wide)

    def context(self) -> dict[str, Any]:
        return {"instruments": self.instruments, "ledger_url": reverse("instruments:list")}

    def form_kwargs(self) -> dict[str, Any]:
        today = clock.today()
        chosen = self.instruments
        region = chosen[0].region if chosen else None
        return {"institutes": queries.institutes_for(services.norms_for(chosen, today), today, region)}

    def initial(self) -> Mapping[str, Any]:
        chosen = self.instruments
        return {"contact": self.actor.name, "delivery": chosen[0].delivery if chosen else "sent_in"}

    def done(self, form: Any) -> str:
        chosen = self.instruments
        owners = {i.organisation for i in chosen}
        organisation = next(iter(owners)) if len(owners) == 1 else _common_parent(owners)
        made = services.create_application(
            actor=self.actor, organisation=organisation, instruments=chosen, **form.cleaned_data
        )
        services.submit_application(actor=self.actor, application=made)
        messages.success(self.request, _("申请 %(number)s 已提交") % {"number": made.number})
        return reverse("verification:application", args=[made.pk])


def _common_parent(owners: set[Organisation]) -> Organisation:
    """The lowest organisation above all the owners: a chain applies for its shops at once."""
    paths = [o.path for o in owners]
    if not paths:
        raise InputError("empty", _("请至少选择一台器具"), "institute")
    shared = "/"
    for part in paths[0].strip("/").split("/"):
        if not all(p.startswith(f"{shared}{part}/") for p in paths):
            break
        shared = f"{shared}{part}/"
    found = Organisation.objects.filter(path=shared).first()
    if found is None:
        raise InputError("owners", _("所选器具属于互不相关的单位,请分别申请"), "institute")
    return found


def step_actions(machine: Workflow, obj: Any, actor: Any, url: str, names: Sequence[str]) -> list[Action]:
    """Buttons for the steps open from the present state; a refused one is shown with its reason."""
    actions = []
    for step, decision in machine.open_to(obj, actor):
        if step.name not in names:
            continue
        target = f"{url}?{urlencode({'step': step.name})}" if step.reason_required else url
        method = "get" if step.reason_required else "post"
        actions.append(
            Action(
                step.label,
                target,
                method=method,  # type: ignore[arg-type]
                denied="" if decision else decision.reason,
                fields={} if step.reason_required else {"step": step.name},
            )
        )
    return actions


class Amend(FormPage):
    """What came back is mended and handed in again: institute, way of delivery, whom to call, what is left out."""

    form_class = forms.AmendForm
    submit = gettext_lazy("保存并提交")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.application = get_object_or_404(queries.applications(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Any) -> Decision:
        return policies.may_amend(actor, self.application)

    def header(self) -> Header:
        here = reverse("verification:application", args=[self.application.pk])
        lead = returned_because(self.application)
        return Header(_("修改申请"), lead=lead, crumbs=[(self.application.number, here)])

    def form_kwargs(self) -> dict[str, Any]:
        today, tasks = clock.today(), services.remaining_tasks(self.application)
        norms = services.norms_for((task.instrument for task in tasks), today)
        institutes = queries.institutes_for(norms, today, self.application.region)
        return {"institutes": institutes, "tasks": tasks}

    def initial(self) -> Mapping[str, Any]:
        names = ("institute", "delivery", "wanted_on", "contact", "phone", "note")
        return {name: getattr(self.application, name) for name in names}

    def done(self, form: Any) -> str:
        data = dict(form.cleaned_data)
        leave_out = data.pop("leave_out")
        with transaction.atomic():
            amended = services.amend_application(
                actor=self.actor, application=self.application, leave_out=leave_out, **data
            )
            services.submit_application(actor=self.actor, application=amended)
        messages.success(self.request, _("申请 %(number)s 已提交") % {"number": self.application.number})
        return reverse("verification:application", args=[self.application.pk])


def returned_because(application: Application) -> str:
    """Why the application came back, while it lies with the applicant."""
    if application.state != "returned":
        return ""
    last = events.history(application).filter(verb="applications.return").first()
    return _("退回原因:%(reason)s") % {"reason": last.reason} if last else ""


class ApplicationPage(Page):
    """One application: what, for whom, how far, and the next step."""

    template_name = "verification/application.html"
    steps = ("submit", "withdraw", "accept", "return")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.application = get_object_or_404(queries.applications(self.actor), pk=kwargs["pk"])

    @property
    def step_url(self) -> str:
        return reverse("verification:application-step", args=[self.application.pk])

    def header(self) -> Header:
        a = self.application
        open_steps = step_actions(APPLICATION, a, self.actor, self.step_url, self.steps)
        usable = [x for x in open_steps if not x.denied]
        if policies.may_amend(self.actor, a):
            amend = Action(_("修改申请"), reverse("verification:amend", args=[a.pk]), "edit")
            usable.insert(0 if a.state == "returned" else 1, amend)
        primary = usable[0] if usable else None
        slip = Action(_("打印预约送检单"), reverse("verification:slip", args=[a.pk]), "printer")
        return Header(
            a.number,
            lead=f"{a.organisation} → {a.institute}",
            status=tables.application_status(a),
            crumbs=[(_("检定申请"), reverse("verification:applications"))],
            primary=primary,
            menu=[*usable[1:], slip],
        )

    def context(self) -> dict[str, Any]:
        a = self.application
        rows = a.tasks.select_related("instrument", "norm", "verifier").order_by("instrument__name")
        facts = [
            Definition(_("申请单位"), a.organisation),
            Definition(_("检定机构"), a.institute),
            Definition(_("送检方式"), a.get_delivery_display()),
            Definition(_("期望日期"), a.wanted_on or "—"),
            Definition(_("联系人"), f"{a.contact} {a.phone}"),
            Definition(_("备注"), a.note or "—"),
        ]
        blocked = services.unauthorised(a, clock.today()) if a.state == "submitted" else []
        taken_on = a.state in ("accepted", "completed")
        here = a.state == "submitted" and policies.may_receive(self.actor, a)
        return {
            "application": a,
            "facts": facts,
            "rows": [(t, tables.task_status(t) if t.state == "cancelled" or taken_on else None) for t in rows],
            "returned": returned_because(a),
            "blocked": blocked,
            "crowded": services.crowded(a, clock.today()) if here and not blocked else [],
            "history": events.history(a)[:50],
        }


class ApplicationStep(FormPage):
    """Take one step of an application; asks for the reason where one is needed."""

    form_class = forms.ReasonForm

    @property
    def submit(self) -> Any:  # type: ignore[override]
        return APPLICATION[self.step].label

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.application = get_object_or_404(queries.applications(self.actor), pk=kwargs["pk"])
        self.step = request.POST.get("step") or request.GET.get("step") or ""
        if self.step not in ApplicationPage.steps:
            raise Http404

    def allowed(self, actor: Any) -> Decision:
        """Who may not take the step does not see its form either."""
        return APPLICATION[self.step].policy(actor, self.application)

    def header(self) -> Header:
        label = APPLICATION[self.step].label
        here = reverse("verification:application", args=[self.application.pk])
        return Header(label, lead=self.application.number, crumbs=[(self.application.number, here)])

    def context(self) -> dict[str, Any]:
        return {"hidden": {"step": self.step}}

    def take(self, reason: str) -> str:
        actor, application = self.actor, self.application
        if self.step == "submit":
            services.submit_application(actor=actor, application=application)
        elif self.step == "accept":
            services.accept_application(actor=actor, application=application)
        elif self.step == "return":
            services.return_application(actor=actor, application=application, reason=reason)
        else:
            services.withdraw_application(actor=actor, application=application, reason=reason)
        messages.success(self.request, _("已完成:%(step)s") % {"step": APPLICATION[self.step].label})
        return reverse("verification:application", args=[self.application.pk])

    def done(self, form: Any) -> str:
        return self.take(form.cleaned_data["reason"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if APPLICATION[self.step].reason_required:
            return super().post(request, *args, **kwargs)
        try:
            return redirect(self.take(""))
        except InputError as error:
            for reason in reasons_of(error):
                messages.error(request, reason)
            return redirect("verification:application", pk=self.application.pk)


class Slip(Page):
    """The appointment slip to print and bring along."""

    template_name = "verification/slip.html"

    def context(self) -> dict[str, Any]:
        a = get_object_or_404(queries.applications(self.actor), pk=self.kwargs["pk"])
        tasks = a.tasks.exclude(state="cancelled").select_related("instrument", "norm").order_by("instrument__name")
        return {"application": a, "tasks": tasks}
