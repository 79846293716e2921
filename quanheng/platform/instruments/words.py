"""What the search box looks through: one lower-case text per instrument, with pinyin initials."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Contains

from quanheng.platform.instruments.codes import read_code

if TYPE_CHECKING:
    from quanheng.platform.instruments.models import Instrument

LIMIT = 400
SPLIT = "|"  # between pairs in the index of PostgreSQL: a pair with it is not looked for


class SearchField(models.CharField):  # type: ignore[type-arg]
    """The text that is searched."""


@SearchField.register_lookup
class ContainsByPairs(Contains):
    """On PostgreSQL an index of every two neighbouring characters finds the rows among millions."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Every pair of the text must occur, and then the text as it is."""
        sql, params = self.as_sql(compiler, connection)
        pairs = pairs_of(self.rhs)
        if not pairs:
            return sql, list(params)
        column, given = self.process_lhs(compiler, connection)
        return f"(instrument_pairs({column}) @> %s::text[] AND {sql})", [*given, pairs, *params]


def pairs_of(text: str) -> list[str]:
    """Every two neighbouring characters, each pair once."""
    pairs = (text[n : n + 2] for n in range(len(text) - 1))
    return sorted({pair for pair in pairs if SPLIT not in pair})


@lru_cache(maxsize=20_000)
def initials(text: str) -> str:
    """First letters of the pinyin: 电子计价秤 → dzjjc. Other characters are dropped."""
    from pypinyin import Style, lazy_pinyin  # its table of phrases would be a quarter of the start of every command

    letters = lazy_pinyin(text, style=Style.FIRST_LETTER, errors="ignore")
    return "".join(letters).lower()


def search_text(item: Instrument, owner: str) -> str:
    """The text kept with the instrument; the parts most often searched come first."""
    parts = [
        item.name,
        item.serial_number,
        item.serial_to,
        item.code,
        item.last_document_number,
        initials(item.name),
        owner,
        initials(owner),
        item.specification,
        item.location,
        item.manufacturer,
    ]
    return " ".join(p for p in parts if p).lower()[:LIMIT]


def search_q(text: str) -> Q:
    """Every word must occur; a scanned code is found as it is."""
    q = Q()
    for word in text.lower().split()[:6]:
        code = read_code(word)
        q &= Q(code=code) if code else Q(search__contains=word)
    return q
