"""Importing foreign certificates: files → what they say and what would be done → one import, which can be undone."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.errors import InputError
from quanheng.platform.certificates import reading
from quanheng.platform.certificates.intake import kind as intake
from quanheng.platform.certificates.intake import review
from quanheng.platform.certificates.intake.package import files_in, packed
from quanheng.platform.certificates.models import ForeignCertificate
from quanheng.platform.instruments.import_views import STATES, organisations_for
from quanheng.platform.kernel import files, imports
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.language import in_english
from quanheng.platform.kernel.models import ImportBatch, Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.words import words_of
from quanheng.platform.web.components import Action, Figure, Header
from quanheng.platform.web.forms import MEGABYTE, FileDrop, FileField, Form, SearchSelect
from quanheng.platform.web.pages import FormPage, Page

SUFFIXES = (".xml", ".dcc", ".pdf", ".zip")
MEGABYTES = 40
IN_WORDS = {
    "empty_file": gettext_lazy("文件是空的:请选择 XML、PDF 证书,或装有证书的 ZIP"),
    "file_too_large": gettext_lazy("文件太大,请拆分"),
    "too_many_files": gettext_lazy("一次最多读取 200 个文件,请拆分"),
    "unsafe_file": gettext_lazy("压缩包展开后过大或层次异常,已拒绝;请只打包证书文件"),
    "unreadable": gettext_lazy("读不了这个压缩包:可能已损坏或有密码"),
}


def may_open(actor: Actor) -> Decision:
    """People who keep instruments or standards; for which organisation is asked of each import."""
    if actor.system or actor.has(Role.ENTERPRISE, Role.LAB_MANAGER, Role.VERIFIER):
        return Allowed()
    return Denied(_("只有本单位的计量人员可以导入外来证书"))


class FilesDrop(FileDrop):
    """A place for several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, given: Any, name: str) -> Any:
        return given.getlist(name) if hasattr(given, "getlist") else given.get(name)


class FilesField(FileField):
    """Several uploads, together within the limit."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, (list, tuple)) else [data]
        clean = [FileField.clean(self, one, initial) for one in given or [None]]
        if sum(one.size or 0 for one in clean) > self.megabytes * MEGABYTE:
            raise ValidationError(_("文件超过 %(size)d MB,请拆分后再上传") % {"size": self.megabytes})
        return clean


class IntakeForm(Form):
    """Files, for whom, and how long certificates hold that do not say it themselves."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("导入到"), widget=SearchSelect()
    )
    upload = FilesField(
        suffixes=SUFFIXES,
        megabytes=MEGABYTES,
        label=gettext_lazy("证书文件"),
        help_text=gettext_lazy("数字校准证书(DCC 2.3.0 至 3.3.0)、带有它的 PDF/A-3,或一个文件夹的 ZIP;可多选"),
        widget=FilesDrop(attrs={"accept": ",".join(SUFFIXES)}, hint=f"XML、DCC、PDF、ZIP · ≤ {MEGABYTES} MB"),
    )
    months = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=240,
        label=gettext_lazy("复校间隔(月)"),
        help_text=gettext_lazy("只用于没有写有效期的证书,自校准日期起算;不填则逐份填写。系统不替您假定。"),
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]


class Start(FormPage):
    """Hand in certificates of others."""

    form_class = IntakeForm
    submit = gettext_lazy("读取并核对")

    def allowed(self, actor: Actor) -> Decision:
        return may_open(actor)

    def header(self) -> Header:
        return Header(
            _("导入外来证书"),
            lead=_("逐份读取、检查签名和内容,核对之后才写入;原文件按哈希永久保存。"),
            crumbs=[(_("外来证书"), reverse("certificates:foreign-list"))],
        )

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": organisations_for(self.actor, intake.KIND)}

    def initial(self) -> Mapping[str, Any]:
        return {"organisation": organisations_for(self.actor, intake.KIND).first()}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """From the form, or a file that the page which reads certificates hands over."""
        if "base64" not in request.POST:
            return super().post(request, *args, **kwargs)
        try:
            return HttpResponseRedirect(self._handed_over(request))
        except InputError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.path)

    def _handed_over(self, request: HttpRequest) -> str:
        try:
            organisation = organisations_for(self.actor, intake.KIND).get(pk=request.POST["organisation"])
            data = base64.b64decode(request.POST["base64"], validate=True)
        except (Organisation.DoesNotExist, ValidationError, KeyError, ValueError) as error:
            raise InputError("invalid", _("请在这里重新选择文件"), "upload") from error
        return self._looked_at(organisation, data, request.POST.get("name") or "?", None)

    def done(self, form: Any) -> str:
        given = form.cleaned_data["upload"]
        one = given[0] if len(given) == 1 else None
        data = one.read() if one else packed((f.name or "?", f.read()) for f in given)
        name = (one.name or "?") if one else _("%(n)d 个文件") % {"n": len(given)} + ".zip"
        return self._looked_at(form.cleaned_data["organisation"], data, name, form.cleaned_data["months"])

    def _looked_at(self, organisation: Organisation, data: bytes, name: str, months: int | None) -> str:
        """The review page of a new import."""
        try:
            batch, _found = imports.preview(
                actor=self.actor,
                kind=intake.NAME,
                organisation=organisation,
                data=data,
                name=name,
                options={"months": str(months)} if months else {},
            )
        except Refused:
            raise
        except InputError as error:
            raise InputError(error.code, str(IN_WORDS.get(error.code, words_of(error))), "upload") from error
        return reverse("certificates:intake-batch", args=[batch.pk])


class OneIntake(Page):
    """A page about one import of certificates."""

    batch: ImportBatch

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        try:
            self.batch = imports.batch_for(self.actor, kwargs["pk"])
        except Refused as error:
            raise Http404 from error
        if self.batch.kind != intake.NAME:
            raise Http404

    def allowed(self, actor: Actor) -> Decision:
        return intake.may_import(actor, self.batch.organisation)

    @property
    def url(self) -> str:
        """The page of the import."""
        return reverse("certificates:intake-batch", args=[self.batch.pk])


class IntakeBatch(OneIntake):
    """Review before, result after."""

    template_name = "certificates/intake.html"

    def header(self) -> Header:
        batch = self.batch
        menu = [Action(_("重新选择文件"), reverse("certificates:intake"), "upload")]
        if batch.state == "applied":
            words = _("撤销会取回这次导入的 %(n)d 项及其溯源链接和新建的器具、标准;文件本身保留。") % {
                "n": batch.accepted
            }
            menu.append(Action(_("撤销这次导入"), self.url, "trash", "post", "", words, {"do": "undo"}))
        crumbs = [(_("外来证书"), reverse("certificates:foreign-list"))]
        lead = f"{batch.file.name} → {batch.organisation}"
        return Header(_("导入外来证书"), lead, STATES[batch.state], crumbs, menu=menu)

    def context(self) -> dict[str, Any]:
        batch = self.batch
        label = _("可导入") if batch.state == "preview" else _("已导入")
        figures = [
            Figure(_("器具"), batch.total),
            Figure(label, batch.accepted, tone="ok" if batch.accepted else ""),
            Figure(_("不导入"), batch.rejected, tone="due" if batch.rejected else ""),
        ]
        context: dict[str, Any] = {"batch": batch, "figures": figures, "errors": batch.errors}
        if batch.state == "preview":
            found = imports.look(viewer=self.actor, batch=batch)
            context |= review.page(batch, found.rows)
        rows = ForeignCertificate.objects.filter(batch=batch).prefetch_related("items", "superseded_by")
        return {**context, "made": rows.order_by("file_name")}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = request.POST.get("do", "")
        try:
            if act == "undo":
                imports.undo(actor=self.actor, batch=self.batch)
                messages.success(request, pgettext("import", "已撤销"))
            elif act in ("mend", "apply"):
                self._decide(request, act)
            else:
                raise Http404
        except InputError as error:
            messages.error(request, words_of(error))
        return HttpResponseRedirect(self.url)

    def _decide(self, request: HttpRequest, act: str) -> None:
        """What was shown is what is done: a decision that changes anything is shown again before it counts."""
        before = review.summary(imports.look(viewer=self.actor, batch=self.batch).rows)
        after = imports.mend(actor=self.actor, batch=self.batch, cells=review.decisions(request.POST)).rows
        if act == "mend" or review.summary(after) != before:
            messages.info(request, _("已按您的选择重新核对;请看清将要发生的改变,再确认导入"))
            return
        done = imports.apply(actor=self.actor, batch=self.batch)
        if done.state == "applied":
            messages.success(request, _("已导入 %(n)d 项") % {"n": done.accepted})
        else:
            messages.error(request, _("没有可以导入的项"))


class IntakeFile(OneIntake):
    """One file of an import, all that it says and every finding beside its place."""

    template_name = "certificates/intake_file.html"

    def header(self) -> Header:
        crumbs = [(_("外来证书"), reverse("certificates:foreign-list")), (_("导入外来证书"), self.url)]
        return Header(self.one.name, crumbs=crumbs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found: Sequence[tuple[str, bytes]] = files_in(files.get(self.batch.file.sha256), self.batch.file.name)
        if kwargs["position"] >= len(found):
            raise Http404
        lang = "en" if in_english() else "zh"
        self.one = reading.shown(reading.read_one(*found[kwargs["position"]]), lang)
        return self.draw(one=self.one)
