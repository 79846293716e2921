"""One page for the life of instrument transformers, meters and piles; a row opens the timeline of its instrument."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.surveillance import lifecycle, lifecycle_tables
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Chip, Empty, Header
from quanheng.platform.web.pages import ListPage


class Lifecycle(Watching, ListPage):
    """From the first test to the replacement."""

    table_class = lifecycle_tables.LifecycleTable
    filterset_class = lifecycle_tables.LifecycleFilter
    export_name = "lifecycle"
    empty = Empty(
        gettext_lazy("台账中没有互感器、电能表和充电桩"),
        gettext_lazy("登记之后,每台的检定、安装、评价、核查和更换列在一行。"),
        icon="activity",
    )

    def header(self) -> Header:
        lead = _("高压互感器、电能表、充电桩:检定、安装、评价、核查、更换。点一行看它的时间线。")
        return Header(_("全生命周期"), lead, crumbs=[home()])

    def get_queryset(self) -> QuerySet[Any]:
        return lifecycle.rows(self.actor).order_by("-verified_on", "pk")

    def chips(self) -> list[Chip]:
        rows = lifecycle.rows(self.actor)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(Chip(label, {"kind": k}, rows.filter(category__code=k).count()) for k, label in lifecycle.KINDS.items()),
            Chip(_("监测中"), {"stage": "watched"}, lifecycle.at_stage(rows, "watched").count()),
            Chip(_("待更换"), {"stage": "replace"}, lifecycle.at_stage(rows, "replace").count(), "bad"),
        ]
