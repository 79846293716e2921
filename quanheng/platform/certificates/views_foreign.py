"""Foreign certificates: the list, one with its versions, values and links, and its bytes as they came."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from quanheng.platform.certificates import foreign, reading
from quanheng.platform.certificates.intake.kind import may_import
from quanheng.platform.certificates.models import ForeignCertificate
from quanheng.platform.certificates.views_intake import may_open
from quanheng.platform.instruments import queries as instruments
from quanheng.platform.kernel import events, files
from quanheng.platform.kernel.language import in_english
from quanheng.platform.standards import queries as standards
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.web.components import Action, Definition, Empty, Header
from quanheng.platform.web.filters import ChoiceFilter, DateAfter, DateBefore, FilterSet, SearchFilter
from quanheng.platform.web.pages import ListPage, Page
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, StatusColumn, Table, TextColumn


class ForeignTable(Table):
    """Certificates of others."""

    status = StatusColumn(to_status=foreign.standing, verbose_name=gettext_lazy("版本"), orderable=False)
    number = TextColumn(main=True, sub="file_name", verbose_name=gettext_lazy("证书编号"))
    issuer_name = TextColumn(verbose_name=gettext_lazy("出具机构"))
    signature = StatusColumn(
        to_status=foreign.signature_status, verbose_name=gettext_lazy("签名"), order_by="signature_state"
    )
    performed_on = DateColumn(verbose_name=gettext_lazy("校准/检定日期"))
    valid_until = DeadlineColumn(verbose_name=gettext_lazy("有效期至"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("保存单位"))

    class Meta(Table.Meta):
        model = ForeignCertificate
        fields: ClassVar = ()

    def row_url(self, record: ForeignCertificate) -> str:
        """The certificate's page."""
        return reverse("certificates:foreign", args=[record.pk])


class ForeignFilter(FilterSet):
    """By words, signatures and dates."""

    q = SearchFilter(("number", "issuer_name", "file_name", "items__name"))
    signature_state = ChoiceFilter(
        choices=[(k, v[1]) for k, v in foreign.SIGNATURES.items()], label=gettext_lazy("签名")
    )
    since = DateAfter("performed_on", label=gettext_lazy("校准日期自"))
    until = DateBefore("performed_on", label=gettext_lazy("校准日期至"))


class ForeignList(ListPage):
    """Certificates of others, newest first."""

    table_class = ForeignTable
    filterset_class = ForeignFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        words = _("别的机构出具的数字校准证书导入后在这里;它们连到器具、标准和溯源链,不计为本系统签发。")
        return Empty(_("还没有外来证书"), words, self._start())

    def _start(self) -> Action | None:
        return Action(_("导入外来证书"), reverse("certificates:intake"), "upload") if may_open(self.actor) else None

    def header(self) -> Header:
        crumbs = [(pgettext("list", "证书"), reverse("certificates:list"))]
        return Header(_("外来证书"), crumbs=crumbs, primary=self._start())

    def get_queryset(self) -> QuerySet[ForeignCertificate]:
        rows = foreign.visible(self.actor).prefetch_related("superseded_by")
        return rows.order_by("-performed_on", "-created_at").distinct()


class OneForeign(Page):
    """A page about one certificate the viewer may see."""

    certificate: ForeignCertificate

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.certificate = get_object_or_404(foreign.visible(self.actor), pk=kwargs["pk"])


class ForeignPage(OneForeign):
    """One certificate: what its signatures proved, its items here, its standards, versions and contents."""

    template_name = "certificates/foreign.html"

    def header(self) -> Header:
        c = self.certificate
        here = reverse("certificates:foreign-file", args=[c.pk])
        record = Action(_("这次导入"), reverse("certificates:intake-batch", args=[c.batch_id]), "clock")
        return Header(
            c.number,
            lead=_("外来证书 · %(issuer)s") % {"issuer": c.issuer_name},
            status=foreign.standing(c),
            crumbs=[(_("外来证书"), reverse("certificates:foreign-list"))],
            primary=Action(_("下载原文件"), here, "download"),
            menu=[record] if may_import(self.actor, c.organisation) else [],
        )

    def context(self) -> dict[str, Any]:
        c = self.certificate
        tone, word, meaning = foreign.SIGNATURES.get(c.signature_state, foreign.SIGNATURES["unsupported"])
        lang = "en" if in_english() else "zh"
        return {
            "certificate": c,
            "facts": _facts(c),
            "signature": (tone, word, meaning),
            "items": self._items(),
            "older": c.supersedes,
            "newer": c.superseded_by.first(),
            "one": reading.shown(reading.read_one(c.file_name, files.get(c.sha256)), lang),
            "values": c.values.count(),
            "history": events.history(c)[:20],
        }

    def _items(self) -> list[dict[str, Any]]:
        rows = list(self.certificate.items.order_by("position"))
        papers = TraceCertificate.objects.prefetch_related("uses__standard").in_bulk([i.trace_id for i in rows])
        ids = [i.subject_id for i in rows]
        seen = {i.pk: (str(i), reverse("instruments:instrument", args=[i.pk])) for i in _own_items(self.actor, ids)}
        own = standards.visible(self.actor).filter(pk__in=ids)
        seen |= {s.pk: (str(s), reverse("standards:standard", args=[s.pk])) for s in own}
        return [{"item": i, "ours": seen.get(i.subject_id), "paper": papers.get(i.trace_id)} for i in rows]


def _own_items(actor: Any, ids: list[Any]) -> Any:
    return instruments.visible(actor).filter(pk__in=ids)


def _facts(c: ForeignCertificate) -> list[Definition]:
    performed = " – ".join(dict.fromkeys(d for d in (c.begin, c.end) if d))
    stated = _("证书写明") if c.validity_stated else _("由导入人填写")
    return [
        Definition(_("出具机构"), f"{c.issuer_name} {c.issuer_country}".strip()),
        Definition(_("委托方"), c.customer_name or "—"),
        Definition(_("测量日期"), performed),
        Definition(_("签发日期"), c.issued or "—"),
        Definition(_("有效期至"), f"{c.valid_until:%Y-%m-%d}({stated})"),
        Definition(_("格式"), f"DCC {c.version}"),
        Definition(_("保存单位"), c.organisation.name),
        Definition(_("导入时间"), c.created_at),
        Definition("SHA-256", c.sha256),
    ]


class ForeignFile(OneForeign):
    """The bytes exactly as they came."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        c = self.certificate
        data = files.get(c.sha256)
        pdf = data.startswith(b"%PDF-")
        response = HttpResponse(data, content_type="application/pdf" if pdf else "application/xml")
        response["Content-Disposition"] = f'attachment; filename="{c.sha256[:16]}.{"pdf" if pdf else "xml"}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
