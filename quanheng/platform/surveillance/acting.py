"""Pages on which something is begun or ended: evaluation runs and checks on site."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.platform.instruments import queries as ledger
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision
from quanheng.platform.kernel.roles import INSTITUTE_ROLES
from quanheng.platform.surveillance import judging, policies, queries, services, tables, words
from quanheng.platform.surveillance.models import EvaluationRun, SiteCheck
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.surveillance.workflow import CHECK
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Figure, Header
from quanheng.platform.web.forms import DateInput, Form, SearchSelect
from quanheng.platform.web.http import day_of
from quanheng.platform.web.pages import FormPage, ListPage, Page

SHOWN = 200


def home() -> tuple[Any, str]:
    """The first crumb."""
    return (_("在用监测"), reverse("surveillance:overview"))


class RunForm(Form):
    """Which utility, over which days."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("所属单位"), widget=SearchSelect()
    )
    since = forms.DateField(label=gettext_lazy("数据自"), widget=DateInput())
    until = forms.DateField(label=gettext_lazy("数据至"), widget=DateInput())


class RunStart(Watching, FormPage):
    """Have a utility's areas judged."""

    form_class = RunForm
    submit = gettext_lazy("发起评价")

    def header(self) -> Header:
        lead = _("在后台计算,可离开本页;结果按版本保存,不覆盖以前的评价。")
        return Header(_("发起评价"), lead, crumbs=[home(), (_("评价记录"), reverse("surveillance:runs"))])

    def organisations(self) -> QuerySet[Organisation]:
        """Utilities whose areas the person sees."""
        return queries.owners(self.actor)

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        form.fields["organisation"].queryset = self.organisations()
        return form

    def initial(self) -> dict[str, Any]:
        today = clock.today()
        named = self.organisations().filter(pk=self._asked()).first() if self._asked() else None
        last = today - dt.timedelta(days=1)
        return {
            "organisation": named or self.organisations().first(),
            "since": day_of(self.request.GET.get("since", "")) or today - dt.timedelta(days=judging.USUAL_DAYS),
            "until": day_of(self.request.GET.get("until", "")) or last,
        }

    def _asked(self) -> str:
        text = self.request.GET.get("organisation", "")
        return text if len(text.replace("-", "")) == 32 and set(text.lower()) <= set("0123456789abcdef-") else ""

    def done(self, form: Any) -> str:
        return judging.request_run(actor=self.actor, **form.cleaned_data).get_absolute_url()


class RunList(Watching, ListPage):
    """What was judged when, and by whose order."""

    table_class = tables.RunTable
    export_name = "evaluation-runs"

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        start = Action(_("发起评价"), reverse("surveillance:run-start"), "calculator")
        return Empty(_("还没有评价"), _("发起一次评价,进度和结果会列在这里。"), start, icon="calculator")

    def header(self) -> Header:
        start = Action(_("发起评价"), reverse("surveillance:run-start"), "calculator")
        return Header(_("评价记录"), _("按适用规范的周期自动发起,也可随时发起。"), crumbs=[home()], primary=start)

    def get_queryset(self) -> QuerySet[EvaluationRun]:
        return queries.runs(self.actor).order_by("-created_at")


class RunPage(Watching):
    """How far a run has come, then what it found."""

    template_name = "surveillance/run.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.run = get_object_or_404(queries.runs(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        lead = f"{self.run.organisation} · {self.run.since} – {self.run.until}"
        crumbs = [home(), (_("评价记录"), reverse("surveillance:runs"))]
        again = Action(
            _("重新发起"),
            f"{reverse('surveillance:run-start')}?organisation={self.run.organisation_id}"
            f"&since={self.run.since}&until={self.run.until}",
            "refresh",
        )
        failed = self.run.state == EvaluationRun.State.FAILED
        return Header(_("评价"), lead, tables.run_status(self.run), crumbs, again if failed else None)

    def context(self) -> dict[str, Any]:
        found = self.run.evaluations.select_related("area").order_by("area__code")[:SHOWN]
        return {
            "run": self.run,
            "going": self.run.state in ("queued", "running"),
            "found": [
                (e, words.fit_status(e), words.percent(e.loss_rate), words.percent(e.acquisition)) for e in found
            ],
        }


class CheckList(ListPage):
    """Checks on site with the measured precision of the method."""

    table_class = tables.CheckTable
    filterset_class = tables.CheckFilter
    export_name = "site-checks"
    empty = Empty(
        gettext_lazy("还没有现场核查"),
        gettext_lazy("在表计页下达核查单,它会出现在这里,并随检定文书办结。"),
        icon="tools",
    )

    def allowed(self, actor: Actor) -> Decision:
        return Allowed() if actor.has(*INSTITUTE_ROLES) else policies.may_watch(actor)

    def header(self) -> Header:
        return Header(_("现场核查"), _("数据提出怀疑,检定作出结论;结论反过来衡量方法。"), crumbs=[home()])

    def figures(self) -> list[Figure]:
        found = queries.precision(queries.checks(self.actor))
        url = reverse("surveillance:checks")
        return [
            Figure(_("方法命中率"), found.text, "%" if found.text != "—" else ""),
            Figure(CHECK.states["confirmed"], found.confirmed, url=f"{url}?state=confirmed"),
            Figure(CHECK.states["refuted"], found.refuted, url=f"{url}?state=refuted"),
        ]

    def get_queryset(self) -> QuerySet[SiteCheck]:
        return queries.checks(self.actor).order_by("-opened_at")

    def chips(self) -> list[Chip]:
        rows = queries.checks(self.actor)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(Chip(label, {"state": s}, rows.filter(state=s).count()) for s, label in CHECK.states.items()),
        ]


class OneCheck(Page):
    """A page about one check that the person may see."""

    check: SiteCheck

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.check = get_object_or_404(queries.checks(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        return Allowed() if actor.has(*INSTITUTE_ROLES) else policies.may_watch(actor)

    def crumbs(self) -> list[tuple[Any, str]]:
        """The way here."""
        return [
            home(),
            (_("现场核查"), reverse("surveillance:checks")),
            (self.check.number, self.check.get_absolute_url()),
        ]


class CheckPage(OneCheck):
    """One check: why, how far, what was found."""

    template_name = "surveillance/check.html"

    def header(self) -> Header:
        c = self.check
        urls = {
            "apply": "surveillance:check-apply",
            "replace": "surveillance:check-replace",
            "cancel": "surveillance:check-cancel",
        }
        found = [
            Action(t.label, reverse(urls[t.name], args=[c.pk]))
            for t, d in CHECK.open_to(c, self.actor)
            if d and t.name in urls
        ]
        paper = Action(_("打印核查单"), reverse("surveillance:check-print", args=[c.pk]), "printer")
        return Header(
            c.number, f"{c.meter} · {c.meter.area}", tables.check_status(c), self.crumbs()[:2],
            found[0] if found else None, [*found[1:], paper],
        )  # fmt: skip

    def context(self) -> dict[str, Any]:
        c = self.check
        v = c.verdict
        seen = policies.may_watch(self.actor)
        facts = [
            Definition(_("表号"), c.meter.meter_id, url=c.meter.get_absolute_url() if seen else ""),
            Definition(_("台区"), str(c.meter.area), url=c.meter.area.get_absolute_url() if seen else ""),
            Definition(_("事由"), c.reason),
            Definition(pgettext("check", "期限"), c.due_on),
            Definition(_("误差估计"), words.percent(v.error, sign=True) if v else "—", "%" if v else ""),
            Definition(_("扩展不确定度(k=2)"), words.percent(2 * v.u) if v and v.u else "—", "%" if v and v.u else ""),
            Definition(_("超限概率"), words.percent(v.p_exceed, 1) if v else "—", "%" if v else ""),
            Definition(_("证据散列"), v.evaluation.evidence_sha256[:16] if v else "—"),
            Definition(_("检定申请"), c.application.number if c.application else "—", url=self._application()),
            Definition(_("现场结果"), c.found or "—"),
            Definition(_("文书编号"), c.document_number or "—"),
            Definition(_("更换日期"), c.replaced_on),
            Definition(_("新表号"), c.new_meter_id or "—"),
        ]
        return {"facts": facts, "history": events.history(c)[:50], "why": words.reason(v) if v else "", "check": c}

    def _application(self) -> str:
        c = self.check
        return reverse("verification:application", args=[c.application_id]) if c.application_id else ""


class CheckPaper(OneCheck):
    """The order on paper, for who goes to the meter."""

    template_name = "surveillance/check_print.html"

    def context(self) -> dict[str, Any]:
        c, v = self.check, self.check.verdict
        m = c.meter
        facts = [
            (_("表号"), m.meter_id), (_("台区"), f"{m.area} {m.area.code}"), (_("行政区划"), m.area.region),
            (_("馈线"), m.feeder), (_("相别"), m.phase), (_("互感器变比"), m.ct_ratio),
            (_("准确度等级"), m.accuracy_class), (_("生产厂家"), m.manufacturer), (_("批次"), m.lot),
            (_("安装/使用地点"), m.instrument.location if m.instrument else ""), (_("安装日期"), m.installed_on),
            (_("事由"), c.reason), (pgettext("check", "期限"), c.due_on),
            (_("检定申请"), c.application.number if c.application else ""),
        ]  # fmt: skip
        return {
            "check": c, "facts": [(k, w or "—") for k, w in facts], "why": words.reason(v) if v else "",
            "evidence": v.evaluation.evidence_sha256 if v else "", "confirmed": c.state in ("confirmed", "replaced"),
            "made_at": clock.now(),
        }  # fmt: skip


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(max_length=300, label=gettext_lazy("原因"), widget=forms.Textarea(attrs={"rows": 2}))


class OrderCheck(Watching, FormPage):
    """Order a check of one meter."""

    form_class = ReasonForm
    submit = gettext_lazy("下达核查单")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.meter = get_object_or_404(queries.meters(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        watch = policies.may_watch(actor)
        return policies.may_order(actor, self.meter.area) if watch else watch

    def header(self) -> Header:
        lead = _("核查单附上这次评价的证据散列;结论由检定文书作出。")
        return Header(_("下达核查单"), lead, crumbs=[home(), (str(self.meter), self.meter.get_absolute_url())])

    def initial(self) -> dict[str, Any]:
        verdict = queries.verdict_of(self.meter)
        return {"reason": words.reason(verdict)[:300] if verdict else ""}

    def done(self, form: Any) -> str:
        return services.order_check(
            actor=self.actor, meter=self.meter, reason=form.cleaned_data["reason"]
        ).get_absolute_url()


class SendForm(Form):
    """To whom, and which instrument of the ledger it is."""

    institute = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("检定机构"), widget=SearchSelect()
    )
    instrument = forms.ModelChoiceField(
        Instrument.objects.none(), label=gettext_lazy("台账中的器具"), widget=SearchSelect(),
        help_text=gettext_lazy("批量登记中的表计随申请自动单独登记;台账中没有的请先登记"),
    )  # fmt: skip


class SendCheck(OneCheck, FormPage):
    """Apply for verification of the meter."""

    form_class = SendForm
    submit = gettext_lazy("申请检定")

    def allowed(self, actor: Actor) -> Decision:
        return policies.may_keep(actor, self.check)

    def header(self) -> Header:
        enter = Action(_("登记器具"), reverse("instruments:add"), "plus")
        return Header(_("申请检定"), str(self.check.meter), crumbs=self.crumbs(), menu=[enter])

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        lots = ledger.visible(self.actor).filter(organisation=self.check.organisation)
        own = lots.filter(quantity=1)
        bound = self.check.meter.instrument_id
        kept = own.filter(serial_number=self.check.meter.meter_id)
        kept = kept | lots.filter(pk=bound) if bound else kept
        form.fields["instrument"].queryset = kept
        form.fields["institute"].queryset = Organisation.objects.filter(kind="institute", active=True).order_by("name")
        return form

    def initial(self) -> dict[str, Any]:
        return {"instrument": self.check.meter.instrument_id}

    def done(self, form: Any) -> str:
        services.send_to_verification(actor=self.actor, check=self.check, **form.cleaned_data)
        messages.success(self.request, _("已向检定机构提交申请"))
        return self.check.get_absolute_url()


class CancelCheck(OneCheck, FormPage):
    """Cancel a check that is not arranged yet."""

    form_class = ReasonForm
    submit = gettext_lazy("取消")

    def allowed(self, actor: Actor) -> Decision:
        return policies.may_order(actor, self.check)

    def header(self) -> Header:
        return Header(_("取消核查单"), str(self.check.meter), crumbs=self.crumbs())

    def done(self, form: Any) -> str:
        services.take_step("cancel", actor=self.actor, check=self.check, reason=form.cleaned_data["reason"])
        return self.check.get_absolute_url()
