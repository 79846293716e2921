"""Lists of instruments."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.instruments.categories import categories_on
from quanheng.platform.instruments.models import Instrument, Use
from quanheng.platform.instruments.queries import DUE_FIRST
from quanheng.platform.instruments.status import shown
from quanheng.platform.instruments.words import search_q
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import region_prefix
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.kernel.people import organisations_of
from quanheng.platform.trace.words import OUTSIDE
from quanheng.platform.web.components import Status
from quanheng.platform.web.filters import ChoiceFilter, DateAfter, DateBefore, FilterSet, ModelChoiceFilter
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, NumberColumn, StatusColumn, Table, TextColumn
from quanheng.platform.web.templatetags import web as tags

# A sheet that goes out holds the whole entry in the national order, under the headings that an import reads.
NATIONAL = (
    *("name", "category", "specification", "measuring_range", "accuracy_class", "serial_number", "serial_to"),
    *("manufacturer", "origin_place", "location", "region", "quantity", "use", "delivery", "installed_on"),
    *("parameters", "organisation", "code"),
)
STANDING = ("verified_on", "valid_until", "last_document_number")


class InstrumentTable(Table):
    """The ledger as people read it: how it stands, what it is, whose, since and until when, by which certificate."""

    status = StatusColumn(to_status=shown, verbose_name=gettext_lazy("状态"), orderable=False)
    name = TextColumn(
        verbose_name=gettext_lazy("名称"), sub="specification", sub_title=gettext_lazy("型号规格"), main=True
    )
    serial_number = TextColumn(verbose_name=gettext_lazy("出厂编号"))
    organisation = TextColumn(
        accessor="organisation__name",
        verbose_name=gettext_lazy("使用单位与地点"),
        sub="location",
        sub_title=gettext_lazy("安装/使用地点"),
    )
    verified_on = DateColumn(verbose_name=gettext_lazy("最近检定"))
    valid_until = DeadlineColumn(verbose_name=gettext_lazy("有效期至"))
    last_document_number = TextColumn(verbose_name=gettext_lazy("证书"), orderable=False)
    chain = TextColumn(accessor="pk", verbose_name=gettext_lazy("溯源"), orderable=False, exclude_from_export=True)
    code = TextColumn(verbose_name=gettext_lazy("器具码"), orderable=False)
    category = TextColumn(accessor="category", verbose_name=gettext_lazy("种别"), orderable=False)
    measuring_range = TextColumn(verbose_name=gettext_lazy("测量范围"), orderable=False)
    accuracy_class = TextColumn(verbose_name=gettext_lazy("准确度等级"), orderable=False)
    manufacturer = TextColumn(verbose_name=gettext_lazy("生产厂家"), orderable=False)
    location = TextColumn(verbose_name=gettext_lazy("地点"), orderable=False)
    region = TextColumn(accessor="region__name", verbose_name=gettext_lazy("行政区划"), orderable=False)
    quantity = NumberColumn(verbose_name=gettext_lazy("数量"), orderable=False)
    use = TextColumn(accessor="get_use_display", verbose_name=gettext_lazy("用途"), orderable=False)
    mandatory = TextColumn(verbose_name=gettext_lazy("强制检定"), orderable=False)

    hidden: ClassVar[Sequence[str]] = (
        "code",
        "category",
        "measuring_range",
        "accuracy_class",
        "manufacturer",
        "location",
        "region",
        "quantity",
        "use",
        "mandatory",
    )
    pinned: ClassVar[Sequence[str]] = ("status", "name")

    class Meta(Table.Meta):
        model = Instrument
        fields: ClassVar = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.chains: Mapping[uuid.UUID, Status] = {}
        super().__init__(*args, **kwargs)

    def export_rows(self) -> Iterator[Sequence[Any]]:
        """The ledger's own fields whatever columns are shown, then how each stands."""
        named = {f.name: str(f.verbose_name) for f in Instrument._meta.concrete_fields}
        titles = [named[name] for name in (*NATIONAL, *STANDING)]
        yield [*titles, _("强制检定"), _("状态")]
        for row in self._export_source():
            one: Instrument = row.record
            yield [
                *(_exported(one, name) for name in NATIONAL),
                *(getattr(one, name) for name in STANDING),
                self.render_mandatory(one.mandatory),
                str(shown(one).label),
            ]

    def row_url(self, record: Any) -> str:
        return reverse("instruments:instrument", args=[record.pk])

    def row_preview(self, record: Any) -> str:
        return reverse("instruments:preview", args=[record.pk])

    def render_serial_number(self, record: Any) -> str:
        """A lot shows both ends and how many."""
        if not record.serial_to:
            return str(record.serial_number)
        words = {"start": record.serial_number, "end": record.serial_to, "n": record.quantity}
        return _("%(start)s – %(end)s(%(n)d 台)") % words

    def render_valid_until(self, record: Any, value: dt.date) -> SafeString:
        """Words of warning only where validity counts."""
        if record.state in ("in_use", "filing", "draft") and not record.invalidated_on:
            return tags.deadline(value)
        return format_html('<span class="text-secondary">{}</span>', value.isoformat())

    def order_valid_until(self, rows: QuerySet[Instrument], is_descending: bool) -> tuple[QuerySet[Instrument], bool]:
        """Those that fall due first; those without a date stand last on every database."""
        return rows.order_by("-valid_until" if is_descending else DUE_FIRST, "pk"), True

    def render_chain(self, record: Any) -> SafeString | str:
        """The mark of the chain with its sentence as a hint."""
        found = self.chains.get(record.pk)
        if found is None:
            return "—"
        short = {"ok": _("已证明"), "due": _("已声明"), "bad": _("断开"), "off": _("未入链")}[found.tone]
        hint = OUTSIDE if found.tone == "off" else found.label
        return format_html('<span title="{}">{}</span>', hint, tags.status(Status(found.tone, short)))

    def render_mandatory(self, value: bool) -> str:
        return _("是") if value else _("否")


def _exported(one: Instrument, name: str) -> Any:
    """A field as the import would read it back."""
    if name == "category":
        return one.category.item
    if name == "parameters":
        return "; ".join(f"{key}={value}" for key, value in sorted(one.parameters.items()) if value not in ("", None))
    if name in ("use", "delivery"):
        return str(one.get_use_display() if name == "use" else one.get_delivery_display())
    value = getattr(one, name)
    return value.name if isinstance(value, Organisation | Region) else value


class FilingTable(InstrumentTable):
    """Filings for review: what the county checks against the nameplate."""

    hidden: ClassVar[Sequence[str]] = (
        "code",
        "verified_on",
        "valid_until",
        "last_document_number",
        "chain",
        "status",
        "location",
    )
    pinned: ClassVar[Sequence[str]] = ("name",)


def regions_seen(request: Any) -> QuerySet[Region]:
    """Regions below those the person supervises; none for people of an enterprise."""
    actor = request.actor
    if actor.system:
        return Region.objects.all()
    found = Region.objects.none()
    for prefix in actor.regions():
        found = found | Region.objects.filter(prefix__startswith=prefix)
    return found.order_by("code")


def organisations_seen(request: Any) -> QuerySet[Organisation]:
    """Organisations of the person's own subtree."""
    return organisations_of(request.actor) if not request.actor.system else Organisation.objects.none()


def categories_known() -> list[tuple[str, str]]:
    """Categories of today's catalogue."""
    return [(c.code, str(c)) for c in categories_on(clock.today())]


class InstrumentFilter(FilterSet):
    """By words, category, place, owner, use and the day validity ends."""

    q = django_filters.CharFilter(
        label=gettext_lazy("名称、编号、器具码、单位、地点、证书号、拼音首字母"), method="by_words"
    )
    category = ChoiceFilter(label=gettext_lazy("种别"), field_name="category__code", choices=categories_known)
    region = ModelChoiceFilter(label=gettext_lazy("行政区划"), queryset=regions_seen, method="by_region")
    organisation = ModelChoiceFilter(label=gettext_lazy("使用单位"), queryset=organisations_seen)
    use = ChoiceFilter(label=gettext_lazy("用途"), choices=Use.choices)
    mandatory = ChoiceFilter(
        label=gettext_lazy("强制检定"),
        choices=[("yes", gettext_lazy("是")), ("no", gettext_lazy("否"))],
        method="by_law",
    )
    valid_until_min = DateAfter(label=gettext_lazy("有效期自"), field_name="valid_until")
    valid_until_max = DateBefore(label=gettext_lazy("有效期止"), field_name="valid_until")

    class Meta:
        model = Instrument
        fields: ClassVar = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, seen in (("region", regions_seen), ("organisation", organisations_seen)):
            if self.request is None or seen(self.request)[:2].count() < 2:
                self.filters.pop(name)
                self.form.fields.pop(name)

    def by_words(self, rows: QuerySet[Instrument], _name: str, value: str) -> QuerySet[Instrument]:
        """Every word must occur."""
        return rows.filter(search_q(value))

    def by_region(self, rows: QuerySet[Instrument], _name: str, value: Region) -> QuerySet[Instrument]:
        """The region and everything below it."""
        return rows.filter(region__code__startswith=region_prefix(value.code))

    def by_law(self, rows: QuerySet[Instrument], _name: str, value: str) -> QuerySet[Instrument]:
        """Mandatory or not."""
        return rows.filter(mandatory=value == "yes")
