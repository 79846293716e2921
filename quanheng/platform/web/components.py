"""What pages are made of, as plain values. Templates draw them by the tags of ``{% load web %}``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.web.http import address

Text = str | Promise
Tone = Literal["ok", "due", "bad", "work", "wait", "off", "unknown"]
TONES: tuple[Tone, ...] = ("ok", "due", "bad", "work", "wait", "off", "unknown")


@dataclass(frozen=True)
class Status:
    """A state: the tone chooses shape and colour, the label says it."""

    tone: Tone
    label: Text


@dataclass(frozen=True)
class Deadline:
    """A date and what it means today, in words."""

    day: dt.date
    words: str
    tone: Tone | Literal[""]


def deadline(day: dt.date, *, today: dt.date | None = None, soon: int = 30) -> Deadline:
    """How far a date is away: never a negative number; ``soon`` days ahead it begins to warn."""
    left = (day - (today or clock.today())).days
    if left < 0:
        return Deadline(day, ngettext("已超期 %(days)d 天", "已超期 %(days)d 天", -left) % {"days": -left}, "bad")
    if left == 0:
        return Deadline(day, _("今天到期"), "due")
    words = ngettext("剩 %(days)d 天", "剩 %(days)d 天", left) % {"days": left}
    return Deadline(day, words, "due" if left <= soon else "")


@dataclass(frozen=True)
class Action:
    """Something one can do, named by its verb. ``denied`` shows it disabled with the reason."""

    label: Text
    url: str = ""
    icon: str = ""
    method: Literal["get", "post"] = "get"
    denied: Text = ""
    consequence: Text = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def guarded(decision: Decision, label: Text, url: str, **rest: Any) -> Action:
        """An action that a policy allows or refuses with its reason."""
        return Action(label, url, denied="" if decision else decision.reason, **rest)


@dataclass(frozen=True)
class Header:
    """The top of a page: where we are, what it is, one primary action, the rest in a menu."""

    title: Text
    lead: Text = ""
    status: Status | None = None
    crumbs: Sequence[tuple[Text, str]] = ()
    primary: Action | None = None
    menu: Sequence[Action] = ()


@dataclass(frozen=True)
class Tab:
    """One tab; its address is a link, so that it can be sent."""

    label: Text
    url: str
    active: bool = False
    count: int | None = None


def tabs(request: HttpRequest, choices: Sequence[tuple[str, Text]], *, param: str = "tab") -> tuple[str, list[Tab]]:
    """The key of the chosen tab and the tabs; an unknown key falls back to the first."""
    keys = [key for key, _label in choices]
    chosen = request.GET.get(param, keys[0])
    chosen = chosen if chosen in keys else keys[0]
    return chosen, [
        Tab(label, address(request, **{param: None if key == keys[0] else key}), key == chosen)
        for key, label in choices
    ]


@dataclass(frozen=True)
class Chip:
    """A quick filter with its count; ``query`` are the parameters it sets."""

    label: Text
    query: Mapping[str, str]
    count: int | None = None
    tone: Tone | Literal[""] = ""


@dataclass(frozen=True)
class ShownChip:
    """A chip as drawn."""

    chip: Chip
    url: str
    active: bool


def chips(request: HttpRequest, choices: Sequence[Chip]) -> list[ShownChip]:
    """Chips as links; the active one is the one whose parameters all stand in the address."""
    names = {name for chip in choices for name in chip.query}
    now = {name: request.GET.get(name, "") for name in names}
    return [
        ShownChip(
            chip,
            address(request, **{name: chip.query.get(name) for name in names}),
            all(now[name] == chip.query.get(name, "") for name in names),
        )
        for chip in choices
    ]


@dataclass(frozen=True)
class Figure:
    """A number that opens the list it counts."""

    label: Text
    value: Text | int
    unit: Text = ""
    url: str = ""
    note: Text = ""
    tone: Tone | Literal[""] = ""


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline: what, when, who, why, and its document."""

    at: dt.datetime | dt.date
    title: Text
    who: Text = ""
    detail: Text = ""
    url: str = ""
    tone: Tone = "work"


@dataclass(frozen=True)
class Definition:
    """A name and a value; ``source`` of an unverified value is shown beside it."""

    label: Text
    value: Any
    unit: Text = ""
    url: str = ""
    unverified: Text = ""


@dataclass(frozen=True)
class Empty:
    """What will stand here, and how to start."""

    title: Text
    text: Text = ""
    action: Action | None = None
    icon: str = "inbox"


def count_words(count: int, *, cap: int = 10_000) -> str:
    """A count for people; beyond the cap only "10 000+" is known."""
    return f"{cap:,}+".replace(",", "\u2009") if count > cap else f"{count:,}".replace(",", "\u2009")
