"""The full path of a visit: application, acceptance, task, record, check, signature, each on its day.

Steps of all visits run in the order of their moments, so that the audit trail reads as it would have been written.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa import app_settings

from quanheng.errors import InputError
from quanheng.platform.certificates import services as records
from quanheng.platform.certificates import signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.project.demo import days, sheets
from quanheng.platform.project.demo.world import World, code_of, there
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Application, Task

STAGES = ("submitted", "returned", "accepted", "assigned", "working", "checking", "signing", "issued")
RETURNS = ("请补充器具铭牌照片", "测量范围与台账不符，请核对后重报", "当日现场不能停用，请改期再报")
Step = Callable[[], None]


@dataclass
class Visit:
    """Some instruments of one owner to be verified on one day by one institute; ``until`` names the last stage."""

    procedure: str
    institute: str
    firm: Organisation
    day: dt.date
    delivery: str
    verdicts: list[str]
    factors: list[str]
    people: tuple[User, User, User]
    until: str = "issued"
    returned_first: bool = False
    instruments: list[Instrument] = field(default_factory=list)
    application: Application | None = None
    records: list[Record] = field(default_factory=list)

    def reaches(self, stage: str) -> bool:
        """Whether the visit gets as far as that."""
        return STAGES.index(self.until) >= STAGES.index(stage)


class Timeline:
    """Steps waiting for their moment, none of them later than the last working day before today."""

    def __init__(self, today: dt.date) -> None:
        self._latest = days.ago(today, 1)
        self._steps: list[tuple[dt.datetime, int, Step]] = []
        self._order = itertools.count()

    def add(self, day: dt.date, hour: int, minute: int, step: Step) -> None:
        """Have a step taken at that time; what would lie in the future is done late on the last day, in order."""
        at, order = days.moment(day, hour, minute), next(self._order)
        if day > self._latest:
            at = days.moment(self._latest, 17) + dt.timedelta(seconds=15 * order % 18_000)
        heapq.heappush(self._steps, (at, order, step))

    def put_off(self, until: dt.datetime, step: Step) -> None:
        """Have a step taken a little later, in the order of things."""
        heapq.heappush(self._steps, (until, next(self._order), step))

    def run(self) -> Iterator[dt.date]:
        """Take them all; yields the day of each."""
        while self._steps:
            at, _order, step = heapq.heappop(self._steps)
            with clock.at(at):
                step()
            yield clock.civil_date(at)


class Walk:
    """Takes visits along the path."""

    def __init__(self, world: World, timeline: Timeline) -> None:
        self.world, self.timeline = world, timeline
        self.issued: list[Record] = []
        self._next_code: dict[uuid.UUID, dt.datetime] = {}

    def plan(self, visit: Visit) -> None:
        """Put the steps of a visit on the timeline."""
        early = days.later(visit.day, -5)
        minute = self.world.between(0, 59)
        add = self.timeline.add
        add(early, 9, minute, lambda: self._apply(visit))
        if visit.until == "returned" or visit.returned_first:
            add(early, 15, minute, lambda: self._return(visit))
        if visit.returned_first:
            add(days.later(early, 1), 9, minute, lambda: self._again(visit))
        if visit.until == "returned":
            return
        if visit.reaches("accepted"):
            add(days.later(visit.day, -3), 10, minute, lambda: self._accept(visit))
        if visit.reaches("assigned"):
            add(days.later(visit.day, -3), 14, minute, lambda: self._assign(visit))
        if visit.reaches("working"):
            add(visit.day, 10, minute, lambda: self._verify(visit))
        if visit.reaches("signing"):
            add(days.later(visit.day, 1), 9, minute, lambda: self._check(visit))
        if visit.reaches("issued"):
            add(days.later(visit.day, 2), 15, minute, lambda: self._sign(visit))

    def _desk(self, visit: Visit) -> Any:
        return self.world.actor(self.world.staff[visit.institute].desk)

    def _apply(self, visit: Visit) -> None:
        keeper = self.world.keeper_of(visit.firm)
        visit.application = verification.create_application(
            actor=keeper,
            organisation=visit.firm,
            institute=self.world.institutes[visit.institute],
            instruments=visit.instruments,
            delivery=visit.delivery,
            wanted_on=visit.day,
            contact=keeper.name,
            phone=visit.firm.phone,
        )
        verification.submit_application(actor=keeper, application=visit.application)

    def _return(self, visit: Visit) -> None:
        reason = self.world.pick(RETURNS)
        verification.return_application(actor=self._desk(visit), application=there(visit.application), reason=reason)

    def _again(self, visit: Visit) -> None:
        verification.submit_application(actor=self.world.keeper_of(visit.firm), application=there(visit.application))

    def _accept(self, visit: Visit) -> None:
        verification.accept_application(actor=self._desk(visit), application=there(visit.application))

    def _tasks(self, visit: Visit) -> list[Task]:
        found = there(visit.application).tasks.select_related("organisation", "norm", "instrument", "application")
        by_instrument = {t.instrument_id: t for t in found}
        return [by_instrument[i.pk] for i in visit.instruments]

    def _assign(self, visit: Visit) -> None:
        verification.assign(actor=self._desk(visit), tasks=self._tasks(visit), verifier=visit.people[0], on=visit.day)

    def _verify(self, visit: Visit) -> None:
        verifier = self.world.actor(visit.people[0])
        desk = self._desk(visit)
        for task, verdict, factor in zip(self._tasks(visit), visit.verdicts, visit.factors, strict=True):
            if visit.delivery == "sent_in":
                verification.hand_over(
                    actor=desk, task=task, direction="in", counterpart=visit.firm.name[:80], condition="外观完好"
                )
            record = records.open_record(task, actor=verifier)
            sheet = sheets.make(visit.procedure, self.world.rng, verdict=verdict, factor=factor)
            if visit.until == "working":
                first = next(iter(sheet["sections"]))
                sheet["sections"] = {first: sheet["sections"][first]}
                sheet["checks"] = {}
            sheet["standards"] = self._chosen(record, factor)
            record = records.save_draft(record, data=sheet, version=record.version, actor=verifier)
            if visit.reaches("checking"):
                record = records.submit(record, actor=verifier)
            visit.records.append(record)

    def _chosen(self, record: Record, factor: str) -> list[dict[str, str]]:
        """What the sheet proposes; for gauges the standard of the fitting range."""
        proposed: list[dict[str, str]] = record.data["standards"]
        fitting = {"10": "HC-P3", "0.1": "HC-P4"}.get(factor)
        if fitting is None or record.procedure_id != "JJG-52-2013":
            return proposed
        return [{**proposed[0], "item": str(self.world.standards[fitting].pk)}]

    def _check(self, visit: Visit) -> None:
        outcomes = records.check_many(visit.records, actor=self.world.actor(visit.people[1]))
        self._all_done(outcomes)
        if visit.delivery == "sent_in":
            for task in self._tasks(visit):
                verification.hand_over(
                    actor=self._desk(visit), task=task, direction="out", counterpart=visit.firm.name[:80]
                )

    def _sign(self, visit: Visit) -> None:
        signatory, now = visit.people[2], clock.now()
        free = self._next_code.get(signatory.pk, now)
        if now < free:  # an authenticator's code signs once
            self.timeline.put_off(free, lambda: self._sign(visit))
            return
        self._next_code[signatory.pk] = now + dt.timedelta(seconds=app_settings.TOTP_PERIOD)
        code = code_of(self.world.secrets[signatory.pk])
        outcomes = signing.sign_many(visit.records, second_factor_code=code, actor=self.world.actor(signatory))
        self._all_done(outcomes)
        self.issued += [o.record for o in outcomes]

    def _all_done(self, outcomes: list[records.Outcome]) -> None:
        refused = [o for o in outcomes if not o.ok]
        if refused:
            raise InputError("demo", "; ".join(refused[0].reasons), str(refused[0].record.pk))
