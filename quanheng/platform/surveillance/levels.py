"""Alarm levels by the rules of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from quanheng.platform.surveillance.models import Area, Level, Role
from quanheng.platform.surveillance.rules import rules_of
from quanheng.platform.web.components import Status, Tone


@dataclass(frozen=True)
class Counts:
    """What a level looks at."""

    checks: int
    suspects: int
    unfit: bool
    cause: str


def rules() -> Mapping[str, Any]:
    """The file of the library."""
    return rules_of("alarm-levels")


def level_of(counts: Counts) -> str:
    """The first level whose condition holds."""
    for level in rules()["levels"]:
        when = level["any"]
        if (
            when.get("always")
            or (when.get("checks") and counts.checks >= when["checks"])
            or (when.get("suspects") and counts.suspects >= when["suspects"])
            or (when.get("unfit") and counts.unfit)
            or (counts.unfit and counts.cause in when.get("causes", ()))
        ):
            return str(level["id"])
    return Level.NORMAL


def recount(area: Area) -> None:
    """How an area stands: by the meters that are there. One that was taken out raises no alarm any more."""
    there = area.members.filter(role=Role.SUB, removed_on=None)
    count = dict(there.order_by().values_list("verdict").annotate(n=Count("pk")))
    area.meters = sum(count.values())
    area.checks, area.suspects = count.get("check", 0), count.get("suspect", 0)
    area.undeterminable, area.passes = count.get("undeterminable", 0), count.get("pass", 0)
    if area.evaluated_at:
        area.level = level_of(Counts(area.checks, area.suspects, area.fit == "unfit", area.cause))
    area.save()


def check_days() -> int:
    """Working days within which a check on site is to be done."""
    return int(rules()["check"]["due_working_days"])


def status(level: str) -> Status:
    """A level as it is drawn."""
    tones: dict[str, Tone] = {one["id"]: one["tone"] for one in rules()["levels"]}
    return Status(tones.get(level, "unknown"), Level(level).label)
