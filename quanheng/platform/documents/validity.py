"""Until when a document holds. The only place that decides it, for one document and for a page of them.

A document ends for good with whatever comes first after it: a later verification of the same thing, or what its owner
did to it (moved, sent to repair, changed, scrapped). Nothing brings one back: a new verification is a new document.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quanheng.platform.documents.models import Document, DocumentKind, ValidityEnd
from quanheng.platform.documents.public import PUBLIC_SUBJECTS
from quanheng.platform.kernel import clock

VERDICTS = (DocumentKind.VERIFICATION_CERTIFICATE, DocumentKind.REJECTION_NOTICE)
BAD = ("fail", "reject")
REJECTED, SUPERSEDED = "rejected", "superseded"
CHUNK = 500
FIELDS = ("subject_id", "kind", "verdict", "state", "performed_on", "issued_at", "recorded_at", "number", "public_code")
Moment = tuple[dt.date, dt.datetime]


@dataclass(frozen=True)
class End:
    """The day a document ended, why, and the later document that ended it, if one did.

    ``cause`` is one of ``models.Cause``, or ``rejected`` or ``superseded`` by ``document``.
    """

    on: dt.date
    cause: str
    document: Document | None = None


@dataclass(frozen=True)
class Standing:
    """How a document stands on a day.

    ``key``: valid, suspended (its instrument is out of use), expired, ended, superseded, rejected (says so itself),
    replaced, revoked.
    """

    key: str
    end: End | None = None


def standings(documents: Iterable[Document], today: dt.date) -> dict[uuid.UUID, Standing]:
    """How each stands, with a fixed number of questions for every few hundred of them."""
    rows = list(documents)
    found: dict[uuid.UUID, Standing] = {}
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        ended, idle = ends(part), _out_of_use(part)
        found.update({d.pk: _standing(d, ended.get(d.pk), d.subject_id in idle, today) for d in part})
    return found


def standing_of(document: Document, today: dt.date, *, idle: bool | None = None) -> Standing:
    """How one stands; ``idle`` where it is known whether its instrument is out of use."""
    if idle is None:
        return standings([document], today)[document.pk]
    return _standing(document, ends([document]).get(document.pk), idle, today)


def _standing(document: Document, end: End | None, idle: bool, today: dt.date) -> Standing:
    if document.state in ("revoked", "replaced"):
        return Standing(document.state)
    end = end if end is not None and end.on <= today else None
    if document.verdict in BAD:
        return Standing(SUPERSEDED if end else REJECTED, end)
    until = document.valid_until
    # A certificate that had run out by itself was not ended by a move or a repair afterwards.
    if end is not None and (end.document is not None or until is None or until >= end.on):
        return Standing(SUPERSEDED if end.cause == SUPERSEDED else "ended", end)
    if until is not None and until < today:
        return Standing("expired")
    return Standing("suspended" if idle else "valid")


def ends(documents: Sequence[Document]) -> dict[uuid.UUID, End]:
    """What came first after each document; those that nothing ended are left out.

    Reports and certificates of reference materials tell what was measured once: nothing ends that.
    """
    subjects = {d.subject_id for d in documents}
    later: dict[uuid.UUID, list[Document]] = defaultdict(list)
    for row in Document.objects.filter(subject_id__in=subjects).exclude(state="replaced").only(*FIELDS):
        later[row.subject_id].append(row)
    acts: dict[uuid.UUID, list[ValidityEnd]] = defaultdict(list)
    for act in ValidityEnd.objects.filter(subject_id__in=subjects):
        acts[act.subject_id].append(act)
    ending = [d for d in documents if d.kind in (*VERDICTS, DocumentKind.CALIBRATION_CERTIFICATE)]
    found = {d.pk: _first(d, later[d.subject_id], acts[d.subject_id]) for d in ending}
    return {pk: end for pk, end in found.items() if end is not None}


def _first(document: Document, others: Iterable[Document], acts: Iterable[ValidityEnd]) -> End | None:
    own = _moment(document)
    found: list[tuple[Moment, End]] = []
    for other in others:
        if _family(other) == _family(document) and _moment(other) > own and other.pk != document.pk:
            cause = REJECTED if other.verdict in BAD else SUPERSEDED
            found.append((_moment(other), End(other.performed_on, cause, other)))
    if document.verdict not in BAD:  # what failed stays failed, whatever is done to the instrument
        found += [((act.on, act.at), End(act.on, act.cause)) for act in acts if (act.on, act.at) >= own]
    return min(found, key=lambda pair: pair[0], default=(None, None))[1]


def _moment(document: Document) -> Moment:
    """The day it speaks of, and when it was entered: the order of two on one day."""
    at = document.recorded_at or document.issued_at or clock.start_of(document.performed_on)
    return document.performed_on, at


def _family(document: Document) -> str:
    """Kinds that take each other's place: a calibration says nothing of a verification, nor the other way round."""
    return "verification" if document.kind in VERDICTS else document.kind


def _out_of_use(documents: Sequence[Document]) -> set[uuid.UUID]:
    by_type: dict[str, set[uuid.UUID]] = defaultdict(set)
    for document in documents:
        by_type[document.subject_type].add(document.subject_id)
    asked = [(PUBLIC_SUBJECTS.get(kind), ids) for kind, ids in by_type.items()]
    return {pk for source, ids in asked if source is not None for pk in source.out_of_use(ids)}
