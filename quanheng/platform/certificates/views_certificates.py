"""Certificates: the list with its ZIP, one certificate with its files, replacement and revocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.errors import InputError
from quanheng.platform.certificates import archive, content, forms, naming, queries, signing, tables
from quanheng.platform.certificates.models import PreparedDocument, Record
from quanheng.platform.certificates.prepared import may_prepare
from quanheng.platform.documents import ledger, standing
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.numbering import public_url
from quanheng.platform.documents.policies import may_withdraw
from quanheng.platform.documents.standing import OWN_LEAF, ended_words
from quanheng.platform.documents.validity import Standing, standing_of
from quanheng.platform.instruments import queries as instruments
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header
from quanheng.platform.web.pages import Batch, FormPage, ListPage, Page

TYPES: dict[str, tuple[str, Callable[[Document], bytes]]] = {
    "pdf": ("application/pdf", lambda d: files.get(d.pdf_sha256)),
    "xml": ("application/xml", lambda d: files.get(d.xml_sha256)),
    "bundle.json": ("application/json", ledger.bundle),
}


class CertificateList(ListPage):
    """Certificates and notices, newest first; many at once as a ZIP."""

    table_class = tables.CertificateTable
    filterset_class = tables.CertificateFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("还没有证书"), _("签发的检定证书和检定结果通知书会出现在这里,可以成批下载。"))

    def header(self) -> Header:
        read = Action(_("读取数字证书"), reverse("certificates:read"), "file-search")
        others = Action(_("外来证书"), reverse("certificates:foreign-list"), "inbox")
        made = Action(_("出具文件"), reverse("certificates:prepared-list"), "writing")
        inside = self.actor.has(*INSTITUTE_ROLES, Role.REGULATOR)
        return Header(pgettext("list", "证书"), menu=[*([made] if inside else []), others, read])

    def get_queryset(self) -> QuerySet[Document]:
        # History came in without the particulars of the instrument: the ledger has them.
        item = Instrument.objects.filter(pk=OuterRef("subject_id"))
        named = {
            "item_name": Coalesce(
                KT("public__item__name"), Subquery(item.values("name")[:1]), output_field=CharField()
            ),
            "item_serial": Coalesce(
                KT("public__item__serial_number"), Subquery(item.values("serial_number")[:1]), output_field=CharField()
            ),
        }
        return queries.documents(self.actor).annotate(**named).order_by("-performed_on", "-number")

    def chips(self) -> Sequence[Chip]:
        counts = queries.document_counts(self.actor)
        found = [Chip(label, {"term": key}, counts[key]) for key, label in tables.TERMS.items()]
        return [Chip(_("全部"), {}, counts["all"]), *found]

    def batches(self) -> Sequence[Batch]:
        return [Batch("download", _("打包下载 ZIP"), "download")]

    def batch_download(self, rows: QuerySet[Document]) -> Any:
        """The chosen (or all filtered) certificates in one file."""
        pack = archive.zipped(rows[: archive.MOST + 1])
        return FileResponse(pack, as_attachment=True, filename=f"certificates-{clock.today():%Y%m%d}.zip")


class OfDocument(Page):
    """Base of pages about one document the viewer may see."""

    document: Document
    standing: Standing

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.document = get_object_or_404(queries.documents(self.actor), pk=kwargs["pk"])
        self.standing = standing_of(self.document, clock.today())


class Detail(OfDocument):
    """One certificate."""

    template_name = "certificates/detail.html"

    def header(self) -> Header:
        document = self.document
        may: Decision = may_withdraw(self.actor, document)
        here = reverse("certificates:detail", args=[document.pk])
        menu = [Action(_("公众查验页"), reverse("documents:public", args=[document.public_code]), "world")]
        made_from_content = PreparedDocument.objects.filter(document=document).exists()
        primary = None
        if document.pdf_sha256:
            primary = Action(_("下载 PDF"), f"{here}file/pdf", "download")
            menu += [
                Action(_("下载 XML(数字证书)"), f"{here}file/xml", "file-code"),
                Action(_("下载证明文件"), f"{here}file/bundle.json", "shield-check"),
            ]
        if may and document.state == "issued":
            if not made_from_content and self.standing.end is None:
                menu.append(Action(_("替换"), f"{here}replace/", "replace"))
            menu.append(Action(_("撤销"), f"{here}revoke/", "ban"))
        if made_from_content and document.state == "issued" and may_prepare(self.actor, document.organisation):
            anew = f"{reverse('certificates:prepare')}?replaces={document.pk}"
            menu.append(Action(_("提交替换内容"), anew, "replace"))
        return Header(
            document.number,
            lead=str(document.get_kind_display()),
            status=standing.status(self.standing),
            crumbs=[(pgettext("list", "证书"), reverse("certificates:list"))],
            primary=primary,
            menu=menu,
        )

    def context(self) -> dict[str, Any]:
        document = self.document
        record = Record.objects.filter(document=document).first()
        seen = record if record and queries.records(self.actor).filter(pk=record.pk).exists() else None
        return {
            "document": document,
            "facts": _facts(document, self.actor),
            "ended": ended_words(self.standing.end) if self.standing.end else "",
            "tone": standing.status(self.standing).tone,
            "standards": document.public.get("standards", []),
            "record": seen,
            "newer": self.newer(),
            "leaf": document.leaves.filter(type__in=OWN_LEAF).first(),
            "public_url": public_url(document.public_code),
            "history": events.history(document)[:30],
        }

    def newer(self) -> Document | None:
        """What took its place, where the viewer may see it."""
        end = self.standing.end
        newer = self.document.replaced_by.first() if end is None else end.document
        return queries.documents(self.actor).filter(pk=newer.pk).first() if newer else None


def _facts(document: Document, actor: Actor) -> list[Definition]:
    """What stands in the document; an imported one names its instrument through the ledger, as its public page does."""
    shown = standing.find(document.public_code)
    item, norm = shown.item, document.public.get("norm", {})
    item_rows = [
        (_("器具名称"), item.get("name")),
        (_("型号规格"), item.get("model")),
        (_("出厂编号"), item.get("serial_number")),
        (_("生产厂家"), item.get("manufacturer")),
        (_("测量范围"), item.get("measuring_range")),
        (_("准确度等级"), item.get("accuracy_class")),
    ]
    rows = [
        (_("查验结论"), shown.headline.word),
        (_("使用单位"), document.owner),
        (_("签发机构"), document.issuer_name),
        (_("检定依据"), f"{norm.get('number', '')} {norm.get('title', '')}".strip()),
        (_("检定日期"), document.performed_on),
        (_("有效期至"), document.valid_until),
        (_("签发日期"), document.issued_on),
        (_("批准人"), document.signed_by),
        (_("来源"), document.get_origin_display()),
    ]
    code = Definition(_("器具码"), shown.subject_code or "—", url=_instrument_url(actor, document))
    plain = [Definition(label, value or "—") for label, value in (*item_rows, *rows)]
    return [*plain[: len(item_rows)], code, *plain[len(item_rows) :]]


def _instrument_url(actor: Actor, document: Document) -> str:
    """The page of its instrument, for those who may open it."""
    seen = instruments.visible(actor).filter(pk=document.subject_id).exists()
    seen = seen or instruments.worked_on(actor).filter(pk=document.subject_id).exists()
    return reverse("instruments:instrument", args=[document.subject_id]) if seen else ""


class Download(OfDocument):
    """The bytes as issued, or the proof."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = str(kwargs["kind"])
        if kind not in TYPES or not self.document.pdf_sha256:
            raise Http404
        content_type, read = TYPES[kind]
        try:
            data = read(self.document)
        except InputError as error:
            return HttpResponse(error.line(), status=409, content_type="text/plain; charset=utf-8")
        response = HttpResponse(data, content_type=content_type)
        shown = "inline" if kind == "pdf" and "view" in request.GET else "attachment"
        name = f"{ledger.file_stem(self.document.number)}.{kind}"
        response["Content-Disposition"] = f'{shown}; filename="{name}"'
        return response


class Withdraw(FormPage, OfDocument):
    """Base of replacement and revocation: what the act means stands above the code that seals it."""

    template_name = "certificates/withdraw.html"

    def allowed(self, actor: Any) -> Decision:
        return may_withdraw(actor, self.document)

    def here(self) -> str:
        """The certificate's page."""
        return reverse("certificates:detail", args=[self.document.pk])


class Replace(Withdraw):
    """Issue anew; the old one stays readable and says so."""

    form_class = forms.ReplaceForm
    submit = gettext_lazy("签发替换证书")

    def header(self) -> Header:
        lead = _(
            "同一原始记录重新签发,使用新编号:结果和器具信息以原始记录为准,单位以现在的名称为准;旧证书仍可查看,公众页显示“已被替换”。"
        )
        return Header(_("替换证书"), lead=lead, crumbs=[(self.document.number, self.here())])

    def context(self) -> dict[str, Any]:
        return {"meaning": naming.said(content.MEANINGS["approve"])}

    def done(self, form: Any) -> str:
        record = get_object_or_404(queries.records(self.actor), document=self.document)
        clean = form.cleaned_data
        made = signing.replace_certificate(
            record,
            reason=clean["reason"],
            reason_en=clean["reason_en"],
            second_factor_code=clean["code"],
            actor=self.actor,
        )
        messages.success(self.request, _("已签发替换证书 %(number)s") % {"number": made.number})
        return reverse("certificates:detail", args=[made.pk])


class Revoke(Withdraw):
    """Withdraw for good."""

    form_class = forms.RevokeForm
    submit = gettext_lazy("撤销证书")

    def header(self) -> Header:
        lead = _("撤销不可恢复:公众页和公开日志立即显示已撤销,器具自该日起视为未检定。")
        return Header(_("撤销证书"), lead=lead, crumbs=[(self.document.number, self.here())])

    def context(self) -> dict[str, Any]:
        return {"meaning": naming.said(content.WITHDRAWING)}

    def initial(self) -> Mapping[str, Any]:
        return {"void_from": clock.today()}

    def done(self, form: Any) -> str:
        clean = form.cleaned_data
        signing.revoke_certificate(
            self.document,
            reason=clean["reason"],
            void_from=clean["void_from"],
            second_factor_code=clean["code"],
            actor=self.actor,
        )
        messages.success(self.request, _("已撤销"))
        return self.here()
