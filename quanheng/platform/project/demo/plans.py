"""Which visits there are: about 300 certificates over the last eleven months, and work left in every queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.calendar import add_months
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.project.demo import days, sheets
from quanheng.platform.project.demo.kinds import KINDS
from quanheng.platform.project.demo.past import Entry, Serials, institute_for
from quanheng.platform.project.demo.visits import Visit
from quanheng.platform.project.demo.world import CITY_INSTITUTE, World


@dataclass(frozen=True)
class Programme:
    """How much of one procedure: documents in all, per visit, over how many days back, for which firms."""

    procedure: str
    documents: int
    each: tuple[int, int]
    since: int
    trades: tuple[str, ...]
    rejected: int = 0
    factors: tuple[str, ...] = ("1",)


PROGRAMMES = (
    Programme("JJG-539-2016", 158, (5, 9), 325, ("market", "market", "store", "shop"), 8, ("1", "0.5", "0.2")),
    Programme("JJG-52-2013", 48, (6, 9), 160, ("factory", "hospital"), 4, ("1", "10", "0.1")),
    Programme("JJG-443-2023", 26, (4, 6), 165, ("station", "fuel"), 2),
    Programme("JJG-1148-2022", 20, (4, 6), 320, ("charging",), 1),
    Programme("JJG-1149-2022", 10, (3, 5), 320, ("charging",)),
    Programme("JJG-162-2019", 16, (4, 6), 300, ("water",)),
    Programme("JJG-596-2012", 14, (4, 5), 300, ("power",)),
    Programme("JJG-99-2022", 10, (3, 4), 300, ("factory",)),
)
# Stage at which the work stands, days before (negative) or after today of the visit, procedure.
WAITING = (
    ("submitted", 4, "JJG-539-2016"),
    ("submitted", 5, "JJG-443-2023"),
    ("submitted", 4, "JJG-52-2013"),
    ("submitted", 5, "JJG-539-2016"),
    ("returned", 3, "JJG-539-2016"),
    ("returned", 2, "JJG-443-2023"),
    ("accepted", 2, "JJG-539-2016"),
    ("accepted", 2, "JJG-1148-2022"),
    ("accepted", -50, "JJG-52-2013"),
    ("assigned", 1, "JJG-539-2016"),
    ("assigned", 2, "JJG-443-2023"),
    ("assigned", -32, "JJG-539-2016"),
    ("working", -1, "JJG-539-2016"),
    ("working", -1, "JJG-1148-2022"),
    ("checking", -1, "JJG-539-2016"),
    ("checking", -2, "JJG-443-2023"),
    ("signing", -3, "JJG-539-2016"),
    ("signing", -4, "JJG-52-2013"),
)
VISITORS, OWN_VISITS = "JJG-539-2016", (1, 4)  # visits to the firm of the visitor who signs in as an enterprise
KIND_OF = {
    ("JJG-539-2016", "1"): ("stall_scale", 0),
    ("JJG-539-2016", "0.5"): ("stall_scale", 1),
    ("JJG-539-2016", "0.2"): ("stall_scale", 2),
    ("JJG-52-2013", "1"): ("gauge", 0),
    ("JJG-52-2013", "10"): ("gauge", 1),
    ("JJG-52-2013", "0.1"): ("gauge", 2),
    ("JJG-443-2023", "1"): ("dispenser", 0),
    ("JJG-1148-2022", "1"): ("ac_pile", 0),
    ("JJG-1149-2022", "1"): ("dc_pile", 0),
}


class Planner:
    """Makes visits that do not get in one another's way."""

    def __init__(self, world: World, serials: Serials) -> None:
        self.world, self.serials = world, serials
        self.entries: dict[str, Entry] = {}
        self.wanted: list[tuple[Visit, list[str]]] = []
        self.fresh: list[Visit] = []
        self._taken: set[tuple[str, str, dt.date]] = set()
        self._turn: dict[str, int] = {}

    def build(self) -> list[Visit]:
        """All visits; their instruments are put in by ``settle`` after the import."""
        for programme in PROGRAMMES:
            for visit in self._programme(programme):
                self._prepare(visit)
        for stage, offset, procedure in WAITING:
            self._prepare(self._waiting(stage, offset, procedure))
        return [v for v, _serials in self.wanted] + self.fresh

    def settle(self, made: dict[str, Instrument]) -> None:
        """Give each visit the instruments that were imported for it."""
        for visit, serials in self.wanted:
            visit.instruments = [made[s] for s in serials]

    def _programme(self, programme: Programme) -> Iterator[Visit]:
        world = self.world
        total = world.count(programme.documents, 2)
        rejected = world.count(programme.rejected) if programme.rejected else 0
        visits, left = [], total
        while left > 0:
            size = min(left, world.between(*programme.each))
            left -= size
            visits.append(size)
        spacing = max(1, len(visits) // max(1, rejected))
        for n, size in enumerate(visits):
            ago = programme.since - round(n * (programme.since - 12) / max(1, len(visits))) - world.between(0, 5)
            bad = int(n % spacing == 0 and n // spacing < rejected)
            verdicts = ["pass"] * (size - bad) + ["reject"] * bad
            own = programme.procedure == VISITORS and n in OWN_VISITS
            firm = world.firms["market"][0] if own else self._firm(programme.trades)
            yield self._visit(programme.procedure, firm, days.ago(world.today, ago), verdicts, programme.factors)

    def _firm(self, trades: tuple[str, ...]) -> Organisation:
        firms = self.world.firms[self.world.pick(trades)]
        return firms[self.world.between(0, len(firms) - 1)]

    def _visit(
        self, procedure: str, firm: Organisation, day: dt.date, verdicts: list[str], factors: tuple[str, ...]
    ) -> Visit:
        world = self.world
        kind = KIND_OF.get((procedure, "1"), ("", 0))[0]
        institute = institute_for(kind, firm.region_id)
        if institute != CITY_INSTITUTE:
            factors = tuple(f for f in factors if procedure != "JJG-52-2013" or f == "1")
        while (institute, procedure, day) in self._taken:
            day = days.later(day, -1)
        self._taken.add((institute, procedure, day))
        chosen = [world.pick(factors) if v == "pass" else "1" for v in verdicts]
        delivery = "on_site" if kind and KINDS[kind].on_site else "sent_in"
        visit = Visit(procedure, institute, firm, day, delivery, verdicts, chosen, self._people(institute))
        visit.returned_first = world.chance(0.1)
        return visit

    def _people(self, institute: str) -> tuple[User, User, User]:
        """Verifiers, checkers and signatories in turn."""
        staff = self.world.staff[institute]
        turn = self._turn[institute] = self._turn.get(institute, -1) + 1
        return (
            staff.verifiers[turn % len(staff.verifiers)],
            staff.checkers[turn % len(staff.checkers)],
            staff.signatories[turn % len(staff.signatories)],
        )

    def _waiting(self, stage: str, offset: int, procedure: str) -> Visit:
        world = self.world
        trades = next(p.trades for p in PROGRAMMES if p.procedure == procedure)
        firms = [f for t in trades for f in world.firms[t] if institute_for("", f.region_id) == CITY_INSTITUTE]
        in_town = [f for f in firms if institute_for(KIND_OF[procedure, "1"][0], f.region_id) == CITY_INSTITUTE]
        choice = in_town or firms
        firm = choice[world.between(0, len(choice) - 1)]
        if (stage, procedure) == ("returned", VISITORS):
            firm = world.firms["market"][0]
        day = days.ago(world.today, -offset) if offset < 0 else days.later(world.today, offset)
        visit = self._visit(procedure, firm, day, ["pass"] * world.between(2, 4), ("1",))
        visit.until, visit.returned_first = stage, False
        staff = world.staff[visit.institute]
        visit.people = (staff.verifiers[0], staff.checkers[0], staff.signatories[0])
        return visit

    def _prepare(self, visit: Visit) -> None:
        if sheets.purpose(visit.procedure) == "initial":
            self.fresh.append(visit)
            return
        serials = []
        for verdict, factor in zip(visit.verdicts, visit.factors, strict=True):
            entry = self._entry(visit, verdict, factor)
            self.entries[entry.serial] = entry
            serials.append(entry.serial)
        self.wanted.append((visit, serials))

    def _entry(self, visit: Visit, verdict: str, factor: str) -> Entry:
        """The instrument as it stood before the visit: its last verification runs out about then."""
        key, model = KIND_OF[visit.procedure, factor]
        kind = KINDS[key]
        verified = add_months(visit.day, -kind.months) + dt.timedelta(days=self.world.between(-8, 20))
        verified = min(days.working(verified, -1), days.ago(self.world.today, 405))
        installed = verified - dt.timedelta(days=self.world.between(5, 900))
        serial, _to = self.serials.take(kind.letter, installed.year)
        parameters = ";".join(f"{k}={v}" for k, v in sheets.parameters(visit.procedure, verdict, factor).items())
        until = add_months(verified, kind.months) - dt.timedelta(days=1)
        return Entry(visit.firm, kind, kind.models[model], serial, "", 1, installed, verified, until, True, parameters)
