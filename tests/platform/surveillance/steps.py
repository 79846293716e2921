"""A utility with simulated areas: imported, read, judged. Each step by the services of the product."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import polars as pl

from quanheng.platform.kernel import clock, imports
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.sheets import write_csv
from quanheng.platform.surveillance import judging
from quanheng.platform.surveillance.models import Area, EvaluationRun
from quanheng.platform.surveillance.store import store
from quanheng.telemetry.fleets.simulate.fleet import FleetPlan, SimulatedFleet, simulate
from tests.platform import makers

TODAY = dt.datetime(2026, 2, 20, 4, tzinfo=dt.UTC)
SINCE, UNTIL = dt.date(2026, 1, 5), dt.date(2026, 2, 18)
HEADERS = ["台区编号", "表号", "角色", "馈线", "相别", "互感器变比", "准确度等级", "生产厂家", "批次", "安装日期"]


@cache
def make_fleet(areas: int = 2, days: int = 45, meters: int = 20, seed: int = 5, faults: str = "none") -> SimulatedFleet:
    """A small fleet with one meter of the first area 8 % off."""
    return simulate(
        FleetPlan(
            areas=areas, days=days, seed=seed, meters=(meters, meters), prevalence=0.1, faults=tuple(faults.split(","))
        )
    )


@dataclass(frozen=True)
class Utility:
    """A utility, its keeper, a stranger, the regulator of its region."""

    organisation: Organisation
    keeper: User
    rival: User
    regulator: User

    def actor(self, part: str) -> Actor:
        """The actor of one of them."""
        return actor_of(getattr(self, part))


def make_utility() -> Utility:
    power = makers.make_organisation("衡川供电有限公司")
    bureau = makers.make_organisation("东陵县市场监督管理局", "regulator")
    other = makers.make_organisation("南浦供水有限公司", region=makers.make_region("990203", "南浦县"))
    return Utility(
        power,
        makers.make_user("电计量", power, "enterprise"),
        makers.make_user("水计量", other, "enterprise"),
        makers.make_user("严监管", bureau, "regulator"),
    )


def lines_of(fleet: SimulatedFleet) -> list[list[str]]:
    names = ["area_id", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "batch"]
    table = fleet.areas.with_columns(pl.all().cast(pl.String).fill_null(""))
    return [[*row, ""] for row in table.select(names).rows()]


def bring_areas(utility: Utility, fleet: SimulatedFleet):
    """Import the list of areas; every row must go in."""
    batch, _found = imports.preview(
        actor=utility.actor("keeper"), kind="areas", organisation=utility.organisation,
        data=write_csv(HEADERS, lines_of(fleet)), name="台区.csv",
    )  # fmt: skip
    batch = imports.apply(actor=utility.actor("keeper"), batch=batch, all_or_nothing=True)
    assert batch.rejected == 0, batch.errors[:3]
    return batch


def bring_readings(utility: Utility, fleet: SimulatedFleet) -> None:
    store().write(
        fleet.readings, batch="simulated", recorded_at=TODAY, source=f"{utility.organisation.pk}/sim",
        region=utility.organisation.region_id,
    )  # fmt: skip


def judged(fleet: SimulatedFleet | None = None) -> tuple[Utility, EvaluationRun]:
    """Everything up to the first evaluation."""
    fleet = fleet or make_fleet()
    utility = make_utility()
    bring_areas(utility, fleet)
    bring_readings(utility, fleet)
    run = judging.request_run(
        actor=utility.actor("keeper"), organisation=utility.organisation, since=SINCE, until=UNTIL
    )
    judging.work_off.func(str(run.pk))
    run.refresh_from_db()
    return utility, run


def worst(area: Area | None = None):
    """The meter the data speak against most."""
    from quanheng.platform.surveillance.models import AreaMeter

    rows = AreaMeter.objects.filter(role="sub")
    return (rows.filter(area=area) if area else rows).order_by("-p_exceed").first()


def at() -> object:
    """On the day of the story."""
    return clock.at(TODAY)
