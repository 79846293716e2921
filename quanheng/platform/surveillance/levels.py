"""Alarm levels by the rules of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.platform.surveillance.models import Level
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


def check_days() -> int:
    """Working days within which a check on site is to be done."""
    return int(rules()["check"]["due_working_days"])


def status(level: str) -> Status:
    """A level as it is drawn."""
    tones: dict[str, Tone] = {one["id"]: one["tone"] for one in rules()["levels"]}
    return Status(tones.get(level, "unknown"), Level(level).label)
