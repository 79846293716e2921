"""New instruments: entered by their owners from a sheet or one by one, filed, confirmed by the county."""

from __future__ import annotations

from typing import Any

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.project.demo import days, sheets
from quanheng.platform.project.demo.past import Serials
from quanheng.platform.project.demo.tables import rows
from quanheng.platform.project.demo.visits import Timeline, Visit
from quanheng.platform.project.demo.world import World, import_whole

HEADERS = [row["title"] for row in rows("columns.csv") if row["own"]]
NEW = {
    "JJG-162-2019": ("旋翼式冷水水表", "water-meter", "LXS-20E", "DN20 Q3 2.5", "2级", "恒通智能表计有限公司", "NB"),
    "JJG-596-2012": (
        "单相智能电能表",
        "electricity-meter",
        "DDZY102",
        "220 V 5(60) A",
        "1级",
        "示范电能表厂",
        "ND",
    ),
    "JJG-99-2022": ("F1 等级砝码", "weights", "50 g~200 g", "(50~200) g", "F1级", "示范砝码厂", "NF"),
}


class Entering:
    """Puts the entering and filing of a visit's instruments on the timeline, days before the application."""

    def __init__(self, world: World, timeline: Timeline, serials: Serials) -> None:
        self.world, self.timeline, self.serials = world, timeline, serials

    def plan(self, visit: Visit) -> None:
        """Entered eight working days before the visit, confirmed two days later."""
        minute = self.world.between(0, 59)
        self.timeline.add(days.later(visit.day, -8), 9, minute, lambda: self._enter(visit))
        self.timeline.add(days.later(visit.day, -6), 11, minute, lambda: self._confirm(visit))

    def _enter(self, visit: Visit) -> None:
        keeper = self.world.keeper_of(visit.firm)
        add = self._one_by_one if visit.procedure == "JJG-99-2022" else self._from_sheet
        visit.instruments = add(visit)
        services.submit_filing(actor=keeper, instruments=visit.instruments)

    def _confirm(self, visit: Visit) -> None:
        regulator = self.world.county_keeper(visit.firm.region)
        services.confirm_filings(actor=regulator, instruments=visit.instruments)

    def _from_sheet(self, visit: Visit) -> list[Instrument]:
        keeper = self.world.keeper_of(visit.firm)
        lines = [self._row(visit, v) for v in visit.verdicts]
        batch = import_whole(keeper, "instruments", visit.firm, HEADERS, lines, "新装表计.csv")
        rows = Instrument.objects.filter(batch=batch).select_related("organisation", "category", "region")
        return list(rows.order_by("serial_number"))

    def _row(self, visit: Visit, verdict: str) -> list[str]:
        name, category, model, span, accuracy, maker, letter = NEW[visit.procedure]
        parameters = ";".join(f"{k}={v}" for k, v in sheets.parameters(visit.procedure, verdict).items())
        serial, _to = self.serials.take(letter, visit.day.year)
        where = f"{visit.firm.region.name}{self.world.between(1, 60)} 栋"
        place = [name, category, model, span, accuracy, serial, maker, "示范省", where]
        return [*place, "贸易结算", "送检", visit.day.isoformat(), parameters]

    def _one_by_one(self, visit: Visit) -> list[Instrument]:
        name, category, model, span, accuracy, maker, letter = NEW[visit.procedure]
        found = InstrumentCategory.objects.filter(code=category).latest("pk")
        made = []
        for verdict in visit.verdicts:
            parameters: dict[str, Any] = sheets.parameters(visit.procedure, verdict)
            item = services.add_instrument(
                actor=self.world.keeper_of(visit.firm),
                organisation=visit.firm,
                category=found,
                region=visit.firm.region,
                name=name,
                specification=model,
                measuring_range=span,
                accuracy_class=accuracy,
                serial_number=self.serials.take(letter, visit.day.year)[0],
                manufacturer=maker,
                origin_place="示范省",
                location="计量室",
                use="other",
                parameters=parameters,
            )
            made.append(item)
        return made
