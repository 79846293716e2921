"""Tables of the law pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from quanheng.library.coverage import Capability
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Region
from quanheng.platform.law.labels import force_status, kind_label, region_label, verified_status
from quanheng.platform.law.models import LawItem
from quanheng.platform.web.components import Status
from quanheng.platform.web.tables import DateColumn, NumberColumn, StatusColumn, Table, TextColumn


def _in_force(record: LawItem) -> Status:
    return force_status(record, clock.today())


def _verified(record: LawItem) -> Status:
    return verified_status(record.verified)


class ItemTable(Table):
    """Items of the library."""

    title = TextColumn(verbose_name=_("名称"), main=True)
    kind = TextColumn(verbose_name=_("类别"))
    code = TextColumn(verbose_name=_("编号"))
    edition = TextColumn(verbose_name=_("版本"))
    region_code = TextColumn(verbose_name=_("适用地区"))
    effective_from = DateColumn(verbose_name=_("生效日期"))
    effective_to = DateColumn(verbose_name=_("失效日期"))
    state = StatusColumn(verbose_name=_("状态"), to_status=_in_force, orderable=False)
    verified = StatusColumn(verbose_name=_("核实"), to_status=_verified)
    source = TextColumn(verbose_name=_("来源"))

    hidden: ClassVar[Sequence[str]] = ("source",)
    pinned: ClassVar[Sequence[str]] = ("title", "verified")

    class Meta(Table.Meta):
        order_by = ("kind", "code", "region_code", "-effective_from")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions = dict(Region.objects.values_list("code", "name"))

    def render_title(self, record: LawItem) -> str:
        return record.named

    def render_kind(self, value: str) -> Any:
        return kind_label(value)

    def render_region_code(self, value: str) -> Any:
        return region_label(value, self.regions)


def _capability_state(record: Capability) -> Status:
    return Status("ok", _("已实现")) if record.status == "done" else Status("wait", _("待实现"))


KIND_WORDS = {"core": _("核心"), "supporting": _("支撑"), "record": _("记录")}


class CapabilityTable(Table):
    """What the plans ask for."""

    name_zh = TextColumn(verbose_name=_("能力"), main=True, sub="capability_key", attrs={"td": {"lang": "zh-Hans"}})
    module = TextColumn(verbose_name=_("模块"))
    kind = TextColumn(verbose_name=_("性质"))
    documents = NumberColumn(verbose_name=_("规划文件数"))
    status = StatusColumn(verbose_name=_("状态"), to_status=_capability_state)
    page_or_command = TextColumn(verbose_name=_("页面或命令"))
    test = TextColumn(verbose_name=_("测试"))

    pinned: ClassVar[Sequence[str]] = ("name_zh", "status")

    def row_key(self, record: Capability) -> str:
        return record.capability_key

    def render_name_zh(self, value: str, record: Capability) -> Any:
        name = '<span lang="zh-Hans">{}</span><span class="sub">{}</span>'
        return format_html(name, value, record.capability_key)

    def render_title(self, record: LawItem) -> str:
        return record.named

    def render_kind(self, value: str) -> Any:
        return KIND_WORDS.get(value, value)
