"""Which item counts on a given day in a given region."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from quanheng.library.coverage import Capability, read_coverage
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.policies import may_read

NATION = "CN"


def region_chain(region: str) -> list[str]:
    """A region and what contains it, nearest first: county, city, province, nation."""
    if region in ("", NATION):
        return [NATION]
    wider = [region, f"{region[:4]}00", f"{region[:2]}0000", NATION]
    return list(dict.fromkeys(wider))


def in_force_q(on: dt.date) -> Q:
    """Items in force on a civil date; an unknown start counts as always before."""
    return (Q(effective_from=None) | Q(effective_from__lte=on)) & (Q(effective_to=None) | Q(effective_to__gte=on))


def visible_to(viewer: Actor) -> QuerySet[LawItem]:
    """The law is the same for everybody who may read it."""
    return LawItem.objects.all() if may_read(viewer) else LawItem.objects.none()


def _best(items: Iterable[LawItem], chain: list[str]) -> LawItem | None:
    """The nearest region wins, then the edition that began last."""
    ranked = sorted(
        items,
        key=lambda item: (-chain.index(item.region_code), item.effective_from or dt.date.min, item.edition),
    )
    return ranked[-1] if ranked else None


def item_at(kind: str, code: str, on: dt.date, region: str = NATION) -> LawItem | None:
    """The item of that code in force on the day: of the county, else the city, the province, the nation."""
    chain = region_chain(region)
    found = LawItem.objects.filter(in_force_q(on), kind=kind, code=code, region_code__in=chain)
    return _best(found, chain)


def items_at(kind: str, on: dt.date, region: str = NATION, *, prefix: str = "") -> list[LawItem]:
    """A whole table on the day, by code, each code from its nearest region."""
    chain = region_chain(region)
    groups: dict[str, list[LawItem]] = {}
    rows = LawItem.objects.filter(in_force_q(on), kind=kind, code__startswith=prefix, region_code__in=chain)
    for item in rows.order_by("id"):
        groups.setdefault(item.code, []).append(item)
    return [best for group in groups.values() if (best := _best(group, chain))]


def editions(viewer: Actor, item: LawItem) -> QuerySet[LawItem]:
    """All editions of one thing in all regions, newest first."""
    same = visible_to(viewer).filter(kind=item.kind, code=item.code)
    return same.order_by("-effective_from", "region_code", "-edition")


def capabilities(viewer: Actor) -> list[Capability]:
    """What the plans ask for and how far the product has come."""
    return read_coverage()[0] if may_read(viewer) else []
