"""Reports of connected instruments: the list, alarms first, and what was done about each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.surveillance import device_events, levels, policies, tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import DeviceEvent, Level
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Chip, Definition, Empty, Header
from quanheng.platform.web.forms import Form
from quanheng.platform.web.pages import FormPage, ListPage

URGENT = Case(
    When(level="alarm", then=Value(0)), When(level="warning", then=Value(1)), default=Value(2),
    output_field=IntegerField(),
)  # fmt: skip


class DeviceEventList(Watching, ListPage):
    """Reports, those that wait for somebody first."""

    table_class = tables.DeviceEventTable
    filterset_class = tables.DeviceEventFilter
    export_name = "device-events"
    empty = Empty(
        gettext_lazy("还没有器具上报事件"),
        gettext_lazy("联网的秤、加油机、充电桩用接口令牌推送开盖、固件变更和离线事件。"),
        icon="bell",
    )

    def header(self) -> Header:
        return Header(_("器具事件"), _("开盖、固件变更、离线等由联网器具上报。"), crumbs=[home()])

    def get_queryset(self) -> QuerySet[DeviceEvent]:
        return device_events.seen(self.actor).order_by("handled_at", URGENT, "-happened_at")

    def chips(self) -> list[Chip]:
        rows = device_events.seen(self.actor)
        open_rows = rows.filter(handled_at=None)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(
                Chip(label, {"level": v, "handled": "no"}, open_rows.filter(level=v).count(), levels.status(v).tone)
                for v, label in Level.choices
                if v in ("alarm", "warning", "notice")
            ),
        ]


class HandleForm(Form):
    """What was done."""

    handling = forms.CharField(max_length=300, label=gettext_lazy("处理情况"), widget=forms.Textarea(attrs={"rows": 3}))


class DeviceEventPage(Watching, FormPage):
    """One report, and what was done about it."""

    form_class = HandleForm
    template_name = "surveillance/device_event.html"
    submit = gettext_lazy("记录处理情况")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.event = get_object_or_404(device_events.seen(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        watch = super().allowed(actor)
        return policies.may_order(actor, self.event) if watch else watch

    def header(self) -> Header:
        crumbs = [home(), (_("器具事件"), reverse("surveillance:device-events"))]
        return Header(
            device_events.kind_words(self.event.kind),
            str(self.event.instrument),
            levels.status(self.event.level),
            crumbs,
        )

    def context(self) -> dict[str, Any]:
        e = self.event
        law = device_events.rules()
        facts = [
            Definition(_("器具"), str(e.instrument), url=reverse("instruments:instrument", args=[e.instrument_id])),
            Definition(_("警报级别"), levels.status(e.level).label, unverified=law["source"]),
            Definition(_("发生时间"), e.happened_at),
            Definition(_("收到时间"), e.recorded_at),
            Definition(_("来源"), e.source[37:] or e.source),
            Definition(_("说明"), e.detail or "—"),
        ]
        if e.handled_at:
            facts += [
                Definition(_("处理情况"), e.handling), Definition(_("处理人"), e.handled_name),
                Definition(_("处理时间"), e.handled_at),
            ]  # fmt: skip
        return {"facts": facts, "handled": e.handled_at is not None}

    def done(self, form: Any) -> str:
        device_events.handle(actor=self.actor, event=self.event, handling=form.cleaned_data["handling"])
        return reverse("surveillance:device-event", args=[self.event.pk])
