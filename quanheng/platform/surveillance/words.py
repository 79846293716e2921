"""Verdicts, fits and reasons in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from quanheng.platform.kernel.language import in_english
from quanheng.platform.surveillance.models import Area, Evaluation, MeterVerdict, Verdict
from quanheng.platform.web.components import Status, Tone
from quanheng.telemetry.fleets.causes import CAUSES, finding_text

TONES: dict[str, Tone] = {"pass": "ok", "suspect": "due", "check": "bad", "undeterminable": "unknown"}


def verdict_status(verdict: str) -> Status:
    """A verdict as it is drawn."""
    if verdict not in TONES:
        return Status("wait", _("未评价"))
    return Status(TONES[verdict], Verdict(verdict).label)


def cause_words(cause: str) -> str:
    """A cause of the published list."""
    return CAUSES[cause][1 if in_english() else 0] if cause in CAUSES else cause


def limits(evaluation: Evaluation) -> str:
    """The limits of an evaluation in percent, by class where the rules say so."""
    by_class = evaluation.evidence.get("profile", {}).get("limits") or {}
    if not by_class:
        return f"±{percent(evaluation.limit)}"
    return ";".join(
        _("±%(limit)s(%(class)s 级)") % {"limit": percent(limit), "class": name} for name, limit in by_class.items()
    )


def findings(evaluation: Evaluation) -> list[str]:
    """What was seen in the readings of an area and done about it."""
    found = evaluation.report.get("findings") or []
    return [finding_text(str(text), "en" if in_english() else "zh") for text in found[:20]]


def fit_status(area: Area | Evaluation) -> Status:
    """Whether the model fits the data of an area."""
    if not area.fit:
        return Status("wait", _("未评价"))
    return Status("ok", _("可判定")) if area.fit == "ok" else Status("unknown", cause_words(area.cause))


def percent(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """A fraction in percent, without the sign of percent."""
    if value is None:
        return "—"
    return f"{100 * value:{'+' if sign else ''}.{digits}f}"


def reason(verdict: MeterVerdict) -> str:
    """Why, as the engine said it; in English by its figures."""
    if not in_english():
        return verdict.reason
    if verdict.evaluation.fit == "unfit":
        return _("台区不可判定:%(cause)s") % {"cause": cause_words(verdict.evaluation.cause)}
    if verdict.error is None or verdict.u is None:
        return _("没有可用读数")
    return _("误差 %(e)s%% ± %(U)s%%(k=2),超限概率 %(p)s%%,数据占比 %(i)s%%") % {
        "e": percent(verdict.error, sign=True), "U": percent(2 * verdict.u), "p": percent(verdict.p_exceed, 1),
        "i": percent(verdict.informativeness, 0),
    }  # fmt: skip


def area_sentence(area: Area) -> str:
    """The first thing on the page of an area."""
    if not area.evaluated_at:
        return _("尚未评价:导入表计、接入读数后发起评价")
    if area.fit == "unfit":
        return _("不可判定:%(cause)s。此状态下不怀疑任何一块表") % {"cause": cause_words(area.cause)}
    return _("%(check)d 块须现场核查 · %(suspect)d 块疑似超差 · %(unknown)d 块不可判定 · %(ok)d 块未见超差") % {
        "check": area.checks, "suspect": area.suspects, "unknown": area.undeterminable, "ok": area.passes,
    }  # fmt: skip
