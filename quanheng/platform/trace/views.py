"""Pages of the trace graph: the chain of an item, what a standard reached, the audit of a region."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import polars as pl
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.registries import Registry
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.kernel.words import words_of
from quanheng.platform.trace import queries, words
from quanheng.platform.trace.models import NodeKind, TraceNode
from quanheng.platform.trace.registries import paper_urls
from quanheng.platform.web.components import Action, Empty, Figure, Header, Status
from quanheng.platform.web.export import xlsx_response
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.http import asked_day
from quanheng.platform.web.pages import ListPage, Page
from quanheng.platform.web.tables import StatusColumn, Table, TextColumn

# kind of node → name of the page of such an item, filled by the apps that own them.
ITEM_PAGES: Registry[str] = Registry("pages of traced items")
SEVERITY = {"high": gettext_lazy("高"), "medium": gettext_lazy("中"), "low": gettext_lazy("低")}
STATES = {
    "in_force": gettext_lazy("有效"),
    "superseded": gettext_lazy("已有新证书"),
    "expired": gettext_lazy("已过期"),
    "void": gettext_lazy("已作废"),
}


def item_url(node: TraceNode) -> str:
    """The page of the item in the app that owns it, else its chain."""
    name = ITEM_PAGES.get(node.kind)
    try:
        return reverse(name, args=[node.pk]) if name else reverse("trace:chain", args=[node.pk])
    except NoReverseMatch:
        return reverse("trace:chain", args=[node.pk])


def chain_context(item_id: uuid.UUID, at: dt.date) -> dict[str, Any]:
    """What the chain drawing needs; used by the tab of an instrument too."""
    answer = queries.prove(item_id, at)
    found = queries.cards(answer)
    node = TraceNode.objects.filter(pk=item_id).first()
    instrument = node is not None and node.kind == NodeKind.INSTRUMENT
    broken = answer["broken"]
    at_node = TraceNode.objects.filter(pk=broken["at"]).first() if broken else None
    papers = paper_urls([card.certificate.pk for card in found if card.certificate is not None])
    reason, remedy = words.broken_words(broken) if broken else ("", "")
    return {
        "answer": answer,
        "cards": [(card, words.link_status(card.link)) for card in found],
        "steps": [_drawn(step, papers) for step in queries.steps(found)],
        "status": words.chain_status(answer),
        "outside": words.OUTSIDE if instrument and words.outside(answer) else "",
        "broken_at": at_node,
        "broken_reason": reason,
        "broken_remedy": remedy,
        "at": at,
    }


def _drawn(step: queries.Step, papers: Mapping[uuid.UUID, str]) -> dict[str, Any]:
    """A certificate for the drawing: its own state, and of each standard it used."""
    state = Status("due", _("已声明")) if step.declared else Status("ok", _("已证明"))
    uses = [(card, words.link_status(card.link)) for card in step.uses]
    url = papers.get(step.certificate.pk, "") if step.certificate is not None else ""
    return {"step": step, "link": step.uses[0].link, "state": state, "uses": uses, "url": url}


class ItemTable(Table):
    """Items of the graph."""

    label = TextColumn(verbose_name=gettext_lazy("名称"), main=True)
    kind = TextColumn(accessor="get_kind_display", verbose_name=gettext_lazy("类型"), order_by="kind")
    organisation_name = TextColumn(verbose_name=gettext_lazy("单位"))
    region = TextColumn(accessor="region__name", verbose_name=gettext_lazy("行政区划"))
    condemned = StatusColumn(
        to_status=lambda n: Status("off", _("停用")) if n.condemned_from else Status("ok", _("在用")),
        verbose_name=gettext_lazy("状态"),
        orderable=False,
    )

    class Meta(Table.Meta):
        model = TraceNode
        fields = ()

    def row_url(self, record: Any) -> str:
        return reverse("trace:chain", args=[record.pk])


class ItemFilter(FilterSet):
    """By words and kind."""

    q = SearchFilter(("label", "organisation_name"))
    kind = ChoiceFilter(choices=NodeKind.choices, label=gettext_lazy("类型"))

    class Meta:
        model = TraceNode
        fields = ()


class ItemList(ListPage):
    """Everything in the graph that the viewer keeps or supervises."""

    table_class = ItemTable
    filterset_class = ItemFilter
    empty = Empty(gettext_lazy("溯源图还是空的"), gettext_lazy("备案的器具和登记的计量标准会出现在这里。"))

    def header(self) -> Header:
        audit = Action(_("全网溯源核查"), reverse("trace:audit"), "check")
        return Header(_("溯源"), primary=audit if may_audit(self.actor) else None)

    def get_queryset(self) -> QuerySet[TraceNode]:
        return queries.visible(self.actor).select_related("region").order_by("kind", "label")


class ChainPage(Page):
    """The chain of one item as of a day: a drawing, a table, the first broken link with its remedy."""

    template_name = "trace/chain_page.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        node = queries.visible(self.actor).filter(pk=kwargs["pk"]).first()
        if node is None:
            raise Http404
        self.node = node

    def header(self) -> Header:
        n = self.node
        recall = Action(_("影响范围"), reverse("trace:recall", args=[n.pk]), "arrow-down")
        return Header(
            n.label,
            lead=n.organisation_name,
            crumbs=[(_("溯源"), reverse("trace:items")), (n.get_kind_display(), item_url(n))],
            menu=[recall] if n.kind != NodeKind.INSTRUMENT else [],
        )

    def context(self) -> dict[str, Any]:
        return {"node": self.node, **chain_context(self.node.pk, asked_day(self.request, "at", clock.today()))}


class RecallPage(ChainPage):
    """Everything a standard reached between two days, by severity."""

    template_name = "trace/recall.html"

    def header(self) -> Header:
        here = reverse("trace:chain", args=[self.node.pk])
        export = Action(_("导出 Excel"), f"?{self.request.GET.urlencode()}&export=xlsx", "download")
        return Header(_("影响范围"), lead=self.node.label, crumbs=[(self.node.label, here)], menu=[export])

    def found(self) -> pl.DataFrame:
        until = asked_day(self.request, "until", clock.today())
        since = asked_day(self.request, "since", until - dt.timedelta(days=365))
        return queries.recall(self.node.pk, since, until, clock.today())

    def rows(self, found: pl.DataFrame) -> list[dict[str, Any]]:
        """The reached certificates with their items, those of others' items without a link."""
        nodes = {str(n.pk): n for n in TraceNode.objects.filter(pk__in=found["item"].unique().to_list())}
        rows = []
        for row in found.sort(["depth", "used_on"]).iter_rows(named=True):
            severity, state = SEVERITY[row["severity"]], STATES[row["state"]]
            rows.append({**row, "node": nodes.get(row["item"]), "severity_words": severity, "state_words": state})
        return rows

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            rows = self.rows(self.found())
        except InputError as error:
            return self.draw(status=422, error=words_of(error), rows=[])
        if request.GET.get("export") == "xlsx":
            head = [_("严重程度"), _("证书编号"), _("器具或标准"), _("单位"), _("层级"), _("使用日期"), _("状态")]
            body = [
                [
                    r["severity_words"],
                    r["number"],
                    r["node"] and r["node"].label,
                    r["node"] and r["node"].organisation_name,
                    r["depth"],
                    r["used_on"],
                    r["state_words"],
                ]
                for r in rows
            ]
            return xlsx_response([head, *body], "recall")  # type: ignore[return-value]
        return self.draw(rows=rows[:500], total=len(rows), figures=self.figures(rows))

    def context(self) -> dict[str, Any]:
        until = asked_day(self.request, "until", clock.today())
        return {"since": asked_day(self.request, "since", until - dt.timedelta(days=365)), "until": until}

    def figures(self, rows: list[dict[str, Any]]) -> list[Figure]:
        """How many, how severe."""
        count = {key: sum(r["severity"] == key for r in rows) for key in SEVERITY}
        return [
            Figure(_("受影响证书"), len(rows)),
            Figure(_("高:直接使用且仍有效"), count["high"], tone="bad" if count["high"] else ""),
            Figure(_("中:间接使用且仍有效"), count["medium"], tone="due" if count["medium"] else ""),
            Figure(_("低:已过期或已有新证书"), count["low"]),
        ]


def may_audit(actor: Any) -> Decision:
    """Regulators, institutes and the system's administrators."""
    if actor.has(Role.REGULATOR, *INSTITUTE_ROLES, Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有监管人员和检定机构可以做全网溯源核查"))


class AuditPage(Page):
    """Every chain of the region at once, as of a day."""

    template_name = "trace/audit.html"

    def allowed(self, actor: Any) -> Decision:
        return may_audit(actor)

    def header(self) -> Header:
        return Header(_("全网溯源核查"), crumbs=[(_("溯源"), reverse("trace:items"))])

    def context(self) -> dict[str, Any]:
        at = asked_day(self.request, "at", clock.today())
        mine = {str(i) for i in queries.visible(self.actor).values_list("id", flat=True)}
        found = queries.audit(at).filter(pl.col("item").is_in(list(mine)))
        past = queries.history_only(found)
        found = found.with_columns(pl.col("item").is_in(past).alias("past"))
        codes = found.filter(~pl.col("holds") & ~pl.col("past")).group_by("code").len().sort("len", descending=True)
        proven = int(found["proven"].sum())
        holds = int(found["holds"].sum())
        broken = [
            (words.BROKEN[code][0], words.BROKEN[code][1], n) for code, n in codes.iter_rows() if code in words.BROKEN
        ]
        cut = len(found) - holds - len(past)
        figures = [
            Figure(_("核查对象"), len(found)),
            Figure(_("全部已证明"), proven, tone="ok"),
            Figure(_("成立,部分仅声明"), holds - proven, tone="due"),
            Figure(_("未入溯源链(只有历史记录)"), len(past), note=words.OUTSIDE),
            Figure(_("断开"), cut, tone="bad" if cut else ""),
        ]
        return {"figures": figures, "broken": broken, "at": at}
