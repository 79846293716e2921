"""The same serial number twice: inside one organisation refused, across organisations pointed out."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.serials import RangeProblem, SerialRange, serial_range, single_range
from quanheng.platform.kernel.actors import Actor

CHUNK = 800
Key = tuple[uuid.UUID, int, str]
T = TypeVar("T")


def key_of(item: Instrument) -> Key:
    """What a serial number is unique within."""
    return (item.organisation_id, item.category_id, item.manufacturer)


def span(start: str, end: str) -> SerialRange | None:
    """The serial numbers a row stands for; None where the serial does not count up."""
    if not end:
        return single_range(start)
    try:
        return serial_range(start, end)
    except RangeProblem:
        return None


def chunks(values: Iterable[T]) -> Iterable[list[T]]:
    """Lists short enough for one statement."""
    rows = list(dict.fromkeys(values))
    for i in range(0, len(rows), CHUNK):
        yield rows[i : i + CHUNK]


class _Taken:
    """Serial numbers taken under a key, each with where: single ones by number, lots by range."""

    def __init__(self) -> None:
        self.singles: dict[Key, dict[str, str]] = defaultdict(dict)
        self.lots: dict[Key, list[tuple[SerialRange, str]]] = defaultdict(list)

    def add(self, key: Key, start: str, end: str, where: str) -> None:
        """Take them."""
        lot = span(start, end) if end else None
        if lot:
            self.lots[key].append((lot, where))
        else:
            self.singles[key].setdefault(start, where)

    def holder(self, key: Key, start: str, end: str) -> str | None:
        """Where one of them is taken; None where all are free."""
        if not end and start in self.singles[key]:
            return self.singles[key][start]
        mine = span(start, end)
        if mine is None:
            return None
        found = next((where for lot, where in self.lots[key] if mine.overlaps(lot)), None)
        if found is None and end:
            found = next((where for serial, where in self.singles[key].items() if serial in mine), None)
        return found


def _existing(items: Sequence[Instrument], owners: Collection[uuid.UUID], ignore: Collection[uuid.UUID]) -> _Taken:
    taken = _Taken()
    live = Instrument.objects.exclude(state="scrapped").exclude(pk__in=ignore)
    live = live.filter(organisation_id__in=owners, category_id__in={i.category_id for i in items})
    fields = ("organisation_id", "category_id", "manufacturer", "serial_number", "serial_to", "code")
    rows = list(live.exclude(serial_to="").values_list(*fields))
    for serials in chunks(i.serial_number for i in items):
        rows += live.filter(serial_to="", serial_number__in=serials).values_list(*fields)
    for (owner, category, maker), lots in _lots(items).items():
        within = Q(serial_number__gte=min(lot.start for lot in lots), serial_number__lte=max(lot.end for lot in lots))
        same = live.filter(within, serial_to="", organisation_id=owner, category_id=category, manufacturer=maker)
        rows += same.values_list(*fields)
    for owner, category, maker, start, end, code in rows:
        taken.add((owner, category, maker), start, end, f"{code} · {start}–{end}" if end else f"{code} · {start}")
    return taken


def _lots(items: Sequence[Instrument]) -> dict[Key, list[SerialRange]]:
    """The lots among the items, by what their serial numbers are unique within."""
    found: dict[Key, list[SerialRange]] = defaultdict(list)
    for item in items:
        lot = span(item.serial_number, item.serial_to) if item.serial_to else None
        if lot:
            found[key_of(item)].append(lot)
    return found


def conflicts(
    items: Sequence[Instrument], owners: Collection[uuid.UUID], *, ignore: Collection[uuid.UUID] = ()
) -> dict[int, str]:
    """Position → reason, for items whose serial numbers their owner already has, or that come twice in the list."""
    taken, found, seen = _existing(items, owners, ignore), {}, _Taken()
    for position, item in enumerate(items):
        key = key_of(item)
        if (holder := taken.holder(key, item.serial_number, item.serial_to)) is not None:
            found[position] = _("出厂编号重复:台账中已有同厂家、同编号的这种器具(%(item)s)") % {"item": holder}
        elif (row := seen.holder(key, item.serial_number, item.serial_to)) is not None:
            found[position] = _("出厂编号重复:与本次的另一行(%(row)s)相同或重叠") % {"row": row}
        else:
            seen.add(key, item.serial_number, item.serial_to, item.source_row)
    return found


def spelt_otherwise(items: Sequence[Instrument], owners: Collection[uuid.UUID]) -> dict[int, str]:
    """Position → code of an instrument of the same owner, kind and serial whose maker is written otherwise."""
    held: dict[tuple[uuid.UUID, int, str], tuple[str, str]] = {}
    live = Instrument.objects.exclude(state="scrapped").filter(organisation_id__in=owners)
    live = live.filter(category_id__in={i.category_id for i in items})
    for serials in chunks(i.serial_number for i in items):
        for owner, category, serial, maker, code in live.filter(serial_number__in=serials).values_list(
            "organisation_id", "category_id", "serial_number", "manufacturer", "code"
        ):
            held[owner, category, serial] = (maker, code)
    found = {n: held.get((i.organisation_id, i.category_id, i.serial_number)) for n, i in enumerate(items)}
    return {n: same[1] for n, same in found.items() if same and same[0] != items[n].manufacturer}


def elsewhere(items: Sequence[Instrument]) -> dict[int, set[uuid.UUID]]:
    """Position → other organisations whose live instrument has the same maker and serial; not everybody may be told."""
    known: set[tuple[int, str, str, uuid.UUID]] = set()
    live = Instrument.objects.exclude(state="scrapped").exclude(manufacturer="")
    live = live.filter(category_id__in={i.category_id for i in items})
    for serials in chunks(i.serial_number for i in items if i.manufacturer):
        known.update(
            live.filter(serial_number__in=serials).values_list(
                "category_id", "manufacturer", "serial_number", "organisation_id"
            )
        )
    owners: dict[tuple[int, str, str], set[uuid.UUID]] = defaultdict(set)
    for category, maker, serial, owner in known:
        owners[category, maker, serial].add(owner)
    others = {
        n: owners[i.category_id, i.manufacturer, i.serial_number] - {i.organisation_id} for n, i in enumerate(items)
    }
    return {n: found for n, found in others.items() if found}


def suspicious(rows: QuerySet[Instrument], viewer: Actor) -> QuerySet[Instrument]:
    """Of the rows a regulator may see, those that share maker, serial and category across organisations."""
    if not viewer.regions() and not viewer.system:
        return rows.none()
    live = rows.exclude(state="scrapped").exclude(manufacturer="")
    groups = (
        live.order_by()
        .values("category_id", "manufacturer", "serial_number")
        .annotate(n=Count("organisation_id", distinct=True))
        .filter(n__gt=1)[:200]
    )
    wanted = Q(pk__in=[])
    for group in groups:
        wanted |= Q(**{k: group[k] for k in ("category_id", "manufacturer", "serial_number")})
    return live.filter(wanted).order_by("manufacturer", "serial_number")
