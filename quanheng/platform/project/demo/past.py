"""The region's past: instruments with their last verification, by the service that imports a bureau's history."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.calendar import add_months, valid_until
from quanheng.platform.kernel.models import ImportBatch, Organisation
from quanheng.platform.project.demo import days
from quanheng.platform.project.demo.kinds import HOLDINGS, KINDS, Kind
from quanheng.platform.project.demo.tables import rows
from quanheng.platform.project.demo.world import (
    CITY_INSTITUTE,
    COUNTY_INSTITUTES,
    PROVINCIAL_INSTITUTE,
    World,
    import_whole,
)

HEADERS = [row["title"] for row in rows("columns.csv")]
COUNTY_KINDS = frozenset({"stall_scale", "platform_scale", "gauge", "sphygmo", "sphygmo_auto", "thermometer"})
PROVINCIAL_KINDS = frozenset({"xray", "speed", "sound", "audiometer"})
REST = 5  # days ago: the last import of the past
LATE = {"990121": 0.11, "990123": 0.14, "990122": 0.08, "990124": 0.07}  # counties where verification lags behind


@dataclass(frozen=True)
class Entry:
    """One row of the past."""

    firm: Organisation
    kind: Kind
    model: tuple[str, str, str]
    serial: str
    serial_to: str
    quantity: int
    installed_on: dt.date
    verified_on: dt.date
    valid_until: dt.date | None
    passed: bool
    parameters: str = ""


class Serials:
    """Serial numbers that no two instruments share."""

    def __init__(self) -> None:
        self._next: dict[str, int] = defaultdict(lambda: 1)

    def take(self, letter: str, year: int, count: int = 1) -> tuple[str, str]:
        """The next number and, for a lot, the last of the range."""
        stem = f"{letter}{year % 100:02d}"
        first = self._next[stem]
        self._next[stem] += count
        return f"{stem}{first:06d}", f"{stem}{first + count - 1:06d}" if count > 1 else ""


def institute_for(kind: str, region: str) -> str:
    """Which institute verified that kind there."""
    if kind in PROVINCIAL_KINDS:
        return PROVINCIAL_INSTITUTE
    if kind in COUNTY_KINDS and region in COUNTY_INSTITUTES:
        return region
    return CITY_INSTITUTE


def _dates(world: World, kind: Kind, region: str) -> tuple[dt.date, dt.date, dt.date | None, bool]:
    """Installed, verified, valid until, passed: most in force, some overdue, few rejected."""
    last = days.ago(world.today, REST + 1)
    if kind.lot:
        installed = last - dt.timedelta(days=world.between(20, round(kind.months * 30.2)))
        return installed, installed, valid_until(installed, kind.months), True
    span = round(kind.months * 30.4)
    age = world.between(0, span - 5)
    if world.chance(LATE.get(region, 0.04)):
        age = span + world.between(1, 150)
    verified = days.working(last - dt.timedelta(days=age), -1)
    turns = world.between(0, max(0, 96 // kind.months - 1))
    installed = add_months(verified, -turns * kind.months) - dt.timedelta(days=world.between(0, 40))
    passed = not world.chance(0.008)
    return installed, verified, valid_until(verified, kind.months) if passed else None, passed


def entries(world: World, serials: Serials) -> Iterator[Entry]:
    """What every firm has."""
    for trade, holdings in HOLDINGS.items():
        for firm in world.firms[trade]:
            for key, (low, high) in holdings.items():
                for _n in range(max(1, round(world.between(low, high) * min(1.0, world.size * 2)))):
                    yield _entry(world, serials, firm, KINDS[key])


def _entry(world: World, serials: Serials, firm: Organisation, kind: Kind) -> Entry:
    installed, verified, until, passed = _dates(world, kind, firm.region_id)
    quantity = world.between(*kind.lot) if kind.lot else 1
    serial, serial_to = serials.take(kind.letter, installed.year, quantity)
    model = kind.models[world.between(0, len(kind.models) - 1)]
    return Entry(firm, kind, model, serial, serial_to, quantity, installed, verified, until, passed)


def previous(entry: Entry, verified_on: dt.date, parameters: str) -> Entry:
    """The same instrument as it stood before it came to be verified here."""
    until = valid_until(verified_on, entry.kind.months)
    installed = min(entry.installed_on, verified_on)
    return replace(
        entry, verified_on=verified_on, valid_until=until, passed=True, parameters=parameters, installed_on=installed
    )


def _row(world: World, entry: Entry, number: str, office: Organisation) -> list[str]:
    kind = entry.kind
    where = f"{kind.place} {world.between(1, 200)} 号"
    return [
        entry.firm.credit_code,
        kind.name,
        kind.category,
        *entry.model,
        entry.serial,
        entry.serial_to,
        world.pick(kind.makers),
        "示范省",
        where if not kind.lot else f"{entry.firm.region.name}{kind.place}",
        str(entry.quantity),
        kind.use,
        "现场检定" if kind.on_site else "送检",
        entry.installed_on.isoformat(),
        entry.parameters,
        number,
        office.name,
        entry.verified_on.isoformat(),
        entry.valid_until.isoformat() if entry.valid_until else "",
        "合格" if entry.passed else "不合格",
    ]


def bring_in(world: World, found: list[Entry], on: dt.date, stem: str) -> list[ImportBatch]:
    """Import them institute by institute."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in found:
        groups[institute_for(entry.kind.key, entry.firm.region_id)].append(entry)
    batches = []
    for minute, (key, group) in enumerate(sorted(groups.items())):
        group.sort(key=lambda e: (e.verified_on, e.serial))
        with clock.at(days.moment(on, 8, minute)):
            batches.append(_import(world, key, group, stem))
    return batches


def brought(batches: list[ImportBatch]) -> dict[str, Instrument]:
    """The instruments that these imports brought, by serial number."""
    rows = Instrument.objects.filter(batch__in=batches).select_related("organisation", "category", "region")
    return {i.serial_number: i for i in rows}


def _import(world: World, key: str, group: list[Entry], stem: str) -> ImportBatch:
    office = world.institutes[key]
    manager = world.actor(world.staff[key].manager)
    rows = [_row(world, e, f"{stem}{e.verified_on.year}-{n:06d}", office) for n, e in enumerate(group, 1)]
    return import_whole(manager, "history", office, HEADERS, rows, f"{office.name}历史检定数据.csv")
