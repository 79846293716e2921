"""What households asked, and the readings that were set aside."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.surveillance import policies, queries, services, tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import Area, AreaMeter, CheckRequest
from quanheng.platform.surveillance.store import store
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Empty, Figure, Header
from quanheng.platform.web.forms import Form
from quanheng.platform.web.pages import FormPage, ListPage
from quanheng.telemetry.store.letters import Letters

SHOWN = 200


class RequestList(Watching, ListPage):
    """What households asked."""

    table_class = tables.RequestTable
    export_name = "check-requests"
    empty = Empty(
        gettext_lazy("还没有用户申请核查"),
        gettext_lazy("用户扫表上的二维码可以查看自己的表并申请核查。"),
        icon="message",
    )

    def header(self) -> Header:
        return Header(_("用户申请的核查"), crumbs=[home()])

    def get_queryset(self) -> QuerySet[CheckRequest]:
        return queries.requests(self.actor).order_by("answered_at", "made_at")


class AnswerForm(Form):
    """What the household reads."""

    answer = forms.CharField(max_length=300, label=gettext_lazy("答复"), widget=forms.Textarea(attrs={"rows": 3}))


class RequestPage(Watching, FormPage):
    """Answer a request, or order the check it asks for."""

    form_class = AnswerForm
    submit = gettext_lazy("答复")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.asked = get_object_or_404(queries.requests(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        order = Action(_("下达核查单"), reverse("surveillance:order", args=[self.asked.meter_id]), "tools")
        crumbs = [home(), (_("用户申请的核查"), reverse("surveillance:requests"))]
        return Header(
            self.asked.meter.meter_id, self.asked.text, tables.request_status(self.asked), crumbs,
            None if self.asked.check_order_id or self.asked.answered_at else order,
        )  # fmt: skip

    def initial(self) -> dict[str, Any]:
        return {"answer": self.asked.answer}

    def done(self, form: Any) -> str:
        services.answer_request(actor=self.actor, request=self.asked, answer=form.cleaned_data["answer"])
        return reverse("surveillance:requests")


class LettersPage(Watching):
    """Readings set aside, each with its place, reason and content; only those of one's own meters."""

    template_name = "surveillance/letters.html"

    def header(self) -> Header:
        return Header(_("被搁置的读数"), _("不能入库的读数连同原因保留 180 天;其余读数照常入库。"), crumbs=[home()])

    def context(self) -> dict[str, Any]:
        table = Letters(store().root).read(since=clock.now() - dt.timedelta(days=30))
        names = list(Organisation.objects.filter(pk__in=self._organisations()).values_list("pk", flat=True))
        table = table.filter(pl.col("source").str.slice(0, 36).is_in([str(n) for n in names]))
        counts = table["reason"].value_counts(sort=True).rows()
        shown = [
            {**r, "words": reason_words(r["reason"]), "name": r["source"][37:]} for r in table.head(SHOWN).to_dicts()
        ]
        return {
            "letters": shown,
            "counts": [Figure(reason_words(r), n) for r, n in counts[:6]],
            "rest": max(0, table.height - SHOWN),
            "empty": Empty(_("没有被搁置的读数"), _("三十天内收到的读数都已入库。"), icon="checks"),
        }

    def _organisations(self) -> list[Any]:
        return list(
            Area.objects.filter(policies.visible_to(self.actor)).values_list("organisation_id", flat=True).distinct()
        )


WORDS = {
    "missing_id": gettext_lazy("没有写明表计或台区"),
    "bad_id": gettext_lazy("编号过长或含控制字符"),
    "bad_role": gettext_lazy("角色不是总表或分表"),
    "unreadable_time": gettext_lazy("时间无法识别"),
    "time_nonexistent": gettext_lazy("该时刻因调快时钟而不存在"),
    "time_ambiguous": gettext_lazy("该时刻因调慢时钟出现两次"),
    "off_grid": gettext_lazy("时刻不在整点间隔上"),
    "future": gettext_lazy("时间在将来"),
    "too_old": gettext_lazy("时间过早"),
    "before_installation": gettext_lazy("早于安装日期"),
    "clock_off": gettext_lazy("时钟与其他表相差数月"),
    "unreadable_number": gettext_lazy("数值无法识别"),
    "missing_value": gettext_lazy("没有数值"),
    "negative": gettext_lazy("电量为负"),
    "too_large": gettext_lazy("超过物理上限"),
    "unknown_area": gettext_lazy("不认识的台区"),
    "unknown_meter": gettext_lazy("不认识的表计"),
    "role_mismatch": gettext_lazy("角色与台账不符"),
    "no_master": gettext_lazy("台区没有总表"),
    "two_masters": gettext_lazy("台区有两块总表"),
    "duplicate": gettext_lazy("重复"),
    "conflict": gettext_lazy("同一时刻有两个不同的值"),
    "register_backwards": gettext_lazy("示值倒退"),
    "unit_unknown": gettext_lazy("不认识的单位"),
    "too_few_cells": gettext_lazy("这一行不完整"),
    "too_many_cells": gettext_lazy("这一行多出单元格"),
    "unreadable": gettext_lazy("消息无法识别"),
}


def reason_words(reason: str) -> str:
    """A reason of the published list in the reader's language."""
    return str(WORDS.get(reason, reason))


def meter_of(code: str) -> AreaMeter | None:
    """The meter of a public code."""
    rows = AreaMeter.objects.filter(public_code=code.strip().upper()[:16]).select_related("area", "instrument")
    return rows.first()
