"""A charging station of the first operator: piles of its ledger, hourly readings, sessions by OCPP, two alarms."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.project.demo import days
from quanheng.platform.project.demo.world import World, import_whole
from quanheng.platform.surveillance import charging, judging
from quanheng.platform.surveillance.models import EvaluationRun
from quanheng.platform.surveillance.store import store

SEED, DAYS, PILES = 20_260_601, 40, 6
ERRORS = (0.002, -0.001, 0.045, 0.003, -0.004, 0.001)  # the third is 4.5 % off
CODE, NAME = "CDZ-01", "东站公交枢纽充电站"
HEADERS = ("台区编号", "台区名称", "行政区划", "表号", "角色", "类型", "准确度等级", "器具码")


def build(world: World) -> int:
    """How many piles are watched; none where the operator of a small region has too few."""
    firm = world.firms["charging"][0]
    keeper = world.keeper_of(firm)
    own = Instrument.objects.filter(organisation=firm, category__code="charging-pile", quantity=1, state="in_use")
    piles = list(own.order_by("region_id", "serial_number")[:PILES])
    if len(piles) < PILES:
        return 0
    region = piles[0].region_id
    with clock.at(days.moment(days.ago(world.today, 21), 9)):
        import_whole(keeper, "areas", firm, list(HEADERS), _lines(piles, region), "充电站.csv")
    until = world.today - dt.timedelta(days=1)
    with clock.at(min(days.moment(world.today, 6), clock.now())):  # nothing happens before its time
        kwh = _readings(firm, region, world.today)
        _judge(keeper, firm, until)
        _sessions(keeper, firm, kwh)
    return PILES


def _lines(piles: list[Instrument], region: str) -> list[list[str]]:
    head = [CODE, NAME, region]
    station = [[*head, f"{CODE}/0", "总表", "充电站", "0.5S", ""]]
    return station + [
        [*head, f"{CODE}/{n}", "分表", "充电站", "2" if "AC" in p.specification else "1", p.code]
        for n, p in enumerate(piles, start=1)
    ]


def _readings(firm: Organisation, region: str, today: dt.date) -> NDArray[np.float64]:
    """Hourly energies of station and piles up to last night, into the store; returns those of the piles."""
    random = np.random.default_rng(SEED)
    hours = DAYS * 24
    busy = 0.25 + 0.5 * np.exp(-(((np.arange(hours) % 24) - 19) ** 2) / 18)
    taken = np.where(random.random((hours, PILES)) < busy[:, None], random.uniform(4, 60, (hours, PILES)), 0.0)
    seen = taken * (1 + np.array(ERRORS)) * (1 + random.normal(0, 0.0005, taken.shape))
    total = taken.sum(axis=1)
    master = (total * 1.012 + 1e-5 * total**2 + 0.3) * (1 + random.normal(0, 0.0005, hours))
    end = clock.start_of(today).astimezone(dt.UTC)
    ts = [end - dt.timedelta(hours=hours - h) for h in range(hours)]
    columns = [("master", f"{CODE}/0", master), *(("sub", f"{CODE}/{n + 1}", seen[:, n]) for n in range(PILES))]
    rows = pl.concat([
        pl.DataFrame({"area_id": CODE, "meter_id": name, "role": role, "ts": ts, "kwh": values.round(3)})
        for role, name, values in columns
    ])  # fmt: skip
    source = f"{firm.pk}/充电运营平台"
    store().write(rows, batch="demo-station", recorded_at=clock.now(), source=source, region=region, distinct=True)
    return np.asarray(seen)


def _judge(keeper: Actor, firm: Organisation, until: dt.date) -> None:
    since = until - dt.timedelta(days=DAYS - 2)
    run = judging.request_run(actor=keeper, organisation=firm, since=since, until=until)
    if EvaluationRun.objects.filter(pk=run.pk, state="queued").exists():  # the worker is not running yet
        judging.work_off.func(str(run.pk))


def _sessions(keeper: Actor, firm: Organisation, kwh: NDArray[np.float64]) -> None:
    """One session of each pile as its central system got it; the fourth fell silent, the fifth is ahead."""
    now = clock.now()
    for n in range(PILES):
        late = dt.timedelta(hours=40 if n == 3 else 2)
        begin = now - late
        with clock.at(begin + dt.timedelta(hours=1)):
            ahead = dt.timedelta(minutes=75) if n == 4 else dt.timedelta(0)
            register, power = 1000 * float(kwh[:, n].sum()), 7.0 if n % 2 else 60.0
            values = [
                {
                    "timestamp": (begin + ahead + dt.timedelta(minutes=5 * k)).isoformat(),
                    "sampledValue": [
                        {"value": f"{register + power * 1000 * k / 12:.0f}", "context": "Sample.Periodic"},
                        {"value": f"{power:.1f}", "measurand": "Power.Active.Import", "unit": "kW"},
                    ],
                }
                for k in range(12)
            ]
            call = {"connectorId": n + 1, "transactionId": 8000 + n, "meterValue": values}
            charging.take_message(
                actor=keeper, station=CODE, message=json.dumps([2, "1", "MeterValues", call]).encode(), version="1.6",
                source=f"{firm.pk}/充电运营平台",
            )  # fmt: skip
