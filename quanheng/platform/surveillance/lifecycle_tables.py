"""The table of the life-cycle page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.surveillance import lifecycle, words
from quanheng.platform.surveillance.tables import CHECK_TONES
from quanheng.platform.surveillance.workflow import CHECK
from quanheng.platform.web.components import Status
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.tables import DateColumn, StatusColumn, Table, TextColumn


def _check(item: Any) -> Status:
    state = item.check_state
    return Status(CHECK_TONES[state], CHECK.states[state]) if state else Status("wait", "—")


class LifecycleTable(Table):
    """One instrument or lot in a row."""

    serial_number = TextColumn(verbose_name=_("出厂编号"), sub="name", main=True)
    kind = TextColumn(accessor="pk", verbose_name=_("类型"), orderable=False)
    stage = TextColumn(accessor="pk", verbose_name=_("阶段"), orderable=False)
    verified_on = DateColumn(verbose_name=_("最近检定"))
    valid_until = DateColumn(verbose_name=_("有效期至"))
    area_code = TextColumn(verbose_name=_("台区编号"))
    mounted_on = DateColumn(verbose_name=_("安装日期"))
    verdict = StatusColumn(
        to_status=lambda i: words.verdict_status(i.verdict or ""), verbose_name=pgettext_lazy("verdict", "判定")
    )
    check_state = StatusColumn(to_status=_check, verbose_name=_("现场核查"))
    removed_on = DateColumn(verbose_name=_("拆除日期"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))

    class Meta(Table.Meta):
        model = Instrument
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        return f"{reverse('instruments:instrument', args=[record.pk])}?tab=timeline"

    def render_kind(self, record: Any) -> str:
        """Transformer, meter or pile."""
        return lifecycle.kind_of(record)

    def value_kind(self, record: Any) -> str:
        """The same in an export."""
        return lifecycle.kind_of(record)

    def render_stage(self, record: Any) -> str:
        """How far it is."""
        return lifecycle.stage(record)

    def value_stage(self, record: Any) -> str:
        """The same in an export."""
        return lifecycle.stage(record)


class LifecycleFilter(FilterSet):
    """By words, kind and stage."""

    q = SearchFilter(("serial_number", "name", "manufacturer", "code", "organisation__name"))
    kind = ChoiceFilter(choices=list(lifecycle.KINDS.items()), label=_("类型"), field_name="category__code")
    stage = ChoiceFilter(
        choices=[("watched", _("监测中")), ("replace", _("待更换")), ("removed", _("已拆除"))],
        label=_("阶段"), method="by_stage",
    )  # fmt: skip

    class Meta:
        model = Instrument
        fields: ClassVar = ()

    def by_stage(self, rows: Any, _name: str, value: str) -> Any:
        """Those in an area, to be replaced, or taken out."""
        return lifecycle.at_stage(rows, value)
