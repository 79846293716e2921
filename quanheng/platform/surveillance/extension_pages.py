"""Pages of lots: how each is graded, a proposal to use it longer, the decision and its undoing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.surveillance import extensions, policies, queries, tables, words
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import PeriodExtension
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.surveillance.workflow import EXTENSION
from quanheng.platform.web.components import Action, Definition, Empty, Header, Status, Tone
from quanheng.platform.web.export import xlsx_response
from quanheng.platform.web.forms import Form
from quanheng.platform.web.http import address
from quanheng.platform.web.pages import FormPage, ListPage

GRADE_TONES: dict[str, Tone] = {"accept": "ok", "reject": "bad", "undecided": "unknown", "too_few": "unknown"}


def owners(actor: Actor) -> QuerySet[Organisation]:
    """Utilities whose areas the person sees."""
    ids = queries.areas(actor).order_by().values("organisation_id").distinct()
    return Organisation.objects.filter(pk__in=ids).order_by("name")


class Lots(Watching):
    """Lots by manufacturer, batch and year with their grade."""

    template_name = "surveillance/lots.html"

    def header(self) -> Header:
        made = Action(_("延长申请"), reverse("surveillance:extensions"), "calendar-time")
        download = Action(_("下载 Excel"), address(self.request, export="xlsx"), "download")
        lead = _("按生产厂家、批次和安装年份汇总已有的评价;只有评价支持的批次可以申请延长检定周期。")
        return Header(_("批次评价"), lead, crumbs=[home()], menu=[made, download])

    def rows(self) -> list[tuple[extensions.Lot, Organisation]]:
        """Graded lots with their owners, those to worry about first."""
        found = {o.pk: o for o in owners(self.actor)}
        order = ["reject", "accept", "undecided", "too_few"]
        graded = sorted(extensions.lots(found.values()), key=lambda g: (order.index(g.verdict), -g.meters))
        return [(g, found[g.organisation_id]) for g in graded]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "xlsx":
            head = [
                _("生产厂家"),
                _("批次"),
                _("安装年份"),
                _("表计数"),
                _("已判定"),
                _("估计超差 %"),
                _("上限(90%)%"),
                _("评定"),
            ]
            lines = [
                [g.manufacturer, g.lot, g.year, g.meters, g.judged, _percent(g.expected_wrong), _percent(g.upper90),
                 extensions.verdict_words(g.verdict)]
                for g, _owner in self.rows()
            ]  # fmt: skip
            return xlsx_response([head, *lines], "lots")
        return super().get(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        rows = []
        for g, owner in self.rows()[:500]:
            may = g.verdict == "accept" and bool(policies.may_keep_for(self.actor, owner))
            query = urlencode({"organisation": str(owner.pk), **g.key})
            url = f"{reverse('surveillance:extension-propose')}?{query}" if may else ""
            state = Status(GRADE_TONES[g.verdict], extensions.verdict_words(g.verdict))
            rows.append((g, owner, state, words.percent(g.expected_wrong), words.percent(g.upper90), url))
        law = extensions.rules()
        later = _("导入台区与表计时填写生产厂家、批次和安装日期。")
        return {
            "rows": rows, "lq": words.percent(float(law["limiting_quality"]), 0), "source": law["source"],
            "empty": Empty(_("还没有写明厂家和批次的表计"), later, icon="package"),
        }  # fmt: skip


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 3)


class ProposeForm(Form):
    """By which text, for how long, and why."""

    rule = forms.ChoiceField(label=gettext_lazy("依据"))
    months = forms.IntegerField(label=gettext_lazy("延长月数"), min_value=1, max_value=120)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))


class Propose(Watching, FormPage):
    """Propose that a lot be used longer."""

    form_class = ProposeForm
    submit = gettext_lazy("提出申请")

    def allowed(self, actor: Actor) -> Decision:
        watch = super().allowed(actor)
        return policies.may_bring(actor) if watch else watch

    def _owner(self) -> Organisation:
        text = self.request.GET.get("organisation", "")
        named = [o for o in owners(self.actor) if policies.may_keep_for(self.actor, o)]
        return get_object_or_404(Organisation, pk__in=[o.pk for o in named if str(o.pk) == text])

    def _key(self) -> dict[str, str]:
        found = {n: self.request.GET.get(n, "")[:120] for n in ("manufacturer", "lot", "year")}
        return {**found, "year": found["year"] if found["year"].isascii() and found["year"].isdigit() else ""}

    def header(self) -> Header:
        lead = " · ".join(t for t in self._key().values() if t)
        crumbs = [home(), (_("批次评价"), reverse("surveillance:lots"))]
        return Header(_("申请延长检定周期"), lead, crumbs=crumbs)

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        found = extensions.rules_for(self._owner().region_id) if self.request.GET.get("organisation") else []
        form.fields["rule"].choices = [(r["id"], rule_title(r)) for r in found]
        return form

    def initial(self) -> dict[str, Any]:
        return {"months": 12}

    def done(self, form: Any) -> str:
        key, clean = self._key(), form.cleaned_data
        return extensions.propose(
            actor=self.actor, organisation=self._owner(), manufacturer=key["manufacturer"], lot=key["lot"],
            year=key["year"], rule=clean["rule"], months=clean["months"], reason=clean["reason"],
        ).get_absolute_url()  # fmt: skip


def rule_title(rule: Any) -> str:
    """A rule in the reader's language."""
    return str(rule["title"]["en" if in_english() else "zh"])


class ExtensionList(Watching, ListPage):
    """Proposals and decisions."""

    table_class = tables.ExtensionTable
    export_name = "period-extensions"
    empty = Empty(
        gettext_lazy("还没有延长申请"), gettext_lazy("在批次评价中对评价支持的批次提出申请。"), icon="calendar-time"
    )

    def header(self) -> Header:
        lots = Action(_("批次评价"), reverse("surveillance:lots"), "package")
        return Header(_("延长申请"), crumbs=[home()], menu=[lots])

    def get_queryset(self) -> QuerySet[PeriodExtension]:
        return queries.extensions(self.actor).order_by("-proposed_at")


class OneExtension(Watching):
    """A page about one proposal."""

    extension: PeriodExtension

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.extension = get_object_or_404(queries.extensions(self.actor), pk=kwargs["pk"])

    def crumbs(self) -> list[tuple[Any, str]]:
        """The way here."""
        return [home(), (_("延长申请"), reverse("surveillance:extensions"))]


class ExtensionPage(OneExtension):
    """What is proposed on which evidence, what was decided, which due dates moved."""

    template_name = "surveillance/extension.html"

    def header(self) -> Header:
        e = self.extension
        found = [
            Action(t.label, reverse("surveillance:extension-step", args=[e.pk, t.name]))
            for t, d in EXTENSION.open_to(e, self.actor)
            if d
        ]
        lead = f"{e.named} · {e.organisation}"
        return Header(e.number, lead, tables.extension_status(e), self.crumbs(), found[0] if found else None, found[1:])

    def context(self) -> dict[str, Any]:
        e = self.extension
        g, rule = e.evidence["grade"], extensions.rule_named(e.rule)
        facts = [
            Definition(_("批次"), e.named),
            Definition(_("表计数"), e.meters),
            Definition(_("已判定"), g["judged"]),
            Definition(_("估计超差的份额"), words.percent(g["expected_wrong"], 2), "%"),
            Definition(_("份额的 90% 上限"), words.percent(g["upper90"], 2), "%"),
            Definition(_("极限质量 LQ"), words.percent(float(e.evidence["limiting_quality"]), 0), "%"),
            Definition(_("评定"), extensions.verdict_words(g["verdict"])),
            Definition(_("其中待现场核查"), e.evidence["waiting"]),
            Definition(_("依据"), rule_title(rule), unverified="" if rule["verified"] == "yes" else rule["source"]),
            Definition(_("申请延长月数"), e.months),
            Definition(_("理由"), e.reason),
            Definition(_("申请人"), e.proposed_name),
            Definition(_("证据散列"), e.evidence_sha256),
        ]
        if e.decided_at:
            facts += [
                Definition(_("决定人"), e.decided_name),
                Definition(_("决定理由"), e.decision),
                Definition(pgettext("extension", "同意延长月数"), e.granted_months or "—"),
            ]
        moved = e.moved.select_related("instrument").order_by("instrument__serial_number")
        return {
            "facts": facts, "method": e.evidence["method"], "moved": moved[:200], "moved_count": moved.count(),
            "history": events.history(e)[:50], "evaluations": e.evidence["evaluations"],
        }  # fmt: skip


class GrantForm(Form):
    """For how long, and why."""

    months = forms.IntegerField(label=gettext_lazy("延长月数"), min_value=1, max_value=120)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))


class WhyForm(Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("理由"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))


class ExtensionStep(OneExtension, FormPage):
    """Grant, refuse, withdraw or undo."""

    STEPS = ("grant", "refuse", "undo", "withdraw")

    def allowed(self, actor: Actor) -> Decision:
        watch = super().allowed(actor)
        return EXTENSION[self.kwargs["step"]].policy(actor, self.extension) if watch else watch

    def header(self) -> Header:
        step = EXTENSION[self.kwargs["step"]]
        lead = {
            "grant": _("批次中在用、最近检定合格且仍有效的器具有效期顺延;须现场核查或疑似超差的表计除外。可以撤销。"),
            "undo": _("恢复原有效期;其间重新检定过的器具不变。"),
        }.get(step.name, "")
        crumbs = [*self.crumbs(), (self.extension.number, self.extension.get_absolute_url())]
        return Header(step.label, lead, crumbs=crumbs)

    def form(self, data: Any = None, files: Any = None) -> Any:
        kind = GrantForm if self.kwargs["step"] == "grant" else WhyForm
        return kind(data, files, initial={"months": self.extension.months})

    def done(self, form: Any) -> str:
        act = getattr(extensions, self.kwargs["step"])
        act(actor=self.actor, extension=self.extension, **form.cleaned_data)
        messages.success(self.request, str(tables.extension_status(self.extension).label))
        return self.extension.get_absolute_url()
