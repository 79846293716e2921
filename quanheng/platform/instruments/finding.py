"""Instruments in the command search."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import pgettext_lazy

from quanheng.platform.instruments import queries
from quanheng.platform.instruments.words import search_q
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.web.search import Hit, Provider


def find(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
    """By name, serial, code, owner, place, certificate or pinyin initials."""
    rows = queries.visible(actor).filter(search_q(text)).select_related("organisation")[:limit]
    return [Hit(str(i), reverse("instruments:instrument", args=[i.pk]), i.organisation.name) for i in rows]


PROVIDER = Provider(pgettext_lazy("list", "器具"), find)
