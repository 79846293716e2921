"""One meter: its verdict in a sentence, its evaluations and their evidence, its checks, the others on its feeder."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.surveillance import policies, queries, tables, tabs, words
from quanheng.platform.surveillance.models import AreaMeter, Evaluation, MeterVerdict, Role
from quanheng.platform.surveillance.views import Watching, figures_of
from quanheng.platform.web.components import Action, Definition, Header


class MeterPage(Watching):
    """One meter: verdict in a sentence, its evaluations, its checks, the others on its feeder."""

    template_name = "surveillance/meter.html"
    meter: AreaMeter

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.meter = get_object_or_404(queries.meters(self.actor), pk=kwargs["pk"])

    def header(self) -> Header:
        m = self.meter
        order = Action.guarded(
            policies.may_order(self.actor, m.area),
            _("下达核查单"),
            reverse("surveillance:order", args=[m.pk]),
            icon="tools",
        )
        crumbs = [
            (_("在用监测"), reverse("surveillance:overview")), (str(m.area), m.area.get_absolute_url()),
        ]  # fmt: skip
        menu = [Action(_("用户查看页"), reverse("surveillance:own", args=[m.public_code]), "qrcode")]
        if m.instrument_id:
            menu.append(Action(_("器具台账"), reverse("instruments:instrument", args=[m.instrument_id]), "scale"))
        lead = f"{m.get_role_display()} · {m.area}"
        open_check = m.removed_on or m.site_checks.filter(state__in=["open", "applied"]).exists()
        primary = None if order.denied or open_check else order
        return Header(m.meter_id, lead, words.verdict_status(m.verdict), crumbs, primary, menu)

    def context(self) -> dict[str, Any]:
        m = self.meter
        rows = list(m.verdicts.select_related("evaluation__seal", "meter").order_by("-evaluation__version")[:50])
        now = queries.verdict_of(m)
        facts = [
            Definition(_("角色"), m.get_role_display()), Definition(_("馈线"), m.feeder),
            Definition(_("相别"), m.phase),
            Definition(_("互感器变比"), m.ct_ratio), Definition(_("准确度等级"), m.accuracy_class),
            Definition(_("生产厂家"), m.manufacturer), Definition(_("批次"), m.lot),
            Definition(_("安装日期"), m.installed_on), Definition(_("拆除日期"), m.removed_on),
        ]  # fmt: skip
        near = m.area.members.filter(feeder=m.feeder, role=Role.SUB, removed_on=None).exclude(pk=m.pk)
        return {
            "meter": m,
            "moments": tabs.life_of(m),
            "facts": facts,
            "sentence": self._sentence(now),
            "tone": words.verdict_status(m.verdict).tone,
            "proof": self._proof(now.evaluation) if now else None,
            "history": [(*figures_of(v), words.percent(v.informativeness, 0), words.reason(v)) for v in rows],
            "checks": [(c, tables.check_status(c)) for c in m.site_checks.order_by("-opened_at")],
            "near": [
                (x, words.verdict_status(x.verdict), words.percent(x.error, sign=True))
                for x in near.order_by("meter_id")[:30]
            ],
        }

    def _proof(self, evaluation: Evaluation) -> dict[str, Any] | None:
        """Where the evidence of the last evaluation stands in the public log."""
        if evaluation.seal is None:
            return None
        index = evaluation.seal.index
        return {
            "hash": evaluation.evidence_sha256,
            "place": None if index is None else index + 1,
            "url": reverse("surveillance:evidence", args=[evaluation.area_id, evaluation.version]),
        }

    def _sentence(self, now: MeterVerdict | None) -> str:
        if self.meter.role == Role.MASTER:
            return _("总表:作为台区的标准,不由分表判定")
        return words.reason(now) if now else _("尚未评价")
