"""Pages of charging stations: piles with their alarms and sessions, and the replay of one session."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance import charging, levels, queries, words
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import AreaMeter, Profile, Role
from quanheng.platform.surveillance.store import store
from quanheng.platform.surveillance.views import OneArea, Watching
from quanheng.platform.web.components import Definition, Header
from quanheng.telemetry.ingest.ocpp import ENERGY, POWER

DAYS, SHOWN = 30, 100


class Station(OneArea):
    """Piles of one station: error, alarms, sessions of the last thirty days."""

    template_name = "surveillance/station.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if self.area.profile != Profile.CHARGING:
            raise Http404

    def header(self) -> Header:
        crumbs = [*self.crumbs(), (str(self.area), self.area.get_absolute_url())]
        return Header(_("充电桩与充电记录"), str(self.area), crumbs=crumbs)

    def context(self) -> dict[str, Any]:
        since = clock.now() - dt.timedelta(days=DAYS)
        piles, found = [], []
        for pile in charging.piles_of(self.area):
            m = pile.meter
            piles.append(
                (pile, words.verdict_status(m.verdict), words.percent(m.error, sign=True),
                 words.percent(2 * m.u if m.u is not None else None), [charging.alarm_words(a) for a in pile.alarms])
            )  # fmt: skip
            found += [(m, s) for s in charging.sessions_of(m, since)]
        found.sort(key=lambda pair: pair[1].began, reverse=True)
        law = levels.rules("pile", self.area.region_id).values()
        return {
            "piles": piles, "source": ";".join(dict.fromkeys(r.source for r in law)), "area": self.area,
            "sessions": [
                (m, s, reverse("surveillance:session", args=[m.pk]) + f"?transaction={s.transaction}")
                for m, s in found[:SHOWN]
            ],
        }  # fmt: skip


class Replay(Watching):
    """One session: the register and the power of the pile beside the station's meter over the same time."""

    template_name = "surveillance/session.html"
    meter: AreaMeter

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.meter = get_object_or_404(queries.meters(self.actor), pk=kwargs["pk"])
        self.transaction = request.GET.get("transaction", "")[:64]
        self.values = charging.values_of(self.meter, self.transaction) if self.transaction else []
        if not self.values:
            raise Http404

    def header(self) -> Header:
        station = reverse("surveillance:station", args=[self.meter.area_id])
        crumbs = [home(), (str(self.meter.area), self.meter.area.get_absolute_url()), (_("充电桩与充电记录"), station)]
        return Header(_("充电过程 %(id)s") % {"id": self.transaction}, self.meter.meter_id, crumbs=crumbs)

    def context(self) -> dict[str, Any]:
        energy = [v for v in self.values if v.measurand == ENERGY]
        power = [v for v in self.values if v.measurand == POWER]
        began, ended = self.values[0].at, self.values[-1].at
        master = self._master(began, ended)
        facts = [
            Definition(_("开始"), began),
            Definition(_("结束"), ended),
            Definition(_("桩计电量"), f"{energy[-1].value - energy[0].value:.3f}" if energy else "—", "kWh"),
            Definition(_("最大功率"), f"{max(v.value for v in power):.1f}" if power else "—", "kW"),
            Definition(_("同时段站表电量"), f"{sum(k for _t, k, _s in master):.3f}" if master else "—", "kWh"),
        ]
        return {"facts": facts, "chart": _chart(energy, power, master), "rows": self._rows(master)}

    def _master(self, began: dt.datetime, ended: dt.datetime) -> list[tuple[dt.datetime, float, int]]:
        """Interval energies of the station's meter that touch the session."""
        area = self.meter.area
        rows = store().read(
            regions={area.region_id}, since=(began - dt.timedelta(days=1)).date(), until=ended.date(), areas=[area.code]
        )
        ends = pl.col("ts") + pl.duration(seconds=pl.col("seconds"))
        rows = rows.filter((pl.col("role") == Role.MASTER) & (ends > began) & (pl.col("ts") <= ended))
        return [(t, k, s) for t, k, s in rows.sort("ts").select("ts", "kwh", "seconds").iter_rows()]

    def _rows(self, master: list[tuple[dt.datetime, float, int]]) -> list[list[Any]]:
        head = [_("时间"), _("量"), _("值"), _("单位")]
        own = [
            [
                _civil(v.at),
                _("示值") if v.measurand == ENERGY else _("功率"),
                v.value,
                "kWh" if v.measurand == ENERGY else "kW",
            ]
            for v in self.values
        ]
        return [head, *own, *([_civil(t), _("站表时段电量"), k, "kWh"] for t, k, _s in master)]


def _civil(at: dt.datetime) -> str:
    return at.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M:%S")


def _chart(energy: list[Any], power: list[Any], master: list[tuple[dt.datetime, float, int]]) -> dict[str, Any]:
    """Energy since the beginning on the left, power of the pile and mean power of the station on the right."""
    first = energy[0].value if energy else 0.0
    steps = [[_civil(t), round(k * 3600 / s, 3)] for t, k, s in master]
    if master:
        last, k, s = master[-1]
        steps.append([_civil(last + dt.timedelta(seconds=s)), round(k * 3600 / s, 3)])
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "xAxis": {"type": "time"},
        "yAxis": [{"type": "value", "name": "kWh"}, {"type": "value", "name": "kW"}],
        "series": [
            {
                "name": str(_("桩计电量")),
                "type": "line",
                "data": [[_civil(v.at), round(v.value - first, 4)] for v in energy],
            },
            {
                "name": str(_("桩功率")),
                "type": "line",
                "yAxisIndex": 1,
                "data": [[_civil(v.at), v.value] for v in power],
            },
            {"name": str(_("站表平均功率")), "type": "line", "step": "end", "yAxisIndex": 1, "data": steps},
        ],
    }
