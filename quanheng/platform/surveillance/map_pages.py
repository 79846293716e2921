"""The fleet from the district down: the areas of a district, the standing of a utility, the alarm rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg, Count
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.law.queries import NATION
from quanheng.platform.surveillance import levels, maps, queries, scheduling, words
from quanheng.platform.surveillance.acting import home
from quanheng.platform.surveillance.models import Evaluation, Level, MeterVerdict, Verdict
from quanheng.platform.surveillance.rule_pages import listed_rules
from quanheng.platform.surveillance.views import Watching
from quanheng.platform.web.components import Action, Definition, Figure, Header

MOST = 210
ORDER = ("undeterminable", "suspect", "pass", "check")  # so that the palette gives red to what needs a visit
RANK = [Level.ALARM, Level.WARNING, Level.NOTICE, Level.NORMAL, Level.NONE]


class District(Watching):
    """The areas of one district as tiles, the worst first."""

    template_name = "surveillance/district.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.region = get_object_or_404(Region, pk=kwargs["code"])
        self.areas = list(queries.areas(self.actor).filter(region=self.region).order_by("code")[: MOST + 1])
        if not self.areas:
            raise Http404
        self.areas.sort(key=lambda a: (RANK.index(Level(a.level)), a.code))

    def header(self) -> Header:
        listed = Action(
            _("台区清单"), f"{reverse('surveillance:areas')}?{urlencode({'region': self.region.pk})}", "list"
        )
        return Header(self.region.name, _("点台区看它的表计。"), crumbs=[home()], menu=[listed])

    def context(self) -> dict[str, Any]:
        tiles = []
        for area in self.areas[:MOST]:
            state = levels.status(area.level)
            note = _("%(n)d 块表") % {"n": area.meters}
            tiles.append(maps.Tile(str(area), note, state.tone, str(state.label), area.get_absolute_url()))
        return {
            "map": maps.tile_map(tiles, _("台区的警报级别")), "more": len(self.areas) > MOST,
            "rows": [
                (a, levels.status(a.level), words.fit_status(a), words.percent(a.loss_rate)) for a in self.areas[:MOST]
            ],
            "listed": f"{reverse('surveillance:areas')}?{urlencode({'region': self.region.pk})}",
        }  # fmt: skip


class Utility(Watching):
    """How one utility stands: its meters by verdict, its run of evaluations, its checks and their precision."""

    template_name = "surveillance/utility.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.own = queries.areas(self.actor).filter(organisation_id=kwargs["pk"])
        self.owner = get_object_or_404(queries.owners(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        name = {"organisation": self.owner.name}
        listed = Action(_("台区清单"), f"{reverse('surveillance:areas')}?{urlencode(name)}", "list")
        return Header(self.owner.name, _("表计、评价、核查与数据质量一览。"), crumbs=[home()], menu=[listed])

    def context(self) -> dict[str, Any]:
        meters = queries.meters(self.actor).filter(area__organisation=self.owner, removed_on=None, role="sub")
        counts = dict(meters.order_by().values_list("verdict").annotate(n=Count("pk")))
        checks = queries.checks(self.actor).filter(organisation=self.owner)
        late = checks.filter(state="open", due_on__lt=clock.today()).count()
        found = queries.precision(checks)
        listed = reverse("surveillance:meters")
        figures = [
            Figure(label, counts.get(value, 0), _("块"), f"{listed}?{urlencode({'verdict': value})}")
            for value, label in Verdict.choices
        ]
        acquisition = self.own.aggregate(v=Avg("acquisition"))["v"]
        facts = [
            Definition(pgettext("list", "台区"), self.own.count()),
            Definition(_("表计数"), meters.count()),
            *_cycle(self.owner),
            Definition(_("平均采集率"), words.percent(acquisition), "%"),
            Definition(_("待安排的现场核查"), checks.filter(state="open").count()),
            Definition(_("其中逾期"), late),
            Definition(_("方法命中率"), found.text, "%" if found.text != "—" else ""),
            Definition(_("已更换"), checks.filter(state="replaced").count()),
        ]
        runs = self._runs()
        return {
            "figures": figures,
            "facts": facts,
            "runs": runs,
            "trend": _trend(runs),
            "trend_rows": _trend_rows(runs),
        }

    def _runs(self) -> list[dict[str, Any]]:
        """Verdicts of each run, oldest first."""
        made = Evaluation.objects.filter(area__in=self.own.values("pk"))
        runs = list(
            made.order_by().values("run_id", "run__until").annotate(areas=Count("pk")).order_by("-run__until")[:24]
        )
        rows = []
        for run in reversed(runs):
            verdicts = MeterVerdict.objects.filter(
                evaluation__run_id=run["run_id"], evaluation__area__in=self.own.values("pk")
            )
            count = dict(verdicts.order_by().values_list("verdict").annotate(n=Count("pk")))
            rows.append(
                {"until": run["run__until"], "areas": run["areas"], **{v: count.get(v, 0) for v in Verdict.values}}
            )
        return rows


def _cycle(owner: Organisation) -> list[Definition]:
    """When the areas are judged again by themselves."""
    standing = scheduling.standing_of(owner)
    if standing is None:
        return []
    soon = _("到期,等待新读数") if scheduling.waits_for_readings(owner, standing) else _("读数满一个周期后")
    later = None if standing.passed else standing.due_on
    return [Definition(_("评价周期"), standing.cycle, _("天")), Definition(_("下一次自动评价"), later or soon)]


def _trend(runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(runs) < 2:
        return None
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "xAxis": {"type": "category", "data": [r["until"].isoformat() for r in runs]},
        "yAxis": {"type": "value"},
        "series": [
            {"name": str(label), "type": "bar", "stack": "all", "data": [r[value] for r in runs]}
            for value, label in sorted(Verdict.choices, key=lambda c: ORDER.index(c[0]))
        ],
    }


def _trend_rows(runs: list[dict[str, Any]]) -> list[list[Any]]:
    head = [_("数据至"), pgettext("list", "台区"), *(str(label) for _v, label in Verdict.choices)]
    return [head, *([r["until"].isoformat(), r["areas"], *(r[v] for v in Verdict.values)] for r in runs)]


class Rules(Watching):
    """By which rules a level is raised, where they come from, and whether somebody verified them."""

    template_name = "surveillance/rules.html"

    def header(self) -> Header:
        return Header(_("警报规则"), _("规则是数据,不写在程序里;自上而下取第一条成立的。"), crumbs=[home()])

    def context(self) -> dict[str, Any]:
        here = sorted(set(queries.areas(self.actor).order_by().values_list("region_id", flat=True).distinct()))
        found = {(r.code, r.region): r for region in [NATION, *here] for r in _all_rules(region)}
        names = dict(Region.objects.filter(pk__in=[r.region for r in found.values()]).values_list("pk", "name"))
        rows = [
            (r, levels.status(r.body["level"]) if r.body.get("level") else None,
             "" if r.code.startswith("area.") else r.title, _conditions(r.body),
             _("全国") if r.region == NATION else names.get(r.region, r.region))
            for r in sorted(found.values(), key=lambda r: (r.region != NATION, r.region))
        ]  # fmt: skip
        return {"rows": rows, "regional": listed_rules()}


def _all_rules(region: str) -> list[levels.Rule]:
    return [
        *levels.ladder(region), *levels.rules("pile", region).values(), *levels.rules("check", region).values(),
    ]  # fmt: skip


def _conditions(when: Mapping[str, Any]) -> list[str]:
    found = []
    if when.get("checks"):
        found.append(_("须现场核查的表计不少于 %(n)s 块") % {"n": when["checks"]})
    if when.get("suspects"):
        found.append(_("疑似超差的表计不少于 %(n)s 块") % {"n": when["suspects"]})
    if when.get("causes"):
        found.append(
            _("数据不可判定,原因是:%(causes)s") % {"causes": "、".join(map(words.cause_words, when["causes"]))}
        )
    if when.get("unfit"):
        found.append(_("数据不可判定"))
    if when.get("limit"):
        found.append(f"{when['limit']} {_(when['unit'])}")
    return found
