"""Measurement standards from the shop floor up to the national primary ones, each with its upper certificates."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.calendar import add_months, valid_until
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.project.demo import days, foreign
from quanheng.platform.project.demo.offices import BUILDER
from quanheng.platform.project.demo.tables import rows
from quanheng.platform.project.demo.world import NATIONAL_INSTITUTE, World
from quanheng.platform.standards import services as standards
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.services import register_item

ROOTS = {
    "mass": "国家质量基准",
    "volume": "国家容量基准",
    "pressure": "国家压力基准",
    "energy": "国家电能基准",
    "time": "国家时间频率基准",
    "temperature": "国家温度基准",
}
GENERATIONS = {12: 7, 24: 5}  # so that even the oldest use of a lower standard finds one in force above it
LAPSED, SUSPENDED, CONDEMNED = "HC-F2", "HC-F2", "990101-M2"
LAPSED_AGO, CONDEMNED_AGO = 95, 60
RENEWED_BEFORE = 14


def _roots(world: World) -> dict[str, uuid.UUID]:
    office = world.institutes[NATIONAL_INSTITUTE]
    found = {}
    for key, label in ROOTS.items():
        found[key] = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:quanheng:demo:{key}")
        register_item(
            kind="national",
            id=found[key],
            label=f"{label}（演示）",
            organisation=office,
            region=office.region,
            is_root=True,
            actor=BUILDER,
        )
    return found


def owner_of(world: World, key: str) -> Organisation:
    """The institute of that key, or the n-th firm of a trade."""
    trade, _colon, place = key.partition(":")
    if not place:
        return world.institutes[key]
    firms = world.firms[trade]
    return firms[int(place) % len(firms)]


def keeper_of(world: World, key: str) -> Actor:
    """Who keeps the standards of that owner."""
    if key in world.staff:
        return world.actor(world.staff[key].manager)
    return world.keeper_of(owner_of(world, key))


def _parameters(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";") if part)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _add(world: World, row: dict[str, str], norms: dict[str, Norm]) -> MeasurementStandard:
    office = owner_of(world, row["owner"])
    start = world.today - dt.timedelta(days=world.between(500, 900))
    return standards.add_standard(
        actor=keeper_of(world, row["owner"]),
        organisation=office,
        norms=[norms[n] for n in row["norms"].split("|") if n in norms],
        name=row["name"],
        code=row["code"],
        level=row["level"],
        role=row["role"],
        serial_number=f"{row['code'].replace('-', '')}{world.between(1000, 9999)}",
        accuracy=row["accuracy"],
        range_text=row["range"],
        range_low=_number(row["low"]),
        range_high=_number(row["high"]),
        unit=row["unit"],
        parameters=_parameters(row["parameters"]),
        assessment_number=f"社标证字 {row['code']} 号" if row["level"] == "public" else "",
        assessed_from=start,
        assessed_until=valid_until(start, 60),
    )


def _starts(world: World, row: dict[str, str]) -> list[dt.date]:
    """First days of the certificates, oldest first; each is renewed a few days before it ends."""
    months = int(row["months"])
    if row["code"] == LAPSED:
        latest = add_months(world.today - dt.timedelta(days=LAPSED_AGO), -months)
    else:
        latest = world.today - dt.timedelta(days=world.between(30, round(months * 30.4) - 40))
    return sorted(
        days.working(add_months(latest, -n * months) + dt.timedelta(days=RENEWED_BEFORE * n), -1)
        for n in range(GENERATIONS[months])
    )


def _certify(world: World, row: dict[str, str], uppers: dict[str, uuid.UUID], issuers: dict[str, str]) -> None:
    standard = world.standards[row["code"]]
    named = [part.split(":") for part in row["uppers"].split("|")]
    for start in _starts(world, row):
        uses: list[dict[str, Any]] = [
            {"standard_id": uppers[code], "used_on": start, "u_ratio": float(ratio)} for code, ratio in named
        ]
        standards.enter_upper_certificate(
            actor=keeper_of(world, row["owner"]),
            standard=standard,
            number=f"{named[0][0].upper()}-{start:%Y%m}-{world.between(100, 9999):04d}",
            issuer_name=issuers[named[0][0]],
            valid_from=start,
            valid_to=valid_until(start, int(row["months"])),
            uncertainty=row["accuracy"],
            uses=uses,
        )


def build(world: World) -> None:
    """Roots, then standards from the top down, then the branch that ends abroad."""
    with clock.at(days.moment(days.ago(world.today, 410), 9)):
        uppers = _roots(world)
        issuers = dict.fromkeys(uppers, world.institutes[NATIONAL_INSTITUTE].name)
        norms = {n.number: n for n in Norm.objects.all()}
        for row in rows("standards.csv"):
            made = _add(world, row, norms)
            world.standards[row["code"]], uppers[row["code"]] = made, made.pk
            issuers[row["code"]] = made.organisation.name
            if row["uppers"].startswith("foreign"):
                foreign.build(world, made)
            else:
                _certify(world, row, uppers, issuers)


def suspend_lapsed(world: World) -> None:
    """The manager notices that a standard's certificate has ended, and suspends it."""
    with clock.at(days.moment(days.ago(world.today, LAPSED_AGO - 5), 16)):
        one = world.standards[SUSPENDED]
        manager = world.actor(world.staff["city"].manager)
        standards.take_step("suspend", actor=manager, standard=one, reason="上级检定证书已过期，待送检")


def condemn(world: World) -> None:
    """A standard fails its intermediate check and is taken out of use."""
    with clock.at(days.moment(days.ago(world.today, CONDEMNED_AGO), 15)):
        one = world.standards[CONDEMNED]
        manager = world.actor(world.staff[one.organisation.region_id].manager)
        standards.condemn(actor=manager, standard=one, reason="期间核查发现 10 kg 砝码超差")
