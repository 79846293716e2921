"""Alarm rules: items of the law in force where the area lies, else those that the product ships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Count

from quanheng.library import LIBRARY_ROOT
from quanheng.library.reader import read_kinds
from quanheng.platform.kernel import clock
from quanheng.platform.law import queries as law
from quanheng.platform.surveillance.models import Area, Level, Role
from quanheng.platform.web.components import Status, Tone

KIND = "alarm_rule"
_TONES: Mapping[str, Tone] = {"alarm": "bad", "warning": "due", "notice": "wait", "normal": "ok"}


@dataclass(frozen=True)
class Rule:
    """One rule as it stands on a day in a region. ``item``: its page in the law, None where it was never loaded."""

    code: str
    title: str
    edition: str
    region: str
    source: str
    verified: str
    body: Mapping[str, Any]
    item: Any = None

    @property
    def limit(self) -> float:
        """The limit, in the rule's unit."""
        return float(self.body["limit"])


@dataclass(frozen=True)
class Counts:
    """What a level looks at."""

    checks: int
    suspects: int
    unfit: bool
    cause: str


@cache
def _shipped() -> Mapping[str, Rule]:
    return {
        i.code: Rule(i.code, i.title, i.edition, i.region, i.source, i.verified, i.body)
        for i in read_kinds(LIBRARY_ROOT, {KIND})
    }


def rules(prefix: str, region: str = law.NATION, on: dt.date | None = None) -> Mapping[str, Rule]:
    """The rules of a subject (``area``, ``pile``, ``check``) in force, by code: the nearest region's own first."""
    found = law.items_at(KIND, on or clock.today(), region, prefix=f"{prefix}.")
    held = {
        i.code: Rule(i.code, i.named, i.edition, i.region_code, i.source, i.verified, i.body, i) for i in found
    }  # fmt: skip
    return {**{c: r for c, r in _shipped().items() if c.startswith(f"{prefix}.")}, **held}


def ladder(region: str = law.NATION) -> Sequence[Rule]:
    """The levels of an area, the first to be looked at first."""
    return sorted(rules("area", region).values(), key=lambda r: int(r.body.get("order") or 0))


def level_of(counts: Counts, region: str = law.NATION) -> str:
    """The first level whose condition holds."""
    for rule in ladder(region):
        when = rule.body
        if (
            (when.get("checks") and counts.checks >= int(when["checks"]))
            or (when.get("suspects") and counts.suspects >= int(when["suspects"]))
            or (when.get("unfit") and counts.unfit)
            or (counts.unfit and counts.cause in when.get("causes", ()))
        ):
            return str(when["level"])
    return Level.NORMAL


def recount(area: Area) -> None:
    """How an area stands: by the meters that are there. One that was taken out raises no alarm any more."""
    there = area.members.filter(role=Role.SUB, removed_on=None)
    count = dict(there.order_by().values_list("verdict").annotate(n=Count("pk")))
    area.meters = sum(count.values())
    area.checks, area.suspects = count.get("check", 0), count.get("suspect", 0)
    area.undeterminable, area.passes = count.get("undeterminable", 0), count.get("pass", 0)
    if area.evaluated_at:
        counts = Counts(area.checks, area.suspects, area.fit == "unfit", area.cause)
        area.level = level_of(counts, area.region_id)
    area.save()


def check_days(region: str = law.NATION) -> int:
    """Working days within which a check on site is to be done."""
    return int(rules("check", region)["check.due"].limit)


def status(level: str) -> Status:
    """A level as it is drawn."""
    return Status(_TONES.get(level, "unknown"), Level(level).label)
