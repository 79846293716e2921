"""Pictures of an area: estimates with their intervals as SVG, the loss curve for ECharts. Each has its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from quanheng.platform.surveillance.models import Evaluation, MeterVerdict
from quanheng.platform.surveillance.words import percent, verdict_status

MOST = 30
_LEFT, _WIDE, _ROW, _RIGHT = 150, 520, 20, 90
_K = 2.0


def forest(verdicts: Sequence[MeterVerdict], limit: float) -> SafeString:
    """Estimate and k = 2 interval of each meter against the limits; the most suspicious above."""
    rows = [v for v in verdicts if v.error is not None and v.u is not None][:MOST]
    if not rows:
        return SafeString("")
    ends = [abs(v.error or 0) + _K * (v.u or 0) for v in rows]
    span = min(max([*ends, 1.5 * limit]), 0.25)
    height = _ROW * len(rows) + 44

    def x(value: float) -> float:
        return round(_LEFT + _WIDE * (max(-span, min(span, value)) + span) / (2 * span), 1)

    marks = [-span, -limit, 0.0, limit, span]
    axis = format_html_join(
        "",
        '<line class="{}" x1="{}" x2="{}" y1="18" y2="{}"/><text class="tick" x="{}" y="12">{}</text>',
        (
            ("limit" if abs(m) == limit else "axis", x(m), x(m), height - 22, x(m), f"{100 * m:+.1f}%" if m else "0")
            for m in marks
        ),
    )
    lines = format_html_join("", "{}", ((_line(v, n, x),) for n, v in enumerate(rows)))
    note = _("横线为扩展不确定度(k=2)区间,竖虚线为限值")
    return format_html(
        '<svg class="fleet-forest" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}'
        '<text class="note" x="{}" y="{}">{}</text></svg>',
        _LEFT + _WIDE + _RIGHT, height, _("各表误差估计与区间"), axis, lines, _LEFT, height - 4, note,
    )  # fmt: skip


def _line(verdict: MeterVerdict, number: int, x: Any) -> SafeString:
    error, u = verdict.error or 0.0, verdict.u or 0.0
    y = 30 + _ROW * number
    tone = verdict_status(verdict.verdict).tone
    name = verdict.meter.meter_id
    return format_html(
        '<g class="qh-tone-{}"><text class="name" x="{}" y="{}">{}</text>'
        '<line class="bar" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '{}<text class="value" x="{}" y="{}">{}</text></g>',
        tone, _LEFT - 8, y + 4, name if len(name) <= 18 else f"…{name[-17:]}",
        x(error - _K * u), x(error + _K * u), y, y, _mark(tone, x(error), y),
        _LEFT + _WIDE + 8, y + 4, f"{percent(error, sign=True)}%",
    )  # fmt: skip


def _mark(tone: str, x: float, y: float) -> SafeString:
    """Shape beside colour: square for a check, triangle for a suspect, hollow where the data cannot tell."""
    if tone == "bad":
        return format_html('<rect class="dot" x="{}" y="{}" width="9" height="9"/>', x - 4.5, y - 4.5)
    if tone == "due":
        return format_html('<path class="dot" d="M{} {}l5.5 10h-11z"/>', x, y - 6)
    css = "hollow" if tone == "unknown" else "dot"
    return format_html('<circle class="{}" cx="{}" cy="{}" r="4"/>', css, x, y)


def loss_chart(evaluation: Evaluation) -> dict[str, Any] | None:
    """Loss by day as registered, and what is left when each meter is corrected by its estimate."""
    days = [d for d in evaluation.curve if d["master"]]
    if not days:
        return None
    registered = [_share(d["master"] - d["sub"], d["master"]) for d in days]
    corrected = [_share(d["master"] - d["corrected"], d["master"]) for d in days]
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "xAxis": {"type": "category", "data": [d["day"] for d in days]},
        "yAxis": {"type": "value", "name": "%", "scale": True},
        "series": [
            {"name": str(_("按读数的线损率")), "type": "line", "showSymbol": False, "data": registered},
            {"name": str(_("按估计误差修正后")), "type": "line", "showSymbol": False, "data": corrected},
        ],
    }


def loss_rows(evaluation: Evaluation, unit: str) -> list[list[Any]]:
    """The table of the chart."""
    head = [_("日期"), f"{_('总表')} {unit}", f"{_('分表合计')} {unit}", _("线损率 %"), _("修正后 %"), _("完整时段 %")]
    rows: list[list[Any]] = [head]
    for d in evaluation.curve:
        shares = [_share(d["master"] - d[n], d["master"]) for n in ("sub", "corrected")]
        rows.append([d["day"], d["master"], d["sub"], *shares, percent(d["complete"], 1)])
    return rows


def residual_chart(evaluation: Evaluation) -> dict[str, Any] | None:
    """What the corrected balance leaves unexplained beside its own median, day by day, in percent of the master."""
    days = [d for d in evaluation.curve if d["master"]]
    if len(days) < 3:
        return None
    left = [(d["master"] - d["corrected"]) / d["master"] for d in days]
    middle = sorted(left)[len(left) // 2]
    values = [round(100 * (v - middle), 3) for v in left]
    return {
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [d["day"] for d in days]},
        "yAxis": {"type": "value", "name": "%"},
        "series": [{"name": str(_("未解释的损耗")), "type": "bar", "data": values}],
    }


def _share(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 3) if whole else None
