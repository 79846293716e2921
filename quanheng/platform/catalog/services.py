"""Categories and norms are derived from the law's items: set-based, repeatable, never edited by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models, transaction

from quanheng.platform.catalog.models import InstrumentCategory, Norm, VerificationMode
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import require
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.policies import may_load

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class RefreshResult:
    """How many rows were written."""

    norms: int
    categories: int
    links: int


@transaction.atomic
def refresh_catalogue(*, actor: Actor) -> RefreshResult:
    """Bring norms and categories in line with the loaded items."""
    require(may_load(actor))
    periods = _shortest_periods()
    norms = _write(Norm, ("number",), [_norm_values(item, periods) for item in _items("norm")])
    ids = {norm.law_item_id: norm for norm in Norm.objects.all()}
    by_code: dict[str, list[Norm]] = defaultdict(list)
    for norm in sorted(ids.values(), key=lambda norm: norm.edition, reverse=True):
        by_code[norm.code].append(norm)
    items = _items("catalogue_item")
    values = [_category_values(item, by_code) for item in items]
    categories = _write(InstrumentCategory, ("code", "edition"), values)
    links = _link(items, by_code)
    result = RefreshResult(len(norms), len(categories), links)
    if norms:
        events.record_many(actor, "catalog.norm_refreshed", norms)
    if categories:
        events.record_many(actor, "catalog.category_refreshed", categories)
    return result


def _items(kind: str) -> list[LawItem]:
    return list(LawItem.objects.filter(kind=kind).order_by("id"))


def _shortest_periods() -> dict[str, int]:
    """Norm number → the shortest period it names, the careful answer where it depends on the instrument."""
    shortest: dict[str, int] = {}
    for item in _items("verification_period"):
        months = item.body.get("months", "")
        if months:
            number = item.body["norm"]
            shortest[number] = min(int(months), shortest.get(number, int(months)))
    return shortest


def _norm_values(item: LawItem, periods: dict[str, int]) -> dict[str, Any]:
    number = item.body["number"]
    return {
        "number": number,
        "code": item.code,
        "edition": item.edition,
        "region_code": item.region_code,
        "instrument": item.body.get("instrument", ""),
        "title": item.title,
        "in_force_from": item.effective_from,
        "in_force_to": item.effective_to,
        "replaced_by": item.body.get("replaced_by", ""),
        "procedure_id": item.body.get("procedure_id", ""),
        "period_months": periods.get(number),
        "law_item_id": item.pk,
        "verified": item.verified,
    }


def _category_values(item: LawItem, by_code: dict[str, list[Norm]]) -> dict[str, Any]:
    body = item.body
    mode = body["verification_mode"]
    return {
        "code": item.code,
        "edition": item.edition,
        "name": body["category_zh"],
        "item": body["item_zh"],
        "name_en": body["name_en"],
        "supervision": body.get("supervision", ""),
        "mode": mode,
        "exception_mode": body.get("exception_mode", ""),
        "exception_when": body.get("exception_when", ""),
        "mandatory": "V" in body.get("supervision", ""),
        "uses": ";".join(body.get("use_areas", [])),
        "period_months": _category_period(body.get("norms", []), by_code, mode),
        "effective_from": item.effective_from,
        "effective_to": item.effective_to,
        "law_item_id": item.pk,
        "verified": item.verified,
    }


def _category_period(codes: Sequence[str], by_code: dict[str, list[Norm]], mode: str) -> int | None:
    """The period of the first norm named that has one; the line of the catalogue itself names none."""
    if mode in (VerificationMode.NONE, VerificationMode.FIRST_ONLY):
        return None
    for code in codes:
        for norm in by_code[code]:
            if norm.period_months:
                return norm.period_months
    return None


def _write(model: type[Row], key: tuple[str, ...], wanted: list[dict[str, Any]]) -> list[Row]:
    """Insert what is new and update what differs; the rows written."""
    existing = {tuple(getattr(row, name) for name in key): row for row in model._default_manager.all()}
    fresh: list[Row] = []
    changed: list[Row] = []
    for values in wanted:
        row = existing.get(tuple(values[name] for name in key))
        if row is None:
            fresh.append(model(**values))
            continue
        different = [name for name, value in values.items() if getattr(row, name) != value]
        for name in different:
            setattr(row, name, values[name])
        if different:
            changed.append(row)
    stored = list(model._default_manager.bulk_create(fresh, batch_size=200))
    if changed:
        written = wanted[0].keys() - set(key)
        fields = [field.name for field in model._meta.concrete_fields if field.attname in written]
        model._default_manager.bulk_update(changed, fields, batch_size=100)
    return stored + changed


def _link(items: Iterable[LawItem], by_code: dict[str, list[Norm]]) -> int:
    """Every edition of every norm a category names."""
    through = InstrumentCategory.norms.through
    categories = {category.law_item_id: category.pk for category in InstrumentCategory.objects.all()}
    wanted = {
        (categories[item.pk], norm.pk)
        for item in items
        for code in item.body.get("norms", [])
        for norm in by_code.get(code, [])
    }
    linked = {(row.instrumentcategory_id, row.norm_id): row.pk for row in through.objects.all()}
    stale = [linked[pair] for pair in linked.keys() - wanted]
    missing = sorted(wanted - linked.keys())
    if stale:
        through.objects.filter(pk__in=stale).delete()
    through.objects.bulk_create(
        [through(instrumentcategory_id=category, norm_id=norm) for category, norm in missing], batch_size=400
    )
    return len(missing) + len(stale)
