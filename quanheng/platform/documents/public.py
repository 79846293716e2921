"""What the public may read of a document, and where upper apps answer for the things they own."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.platform.kernel.registries import Registry

PUBLIC_ITEM_FIELDS = ("name", "name_en", "model", "serial_number", "manufacturer", "measuring_range", "accuracy_class")
PUBLIC_STANDARD_FIELDS = ("name", "number", "range", "uncertainty", "certificate_number", "certificate_valid_until")


@dataclass(frozen=True)
class PublicSubject:
    """An instrument as its label shows it, and how it stands. Nothing about who owns or keeps it.

    ``state`` is ``in_use``, ``stopped``, ``repair``, ``awaiting`` (repaired, not verified since) or ``scrapped``;
    ``invalidated_on`` is the day on which repair, replacement or relocation ended validity.
    """

    kind: str
    id: uuid.UUID
    code: str
    item: Mapping[str, str]
    state: str
    verdict: str = ""
    verified_on: dt.date | None = None
    valid_until: dt.date | None = None
    invalidated_on: dt.date | None = None
    document_id: uuid.UUID | None = None


@dataclass(frozen=True)
class ChainFacts:
    """How far the chain behind a subject holds on a day."""

    holds: bool
    proven: bool
    links: tuple[Mapping[str, Any], ...] = ()
    broken: str = ""


@dataclass(frozen=True)
class SubjectSource:
    """One kind of subject: by its label's code, by its id, which of many are out of use, and the chain behind one."""

    by_code: Callable[[str], PublicSubject | None]
    by_id: Callable[[uuid.UUID], PublicSubject | None]
    out_of_use: Callable[[Collection[uuid.UUID]], set[uuid.UUID]]
    chain: Callable[[uuid.UUID, dt.date], ChainFacts | None]


PUBLIC_SUBJECTS: Registry[SubjectSource] = Registry("public_subjects")

# More to say of the thing behind a label's code: ``title``, ``text``, ``url`` and ``link``. Nothing personal.
PUBLIC_NOTES: Registry[Callable[[str], Mapping[str, Any] | None]] = Registry("public_notes")


def _only(source: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    return {f: str(source[f]) for f in fields if source.get(f) not in (None, "")}


def summary(content: Mapping[str, Any]) -> dict[str, Any]:
    """The public part of a certificate's content (as plain JSON), by whitelist."""
    return {
        "item": _only(content["item"], PUBLIC_ITEM_FIELDS),
        "norm": _only(content["norm"], ("number", "title", "edition")),
        "standards": [_only(s, PUBLIC_STANDARD_FIELDS) for s in content["standards"]],
        "unverified": len(content.get("unverified", ())),
    }
