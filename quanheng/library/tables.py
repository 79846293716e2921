"""Brings tables of the law into a request of `quanheng compute`, so that the numerics need no file.

A task names the kinds it needs, a request the law it means: ``{"law": {"region": "CN", "date": "2024-05-01"}}``.
`complete` adds ``tables``: the rows of those kinds, each code from the nearest region, all editions. Choosing the
edition by date or by name is the task's work. A request that brings its own ``tables`` is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from quanheng.errors import InputError
from quanheng.library import LIBRARY_ROOT
from quanheng.library.reader import REGION, Item, read_kinds

NATION = "CN"


def complete(kinds: Sequence[str], request: Any, root: Path = LIBRARY_ROOT) -> Any:
    """The request with ``tables`` of these kinds, where it names a law and brings no tables."""
    if not kinds or not isinstance(request, Mapping) or "law" not in request or "tables" in request:
        return request
    law = request["law"]
    region = law.get("region", NATION) if isinstance(law, Mapping) else NATION
    return {**request, "tables": rows(kinds, str(region), root)}


def rows(kinds: Sequence[str], region: str = NATION, root: Path = LIBRARY_ROOT) -> dict[str, list[dict[str, Any]]]:
    """Rows of these kinds that count in a region: its own, else its city's, its province's, the nation's."""
    if not REGION.match(region):
        raise InputError("region", f"{region[:20]!r} is none of CN, EU, OIML and a six-digit code", "law.region")
    items = read_kinds(root, kinds)
    return {kind: [_row(i) for i in _nearest((x for x in items if x.kind == kind), _chain(region))] for kind in kinds}


def _chain(region: str) -> list[str]:
    if not region.isdecimal():
        return [region]
    return list(dict.fromkeys([region, f"{region[:4]}00", f"{region[:2]}0000", NATION]))


def _nearest(items: Iterable[Item], chain: list[str]) -> list[Item]:
    inside = [item for item in items if item.region in chain]
    best: dict[str, int] = {}
    for item in inside:
        rank = chain.index(item.region)
        best[item.code] = min(best.get(item.code, rank), rank)
    return [item for item in inside if chain.index(item.region) == best[item.code]]


def _row(item: Item) -> dict[str, Any]:
    return {
        **item.body,
        "code": item.code,
        "edition": item.edition,
        "region": item.region,
        "effective_from": item.effective_from.isoformat() if item.effective_from else "",
        "effective_to": item.effective_to.isoformat() if item.effective_to else "",
        "source": item.source,
        "verified": item.verified,
    }
