"""Meters in service of the power company: a few areas with simulated readings, judged, one check ordered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import ANONYMOUS, Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.project.demo import days
from quanheng.platform.project.demo.world import World, import_whole
from quanheng.platform.surveillance import judging, services
from quanheng.platform.surveillance.models import AreaMeter, EvaluationRun
from quanheng.platform.surveillance.store import listed, receiver, store
from quanheng.telemetry.fleets.simulate.fleet import FleetPlan, SimulatedFleet, simulate
from quanheng.telemetry.ingest.push import from_objects

SEED = 20_260_521
DAYS, METERS = 45, 50
PLACES = (
    ("990101", "中山路 1 号台区", "none"),
    ("990101", "水岸新村台区", "none"),
    ("990102", "机床厂家属院台区", "unlisted_consumer"),
    ("990122", "河东村台区", "none"),
)
HEADERS = (
    "台区编号", "台区名称", "行政区划", "表号", "角色", "馈线", "相别", "互感器变比", "准确度等级", "生产厂家",
    "批次", "安装日期",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """How much there is."""

    areas: int
    meters: int
    readings: int


def build(world: World) -> Made:
    """Areas imported by their keeper, readings into the store, two evaluations, a check, a household's question."""
    power = world.firms["power"][0]
    keeper = world.keeper_of(power)
    fleet = _named(world, power, _simulated(world.today))
    with clock.at(days.moment(days.ago(world.today, 20), 9)):
        import_whole(keeper, "areas", power, list(HEADERS), _lines(fleet), "台区与表计.csv")
    for day in (days.ago(world.today, 8), days.ago(world.today, 1)):
        until = day - dt.timedelta(days=1)
        with clock.at(days.moment(day, 10)):
            _bring(fleet, power, until)
            _judge(keeper, power, until)
    _follow_up(world, keeper, power)
    return Made(len(PLACES), fleet.areas.height, fleet.readings.height)


def _simulated(today: dt.date) -> SimulatedFleet:
    """The public simulator's areas, moved so that they end last night."""
    parts = [
        simulate(
            FleetPlan(areas=1, days=DAYS, seed=SEED + n, meters=(METERS, METERS), prevalence=0.05, faults=(fault,))
        )
        for n, (_region, _name, fault) in enumerate(PLACES)
    ]
    readings, areas, truth = (
        pl.concat([_told_apart(getattr(part, kind), n) for n, part in enumerate(parts)])
        for kind in ("readings", "areas", "truth")
    )
    night = clock.start_of(today).astimezone(dt.UTC)
    last: dt.datetime = readings["ts"].max()  # type: ignore[assignment]
    moved = readings.with_columns(pl.col("ts") + (night - last - dt.timedelta(hours=1)))
    return SimulatedFleet(moved, areas, truth)


def _told_apart(table: pl.DataFrame, number: int) -> pl.DataFrame:
    code = f"TQ-{PLACES[number][0]}-{number + 1:02d}"
    return table.with_columns(pl.lit(code).alias("area_id"), (f"{number}/" + pl.col("meter_id")).alias("meter_id"))


def _named(world: World, power: Organisation, fleet: SimulatedFleet) -> SimulatedFleet:
    """Meters get numbers of the company's ledger: masters those of single meters, homes those of its lots."""
    own = Instrument.objects.filter(organisation=power, state="in_use")
    singles = iter(own.filter(quantity=1, category__code="electricity-meter").order_by("serial_number"))
    serials = (
        f"{lot.serial_number[:-6]}{int(lot.serial_number[-6:]) + n:06d}"
        for lot in own.filter(quantity__gt=1).order_by("serial_number")
        for n in range(lot.quantity)
    )
    names = {}
    for meter, role in fleet.areas.select("meter_id", "role").iter_rows():
        single = next(singles, None) if role == "master" else None
        names[meter] = single.serial_number if single else next(serials, meter)
    renamed = pl.col("meter_id").replace_strict(names)
    del world
    return SimulatedFleet(*(t.with_columns(renamed) for t in (fleet.readings, fleet.areas, fleet.truth)))


def _lines(fleet: SimulatedFleet) -> list[list[str]]:
    titles = {f"TQ-{region}-{n + 1:02d}": (name, region) for n, (region, name, _fault) in enumerate(PLACES)}
    table = fleet.areas.with_columns(pl.all().cast(pl.String).fill_null(""))
    kept = ["area_id", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "batch"]
    return [[row[0], *titles[row[0]], *row[1:], ""] for row in table.select(kept).rows()]


def _bring(fleet: SimulatedFleet, power: Organisation, until: dt.date) -> None:
    """What the head-end delivered up to a day, and two rows that are no readings."""
    now = clock.now()
    source = f"{power.pk}/用电信息采集系统"
    kept = store().read()
    end = clock.start_of(until + dt.timedelta(days=1))
    rows = fleet.readings.filter(pl.col("ts") < end)
    if kept.height:
        rows = rows.filter(pl.col("ts") > kept["ts"].max())
    regions = {f"TQ-{region}-{n + 1:02d}": region for n, (region, _name, _fault) in enumerate(PLACES)}
    placed = rows.with_columns(pl.col("area_id").replace_strict(regions).alias("region"))
    store().write(placed, batch=f"demo-{until}", recorded_at=now, source=source, distinct=True)
    meter = fleet.areas["meter_id"][1]
    stamp = f"{until}T01:00:00+08:00"
    bad = [(1, {"meter_id": meter, "ts": stamp, "kwh": -3.2}), (2, {"meter_id": "不在册的表", "ts": stamp, "kwh": 1})]
    receiver().receive(from_objects(bad), source=source, now=now, areas=listed())


def _judge(keeper: Actor, power: Organisation, until: dt.date) -> None:
    since = until - dt.timedelta(days=DAYS - 8)
    run = judging.request_run(actor=keeper, organisation=power, since=since, until=until)
    if EvaluationRun.objects.filter(pk=run.pk, state="queued").exists():  # the worker is not running yet
        judging.work_off.func(str(run.pk))


def _follow_up(world: World, keeper: Actor, power: Organisation) -> None:
    """The worst meter gets an order, a household asks about another."""
    found = AreaMeter.objects.filter(area__organisation=power, role="sub").order_by("-p_exceed", "meter_id")
    worst, other = found.first(), found.filter(verdict="pass").first()
    with clock.at(days.moment(days.ago(world.today, 1), 15)):
        if worst is not None and worst.verdict in ("check", "suspect"):
            services.order_check(actor=keeper, meter=worst, reason="两个时段的数据均显示超差,请现场检定。")
        if other is not None:
            services.ask_for_check(actor=ANONYMOUS, meter=other, text="换表之后电费比邻居高。")
