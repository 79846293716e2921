"""The command search: apps register how their records are found; every provider answers for one actor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.registries import Registry


@dataclass(frozen=True)
class Hit:
    """One record found."""

    label: str
    url: str
    detail: str | Promise = ""


@dataclass(frozen=True)
class Provider:
    """How one kind of record is found: ``find(actor, text, limit)`` sees only what the actor may see."""

    label: str | Promise
    find: Callable[[Actor, str, int], Sequence[Hit]]


SEARCH: Registry[Provider] = Registry("search")


def find(actor: Actor, text: str, *, limit: int = 6) -> list[tuple[str | Promise, Sequence[Hit]]]:
    """Groups of hits in the order the apps were registered; less than two characters find nothing."""
    text = text.strip()
    if len(text) < 2 or not (actor.system or actor.grants):
        return []
    groups = [(provider.label, provider.find(actor, text[:100], limit)) for provider in SEARCH.values()]
    return [(label, hits) for label, hits in groups if hits]
