"""Alarms of piles: the list, those that stand first, and what was done about each."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.surveillance import charging, levels, pile_alarms, policies, tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.device_event_pages import HandleForm
from quanheng.platform.surveillance.models import PileAlarm
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Header
from quanheng.platform.web.pages import FormPage, ListPage


class PileAlarmList(Watching, ListPage):
    """Alarms of piles, those that stand and wait for somebody first."""

    table_class = tables.PileAlarmTable
    filterset_class = tables.PileAlarmFilter
    export_name = "pile-alarms"
    empty = Empty(
        gettext_lazy("没有充电桩警报"),
        gettext_lazy("后台每小时查看上报的充电站:离线、时钟、功率和示值倒退会列在这里。"),
        icon="plug",
    )

    def header(self) -> Header:
        return Header(_("充电桩警报"), _("条件不再成立即自行消除;处理情况由人记录。"), crumbs=[home()])

    def get_queryset(self) -> QuerySet[PileAlarm]:
        return pile_alarms.seen(self.actor).order_by(
            F("cleared_at").asc(nulls_first=True), F("handled_at").asc(nulls_first=True), "-raised_at"
        )

    def chips(self) -> list[Chip]:
        rows = pile_alarms.seen(self.actor)
        return [
            Chip(_("全部"), {}, rows.count()),
            Chip(_("待处理"), {"state": "open"}, rows.filter(cleared_at=None, handled_at=None).count(), "due"),
        ]


class PileAlarmPage(Watching, FormPage):
    """One alarm, and what was done about it."""

    form_class = HandleForm
    template_name = "surveillance/device_event.html"
    submit = gettext_lazy("记录处理情况")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.alarm = get_object_or_404(pile_alarms.seen(self.actor), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        watch = super().allowed(actor)
        return policies.may_order(actor, self.alarm) if watch else watch

    def header(self) -> Header:
        a = self.alarm
        station = Action(_("充电桩与充电记录"), reverse("surveillance:station", args=[a.meter.area_id]), "plug")
        crumbs = [home(), (_("充电桩警报"), reverse("surveillance:pile-alarms"))]
        return Header(charging.alarm_words(a.kind), str(a.meter), levels.status(a.level), crumbs, menu=[station])

    def context(self) -> dict[str, Any]:
        a = self.alarm
        rule = levels.rules("pile", a.region_id)[f"pile.{a.kind}"]
        doubt = "" if rule.verified == "yes" else rule.source
        facts = [
            Definition(_("充电桩"), a.meter.meter_id, url=a.meter.get_absolute_url()),
            Definition(_("警报级别"), levels.status(a.level).label, unverified=doubt),
            Definition(_("限值"), rule.body.get("limit") or "—", rule.body.get("unit", "")),
            Definition(_("发现时间"), a.raised_at),
            Definition(_("消除时间"), a.cleared_at or "—"),
        ]
        if a.handled_at:
            facts += [
                Definition(_("处理情况"), a.handling), Definition(_("处理人"), a.handled_name),
                Definition(_("处理时间"), a.handled_at),
            ]  # fmt: skip
        return {"facts": facts, "handled": a.handled_at is not None}

    def done(self, form: Any) -> str:
        pile_alarms.handle(actor=self.actor, alarm=self.alarm, handling=form.cleaned_data["handling"])
        return self.alarm.get_absolute_url()
