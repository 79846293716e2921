"""Quality of readings: by source and area, one area with its strip by day, as a page, on paper and as a workbook."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance import heat, leaving, queries, words
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.letters import letters_of
from quanheng.platform.surveillance.quality_data import AreaQuality, SourceLine, area_quality, by_source
from quanheng.platform.surveillance.reasons import reason_words
from quanheng.platform.surveillance.views import OneArea, Watching, flag_words
from quanheng.platform.web.components import Action, Empty, Figure, Header
from quanheng.platform.web.export import csv_response, xlsx_response
from quanheng.platform.web.forms import DateInput, Form
from quanheng.platform.web.http import address

WINDOW, LONGEST, SHOWN = 30, 92, 60


class WindowForm(Form):
    """Over which days."""

    since = forms.DateField(label=gettext_lazy("数据自"), widget=DateInput())
    until = forms.DateField(label=gettext_lazy("数据至"), widget=DateInput())

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and not (since <= until <= clock.today() and (until - since).days < LONGEST):
            raise forms.ValidationError(_("时段须在 92 天以内,且不晚于今天"))
        return found


class QualityPage(Watching):
    """What each source delivers of each area, by the last evaluations; the worst first."""

    template_name = "surveillance/quality.html"

    def header(self) -> Header:
        lead = _("按最近一次评价的时段;点台区看各表和每一天。")
        download = Action(_("下载 Excel"), address(self.request, export="xlsx"), "download")
        return Header(_("数据质量"), lead, crumbs=[home()], primary=download if self.lines() else None)

    def lines(self) -> list[SourceLine]:
        """Sources and areas the person sees."""
        if not hasattr(self, "_lines"):
            self._lines = by_source(queries.areas(self.actor))
        return self._lines

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "xlsx":
            return xlsx_response(self._sheet(), "reading-quality")
        return super().get(request, *args, **kwargs)

    def _sheet(self) -> list[list[Any]]:
        said = flag_words()
        head = [_("来源"), _("台区编号"), _("表计数"), _("采集率 %"), _("缺口"), _("完整时段 %"), *said.values()]
        return [
            head,
            *(
                [s.source[37:], s.area.code, s.meters, _percent(s.acquisition), s.gaps, _percent(s.complete),
                 *(s.flags.get(f, 0) for f in said)]
                for s in self.lines()
            ),
        ]  # fmt: skip

    def context(self) -> dict[str, Any]:
        said = flag_words()
        rows = [
            (s, s.source[37:], words.percent(s.acquisition), words.percent(s.complete, 1),
             [(said[f], n) for f, n in s.flags.items() if f in said],
             reverse("surveillance:area-quality", args=[s.area.pk]))
            for s in self.lines()[:500]
        ]  # fmt: skip
        letters = letters_of(self.actor)
        base = reverse("surveillance:letters")
        aside = [Figure(reason_words(r), n, _("行"), f"{base}?reason={r}") for r, n in _counts(letters)]
        later = _("发起一次评价之后,这里列出各来源、各台区读数的质量。")
        return {"rows": rows, "aside": aside, "empty": Empty(_("还没有评价过的台区"), later, icon="activity")}


def _counts(letters: Any) -> list[tuple[str, int]]:
    return list(letters["reason"].value_counts(sort=True).rows())[:6] if letters.height else []


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


class AreaQualityPage(OneArea):
    """The readings of one area over some days."""

    template_name = "surveillance/area_quality.html"
    found: AreaQuality

    def window(self) -> tuple[WindowForm, dt.date, dt.date]:
        """The days asked for, else the last thirty whole ones."""
        until = clock.today() - dt.timedelta(days=1)
        since = until - dt.timedelta(days=WINDOW - 1)
        asked = "since" in self.request.GET
        form = WindowForm(self.request.GET if asked else None, initial={"since": since, "until": until})
        if asked and form.is_valid():
            since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        return form, since, until

    def header(self) -> Header:
        report = reverse("surveillance:area-quality-report", args=[self.area.pk])
        readings = reverse("surveillance:area-readings", args=[self.area.pk])
        query = address(self.request, export=None).partition("?")[2]
        menu = [
            Action(_("下载 Excel"), address(self.request, export="xlsx"), "download"),
            Action(_("导出读数(附校准状态)"), f"{readings}?{query}" if query else readings, "file-export"),
            Action(_("打印报告"), f"{report}?{query}" if query else report, "printer"),
        ]
        crumbs = [*self.crumbs(), (str(self.area), self.area.get_absolute_url())]
        return Header(_("数据质量"), str(self.area), crumbs=crumbs, menu=menu)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.form, since, until = self.window()
        self.found = area_quality(self.area, since, until)
        if request.GET.get("export") == "xlsx":
            return xlsx_response(self._sheet(), f"quality-{since}-{until}")
        return self.draw(status=422 if self.form.is_bound and not self.form.is_valid() else 200)

    def _ordered(self) -> list[dict[str, Any]]:
        return sorted(self.found.lines, key=lambda r: (r["role"] != "master", not r["flags"], r["acquisition"] or 0))

    def context(self) -> dict[str, Any]:
        found, said = self.found, flag_words()
        lines = self._ordered()
        shown = lines[:SHOWN]
        flags = {f: sum(f in line["flags"].split() for line in lines) for f in said}
        return {
            "area": self.area, "form": self.form, "found": found, "rest": max(0, len(lines) - SHOWN),
            "strip": heat.strip(found.days, [(r["meter_id"], found.daily.get(r["meter_id"], {})) for r in shown]),
            "legend": [(k, heat.SIGNS[k], w) for k, w in heat.band_words().items()],
            "figures": [
                Figure(_("采集率"), words.percent(found.acquisition), "%"),
                Figure(_("按各表采集率推算的完整时段"), words.percent(found.complete_rows, 1), "%"),
                Figure(_("有异常的表计"), found.flagged, _("块"), tone="due" if found.flagged else ""),
            ],
            "flags": [(said[f], n) for f, n in flags.items() if n],
            "lines": [
                (r, [said.get(f, f) for f in r["flags"].split()], words.percent(r["acquisition"])) for r in lines[:300]
            ],
            "daily": _daily_table(found),
            "made_at": clock.now(), "maker": self.actor.name,
        }  # fmt: skip

    def _sheet(self) -> list[list[Any]]:
        said = flag_words()
        head = [
            _("表号"), _("角色"), _("异常"), _("采集率 %"), _("缺口"), _("最长缺口 h"), _("最长不变 h"),
            _("超物理上限"), _("时钟偏差 min"), *(d.isoformat() for d in self.found.days),
        ]  # fmt: skip
        rows = [
            [r["meter_id"], r["role"], "、".join(said.get(f, f) for f in r["flags"].split()),
             _percent(r["acquisition"]), r["gaps"], r["longest_gap_h"], r["longest_flat_h"], r["above_limit"],
             r["lag_min"],
             *(_percent(self.found.daily.get(r["meter_id"], {}).get(d, 0.0)) for d in self.found.days)]
            for r in self._ordered()
        ]  # fmt: skip
        return [head, *rows]


def _daily_table(found: AreaQuality) -> list[tuple[dt.date, str, int]]:
    """Day, mean share over the meters, meters without a reading: the strip as numbers."""
    count = len(found.lines) or 1
    rows = []
    for day in found.days:
        shares = [found.daily.get(line["meter_id"], {}).get(day, 0.0) for line in found.lines]
        rows.append((day, words.percent(sum(shares) / count, 1), sum(1 for s in shares if s == 0)))
    return rows


class AreaReadings(AreaQualityPage):
    """The readings of the window as CSV, each with the calibration of its meter on that day."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form, since, until = self.window()
        if form.is_bound and not form.is_valid():
            raise Refused(_("时段须在 92 天以内,且不晚于今天"), code="window")
        table = leaving.calibrated(self.area, since, until)
        return csv_response([table.columns, *table.iter_rows()], f"readings-{self.area.code}-{since}-{until}")


class AreaQualityReport(AreaQualityPage):
    """The same on paper."""

    template_name = "surveillance/area_quality_print.html"
