"""Lists of records and of certificates."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from quanheng.platform.certificates import queries
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.documents.models import Document, DocumentKind, Origin
from quanheng.platform.documents.standing import status as standing_status
from quanheng.platform.documents.validity import Standing, standings
from quanheng.platform.documents.workflow import DOCUMENT
from quanheng.platform.kernel import clock
from quanheng.platform.web.components import Status, Tone
from quanheng.platform.web.filters import ChoiceFilter, DateAfter, DateBefore, FilterSet, SearchFilter
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, StatusColumn, Table, TextColumn
from quanheng.platform.web.templatetags import web as tags

RECORD_TONES: dict[str, Tone] = {
    "draft": "work",
    "checking": "wait",
    "signing": "wait",
    "issued": "ok",
    "voided": "off",
}
OPEN = ("draft", "checking", "signing")
VERDICTS = {"pass": _("合格"), "reject": _("不合格"), "fail": _("不合格")}


def record_status(record: Record) -> Status:
    """State as tone and word."""
    return Status(RECORD_TONES.get(record.state, "unknown"), RECORD.states.get(record.state, record.state))


class RecordTable(Table):
    """Raw records."""

    status = StatusColumn(to_status=record_status, verbose_name=_("状态"), order_by="state")
    instrument = TextColumn(
        accessor="instrument__name",
        main=True,
        sub="instrument__serial_number",
        sub_title=_("出厂编号"),
        verbose_name=_("器具"),
    )
    owner = TextColumn(accessor="instrument__organisation__name", verbose_name=_("使用单位"))
    norm = TextColumn(accessor="task__norm__number", verbose_name=_("检定规程"))
    verdict = TextColumn(verbose_name=_("结论"))
    performed_on = DateColumn(verbose_name=_("检定日期"))
    verifier = TextColumn(accessor="verifier__name", verbose_name=_("检定员"))
    checker = TextColumn(accessor="checker__name", verbose_name=_("核验员"))
    due_on = DeadlineColumn(accessor="task__due_on", verbose_name=_("办结期限"), soon=5)

    class Meta(Table.Meta):
        model = Record
        fields: ClassVar = ()

    def render_verdict(self, value: str) -> Any:
        """The verdict in words."""
        return VERDICTS.get(value, "—")

    def render_due_on(self, record: Record, value: dt.date) -> SafeString:
        """Words of warning only while there is something left to do."""
        if record.state in OPEN:
            return tags.deadline(value, soon=5)
        return format_html('<span class="text-secondary">{}</span>', value.isoformat())

    def row_url(self, record: Record) -> str:
        """Waiting ones open for review."""
        view = "certificates:review" if record.state in ("checking", "signing") else "certificates:record"
        return reverse(view, args=[record.pk])


class RecordFilter(FilterSet):
    """Filters of records."""

    q = SearchFilter(("instrument__name", "instrument__serial_number", "instrument__organisation__name"))
    state = ChoiceFilter(choices=list(RECORD.states.items()), label=_("状态"))
    since = DateAfter("performed_on", label=_("检定日期自"))
    until = DateBefore("performed_on", label=_("检定日期至"))


class CertificateTable(Table):
    """Certificates and notices."""

    status = StatusColumn(empty_values=(), verbose_name=_("状态"), order_by="state")
    number = TextColumn(main=True, verbose_name=_("编号"))
    kind = TextColumn(accessor="get_kind_display", verbose_name=_("类型"), orderable=False)
    item = TextColumn(
        accessor="item_name", sub="item_serial", sub_title=_("出厂编号"), verbose_name=_("器具"), orderable=False
    )
    owner = TextColumn(accessor="owner__name", verbose_name=_("使用单位"))
    issuer_name = TextColumn(verbose_name=_("签发机构"))
    performed_on = DateColumn(verbose_name=_("检定日期"))
    valid_until = DeadlineColumn(verbose_name=_("有效期至"))
    origin = TextColumn(accessor="get_origin_display", verbose_name=_("来源"), orderable=False)
    hidden = ("origin",)
    pinned = ("status", "number")

    class Meta(Table.Meta):
        model = Document
        fields: ClassVar = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.standings: dict[uuid.UUID, Standing] = {}
        super().__init__(*args, **kwargs)

    def prepare(self, records: Sequence[Document]) -> None:
        """How the documents of a page, or of a part of an export, stand."""
        self.standings = standings(records, clock.today())

    def render_status(self, record: Document) -> SafeString:
        """The same word as the certificate's page."""
        return tags.status(standing_status(self.standings[record.pk]))

    def value_status(self, record: Document) -> str:
        """The word."""
        return str(standing_status(self.standings[record.pk]).label)

    def row_url(self, record: Document) -> str:
        """The certificate's page."""
        return reverse("certificates:detail", args=[record.pk])


TERMS = {
    "within": _("有效期内"),
    "over": _("已过期"),
    "rejected": _("不合格"),
    "replaced": DOCUMENT.states["replaced"],
    "revoked": DOCUMENT.states["revoked"],
}


class CertificateFilter(FilterSet):
    """Filters of certificates."""

    q = SearchFilter(("number", "owner__name", "issuer_name", "public__item__name", "public__item__serial_number"))
    kind = ChoiceFilter(choices=DocumentKind.choices, label=_("类型"))
    term = ChoiceFilter(choices=list(TERMS.items()), method="by_term", label=_("状态"))
    origin = ChoiceFilter(choices=Origin.choices, label=_("来源"))
    since = DateAfter("performed_on", label=_("检定日期自"))
    until = DateBefore("performed_on", label=_("检定日期至"))

    def by_term(self, rows: QuerySet[Document], _name: str, value: str) -> QuerySet[Document]:
        """The part of the list that the chip of the same name counts."""
        return rows.filter(queries.terms(clock.today())[value])
