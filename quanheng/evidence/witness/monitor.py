"""What a careful neighbour looks at beyond growth: that new entries are leaves, and that their times are honest.

A leaf that entered after a witness cosigned at T and claims a time well before T was held back or dated back; one that
claims a time after the visit lies about the future.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from quanheng.errors import InputError
from quanheng.evidence.ledger.leaf import format_time, parse_leaf, parse_time
from quanheng.evidence.ledger.merkle import leaf_hash
from quanheng.evidence.ledger.tiles import TILE, Files, TileReader

DELAY = dt.timedelta(minutes=10)  # the log promises a minute; clocks and outages are given nine more


@dataclass(frozen=True)
class Doubt:
    """An entry that a neighbour should ask about."""

    index: int
    code: str
    message: str


def examine(
    files: Files, size: int, since: int, after: dt.datetime | None, now: dt.datetime, delay: dt.timedelta = DELAY
) -> Iterator[Doubt]:
    """Doubts about the entries [since, size) of a log whose checkpoint holds; ``after`` is when ``since`` was seen."""
    reader = TileReader(files, size)
    for bundle in range(since // TILE, -(-size // TILE)):
        first = bundle * TILE
        entries = reader.entries(bundle)
        for index in range(max(since, first), min(size, first + len(entries))):
            entry = entries[index - first]
            if next(reader.leaf_hashes(index, index + 1))[1] != leaf_hash(entry):
                yield Doubt(index, "altered", "the entry is not the one whose hash stands in the tree")
                continue
            try:
                leaf = parse_leaf(entry)
            except InputError as error:
                yield Doubt(index, "leaf", error.message)
                continue
            at = parse_time(leaf.at)
            if after is not None and at < after - delay:
                yield Doubt(index, "back_dated", f"it says {leaf.at} but entered after {format_time(after)}")
            elif at > now + delay:
                yield Doubt(index, "future", f"it says {leaf.at}, which has not come yet")
