"""Pages of areas: overview by district and utility, lists, one area, one meter."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from quanheng.errors import InputError
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.roles import Role as Duty
from quanheng.platform.surveillance import drawing, levels, maps, policies, queries, sealing, tables, words
from quanheng.platform.surveillance.models import (
    Area,
    AreaMeter,
    Evaluation,
    Level,
    MeterVerdict,
    Profile,
    Role,
    Verdict,
)
from quanheng.platform.surveillance.store import unit_of
from quanheng.platform.web.components import Action, Chip, Definition, Empty, Figure, Header, tabs
from quanheng.platform.web.pages import ListPage, Page


class Watching(Page):
    """A page for utilities and regulators."""

    def allowed(self, actor: Actor) -> Decision:
        return policies.may_watch(actor)


def menu_actions(actor: Actor) -> list[Action]:
    """What can be begun from the overview and the list of areas."""
    found = [
        Action(_("发起评价"), reverse("surveillance:run-start"), "calculator"),
        Action(_("评价记录"), reverse("surveillance:runs"), "clock"),
        Action(_("用户申请的核查"), reverse("surveillance:requests"), "message"),
        Action(_("全生命周期"), reverse("surveillance:lifecycle"), "timeline"),
        Action(_("批次评价"), reverse("surveillance:lots"), "package"),
        Action(_("器具事件"), reverse("surveillance:device-events"), "bell"),
        Action(_("充电桩警报"), reverse("surveillance:pile-alarms"), "plug"),
        Action(_("数据质量"), reverse("surveillance:quality"), "checklist"),
        Action(_("读数文件"), reverse("surveillance:batches"), "file-spreadsheet"),
        Action(_("被搁置的读数"), reverse("surveillance:letters"), "alert-triangle"),
    ]
    if actor.has(Duty.ENTERPRISE):
        url = reverse("instruments:import", args=["areas"])
        found.insert(0, Action(_("导入台区与表计"), url, "upload"))
        found.insert(1, Action(_("导入读数"), reverse("surveillance:batch-start"), "database-import"))
    return found


def no_areas(actor: Actor) -> Empty:
    """What will stand here."""
    start = Action(_("导入台区与表计"), reverse("instruments:import", args=["areas"]), "upload")
    text = _("导入台区与表计,接入读数,再发起评价:每块表的误差估计、不确定度和判定会列在这里。")
    return Empty(_("还没有台区"), text, start if actor.has(Duty.ENTERPRISE) else None, icon="activity")


class Overview(Watching):
    """Figures of everything one may see, by district and utility; every number opens its list."""

    template_name = "surveillance/overview.html"

    def header(self) -> Header:
        first, *rest = menu_actions(self.actor)
        lead = _("用读数判断在用表计,不凭日历。数据只决定是否去现场,检定才作结论。")
        return Header(_("在用监测"), lead, primary=first, menu=rest)

    def context(self) -> dict[str, Any]:
        rows = queries.districts(self.actor)
        if not rows:
            return {"empty": no_areas(self.actor)}
        sums = queries.totals(rows)
        checks = queries.checks(self.actor)
        found = queries.precision(checks)
        listed, meters = reverse("surveillance:areas"), reverse("surveillance:meters")
        alarms = sums["alarm_n"]
        concluded = f"{reverse('surveillance:checks')}?state=confirmed"
        figures = [
            Figure(pgettext("list", "台区"), sums["areas_n"], url=listed),
            Figure(Level.ALARM.label, alarms, url=f"{listed}?level=alarm", tone="bad" if alarms else ""),
            Figure(Verdict.CHECK.label, sums["checks_n"], _("块"), f"{meters}?verdict=check"),
            Figure(Verdict.SUSPECT.label, sums["suspects_n"], _("块"), f"{meters}?verdict=suspect"),
            Figure(Verdict.UNDETERMINABLE.label, sums["undeterminable_n"], _("块"), f"{meters}?verdict=undeterminable"),
            Figure(
                _("方法命中率"), found.text, "%" if found.text != "—" else "", concluded,
                _("现场核查属实 %(a)d,合格 %(b)d") % {"a": found.confirmed, "b": found.refuted},
            ),
        ]  # fmt: skip
        return {"figures": figures, "rows": [(r, self._links(r)) for r in rows], "map": maps.district_map(rows)}

    def _links(self, row: dict[str, Any]) -> dict[str, str]:
        where = {"region": row["region_id"], "organisation": row["organisation__name"]}
        base = reverse("surveillance:areas")
        more = {"all": {}, "alarm": {"level": "alarm"}, "warning": {"level": "warning"}, "unfit": {"fit": "unfit"}}
        found = {name: f"{base}?{urlencode({**where, **extra})}" for name, extra in more.items()}
        return {**found, "owner": reverse("surveillance:utility", args=[row["organisation_id"]])}


class AreaList(Watching, ListPage):
    """Areas, alarms first."""

    table_class = tables.AreaTable
    filterset_class = tables.AreaFilter
    export_name = "areas"

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return no_areas(self.actor)

    def header(self) -> Header:
        first, *rest = menu_actions(self.actor)
        crumbs = [(_("在用监测"), reverse("surveillance:overview"))]
        return Header(pgettext("list", "台区"), crumbs=crumbs, primary=first, menu=rest)

    def get_queryset(self) -> QuerySet[Area]:
        return queries.areas(self.actor).order_by(F("checks").desc(), F("suspects").desc(), "code")

    def chips(self) -> list[Chip]:
        rows = queries.areas(self.actor)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(
                Chip(label, {"level": value}, rows.filter(level=value).count(), levels.status(value).tone)
                for value, label in Level.choices
                if value
            ),
        ]


class MeterList(Watching, ListPage):
    """Meters in service, the most suspicious first."""

    table_class = tables.MeterTable
    filterset_class = tables.MeterFilter
    export_name = "meters"

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return no_areas(self.actor)

    def header(self) -> Header:
        return Header(_("在用表计"), crumbs=[(_("在用监测"), reverse("surveillance:overview"))])

    def get_queryset(self) -> QuerySet[AreaMeter]:
        rows = queries.meters(self.actor).filter(removed_on=None)
        return rows.order_by(F("p_exceed").desc(nulls_last=True), "meter_id")

    def chips(self) -> list[Chip]:
        rows = queries.meters(self.actor).filter(removed_on=None)
        return [
            Chip(_("全部"), {}, rows.count()),
            *(
                Chip(label, {"verdict": v}, rows.filter(verdict=v).count(), words.verdict_status(v).tone)
                for v, label in Verdict.choices
            ),
        ]


class OneArea(Watching):
    """A page about one area that the person may see."""

    area: Area

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.area = get_object_or_404(queries.areas(self.actor), pk=kwargs["pk"])

    def crumbs(self) -> list[tuple[Any, str]]:
        """The way here."""
        return [
            (_("在用监测"), reverse("surveillance:overview")),
            (pgettext("list", "台区"), reverse("surveillance:areas")),
        ]


class AreaPage(OneArea):
    """How an area stands in one sentence; then estimates, meters, quality of the readings, history, neighbours."""

    template_name = "surveillance/area.html"

    def header(self) -> Header:
        area = self.area
        run = Action.guarded(
            policies.may_order(self.actor, area), _("发起评价"),
            f"{reverse('surveillance:run-start')}?organisation={area.organisation_id}", icon="calculator",
        )  # fmt: skip
        where = f"{reverse('surveillance:meters')}?{urlencode({'area': area.code})}"
        menu = [
            Action(_("表计清单"), where, "list"),
            *(
                [Action(_("充电桩与充电记录"), reverse("surveillance:station", args=[area.pk]), "plug")]
                if area.profile == Profile.CHARGING
                else []
            ),
            Action(_("每日数据质量"), reverse("surveillance:area-quality", args=[area.pk]), "checklist"),
            *([] if run.denied else [Action(_("适用规范"), reverse("surveillance:area-rule", args=[area.pk]), "book")]),
        ]
        lead = f"{area.code} · {area.get_profile_display()} · {area.organisation} · {area.region}"
        return Header(str(area), lead, levels.status(area.level), self.crumbs(), None if run.denied else run, menu)

    def context(self) -> dict[str, Any]:
        evaluation = self.area.standing
        key, drawn = tabs(
            self.request,
            [
                ("estimates", _("评价")), ("meters", pgettext("tab", "表计")), ("quality", _("数据质量")),
                ("history", _("评价历史")), ("neighbours", _("相邻台区")),
            ],
        )  # fmt: skip
        made = {
            "estimates": self._estimates, "meters": self._meters, "quality": self._quality, "history": self._history,
            "neighbours": self._neighbours,
        }[key](evaluation)  # fmt: skip
        return {
            "area": self.area, "tabs": drawn, "tab": key, "evaluation": evaluation,
            "sentence": words.area_sentence(self.area), "tone": levels.status(self.area.level).tone, **made,
        }  # fmt: skip

    def _estimates(self, evaluation: Evaluation | None) -> dict[str, Any]:
        if evaluation is None:
            return {}
        found = list(queries.verdicts(evaluation))
        facts = [
            Definition(_("数据能否判定"), words.fit_status(evaluation).label),
            Definition(_("数据时段"), f"{evaluation.since} – {evaluation.until}"),
            Definition(_("完整时段数"), evaluation.rows_used),
            Definition(_("采集率"), words.percent(evaluation.acquisition), "%"),
            Definition(_("线损率"), words.percent(evaluation.loss_rate), "%"),
            Definition(_("适用规范"), evaluation.evidence.get("profile", {}).get("norm") or "—"),
            Definition(_("限值"), words.limits(evaluation), "%", unverified=self._source(evaluation)),
            Definition(_("评价版本"), evaluation.version),
            Definition(_("证据散列"), evaluation.evidence_sha256[:16]),
        ]
        causes = [
            (words.cause_words(str(c.get("cause", ""))), c.get("evidence"))
            for c in evaluation.report.get("suspected", [])
            if c.get("cause") != evaluation.cause
        ]
        return {
            "facts": facts,
            "forest": drawing.forest(found, evaluation.limit),
            "forest_rows": [(*figures_of(v), words.reason(v)) for v in found[: drawing.MOST]],
            "more": max(0, len(found) - drawing.MOST),
            "loss": drawing.loss_chart(evaluation),
            "loss_rows": drawing.loss_rows(evaluation, unit_of(self.area.profile)),
            "residual": drawing.residual_chart(evaluation),
            "causes": causes[:5],
            "findings": words.findings(evaluation),
        }  # fmt: skip

    def _source(self, evaluation: Evaluation) -> str:
        by_rule = evaluation.evidence.get("profile", {}).get("limits")
        return "" if by_rule else _("产品默认限值,不出自某一规范")

    def _meters(self, _evaluation: Evaluation | None) -> dict[str, Any]:
        rows = self.area.members.order_by("removed_on", "-role", F("p_exceed").desc(nulls_last=True), "meter_id")
        return {
            "members": [(m, words.verdict_status(m.verdict), words.percent(m.error, sign=True)) for m in rows[:500]],
            "map": self._feeders([m for m in rows[:500] if m.removed_on is None]),
        }

    def _feeders(self, members: list[AreaMeter]) -> SafeString:
        """The area drawn by its feeders."""
        lines: dict[str, list[maps.Dot]] = {}
        for m in sorted((m for m in members if m.role == Role.SUB), key=lambda m: (m.feeder, m.meter_id)):
            state = words.verdict_status(m.verdict)
            dot = maps.Dot(m.meter_id, state.tone, str(state.label), m.get_absolute_url())
            lines.setdefault(m.feeder or "—", []).append(dot)
        master = next((m.meter_id for m in members if m.role == Role.MASTER), "—")
        return maps.feeder_map(master, lines.items())

    def _quality(self, evaluation: Evaluation | None) -> dict[str, Any]:
        rows = evaluation.quality if evaluation else []
        said = flag_words()
        flagged = sum(1 for r in rows if r["flags"])
        complete = 1.0
        for r in rows:
            complete *= min(1.0, r["acquisition"] or 0.0)
        worst = sorted(rows, key=lambda r: (not r["flags"], r["acquisition"] or 0))
        figures = [
            Figure(_("采集率"), words.percent(self.area.acquisition), "%"),
            Figure(_("按各表采集率推算的完整时段"), words.percent(complete, 1), "%"),
            Figure(_("有异常的表计"), flagged, _("块"), tone="due" if flagged else ""),
        ]
        shown = [
            (r, [said.get(f, f) for f in r["flags"].split()], words.percent(r["acquisition"]),
             words.percent(r["resolution_share"]))
            for r in worst[:300]
        ]  # fmt: skip
        return {"quality": shown, "figures": figures}

    def _history(self, _evaluation: Evaluation | None) -> dict[str, Any]:
        rows = self.area.evaluations.order_by("-version")[:100]
        counted = [
            (e, words.fit_status(e), {v: e.verdicts.filter(verdict=v).count() for v in Verdict.values},
             words.percent(e.loss_rate), reverse("surveillance:evidence", args=[self.area.pk, e.version]),
             e.pk == self.area.standing_id)
            for e in rows
        ]  # fmt: skip
        return {"history": counted}

    def _neighbours(self, _evaluation: Evaluation | None) -> dict[str, Any]:
        rows = queries.areas(self.actor).filter(region_id=self.area.region_id).exclude(pk=self.area.pk)
        near = rows.order_by(F("loss_rate").desc(nulls_last=True), "code")[:20]
        return {
            "neighbours": [(a, levels.status(a.level), words.fit_status(a), words.percent(a.loss_rate)) for a in near]
        }


def figures_of(v: MeterVerdict) -> tuple[Any, ...]:
    """A verdict, its state, error, u and P in percent."""
    error, u, p = words.percent(v.error, sign=True), words.percent(v.u), words.percent(v.p_exceed, 1)
    return v, words.verdict_status(v.verdict), error, u, p


class Evidence(OneArea):
    """The sealed evidence of one evaluation with its proof, for ``quanheng-verify``."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        made = get_object_or_404(self.area.evaluations.select_related("seal"), version=kwargs["version"])
        try:
            data = sealing.bundle(made)
        except InputError as error:
            raise Http404(error.message) from error
        answer = HttpResponse(data, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="evidence-{made.pk}.json"'
        return answer


def flag_words() -> dict[str, str]:
    """What is wrong with a meter's readings."""
    return {
        "not_read": _("未采到"), "stopped": _("停走"), "flat": _("读数不变(疑似填补)"), "runaway": _("飞走"),
        "reverse": _("倒走"), "clock": _("时钟偏差"), "coarse": _("分辨力过粗"),
    }  # fmt: skip
