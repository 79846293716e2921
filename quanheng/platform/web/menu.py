"""The menu: apps register their entries in ``AppConfig.ready``; nobody sees an entry their roles do not open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel.actors import Actor

Text = str | Promise
Visible = Callable[[Actor], bool]

SECTIONS: dict[str, Text] = {
    "work": _("工作"),
    "ledger": _("台账"),
    "business": _("检定业务"),
    "evidence": _("溯源与证据"),
    "supervision": _("监督"),
    "knowledge": pgettext_lazy("menu", "依据"),
    "admin": pgettext_lazy("menu", "管理"),
}


def everyone(actor: Actor) -> bool:
    """For entries that any person with at least one known role may open."""
    return actor.system or bool(actor.grants)


def roles(*names: str) -> Visible:
    """For entries that need one of these roles."""
    return lambda actor: actor.has(*names)


@dataclass(frozen=True)
class Entry:
    """One line of the menu; ``letter`` is pressed after ``g``."""

    section: str
    label: Text
    url_name: str
    icon: str
    visible: Visible
    letter: str = ""
    order: int = 100
    count: Callable[[Actor], int] | None = None


@dataclass(frozen=True)
class ShownEntry:
    """An entry as one person sees it."""

    label: Text
    url: str
    icon: str
    letter: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class ShownSection:
    """A titled group of entries."""

    label: Text
    entries: list[ShownEntry] = field(default_factory=list)


_entries: dict[str, Entry] = {}


def register(
    section: str,
    label: Text,
    url_name: str,
    icon: str,
    *,
    visible: Visible,
    letter: str = "",
    order: int = 100,
    count: Callable[[Actor], int] | None = None,
) -> None:
    """Add an entry. Two entries may share a letter where nobody sees both; else the first in the menu keeps it."""
    if section not in SECTIONS:
        raise ValueError(f"menu section {section!r} is unknown; use one of {sorted(SECTIONS)}")
    _entries[url_name] = Entry(section, label, url_name, icon, visible, letter, order, count)


def shown(actor: Actor, path: str) -> list[ShownSection]:
    """The sections with at least one entry for the actor; the longest matching address is the current one."""
    visible: list[tuple[Entry, str]] = []
    for entry in _entries.values():
        if not entry.visible(actor):
            continue
        try:
            visible.append((entry, reverse(entry.url_name)))
        except NoReverseMatch:
            continue
    matching = [url for _entry, url in visible if path == url or (url != "/" and path.startswith(url))]
    current = max(matching, key=len, default="")
    sections, letters = [], set()
    for key, label in SECTIONS.items():
        rows = sorted((pair for pair in visible if pair[0].section == key), key=lambda pair: pair[0].order)
        entries = []
        for entry, url in rows:
            letter = "" if entry.letter in letters else entry.letter
            letters.add(letter)
            count = entry.count(actor) if entry.count else 0
            entries.append(ShownEntry(entry.label, url, entry.icon, letter, url == current, count))
        if entries:
            sections.append(ShownSection(label, entries))
    return sections
