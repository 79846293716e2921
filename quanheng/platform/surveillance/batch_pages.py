"""Pages of files of readings: choose, map, look, take in, and what lies aside."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Sequence
from typing import Any

import polars as pl
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.words import words_of
from quanheng.platform.surveillance import batches, policies, queries, tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import Area, ReadingBatch
from quanheng.platform.surveillance.reasons import reason_words
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Empty, Figure, Header
from quanheng.platform.web.export import xlsx_response
from quanheng.platform.web.forms import FileField, Form, SearchSelect
from quanheng.platform.web.http import is_partial
from quanheng.platform.web.pages import FormPage, ListPage
from quanheng.telemetry.ingest.files import Look
from quanheng.telemetry.ingest.mapping import FIELDS, UNITS

SHOWN_GOOD, SHOWN_BAD = 12, 30
FIELD_WORDS = {
    "meter_id": gettext_lazy("表号"), "ts": gettext_lazy("时间"), "value": gettext_lazy("电量或示值"),
    "area_id": gettext_lazy("台区编号"), "role": gettext_lazy("角色"), "export": gettext_lazy("反向电量"),
    "unit": gettext_lazy("单位(逐行)"),
}  # fmt: skip
# Which cell of a row a reason speaks of.
CELL_OF = {
    "missing_id": "meter_id", "bad_id": "meter_id", "unknown_meter": "meter_id", "two_masters": "area_id",
    "no_master": "area_id", "unknown_area": "area_id", "bad_role": "role", "role_mismatch": "role",
    "unreadable_time": "ts", "time_nonexistent": "ts", "time_ambiguous": "ts", "off_grid": "ts", "future": "ts",
    "too_old": "ts", "before_installation": "ts", "after_removal": "ts", "clock_off": "ts", "unit_unknown": "unit",
}  # fmt: skip


class BatchList(Watching, ListPage):
    """Files of readings, newest first."""

    table_class = tables.BatchTable
    export_name = "reading-batches"

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(
            _("还没有导入过读数文件"), _("上传读数文件,核对列的对应,再入库。"), _start(self.actor), icon="upload"
        )

    def header(self) -> Header:
        aside = Action(_("被搁置的读数"), reverse("surveillance:letters"), "alert-triangle")
        return Header(_("读数文件"), crumbs=[home()], primary=_start(self.actor), menu=[aside])

    def get_queryset(self) -> QuerySet[ReadingBatch]:
        return queries.batches(self.actor).order_by("-created_at")


def _start(actor: Actor) -> Action | None:
    if not batches_for(actor).exists():
        return None
    return Action(_("导入读数"), reverse("surveillance:batch-start"), "upload")


def batches_for(actor: Actor) -> QuerySet[Organisation]:
    """Utilities for which the person may bring readings."""
    owners = Organisation.objects.filter(
        pk__in=Area.objects.filter(policies.visible_to(actor, region="")).values("organisation_id").distinct()
    )
    return owners.filter(pk__in=[o.pk for o in owners[:200] if policies.may_keep_for(actor, o)])


class StartForm(Form):
    """Whose readings, from which system, in which file."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("所属单位"), widget=SearchSelect()
    )
    source = forms.CharField(
        max_length=80, label=gettext_lazy("来源"),
        help_text=gettext_lazy("读数出自哪个系统;同一来源下次沿用这次的列对应"),
    )  # fmt: skip
    file = FileField(label=gettext_lazy("文件"), suffixes=batches.SUFFIXES, megabytes=batches.LARGEST_MB)


class BatchStart(Watching, FormPage):
    """Choose a file."""

    form_class = StartForm
    submit = gettext_lazy("读取并预览")

    def header(self) -> Header:
        lead = _("先预览,确认后才入库;有错的行连同原因搁置,其余照常入库。")
        return Header(_("导入读数"), lead, crumbs=[home(), (_("读数文件"), reverse("surveillance:batches"))])

    def allowed(self, actor: Actor) -> Decision:
        watch = super().allowed(actor)
        return policies.may_bring(actor) if watch else watch

    def form(self, data: Any = None, files: Any = None) -> Any:
        form: Any = super().form(data, files)
        form.fields["organisation"].queryset = batches_for(self.actor)
        return form

    def initial(self) -> dict[str, Any]:
        last = queries.batches(self.actor).order_by("-created_at").first()
        return {"organisation": batches_for(self.actor).first(), "source": last.source.name if last else ""}

    def done(self, form: Any) -> str:
        file = form.cleaned_data["file"]
        return batches.start_batch(
            actor=self.actor, organisation=form.cleaned_data["organisation"], source=form.cleaned_data["source"],
            data=file.read(), name=file.name,
        ).get_absolute_url()  # fmt: skip


class MapForm(Form):
    """How the columns are to be read."""

    reading = forms.ChoiceField(
        label=gettext_lazy("数值是"),
        choices=[("interval", gettext_lazy("时段电量")), ("register", gettext_lazy("累计示值"))],
    )
    unit = forms.ChoiceField(label=gettext_lazy("单位"), choices=[(u, u) for u in UNITS])
    multiplier = forms.FloatField(
        label=gettext_lazy("倍率"), min_value=1e-6, max_value=1e6, help_text=gettext_lazy("每个数值都乘以它")
    )
    secondary = forms.BooleanField(label=gettext_lazy("再乘以台账中的互感器变比"), required=False)
    timezone = forms.ChoiceField(
        label=gettext_lazy("时区"), widget=SearchSelect(),
        choices=lambda: [(z, z) for z in sorted(zoneinfo.available_timezones())],
        help_text=gettext_lazy("时间自带时区时以其为准"),
    )  # fmt: skip
    stamp = forms.ChoiceField(
        label=gettext_lazy("时间指"),
        choices=[("start", gettext_lazy("时段开始")), ("end", gettext_lazy("时段结束"))],
    )
    seconds = forms.TypedChoiceField(
        label=gettext_lazy("时段长度"), coerce=int,
        choices=[
            (0, gettext_lazy("由数据判断")), (60, "1 min"), (300, "5 min"), (900, "15 min"), (1800, "30 min"),
            (3600, "1 h"), (86400, "24 h"),
        ],
    )  # fmt: skip
    digits = forms.IntegerField(
        label=gettext_lazy("示值整数位数"), min_value=0, max_value=12,
        help_text=gettext_lazy("示值走满归零时用;不清楚填 0"),
    )  # fmt: skip
    largest_kw = forms.FloatField(
        label=gettext_lazy("物理上限"), min_value=0.001, help_text=gettext_lazy("kW,超过的读数搁置")
    )

    def __init__(self, *args: Any, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("没有这一列")), *((n, n) for n in names)]
        columns = {
            f"column_{f}": forms.ChoiceField(choices=choices, label=FIELD_WORDS[f], required=False)
            for f in sorted(FIELDS, key=list(FIELD_WORDS).index)
        }
        self.fields = {**columns, **self.fields}

    def mapping(self, before: dict[str, Any]) -> dict[str, Any]:
        """The mapping as data; what the form does not ask stays as it was."""
        clean = dict(self.cleaned_data)
        columns = {f: clean.pop(f"column_{f}") or "" for f in FIELDS}
        return {**before, **clean, "columns": columns}


class OneBatch(Watching):
    """A page about one file of readings."""

    batch: ReadingBatch

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.batch = get_object_or_404(queries.batches(self.actor), pk=kwargs["pk"])


class BatchPage(OneBatch):
    """Before: how the first rows read. Meanwhile: progress. After: what went in and what lies aside."""

    template_name = "surveillance/batch.html"

    def header(self) -> Header:
        b, url = self.batch, self.batch.get_absolute_url()
        crumbs = [home(), (_("读数文件"), reverse("surveillance:batches"))]
        keeper = bool(policies.may_keep_for(self.actor, b.source.organisation))
        primary, menu = None, []
        if b.state == "preview" and keeper:
            ready = {"meter_id", "ts", "value"} <= {k for k, v in b.mapping["columns"].items() if v}
            denied = "" if ready else _("请先指定表号、时间和数值所在的列")
            primary = Action(_("入库"), url, "check", "post", denied, fields={"do": "queue"})
        if b.state in ("done", "failed"):
            if b.rejected:
                menu.append(Action(_("下载有错的行"), reverse("surveillance:batch-rejected", args=[b.pk]), "download"))
            if keeper and (b.rejected or b.state == "failed"):
                words = _("按现在的台区清单重新处理整个文件;已入库的读数不会重复。")
                menu.append(Action(_("重新处理"), url, "refresh", "post", "", words, {"do": "retry"}))
        lead = f"{b.file.name} · {b.source} · {b.source.organisation}"
        return Header(_("读数文件"), lead, tables.batch_status(b), crumbs, primary, menu)

    def context(self) -> dict[str, Any]:
        b = self.batch
        reasons = [(reason_words(r), n) for r, n in sorted(b.reasons.items(), key=lambda x: -x[1])]
        found: dict[str, Any] = {"batch": b, "going": b.state in ("queued", "running"), "reasons": reasons}
        if b.state == "preview":
            return found | self._preview()
        if b.state == "done":
            letters = reverse("surveillance:letters")
            found["figures"] = [
                Figure(_("读到"), b.rows, _("行")),
                Figure(_("入库"), b.accepted, _("条"), tone="ok" if b.accepted else ""),
                Figure(_("搁置"), b.rejected, _("行"), f"{letters}?batch={b.key}", tone="bad" if b.rejected else ""),
            ]
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = super().get(request, *args, **kwargs)
        if is_partial(request) and self.batch.state not in ("queued", "running"):
            answer["HX-Refresh"] = "true"  # what can be done next stands outside the part that is asked for
        return answer

    def _preview(self, form: MapForm | None = None) -> dict[str, Any]:
        mapping = batches.mapped(self.batch.mapping)
        look = batches.looked_at(self.batch, mapping)
        if form is None:
            columns = {f"column_{f}": mapping.columns.get(f, "") for f in FIELDS}
            form = MapForm(names=look.names, initial={**mapping.to_dict(), **columns})
        counted = look.bad["reason"].value_counts(sort=True).rows() if look.bad.height else []
        return {
            "form": form, "look": look,
            "keeper": bool(policies.may_keep_for(self.actor, self.batch.source.organisation)),
            "looked": look.head.height, "counted": [(reason_words(r), n) for r, n in counted],
            "bad_rows": _cells(look, bad=True), "good_rows": _cells(look, bad=False),
                "titles": look.names, "minutes": look.seconds // 60,
            "unused": [n for n in look.names if n not in look.mapping.columns.values()],
        }  # fmt: skip

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        act, b = request.POST.get("do", ""), self.batch
        try:
            if act == "map":
                return self._map(request)
            if act == "queue":
                batches.queue_batch(actor=self.actor, batch=b)
            elif act == "retry":
                return HttpResponseRedirect(batches.retry_batch(actor=self.actor, batch=b).get_absolute_url())
            else:
                raise Http404
        except InputError as error:
            messages.error(request, words_of(error))
        return HttpResponseRedirect(b.get_absolute_url())

    def _map(self, request: HttpRequest) -> HttpResponse:
        b = self.batch
        names = batches.looked_at(b, batches.mapped(b.mapping)).names if b.state == "preview" else []
        form = MapForm(request.POST, names=names)
        if form.is_valid():
            batches.map_batch(actor=self.actor, batch=b, mapping=batches.mapped(form.mapping(b.mapping)))
            messages.success(request, _("已按新的对应重新检查"))
            return HttpResponseRedirect(b.get_absolute_url())
        return self.draw(status=422, **self._preview(form))


def _cells(look: Look, *, bad: bool) -> list[dict[str, Any]]:
    """Rows to show: number, reason, and each cell with whether it is the one meant."""
    reasons = dict(look.bad.select("row", "reason").iter_rows())
    rows = look.head.filter(pl.col("row").is_in(list(reasons)) == bad).head(SHOWN_BAD if bad else SHOWN_GOOD)
    shown = []
    for row in rows.iter_rows(named=True):
        reason = reasons.get(row["row"], "")
        meant = look.mapping.columns.get(CELL_OF.get(reason, "value"), "")
        cells = [("" if row[n] is None else str(row[n])[:60], bool(reason) and n == meant) for n in look.names]
        shown.append({"number": row["row"], "reason": reason_words(reason) if reason else "", "cells": cells})
    return shown


class Rejected(OneBatch):
    """The bad rows as a workbook, to mend and bring again."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return letters_xlsx(batches.bad_rows(self.batch), f"{self.batch.file.name.rsplit('.', 1)[0]}-rejected")


def letters_xlsx(table: pl.DataFrame, name: str) -> HttpResponseBase:
    """Dead letters with their own columns, the row and the reason behind them."""
    rows = table.select("row", "reason", "content").rows() if table.height else []
    contents = [_content(text) for _row, _reason, text in rows]
    names = list(dict.fromkeys(k for c in contents for k in c))
    head = [*names, _("行号"), _("原因")]
    lines = [
        [*(c.get(n) for n in names), row, reason_words(reason)]
        for c, (row, reason, _text) in zip(contents, rows, strict=True)
    ]
    return xlsx_response([head, *lines], name)


def _content(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"content": text}
    return found if isinstance(found, dict) else {"content": text}
