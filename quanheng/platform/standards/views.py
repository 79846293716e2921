"""Pages of measurement standards: the board, one standard, its upper certificates."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.metrology.units import UNITS
from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.standards import queries, services
from quanheng.platform.standards.models import Level, MeasurementStandard
from quanheng.platform.standards.workflow import STANDARD
from quanheng.platform.trace.models import NodeKind, TraceCertificate, TraceNode
from quanheng.platform.trace.registries import paper_urls
from quanheng.platform.trace.views import chain_context
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header, Status, tabs
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput, Form, SearchSelect
from quanheng.platform.web.pages import FormPage, ListPage, Page
from quanheng.platform.web.tables import DeadlineColumn, StatusColumn, Table, TextColumn


def status_of(standard: MeasurementStandard) -> Status:
    """One word: condemned, suspended, assessment over, calibration over, or in use."""
    today = clock.today()
    last = getattr(standard, "certified_until", None)
    if standard.state == "condemned":
        return Status("off", STANDARD.states["condemned"])
    if standard.state == "suspended":
        return Status("wait", STANDARD.states["suspended"])
    if standard.assessed_until is not None and standard.assessed_until < today:
        return Status("bad", _("考核已过期"))
    if last is not None and last < today:
        return Status("bad", _("溯源证书已过期"))
    return Status("ok", STANDARD.states["in_use"])


class StandardTable(Table):
    """The board of standards."""

    name = TextColumn(verbose_name=gettext_lazy("名称"), sub="code", sub_title=gettext_lazy("编号"), main=True)
    status = StatusColumn(to_status=status_of, verbose_name=gettext_lazy("状态"), orderable=False)
    level = TextColumn(accessor="get_level_display", verbose_name=gettext_lazy("类别"), order_by="level")
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("保存单位"))
    range_text = TextColumn(verbose_name=gettext_lazy("测量范围"))
    accuracy = TextColumn(verbose_name=gettext_lazy("准确度等级/不确定度"))
    assessed_until = DeadlineColumn(verbose_name=gettext_lazy("考核有效期至"), soon=180)
    certified_until = DeadlineColumn(verbose_name=gettext_lazy("溯源证书有效期至"), soon=60)

    class Meta(Table.Meta):
        model = MeasurementStandard
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        return reverse("standards:standard", args=[record.pk])


class StandardFilter(FilterSet):
    """By words, level and state."""

    q = SearchFilter(("name", "code", "organisation__name", "assessment_number"))
    level = ChoiceFilter(choices=Level.choices, label=gettext_lazy("类别"))
    state = ChoiceFilter(choices=list(STANDARD.states.items()), label=gettext_lazy("状态"))

    class Meta:
        model = MeasurementStandard
        fields: ClassVar = ()


def dated(viewer: Any) -> QuerySet[MeasurementStandard]:
    """The visible standards with the last day of their newest certificate."""
    newest = (
        TraceCertificate.objects.filter(item_id=OuterRef("pk"), void_from=None)
        .order_by("-valid_to")
        .values("valid_to")[:1]
    )
    return queries.visible(viewer).annotate(certified_until=Subquery(newest))


def works_here(actor: Any) -> Decision:
    """People of institutes, keepers of enterprise standards, and regulators."""
    if actor.has(*INSTITUTE_ROLES, Role.ENTERPRISE, Role.REGULATOR):
        return Allowed()
    return Denied(_("您没有查看计量标准的角色"))


class StandardList(ListPage):
    """Standards with their two deadlines."""

    table_class = StandardTable
    filterset_class = StandardFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        new = Action(_("登记计量标准"), reverse("standards:add"), "plus")
        return Empty(_("还没有计量标准"), _("登记本单位的计量标准及其上级证书,才能用它检定和出证。"), new)

    def allowed(self, actor: Any) -> Decision:
        return works_here(actor)

    def header(self) -> Header:
        may = self.actor.has(Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE)
        return Header(
            _("计量标准"), primary=Action(_("登记计量标准"), reverse("standards:add"), "plus") if may else None
        )

    def get_queryset(self) -> QuerySet[MeasurementStandard]:
        return dated(self.actor).order_by("organisation__name", "code")

    def chips(self) -> list[Chip]:
        rows = queries.visible(self.actor)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(Chip(label, {"state": s}, rows.filter(state=s).count()) for s, label in STANDARD.states.items()),
        ]


class StandardForm(Form):
    """What a standard is."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("保存单位"), widget=SearchSelect()
    )
    name = forms.CharField(max_length=160, label=gettext_lazy("名称"))
    code = forms.CharField(max_length=60, label=gettext_lazy("标准编号"))
    level = forms.ChoiceField(choices=Level.choices, label=gettext_lazy("类别"))
    role = forms.CharField(max_length=40, required=False, label=gettext_lazy("在检定程序中的用途"))
    serial_number = forms.CharField(max_length=80, required=False, label=gettext_lazy("出厂编号"))
    accuracy = forms.CharField(max_length=120, label=gettext_lazy("准确度等级/不确定度"))
    range_text = forms.CharField(max_length=120, label=gettext_lazy("测量范围"))
    range_low = forms.FloatField(required=False, label=gettext_lazy("下限"))
    range_high = forms.FloatField(required=False, label=gettext_lazy("上限"))
    unit = forms.ChoiceField(
        choices=[("", "—"), *((code, u.symbol) for code, u in UNITS.items() if u.symbol)],
        required=False,
        label=gettext_lazy("上下限的单位"),
        help_text=gettext_lazy("检定程序须核对范围的,缺上下限或单位就不能用于检定"),
    )
    norms = forms.ModelMultipleChoiceField(
        Norm.objects.order_by("number"),
        label=gettext_lazy("用于检定规程"),
        widget=forms.SelectMultiple(attrs={"data-search": "yes"}),
    )
    assessment_number = forms.CharField(max_length=80, required=False, label=gettext_lazy("考核证书号"))
    assessed_from = forms.DateField(required=False, label=gettext_lazy("考核有效期自"), widget=DateInput())
    assessed_until = forms.DateField(required=False, label=gettext_lazy("考核有效期至"), widget=DateInput())

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("unit") and (data.get("range_low") is not None or data.get("range_high") is not None):
            self.add_error("unit", _("填了上下限,请选择单位"))
        return data


class AddStandard(FormPage):
    """Enter a standard."""

    form_class = StandardForm
    wide = True

    def allowed(self, actor: Any) -> Decision:
        may = actor.has(Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE)
        return Allowed() if may else Denied(_("只有本单位的计量人员可以维护计量标准"))

    def header(self) -> Header:
        return Header(_("登记计量标准"), crumbs=[(_("计量标准"), reverse("standards:list"))])

    def form_kwargs(self) -> dict[str, Any]:
        ids = self.actor.organisation_ids(Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE)
        return {"organisations": Organisation.objects.filter(pk__in=ids)}

    def initial(self) -> dict[str, Any]:
        ids = self.actor.organisation_ids(Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE)
        return {"organisation": ids[0] if ids else None}

    def done(self, form: Any) -> str:
        standard = services.add_standard(actor=self.actor, **form.cleaned_data)
        messages.success(self.request, _("已登记;接着登记它的上级证书"))
        return reverse("standards:certificate", args=[standard.pk])


class EditForm(StandardForm):
    """What a standard is, and why it is said otherwise now."""

    reason = forms.CharField(max_length=300, label=gettext_lazy("原因"), help_text=gettext_lazy("如:考核证书换证"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, organisations=Organisation.objects.none(), **kwargs)
        del self.fields["organisation"]


class OneStandard(Page):
    """A page about one standard; strangers' standards do not exist."""

    standard: MeasurementStandard

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.standard = get_object_or_404(dated(self.actor), pk=kwargs["pk"])


class EditStandard(OneStandard, FormPage):
    """Say otherwise what a standard is: a new assessment, another range, a unit that was never given."""

    form_class = EditForm
    wide = True

    def allowed(self, actor: Any) -> Decision:
        return services.may_keep(actor, self.standard.organisation)

    def header(self) -> Header:
        here = reverse("standards:standard", args=[self.standard.pk])
        crumbs = [(_("计量标准"), reverse("standards:list")), (str(self.standard), here)]
        return Header(_("修改计量标准"), lead=str(self.standard.organisation), crumbs=crumbs)

    def initial(self) -> dict[str, Any]:
        known = {name: getattr(self.standard, name) for name in services.EDITABLE}
        return {**known, "norms": list(self.standard.norms.all())}

    def done(self, form: Any) -> str:
        services.edit_standard(actor=self.actor, standard=self.standard, **form.cleaned_data)
        messages.success(self.request, _("已保存"))
        return reverse("standards:standard", args=[self.standard.pk])


def current(certificate: TraceCertificate, today: dt.date) -> bool:
    """Whether the certificate holds today."""
    void, last = certificate.void_from, certificate.valid_to
    return (void is None or void > today) and certificate.valid_from <= today and (last is None or today <= last)


class StandardPage(OneStandard):
    """One standard: what it is, its chain, its certificates, what happened."""

    template_name = "standards/standard.html"

    def header(self) -> Header:
        s = self.standard
        enter = Action.guarded(
            services.may_keep(self.actor, s.organisation),
            _("登记上级证书"),
            reverse("standards:certificate", args=[s.pk]),
            icon="plus",
        )
        step = reverse("standards:step", args=[s.pk])
        menu = [
            Action(t.label, f"{step}?step={t.name}", denied="" if d else d.reason)
            for t, d in STANDARD.open_to(s, self.actor)
        ]
        edit = Action.guarded(
            services.may_keep(self.actor, s.organisation),
            _("修改"),
            reverse("standards:edit", args=[s.pk]),
            icon="edit",
        )
        menu.insert(0, edit)
        menu.append(Action(_("影响范围"), reverse("trace:recall", args=[s.pk]), "arrow-down"))
        return Header(
            s.name,
            lead=f"{s.code} · {s.organisation}",
            status=status_of(s),
            crumbs=[(_("计量标准"), reverse("standards:list"))],
            primary=None if enter.denied else enter,
            menu=[m for m in menu if not m.denied],
        )

    def context(self) -> dict[str, Any]:
        s = self.standard
        key, shown = tabs(self.request, [("facts", _("概览")), ("chain", _("溯源")), ("history", _("时间线"))])
        facts = [
            Definition(_("类别"), s.get_level_display()),
            Definition(_("测量范围"), s.range_text),
            Definition(_("准确度等级/不确定度"), s.accuracy),
            Definition(_("考核证书号"), s.assessment_number or "—"),
            Definition(_("考核有效期至"), s.assessed_until or "—"),
            Definition(_("用于检定规程"), "、".join(n.number for n in s.norms.all()) or "—"),
        ]
        chain = chain_context(s.pk, clock.today()) if key == "chain" else {}
        certificates = list(
            TraceCertificate.objects.filter(item_id=s.pk).prefetch_related("uses__standard").order_by("-valid_from")
        )
        today = clock.today()
        urls = paper_urls([c.pk for c in certificates])
        newest = max((c.valid_from for c in certificates if current(c, today)), default=None)
        for c in certificates:  # an old one that was followed in time is history, not a fault
            c.url = urls.get(c.pk, "")  # type: ignore[attr-defined]
            c.superseded = newest is not None and c.valid_from < newest  # type: ignore[attr-defined]
        return {
            "tabs": shown,
            "tab": key,
            "facts": facts,
            "certificates": certificates,
            "history": events.history(s)[:100],
            **chain,
        }


class CertificateForm(Form):
    """An upper certificate on paper, entered once."""

    number = forms.CharField(max_length=80, label=gettext_lazy("证书编号"))
    issuer_name = forms.CharField(max_length=200, label=gettext_lazy("出具机构"))
    valid_from = forms.DateField(label=gettext_lazy("校准/检定日期"), widget=DateInput())
    valid_to = forms.DateField(label=gettext_lazy("有效期至"), widget=DateInput())
    uncertainty = forms.CharField(max_length=120, required=False, label=gettext_lazy("不确定度(含 k)"))
    upper = forms.ModelChoiceField(
        TraceNode.objects.none(),
        required=False,
        label=gettext_lazy("证书所用的上级标准或基准"),
        widget=SearchSelect(),
        help_text=gettext_lazy("不在列表中的,在下面两栏填写"),
    )
    upper_kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("列表中没有:上级的类别"),
        choices=[
            ("", "—"),
            (NodeKind.NATIONAL, NodeKind.NATIONAL.label),
            (NodeKind.FOREIGN, NodeKind.FOREIGN.label),
            (NodeKind.STANDARD, gettext_lazy("其他机构的计量标准")),
        ],
    )
    upper_name = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("列表中没有:上级的名称"),
        help_text=gettext_lazy("照证书填写,如“质量国家基准”。其他机构的计量标准自身还须有上级证书,否则溯源链到它为止"),
    )
    u_ratio = forms.FloatField(
        required=False,
        min_value=0,
        max_value=100,
        label=gettext_lazy("上级不确定度与本标准之比"),
        help_text=gettext_lazy("如 0.33;不清楚可不填"),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", _("有效期至早于校准日期"))
        named = [bool(data.get("upper_kind")), bool(data.get("upper_name"))]
        if data.get("upper") and any(named):
            self.add_error("upper", _("从列表选择或另行填写,只取其一"))
        elif not data.get("upper") and not all(named):
            self.add_error("upper", _("请从列表选择上级,或在下面填写其类别和名称"))
        return data


class EnterCertificate(OneStandard, FormPage):
    """Enter the upper certificate of a standard."""

    form_class = CertificateForm

    def allowed(self, actor: Any) -> Decision:
        return services.may_keep(actor, self.standard.organisation)

    def header(self) -> Header:
        here = reverse("standards:standard", args=[self.standard.pk])
        return Header(
            _("登记上级证书"),
            lead=str(self.standard),
            crumbs=[(_("计量标准"), reverse("standards:list")), (self.standard.name, here)],
        )

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        form.fields["upper"].queryset = (
            TraceNode.objects.exclude(kind="instrument").exclude(pk=self.standard.pk).order_by("label")
        )
        return form

    def done(self, form: Any) -> str:
        data = dict(form.cleaned_data)
        services.enter_upper_certificate(actor=self.actor, standard=self.standard, **data)
        messages.success(self.request, _("已登记(声明):可在溯源页查看到哪一级为止"))
        return f"{reverse('standards:standard', args=[self.standard.pk])}?tab=chain"


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(max_length=300, label=gettext_lazy("原因"), widget=forms.Textarea(attrs={"rows": 2}))


class Step(OneStandard, FormPage):
    """Suspend, resume, condemn or restore a standard."""

    form_class = ReasonForm

    @property
    def submit(self) -> Any:  # type: ignore[override]
        return STANDARD[self.step].label

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.step = request.POST.get("step") or request.GET.get("step") or ""
        if self.step not in {t.name for t in STANDARD.transitions}:
            raise Http404

    def allowed(self, actor: Any) -> Decision:
        """Who may not decide does not see the form either."""
        return STANDARD[self.step].policy(actor, self.standard)

    def header(self) -> Header:
        here = reverse("standards:standard", args=[self.standard.pk])
        return Header(STANDARD[self.step].label, lead=str(self.standard), crumbs=[(self.standard.name, here)])

    def done(self, form: Any) -> str:
        services.take_step(self.step, actor=self.actor, standard=self.standard, reason=form.cleaned_data["reason"])
        return reverse("standards:standard", args=[self.standard.pk])
