"""What else happens in a year: instruments stop, move, break, end; filings wait; a certificate is put right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.certificates import signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.project.demo import days
from quanheng.platform.project.demo.past import Serials
from quanheng.platform.project.demo.world import COUNTY_INSTITUTES, World, code_of, there

COUNTS = {"stop": 60, "repair": 30, "move": 25, "relocate": 12, "scrap": 40, "restart": 10}


def happen(world: World) -> dict[str, int]:
    """Take a few instruments of each kind of event from the ledger and let it happen, over the last weeks."""
    done: dict[str, int] = {}
    free = _free(world)
    for name, full in COUNTS.items():
        number = world.count(full, 1)
        act = ACTS[name]
        for n in range(number):
            if not free:
                break
            item = free.pop()
            with clock.at(days.moment(days.ago(world.today, 2 + n % 20), 9 + n % 8, n % 60)):
                act(world, item, world.keeper_of(item.organisation))
            done[name] = done.get(name, 0) + 1
    return done


def _free(world: World) -> list[Instrument]:
    """Instruments in use that no visit is about, in an order of chance: as many as there are events, the last first."""
    free = Instrument.objects.filter(state="in_use", quantity=1, tasks=None).order_by("serial_number", "pk")
    ids = list(free.values_list("pk", flat=True))
    world.rng.shuffle(ids)
    wanted = ids[-sum(world.count(full, 1) for full in COUNTS.values()) :]
    rows = Instrument.objects.select_related("organisation", "organisation__region", "category", "region")
    found = rows.in_bulk(wanted)
    return [found[pk] for pk in wanted]


def _stop(world: World, item: Instrument, keeper: Actor) -> None:
    services.stop(actor=keeper, instrument=item, reason=world.pick(["停业装修", "设备更新，暂不使用", "季节性停用"]))


def _restart(world: World, item: Instrument, keeper: Actor) -> None:
    _stop(world, item, keeper)
    services.restart(actor=keeper, instrument=item)


def _repair(world: World, item: Instrument, keeper: Actor) -> None:
    services.send_to_repair(actor=keeper, instrument=item, reason=world.pick(["传感器损坏", "显示屏故障", "示值不稳"]))
    if world.chance(0.5):
        services.return_from_repair(actor=keeper, instrument=item)


def _move(world: World, item: Instrument, keeper: Actor) -> None:
    where = f"新址 {world.between(1, 99)} 号"
    services.relocate(actor=keeper, instrument=item, region=item.region, location=where, reason="经营场所调整")


def _relocate(world: World, item: Instrument, keeper: Actor) -> None:
    others = [r for code, r in world.regions.items() if code in COUNTY_INSTITUTES and code != item.region_id]
    region = others[world.between(0, len(others) - 1)]
    where = f"{region.name}分部 {world.between(1, 99)} 号"
    services.relocate(actor=keeper, instrument=item, region=region, location=where, reason="调拨至分部")


def _scrap(world: World, item: Instrument, keeper: Actor) -> None:
    services.scrap(actor=keeper, instrument=item, reason=world.pick(["超过使用年限", "无修理价值", "已更换新表"]))


ACTS: dict[str, Callable[[World, Instrument, Actor], None]] = {
    "stop": _stop,
    "restart": _restart,
    "repair": _repair,
    "move": _move,
    "relocate": _relocate,
    "scrap": _scrap,
}


def filings(world: World, serials: Serials) -> None:
    """Drafts not yet handed in, and filings that wait for the county, in the visitor's own firm."""
    firm = world.firms["market"][0]
    keeper, waiting, drafts = world.keeper_of(firm), 6, 2
    category = InstrumentCategory.objects.filter(code="nonautomatic-weighing").latest("pk")
    with clock.at(days.moment(days.ago(world.today, 2), 10)):
        items = [
            services.add_instrument(
                actor=keeper,
                organisation=firm,
                category=category,
                region=firm.region,
                name="电子计价秤",
                specification="ACS-30",
                measuring_range="(0.2~30) kg",
                accuracy_class="III",
                serial_number=serials.take("NA", world.today.year)[0],
                manufacturer="永衡电子衡器有限公司",
                location=f"新增摊位 {n + 1} 号",
                use="trade",
                delivery="on_site",
                installed_on=world.today - dt.timedelta(days=10),
            )
            for n in range(waiting + drafts)
        ]
        services.submit_filing(actor=keeper, instruments=items[:waiting])


def put_right(world: World, issued: list[Record]) -> None:
    """One certificate is replaced because of a wrong name, another is revoked."""
    passed = [r for r in issued if r.verdict == "pass" and r.procedure_id == "JJG-539-2016"]
    if len(passed) < 4:
        return
    wrong, void = passed[len(passed) // 2], passed[len(passed) // 2 + 1]
    signatory = there(wrong.signatory)
    day = days.ago(world.today, 3)
    with clock.at(days.moment(day, 16, 20)):
        signing.replace_certificate(
            wrong,
            reason="更正使用地点",
            reason_en="Place of use corrected",
            second_factor_code=code_of(world.secrets[signatory.pk]),
            actor=world.actor(signatory),
        )
    with clock.at(days.moment(day, 16, 40)):
        signing.revoke_certificate(
            there(void.document),
            reason="器具铅封被破坏，检定结论不再成立",
            void_from=days.ago(world.today, 4),
            second_factor_code=code_of(world.secrets[there(void.signatory).pk]),
            actor=world.actor(there(void.signatory)),
        )
