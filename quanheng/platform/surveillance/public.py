"""What a household reads of its meter: how its data stand, and where to ask for a check. Nothing of neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.instruments.codes import read_code
from quanheng.platform.kernel import clock
from quanheng.platform.surveillance.models import AreaMeter, ExtendedInstrument


def note(code: str) -> Mapping[str, Any] | None:
    """A note for the public page of a single instrument; a lot is many households' and says nothing."""
    own = AreaMeter.objects.filter(
        instrument__code__in={code, read_code(code)} - {""}, instrument__quantity=1, removed_on=None
    )
    found = own.only("verdict", "evaluated_at", "public_code").first()
    if found is None:
        return None
    return {
        "title": _("在用监测"),
        "text": sentence(found),
        "url": reverse("surveillance:own", args=[found.public_code]),
        "link": _("查看监测结果或申请核查"),
    }


def extended(code: str) -> Mapping[str, Any] | None:
    """That an instrument's due date was put off by its state, by which decision, and that this is no verification."""
    granted = ExtendedInstrument.objects.filter(
        instrument__code__in={code, read_code(code)} - {""},
        extension__state="granted",
        instrument__valid_until=F("after"),
    )
    found = granted.order_by("-after").values_list("before", "after", "extension__number").first()
    if found is None:
        return None
    text = _("按批次状态评价,有效期由 %(before)s 延至 %(after)s(%(number)s)。这不是一次检定。") % {
        "before": found[0].isoformat(),
        "after": found[1].isoformat(),
        "number": found[2],
    }
    return {"title": _("状态评价"), "text": text, "url": "", "link": ""}


def sentence(meter: AreaMeter) -> str:
    """How the data of a meter stand, in words that accuse nobody."""
    if meter.removed_on:
        return _("这块表已于 %(day)s 拆除更换。") % {"day": meter.removed_on.isoformat()}
    day = f"{meter.evaluated_at.astimezone(clock.CIVIL):%Y-%m-%d}" if meter.evaluated_at else ""
    words = {
        "pass": _("按用电数据评价,未见超差(%(day)s)。"),
        "suspect": _("按用电数据评价,存在疑问,仍需更多数据(%(day)s)。"),
        "check": _("按用电数据评价,需要现场核查(%(day)s)。只有检定才能下结论。"),
        "undeterminable": _("现有数据不足以判断这块表准不准(%(day)s)。"),
    }
    text = words.get(meter.verdict)
    return text % {"day": day} if text else str(_("这块表已列入在用监测,尚未评价。"))
