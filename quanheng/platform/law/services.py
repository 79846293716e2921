"""Loading the library into the database. Running it twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from quanheng.errors import InputError
from quanheng.library import LIBRARY_ROOT
from quanheng.library.check import problems_of
from quanheng.library.reader import Item, read_library
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import require
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.policies import may_load
from quanheng.platform.law.registries import after_load

MUTABLE = ("title", "effective_from", "effective_to", "date_basis", "source", "verified")
REMARK = "note"  # of a body, what we say about the item; all else in it is what the law says
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class LoadResult:
    """What a load did. ``kept`` counts items of the database that this library does not name."""

    created: int
    updated: int
    unchanged: int
    kept: int

    def __str__(self) -> str:
        told = f"{self.created} items new, {self.updated} changed, {self.unchanged} as before"
        return f"{told}, {self.kept} no longer in the library and kept" if self.kept else told


def load_library(*, actor: Actor, root: Path = LIBRARY_ROOT) -> LoadResult:
    """Bring the items of a library folder into the database, all or none.

    The body of an edition never changes: old records rest on it. Its dates may close, its source and its verification
    may improve; each such change is an event. Nothing is deleted.
    """
    require(may_load(actor))
    if not root.is_dir():
        raise InputError("unreadable", "there is no such folder; name one that holds a library", str(root))
    library = read_library(root)
    problems = problems_of(library, root)
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        message = f"the library is not sound: {problems[0].message}{more}; run python -m quanheng.library.check"
        raise InputError("library_unsound", message, problems[0].place)
    wanted = {item.key: item for item in library.law}
    with transaction.atomic():
        existing: dict[Key, LawItem] = {
            (row.kind, row.code, row.edition, row.region_code): row for row in LawItem.objects.defer("body")
        }
        _refuse_changed_bodies(wanted, existing)
        created = _create(actor, [item for key, item in wanted.items() if key not in existing])
        updated = _update(actor, [(existing[key], item) for key, item in wanted.items() if key in existing])
        for derive in after_load.values():
            derive(actor=actor)
    kept = len(existing.keys() - wanted.keys())
    return LoadResult(created, updated, len(wanted) - created - updated, kept)


def _refuse_changed_bodies(wanted: dict[Key, Item], existing: dict[Key, LawItem]) -> None:
    both = [(existing[key], item) for key, item in wanted.items() if key in existing]
    rewritten = [(row, item) for row, item in both if row.body_sha256 != item.body_sha256]
    changed = [item for row, item in rewritten if _values(row.body) != _values(item.body)]
    if changed:
        first = changed[0]
        message = (
            f"{len(changed)} item(s) have other values under the same edition, first {first.kind} {first.code} "
            f"{first.edition} {first.region}; give the new values a new edition and end the old one"
        )
        raise InputError("edition_changed", message, first.place)


def _values(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the law says, without our remark on it."""
    return {name: value for name, value in body.items() if name != REMARK}


def _create(actor: Actor, items: list[Item]) -> int:
    moment = clock.now()
    rows = [
        LawItem(
            kind=item.kind,
            code=item.code,
            edition=item.edition,
            region_code=item.region,
            body=item.body,
            body_sha256=item.body_sha256,
            loaded_at=moment,
            **{name: getattr(item, name) for name in MUTABLE},
        )
        for item in items
    ]
    stored = LawItem.objects.bulk_create(rows, batch_size=500)
    events.record_many(actor, "law.item_loaded", stored)
    return len(stored)


def _update(actor: Actor, pairs: list[tuple[LawItem, Item]]) -> int:
    touched: list[LawItem] = []
    rewritten: list[LawItem] = []
    for row, item in pairs:
        changed = [name for name in MUTABLE if getattr(row, name) != getattr(item, name)]
        remarked = row.body_sha256 != item.body_sha256
        if not changed and not remarked:
            continue
        before = {name: getattr(row, name) for name in changed}
        after = {name: getattr(item, name) for name in changed}
        if remarked:
            before, after = before | {REMARK: row.body.get(REMARK)}, after | {REMARK: item.body.get(REMARK)}
            row.body, row.body_sha256 = item.body, item.body_sha256
            rewritten.append(row)
        for name in changed:
            setattr(row, name, getattr(item, name))
        events.record(actor, "law.item_corrected", row, before=before, after=after)
        touched.append(row)
    LawItem.objects.bulk_update(touched, MUTABLE, batch_size=200)
    LawItem.objects.bulk_update(rewritten, ["body", "body_sha256"], batch_size=200)
    return len(touched)
