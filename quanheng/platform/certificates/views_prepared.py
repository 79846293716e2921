"""Documents from content written elsewhere: handed in, looked at, checked, signed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms as fields
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.errors import InputError
from quanheng.evidence.content import CertificateContent
from quanheng.evidence.dcc import pageview
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.rendering.certificate import render_certificate
from quanheng.platform.certificates import conditions, content, forms, naming, prepared, queries, services, tables
from quanheng.platform.certificates.models import PREPARED_KINDS, PreparedDocument
from quanheng.platform.certificates.workflow import PREPARED
from quanheng.platform.documents.models import Document
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.kernel.words import reasons_of
from quanheng.platform.web import second_factor
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header, Status
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import FileField, Form
from quanheng.platform.web.pages import FormPage, ListPage, Page
from quanheng.platform.web.tables import DateColumn, StatusColumn, Table, TextColumn


def status_of(one: PreparedDocument) -> Status:
    """State as tone and word."""
    return Status(tables.RECORD_TONES[one.state], PREPARED.states[one.state])


def works_here(actor: Any) -> Decision:
    """People of institutes, and regulators who read."""
    if actor.has(*INSTITUTE_ROLES, Role.REGULATOR):
        return Allowed()
    return Denied(_("这里只对检定机构和监管人员开放"))


class PreparedTable(Table):
    """Documents on their way."""

    status = StatusColumn(to_status=status_of, verbose_name=gettext_lazy("状态"), order_by="state")
    title = TextColumn(main=True, verbose_name=gettext_lazy("对象"))
    kind = TextColumn(accessor="get_kind_display", verbose_name=gettext_lazy("类型"), orderable=False)
    norm = TextColumn(accessor="norm__number", verbose_name=gettext_lazy("依据"))
    performed_on = DateColumn(verbose_name=gettext_lazy("测量日期"))
    verifier = TextColumn(accessor="verifier__name", verbose_name=gettext_lazy("提交人"))
    number = TextColumn(accessor="document__number", verbose_name=gettext_lazy("编号"))

    class Meta(Table.Meta):
        model = PreparedDocument
        fields: ClassVar = ()

    def row_url(self, record: PreparedDocument) -> str:
        """Its page."""
        return reverse("certificates:prepared", args=[record.pk])


class PreparedFilter(FilterSet):
    """By words, kind and state."""

    q = SearchFilter(("title", "document__number", "norm__number"))
    kind = ChoiceFilter(choices=PREPARED_KINDS, label=gettext_lazy("类型"))
    state = ChoiceFilter(choices=list(PREPARED.states.items()), label=gettext_lazy("状态"))


class PreparedList(ListPage):
    """Calibration certificates, test and comparison reports, certificates of reference materials on their way."""

    table_class = PreparedTable
    filterset_class = PreparedFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        words = _("校准证书、测试报告、比对报告和标准物质证书的内容在别处写好后,从这里提交、核验、签发。")
        return Empty(_("还没有待签发的文书"), words, self._start())

    def allowed(self, actor: Any) -> Decision:
        return works_here(actor)

    def _start(self) -> Action | None:
        may = self.actor.has(Role.VERIFIER)
        return Action(_("提交文书内容"), reverse("certificates:prepare"), "plus") if may else None

    def header(self) -> Header:
        return Header(
            _("出具文件"), crumbs=[(pgettext("list", "证书"), reverse("certificates:list"))], primary=self._start()
        )

    def get_queryset(self) -> QuerySet[PreparedDocument]:
        return prepared.visible(self.actor).order_by("-created_at")

    def chips(self) -> Sequence[Chip]:
        rows = prepared.visible(self.actor)
        shown = [Chip(label, {"state": s}, rows.filter(state=s).count()) for s, label in PREPARED.states.items()]
        return [Chip(_("全部"), {}, rows.count()), *shown]


class PrepareForm(Form):
    """What kind, the content, its raw record."""

    organisation = fields.ModelChoiceField(Organisation.objects.none(), label=gettext_lazy("出具机构"))
    kind = fields.ChoiceField(choices=PREPARED_KINDS, label=gettext_lazy("类型"))
    content = FileField(
        suffixes=(".json",),
        megabytes=2,
        required=False,
        label=gettext_lazy("内容文件"),
        help_text=gettext_lazy("数值都写成带引号的文本;编号、机构、人员和签名由系统填写"),
    )
    pasted = fields.CharField(
        required=False,
        label=gettext_lazy("或把内容粘贴在这里"),
        widget=fields.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "font-monospace"}),
    )
    record = FileField(
        megabytes=20,
        label=gettext_lazy("原始记录"),
        help_text=gettext_lazy("任何格式;原样保存,其 SHA-256 写进文书"),
    )
    reason = fields.CharField(max_length=300, required=False, label=gettext_lazy("替换原因"))
    reason_en = fields.CharField(max_length=300, required=False, label=gettext_lazy("英文原因(可不填)"))

    def __init__(self, *args: Any, organisations: Any, replacing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        if not replacing:
            del self.fields["reason"], self.fields["reason_en"]


class Prepare(FormPage):
    """Hand in a content; what is wrong is named by field."""

    form_class = PrepareForm
    template_name = "certificates/prepare.html"
    submit = gettext_lazy("检查并提交核验")
    wide = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.old: Document | None = None
        if request.GET.get("replaces"):
            try:
                self.old = queries.documents(self.actor).filter(pk=request.GET["replaces"]).first()
            except (ValueError, TypeError, fields.ValidationError):
                self.old = None
            if self.old is None or self.old.kind not in dict(PREPARED_KINDS):
                raise Http404

    def allowed(self, actor: Any) -> Decision:
        return Allowed() if actor.has(Role.VERIFIER) else Denied(_("只有本机构的检定员可以提交文书内容"))

    def header(self) -> Header:
        lead = _("替换 %(number)s") % {"number": self.old.number} if self.old else ""
        return Header(_("提交文书内容"), lead, crumbs=[(_("出具文件"), reverse("certificates:prepared-list"))])

    def _institutes(self) -> QuerySet[Organisation]:
        ids = self.actor.organisation_ids(Role.VERIFIER)
        return Organisation.objects.filter(pk__in=ids, kind="institute")

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": self._institutes(), "replacing": self.old is not None}

    def initial(self) -> Mapping[str, Any]:
        first = self._institutes().first()
        return {"organisation": first, **({"kind": self.old.kind} if self.old else {})}

    def done(self, form: Any) -> str:
        clean = form.cleaned_data
        file = clean["content"]
        made = prepared.prepare(
            actor=self.actor,
            organisation=clean["organisation"],
            kind=clean["kind"],
            data=file.read() if file else clean["pasted"].encode(),
            record=clean["record"].read(),
            record_name=clean["record"].name or "record",
            replaces=self.old,
            reason=clean.get("reason", ""),
            reason_en=clean.get("reason_en", ""),
        )
        messages.success(self.request, _("内容无误,已交核验员"))
        return reverse("certificates:prepared", args=[made.pk])


class Schema(Page):
    """The JSON Schema of a content, for whoever writes one."""

    def allowed(self, actor: Any) -> Decision:
        return works_here(actor)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        schema = CertificateContent.model_json_schema()
        schema["properties"] = {k: v for k, v in schema["properties"].items() if k in prepared.GIVEN}
        schema["required"] = [name for name in schema["required"] if name in prepared.GIVEN]
        response = HttpResponse(json.dumps(schema, ensure_ascii=False, indent=1), "application/schema+json")
        response["Content-Disposition"] = 'attachment; filename="content.schema.json"'
        return response


class OnePrepared(Page):
    """A page about one of them."""

    template_name = "certificates/prepared.html"
    one: PreparedDocument

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.one = get_object_or_404(prepared.visible(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        here = reverse("certificates:prepared-preview", args=[self.one.pk])
        menu = [Action(_("在新窗口打开预览"), here, "file-type-pdf")]
        primary = None
        if self.one.document_id:
            address = reverse("certificates:detail", args=[self.one.document_id])
            primary = Action(_("查看证书"), address, "certificate")
        return Header(
            self.one.title,
            lead=str(self.one.get_kind_display()),
            status=status_of(self.one),
            crumbs=[(_("出具文件"), reverse("certificates:prepared-list"))],
            primary=primary,
            menu=menu,
        )

    def context(self) -> dict[str, Any]:
        one, user = self.one, services.person(self.actor)
        step = {"checking": "check", "signing": "sign"}.get(one.state, "")
        part = {"check": "checker", "sign": "signatory"}.get(step)
        decision = PREPARED.may(step, one, self.actor) if step else None
        acting = {part: user} if part and decision else {}
        found = conditions.prepared_conditions(one, people=conditions.people_of(one, **acting))
        lang = "en" if in_english() else "zh"
        return {
            "one": one,
            "facts": _facts(one),
            "sections": pageview.sections(read(build(prepared.provisional(one))), (), lang),
            "conditions": sorted(found, key=lambda c: c.ok) if step else [],
            "failing": conditions.failing(found) if step else [],
            "step": step,
            "decision": decision,
            "steps_back": [t for t, d in PREPARED.open_to(one, self.actor) if d and t.name in ("return", "void")],
            "meaning": naming.said(content.MEANINGS["approve"]),
            "factor_ready": second_factor.is_set_up(user),
            "sign_form": forms.SignForm(),
            "history": events.history(one)[:30],
        }


def _facts(one: PreparedDocument) -> list[Definition]:
    people = [(_("提交人"), one.verifier), (_("核验员"), one.checker), (_("授权签字人"), one.signatory)]
    return [
        Definition(_("依据"), one.norm.number),
        Definition(_("测量日期"), one.performed_on),
        Definition(_("使用单位"), one.owner or "—"),
        *(Definition(label, user.name if user else "—") for label, user in people),
        Definition(_("替换的文书"), one.replaces.number if one.replaces else "—"),
        Definition(_("原始记录"), f"{one.record_name} · SHA-256 {one.record_sha256}"),
    ]


class PreparedPreview(OnePrepared):
    """The document as it will print, without number, seal and data."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        data = render_certificate(prepared.provisional(self.one), b"<preview/>", clock.now())
        return HttpResponse(data, "application/pdf", headers={"Cache-Control": "private, max-age=60"})


class PreparedAct(OnePrepared):
    """Check, sign, send back, drop."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("certificates:prepared", pk=self.one.pk)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return self._done(str(kwargs["act"]), request)
        except InputError as error:
            reasons = reasons_of(error)
            self.one = prepared.visible(self.actor).get(pk=self.one.pk)
            return self.draw(status=422, refused=reasons)

    def _done(self, act: str, request: HttpRequest) -> HttpResponse:
        if act == "check":
            prepared.check(self.one, actor=self.actor)
            messages.success(request, _("核验通过,已交授权签字人"))
        elif act == "sign":
            code, meaning = request.POST.get("code", ""), request.POST.get("meaning", "")
            signed = prepared.sign(self.one, second_factor_code=code, meaning=meaning, actor=self.actor)
            messages.success(request, _("已签发"))
            return redirect("certificates:detail", pk=signed.document_id)
        elif act in ("return", "void"):
            prepared.step_back(self.one, act, reason=request.POST.get("reason", ""), actor=self.actor)
            messages.success(request, _("已作废"))
        else:
            raise Http404
        return redirect("certificates:prepared", pk=self.one.pk)
