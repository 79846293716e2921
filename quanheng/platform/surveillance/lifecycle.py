"""The life of the power grid's instruments in one row each: test, mounting, evaluation, check, replacement."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.instruments import queries as ledger
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.surveillance.models import AreaMeter, SiteCheck

KINDS = {
    "instrument-transformer": gettext_lazy("互感器"),
    "electricity-meter": gettext_lazy("电能表"),
    "charging-pile": gettext_lazy("充电桩"),
}


def kind_of(item: Instrument) -> str:
    """Its kind in words."""
    return str(KINDS.get(item.category.code, item.category.item))


def rows(viewer: Actor) -> QuerySet[Any]:
    """Instrument transformers, meters and piles the viewer sees, with how far each is. Of a lot its worst meter."""
    here = AreaMeter.objects.filter(instrument=OuterRef("pk"), removed_on=None).order_by(
        F("p_exceed").desc(nulls_last=True), "meter_id"
    )
    gone = AreaMeter.objects.filter(instrument=OuterRef("pk")).exclude(removed_on=None).order_by("-removed_on")
    check = SiteCheck.objects.filter(meter__instrument=OuterRef("pk")).order_by("-opened_at")
    found = ledger.visible(viewer).filter(category__code__in=KINDS).select_related("category", "organisation")
    return found.annotate(
        area_code=Subquery(here.values("area__code")[:1]),
        mounted_on=Subquery(here.values("installed_on")[:1]),
        verdict=Subquery(here.values("verdict")[:1]),
        check_state=Subquery(check.values("state")[:1]),
        removed_on=Subquery(gone.values("removed_on")[:1]),
    )


def at_stage(found: QuerySet[Any], name: str) -> QuerySet[Any]:
    """Those that are ``watched``, to ``replace``, or ``removed``; told by few rows, however large the ledger is."""
    meters = AreaMeter.objects.exclude(instrument=None)
    ids = {
        "watched": meters.filter(removed_on=None).values("instrument_id"),
        "replace": meters.filter(site_checks__state="confirmed").values("instrument_id"),
        "removed": meters.exclude(removed_on=None).values("instrument_id"),
    }
    return found.filter(pk__in=ids[name])


def stage(item: Instrument) -> str:
    """How far its life is, in one word."""
    if item.state == "scrapped":
        return _("已报废")
    state = getattr(item, "check_state", None)
    if state == "confirmed":
        return _("待更换")
    if state in ("open", "applied"):
        return _("核查中")
    if getattr(item, "area_code", None):
        return _("监测中")
    if getattr(item, "removed_on", None):
        return _("已拆除")
    return _("已检定") if item.verified_on else _("未检定")
