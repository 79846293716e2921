"""The order of things. Every step goes through the services of the product; this file only says when."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from quanheng.platform.documents import keys, ledger, sealers, sealing
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, periodic
from quanheng.platform.kernel import sealing as audit
from quanheng.platform.kernel.periodic import PERIODIC
from quanheng.platform.project import operations
from quanheng.platform.project.demo import days, firms, fleet, incidents, names, offices, past, samples, station, upper
from quanheng.platform.project.demo.entering import Entering
from quanheng.platform.project.demo.past import Serials, entries
from quanheng.platform.project.demo.plans import Planner
from quanheng.platform.project.demo.visits import Timeline, Walk
from quanheng.platform.project.demo.world import World

SEED = 20_260_520
STARTED = 425  # days ago: the product is set up, its keys are made
ARRIVAL = 402  # days ago: the first import of the past


@dataclass(frozen=True)
class Progress:
    """A line for the person who waits."""

    text: str
    seconds: float


def build(*, size: float, password: str, today: dt.date | None = None) -> Iterator[Progress | samples.Description]:
    """Build the region in an empty database; the last thing yielded describes it.

    One process writes the database; documents are typeset and sealed on the other cores.
    """
    with sealers.processes(max(1, (os.cpu_count() or 1) - 1)) as beside:
        beside.submit(sealing.ready)
        yield from _steps(size, password, today)


def _steps(size: float, password: str, today: dt.date | None) -> Iterator[Progress | samples.Description]:
    begun = time.monotonic()

    def said(text: str) -> Progress:
        return Progress(text, time.monotonic() - begun)

    today = today or clock.today()
    rng = np.random.default_rng(SEED)
    world = World(rng=rng, today=today, size=size, password=password, people=names.people(rng))
    with clock.at(days.moment(days.ago(today, STARTED), 8)):
        for line in operations.prepare():
            yield said(line)
    offices.build(world)
    with clock.at(days.moment(days.ago(today, STARTED), 8)):
        keys.ensure_keys(world.institutes.values())
    yield said(f"{len(world.bureaus)} bureaus and {len(world.institutes)} institutes with their people")
    firms.build(world)
    yield said(f"{sum(len(f) for f in world.firms.values())} firms")
    upper.build(world)
    yield said(f"{len(world.standards)} measurement standards with their upper certificates")
    yield from _year(world, said)
    watched = fleet.build(world)
    yield said(f"{watched.areas} areas with {watched.meters} meters judged by {watched.readings} readings")
    yield said(f"{station.build(world)} piles of a charging station watched")
    yield said(f"{ledger.merge_leaves()} at the end; {_seal()} batches of audit events sealed")
    for name, _job in PERIODIC:
        periodic.run(name)
    yield samples.describe(world)


def _year(world: World, said: Callable[[str], Progress]) -> Iterator[Progress]:
    serials = Serials()
    planner = Planner(world, serials)
    visits = planner.build()
    made = past.brought(past.bring_in(world, list(planner.entries.values()), days.ago(world.today, ARRIVAL), "旧检字 "))
    planner.settle(made)
    yield said(f"{len(made)} instruments that will be verified here")
    timeline = Timeline(world.today)
    walk, entering = Walk(world, timeline), Entering(world, timeline, serials)
    for visit in visits:
        if visit in planner.fresh:
            entering.plan(visit)
        walk.plan(visit)
    timeline.add(days.ago(world.today, upper.CONDEMNED_AGO), 15, 0, lambda: upper.condemn(world))
    timeline.add(days.ago(world.today, upper.LAPSED_AGO - 5), 16, 0, lambda: upper.suspend_lapsed(world))
    shown = 0
    for _day in timeline.run():
        if len(walk.issued) >= shown + 50:
            shown = len(walk.issued)
            yield said(f"{shown} certificates and notices issued")
    yield said(f"{len(walk.issued)} certificates and notices issued, {len(visits)} applications")
    past.bring_in(world, list(entries(world, serials)), days.ago(world.today, past.REST), "衡检字 ")
    yield said(f"{Instrument.objects.count()} instruments in the ledger")
    done = incidents.happen(world)
    incidents.filings(world, serials)
    incidents.put_right(world, walk.issued)
    yield said(", ".join(f"{count} × {name}" for name, count in done.items()))


def _seal() -> int:
    count = 0
    while audit.seal() is not None:
        count += 1
    return count
