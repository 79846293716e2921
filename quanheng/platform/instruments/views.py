"""The ledger's lists: instruments, filings, districts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quanheng.platform.instruments import duplicates, labels, queries, services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.policies import KEEPERS
from quanheng.platform.instruments.registries import ACTS
from quanheng.platform.instruments.status import STATUSES, has_status
from quanheng.platform.instruments.tables import FilingTable, InstrumentFilter, InstrumentTable
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.web.components import Action, Chip, Empty, Figure, Header, count_words
from quanheng.platform.web.export import xlsx_response
from quanheng.platform.web.http import day_of
from quanheng.platform.web.pages import Batch, ListPage, Page
from quanheng.platform.web.tables import Table

CHOSEN = "instruments_chosen"
MOST = 2000
MOST_AT_ONCE = 200  # as many ids as an address carries


def sees_ledger(actor: Actor) -> Decision:
    """People of enterprises and institutes, and regulators."""
    if actor.system or actor.has(Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES):
        return Allowed()
    return Denied(_("您没有查看器具台账的角色"))


def supervises(actor: Actor) -> Decision:
    """Regulators of a region."""
    return Allowed() if actor.regions() or actor.system else Denied(_("只有监管人员可以查看本页"))


def keeps(actor: Actor) -> bool:
    """Whether the person keeps a ledger at all."""
    return actor.has(*KEEPERS)


class InstrumentList(ListPage):
    """Every instrument one may see, by status."""

    table_class = InstrumentTable
    filterset_class = InstrumentFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        start = Action(_("从 Excel 导入"), reverse("instruments:import", args=["instruments"]), "upload")
        text = _("登记本单位的计量器具后,可备案、申请检定、打印二维码标签,到期前会提醒您。")
        return Empty(_("台账里还没有器具"), text, start if keeps(self.actor) else None, icon="scale")

    def allowed(self, actor: Actor) -> Decision:
        return sees_ledger(actor)

    def header(self) -> Header:
        new = Action(_("登记器具"), reverse("instruments:add"), "plus")
        bring = Action(_("从 Excel 导入"), reverse("instruments:import", args=["instruments"]), "upload")
        past = Action(_("导入历史检定数据"), reverse("instruments:import", args=["history"]), "upload")
        menu = [bring, Action(_("导入记录"), reverse("instruments:imports"), "clock")] if keeps(self.actor) else []
        if self.actor.has(Role.LAB_MANAGER):
            menu.append(past)
        if self.actor.regions():
            menu.append(Action(_("编号重复的器具"), reverse("instruments:duplicates"), "alert-triangle"))
        return Header(_("器具台账"), primary=new if keeps(self.actor) else None, menu=menu)

    def get_queryset(self) -> QuerySet[Instrument]:
        rows = queries.visible(self.actor).select_related("organisation", "category", "region")
        batch = self.request.GET.get("import", "")
        if batch:
            rows = rows.filter(batch_id=uuid.UUID(batch)) if _is_uuid(batch) else rows.none()
        if self.request.GET.get("chosen"):
            rows = rows.filter(pk__in=[one.pk for one in remembered(self.request, self.actor)])
        return rows.order_by(queries.DUE_FIRST, "pk")

    def filtered(self, data: QueryDict) -> tuple[Any, QuerySet[Instrument]]:
        filters, rows = super().filtered(data)
        status, state = data.get("status", ""), data.get("state", "")
        if status:
            rows = rows.filter(has_status(status, clock.today()))
        if until := day_of(data.get("stopped_until", "")):
            rows = rows.filter(stopped_until__lte=until)
        if data.get("applied") == "no":
            rows = rows.exclude(queries.applied_for())
        return filters, rows.filter(state=state) if state else rows

    def chips(self) -> Sequence[Chip]:
        _filters, rows = super().filtered(self.request.GET)
        counts = queries.chips(rows, searched=bool(self.request.GET.get("q")))
        soon = {"due": _("待检(30 天内)")}
        return [
            Chip(_("全部"), {}, counts["all"]),
            *(
                Chip(soon.get(key, status.label), {"status": key}, counts[key], status.tone)
                for key, status in STATUSES.items()
            ),
        ]

    def table(self, rows: QuerySet[Any], *, whole: bool = False) -> Table:
        table = super().table(rows, whole=whole)
        if not whole and isinstance(table, InstrumentTable) and table.columns["chain"].visible:
            table.chains = queries.chain_states([row.record for row in table.page.object_list])
        return table

    def total(self, rows: QuerySet[Any]) -> str:
        """Lots count by their quantity, as on the pages of the districts."""
        found = rows.order_by().aggregate(n=Count("pk"), sum=Coalesce(Sum("quantity"), 0))
        return "" if found["n"] == found["sum"] else _("合 %(n)s 台件") % {"n": count_words(found["sum"], cap=10**12)}

    def batches(self) -> Sequence[Batch]:
        acts = [Batch(f"act-{key}", act.label, act.icon) for key, act in ACTS if act.offered(self.actor)]
        every = [Batch("label", _("打印标签"), "qrcode"), Batch("export", _("导出所选"), "download")]
        own = (
            [Batch("file", _("提交备案"), "flag"), Batch("transfer", _("移交"), "arrow-right")]
            if keeps(self.actor)
            else []
        )
        return [*acts, *own, *every]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = ACTS.get(request.POST.get("batch", "").removeprefix("act-"))
        if act and request.POST.get("batch", "").startswith("act-"):
            chosen = request.POST.getlist("pk")
            if request.POST.get("whole") == "yes":
                chosen = [
                    str(pk) for pk in self.filtered(request.GET)[1].values_list("pk", flat=True)[: MOST_AT_ONCE + 1]
                ]
            if len(chosen) > MOST_AT_ONCE:
                messages.warning(request, _("一次最多 %(n)d 台,其余请分次办理") % {"n": MOST_AT_ONCE})
            ids = urlencode([("i", pk) for pk in chosen[:MOST_AT_ONCE]])
            return HttpResponseRedirect(f"{reverse(act.url_name)}?{ids}")
        return super().post(request, *args, **kwargs)

    def batch_label(self, rows: QuerySet[Instrument]) -> HttpResponse:
        """Stickers for the chosen instruments."""
        if rows.count() > MOST:
            raise Refused(_("一次最多 %(n)d 台,其余请分次办理") % {"n": MOST}, code="too_many")
        return labels.response(list(rows))

    def batch_export(self, rows: QuerySet[Instrument]) -> FileResponse:
        """The chosen rows as a workbook."""
        return xlsx_response(self.table(rows, whole=True).export_rows(), self.file_name)

    def batch_file(self, rows: QuerySet[Instrument]) -> None:
        """Hand the chosen drafts to the county."""
        waiting, left = rows.filter(state="draft"), rows.exclude(state="draft").count()
        tell_rest(self.request, waiting.count())
        drafts = list(waiting[:MOST])
        if drafts:
            n = services.submit_filing(actor=self.actor, instruments=drafts)
            messages.success(self.request, ngettext("已提交 %(n)d 台备案", "已提交 %(n)d 台备案", n) % {"n": n})
        if left:
            words = ngettext(
                "%(n)d 台不是草稿(已提交或已备案),没有再次提交", "%(n)d 台不是草稿(已提交或已备案),没有再次提交", left
            )
            messages.warning(self.request, words % {"n": left})

    def batch_transfer(self, rows: QuerySet[Instrument]) -> HttpResponse:
        """Ask where to and why."""
        remember(self.request, rows)
        return HttpResponseRedirect(reverse("instruments:transfer"))


def tell_rest(request: HttpRequest, count: int) -> None:
    """What one act does not reach is said, never left behind in silence."""
    if count > MOST:
        words = _("一次办理 %(n)d 台,其余 %(rest)d 台请再办一次") % {"n": MOST, "rest": count - MOST}
        messages.warning(request, words)


def remember(request: HttpRequest, rows: QuerySet[Instrument]) -> None:
    """Keep the chosen rows for the next page."""
    tell_rest(request, rows.count())
    request.session[CHOSEN] = [str(pk) for pk in rows.values_list("pk", flat=True)[:MOST]]


def remembered(request: HttpRequest, actor: Actor) -> list[Instrument]:
    """The rows chosen on the page before."""
    return queries.chosen(actor, [uuid.UUID(pk) for pk in request.session.get(CHOSEN, []) if _is_uuid(pk)])


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and set(text) <= set("0123456789abcdef-")


class DuplicateList(InstrumentList):
    """The same maker, serial and category in several organisations: moved without a word, or forged."""

    def allowed(self, actor: Actor) -> Decision:
        return supervises(actor)

    def header(self) -> Header:
        lead = _("同厂家、同编号的器具登记在几个单位名下:可能未办移交,也可能编号有误。")
        return Header(_("编号重复的器具"), lead, crumbs=[(_("器具台账"), reverse("instruments:list"))])

    def get_queryset(self) -> QuerySet[Instrument]:
        rows = queries.visible(self.actor).select_related("organisation", "category", "region")
        return duplicates.suspicious(rows, self.actor)


class FilingQueue(ListPage):
    """What a county's regulator has to confirm or return."""

    table_class = FilingTable
    filterset_class = InstrumentFilter

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("没有待审核的备案"), _("使用单位提交备案后,会在这里等您确认或退回。"), icon="check")

    def allowed(self, actor: Actor) -> Decision:
        return supervises(actor)

    def header(self) -> Header:
        return Header(_("备案审核"), _("核对铭牌、用途和地点;确认后器具进入在用,并编入溯源图。"))

    def get_queryset(self) -> QuerySet[Instrument]:
        return queries.filings_waiting(self.actor)

    def batches(self) -> Sequence[Batch]:
        return [Batch("confirm", _("确认备案"), "check"), Batch("return", _("退回"), "arrow-back-up")]

    def batch_confirm(self, rows: QuerySet[Instrument]) -> None:
        """Confirm the chosen filings."""
        tell_rest(self.request, rows.count())
        n = services.confirm_filings(actor=self.actor, instruments=list(rows[:MOST]))
        messages.success(self.request, ngettext("已确认 %(n)d 台", "已确认 %(n)d 台", n) % {"n": n})

    def batch_return(self, rows: QuerySet[Instrument]) -> HttpResponse:
        """Ask for the reason."""
        remember(self.request, rows)
        return HttpResponseRedirect(reverse("instruments:return"))


class DistrictPage(Page):
    """Coverage and overdue by district; every figure opens the list it counts."""

    template_name = "instruments/districts.html"

    def allowed(self, actor: Actor) -> Decision:
        return supervises(actor)

    def header(self) -> Header:
        lead = _("受检率 = 检定在有效期内的台件 ÷ 在用强制检定台件;成批表计按数量计。")
        return Header(_("辖区受检情况"), lead)

    def context(self) -> dict[str, Any]:
        rows = queries.districts(self.actor)
        total = sum(r.mandatory for r in rows)
        verified = sum(r.verified for r in rows)
        return {
            "rows": [(row, {key: district_url(row.region.code, key) for key in DISTRICT_LISTS}) for row in rows],
            "kinds": [
                (
                    name,
                    n,
                    ok,
                    queries.percent(ok, n),
                    f"{district_url('', 'mandatory')}&{urlencode({'category': code})}",
                    f"{district_url('', 'verified')}&{urlencode({'category': code})}",
                )
                for code, name, n, ok in queries.category_coverage(self.actor)
            ],
            "filings_url": reverse("instruments:filings"),
            "figures": [
                Figure(_("受检率(按台件)"), queries.percent(verified, total), "%", district_url("", "verified")),
                Figure(_("在用强制检定"), total, _("台件"), district_url("", "mandatory")),
                Figure(_("已超期"), sum(r.overdue for r in rows), _("台件"), district_url("", "overdue"), tone="bad"),
                Figure(_("未见检定"), sum(r.unverified for r in rows), _("台件"), district_url("", "unverified")),
                Figure(_("待审核备案"), sum(r.filing for r in rows), _("台件"), reverse("instruments:filings")),
            ],
        }


DISTRICT_LISTS: dict[str, dict[str, str]] = {
    "mandatory": {},
    "verified": {"status": "in_force"},
    "overdue": {"status": "overdue"},
    "unverified": {"status": "unverified"},
}


def district_url(code: str, key: str) -> str:
    """The list behind a figure of a district."""
    query = {"mandatory": "yes", "state": "in_use", **({"region": code} if code else {}), **DISTRICT_LISTS[key]}
    return f"{reverse('instruments:list')}?{urlencode(query)}"
