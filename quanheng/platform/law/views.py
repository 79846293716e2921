"""Pages of the law as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.library.coverage import Capability
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Region
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.law.filters import CapabilityFilter, CapabilityForm, ItemFilter
from quanheng.platform.law.labels import body_definitions, force_status, kind_label, region_label, verified_status
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.policies import may_read
from quanheng.platform.law.queries import capabilities, editions, visible_to
from quanheng.platform.law.tables import CapabilityTable, ItemTable
from quanheng.platform.web import components as c
from quanheng.platform.web.pages import ListPage, Page

NO_LAW = c.Empty(
    gettext_lazy("还没有载入法规与数据"),
    gettext_lazy("由系统管理员运行 quanheng manage load_library 载入目录、规范、因子与时限。"),
    icon="book",
)


class ReadLaw(Page):
    """Pages open to anyone signed in."""

    def allowed(self, actor: Actor) -> Decision:
        return may_read(actor)


class ItemsPage(ReadLaw, ListPage):
    """法规与数据."""

    table_class = ItemTable
    filterset_class = ItemFilter
    empty = NO_LAW

    def get_queryset(self) -> QuerySet[LawItem]:
        return visible_to(self.actor)

    def header(self) -> c.Header:
        lead = _("目录、规范、因子、时限都是带生效日期的数据;换版即另立一条,旧记录仍用旧版。")
        return c.Header(_("法规与数据"), lead)

    def chips(self) -> Sequence[c.Chip]:
        rows = visible_to(self.actor)
        unverified = rows.exclude(verified="yes").count()
        return [
            c.Chip(_("全部"), {}, rows.count()),
            c.Chip(_("今天生效"), {"on": clock.today().isoformat()}),
            c.Chip(_("未核实"), {"verified": "no"}, rows.filter(verified="no").count(), "unknown"),
            c.Chip(_("一处来源"), {"verified": "once"}, unverified - rows.filter(verified="no").count(), "due"),
        ]


class ItemPage(ReadLaw):
    """One item with every value, its other editions and what happened to it."""

    template_name = "law/item.html"

    @cached_property
    def item(self) -> LawItem:
        """The item of the address."""
        found = visible_to(self.actor).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def header(self) -> c.Header:
        item = self.item
        crumbs = [(_("法规与数据"), reverse("law:items")), (kind_label(item.kind), "")]
        return c.Header(item.named, item.edition, force_status(item, clock.today()), crumbs)

    def context(self) -> dict[str, Any]:
        item = self.item
        others = editions(self.actor, item)
        table = ItemTable(others, request=self.request, orderable=False)
        table.choose(["edition", "region_code", "effective_from", "effective_to", "state"])
        return {
            "item": item,
            "head": self._head(item),
            "body": body_definitions(item),
            "days": item.body.get("days", []),
            "verified": verified_status(item.verified),
            "editions": table,
            "history": [
                c.Moment(event.recorded_at, _VERBS.get(event.verb, event.verb), event.actor_name, _change(event.after))
                for event in events.history(item)[:20]
            ],
        }

    def _head(self, item: LawItem) -> list[c.Definition]:
        names = dict(Region.objects.filter(pk=item.region_code).values_list("code", "name"))
        return [
            c.Definition(_("类别"), kind_label(item.kind)),
            c.Definition(_("编号"), item.code),
            c.Definition(_("版本"), item.edition),
            c.Definition(_("适用地区"), region_label(item.region_code, names)),
            c.Definition(_("生效日期"), item.effective_from or _("未录")),
            c.Definition(_("失效日期"), item.effective_to or _("未定")),
            c.Definition(_("日期依据"), item.get_date_basis_display()),
            c.Definition(_("来源"), item.source),
            c.Definition(_("内容摘要 SHA-256"), item.body_sha256),
        ]


_VERBS = {"law.item_loaded": gettext_lazy("载入"), "law.item_corrected": gettext_lazy("更正日期、来源或核实状态")}


def _change(after: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in after.items())


class CoveragePage(ReadLaw, ListPage):
    """能力对照: what the plans ask for, and how far the product has come."""

    table_class: ClassVar[type[CapabilityTable]] = CapabilityTable
    page_size = 50
    empty = c.Empty(gettext_lazy("没有能力条目"), icon="inbox")

    @cached_property
    def rows(self) -> list[Capability]:
        """All capabilities."""
        return capabilities(self.actor)

    def filtered(self, data: QueryDict) -> tuple[Any, Any]:
        filters = CapabilityFilter(CapabilityForm(data, modules=sorted({row.module for row in self.rows})), self.rows)
        return filters, filters.kept

    def header(self) -> c.Header:
        return c.Header(_("能力对照"), _("五份规划文件提出的每项能力,对应的页面或命令与测试。"))

    def figures(self) -> Sequence[c.Figure]:
        states = Counter(row.status for row in self.rows)
        here = reverse("law:coverage")
        return [
            c.Figure(_("能力"), len(self.rows), url=here),
            c.Figure(_("已实现"), states["done"], url=f"{here}?status=done", tone="ok"),
            c.Figure(_("待实现"), states["open"], url=f"{here}?status=open", tone="wait"),
        ]
