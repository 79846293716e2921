"""Reads: records, the documents they became, and what is stored for a replay."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Count, Q, QuerySet

from quanheng.errors import InputError
from quanheng.evidence.bundle import Replay
from quanheng.platform.certificates import policies
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document, Origin
from quanheng.platform.documents.policies import visible_to as documents_visible_to
from quanheng.platform.documents.validity import BAD, Standing, standings
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, files
from quanheng.platform.kernel.actors import Actor

RELATED = ("task", "task__norm", "instrument", "instrument__organisation", "organisation", "verifier", "checker")

LISTED = 500  # at once, for the command line


def records(viewer: Actor) -> QuerySet[Record]:
    """Records the viewer may see."""
    return Record.objects.filter(policies.visible_to(viewer)).select_related(*RELATED)


def documents(viewer: Actor) -> QuerySet[Document]:
    """Certificates and notices the viewer may see."""
    return Document.objects.filter(documents_visible_to(viewer)).select_related("organisation", "owner", "region")


def document_numbered(viewer: Actor, number: str) -> Document:
    """The document of that number; InputError where there is none or more than one."""
    found = list(documents(viewer).filter(number=number)[:2])
    if not found:
        raise InputError("unknown_number", "no certificate of that number is kept here", number[:80])
    if len(found) > 1:
        raise InputError("ambiguous_number", "several institutes use that number; ask by public code", number[:80])
    return found[0]


def previous_of(record: Record) -> Record | None:
    """The instrument's last issued record by the same procedure: what a new sheet shows as ghosts."""
    earlier = Record.objects.filter(
        instrument_id=record.instrument_id, procedure_id=record.procedure_id, state="issued"
    ).exclude(pk=record.pk)
    return earlier.order_by("-performed_on", "-created_at").first()


def instruments_of(found: list[Document]) -> dict[Any, Instrument]:
    """The instruments of documents, by id, in one question."""
    return Instrument.objects.select_related("organisation").in_bulk([d.subject_id for d in found])


def stored(document: Document) -> dict[str, Any]:
    """What a replay needs, from the bytes kept at signing: procedure content, raw record, result."""
    record = Record.objects.filter(document=document).first() or _through_replacement(document)
    if document.origin != Origin.ISSUED or record is None or record.result is None:
        raise InputError("not_replayable", "only certificates issued here keep their raw record", document.number)
    return {
        "number": document.number,
        "procedure": record.procedure_id,
        "content": json.loads(files.get(record.procedure_sha256)),
        "record": json.loads(files.get(document.record_sha256)),
        "result": record.result,
    }


def replay_parts(document: Document) -> Replay | None:
    """The bytes a stranger recomputes from; None for what was not issued here, or without a record."""
    record = Record.objects.filter(document=document).first() or _through_replacement(document)
    if document.origin != Origin.ISSUED or record is None:
        return None
    return Replay(files.get(document.record_sha256), files.get(record.procedure_sha256))


def _through_replacement(document: Document) -> Record | None:
    """A replaced certificate shares its record with the one that took its place."""
    newer = document.replaced_by.first()
    while newer is not None:
        found = Record.objects.filter(document=newer).first()
        if found is not None:
            return found
        newer = newer.replaced_by.first()
    return None


def listing(viewer: Actor, *, limit: int | None = None, state: str = "") -> Iterator[dict[str, Any]]:
    """Documents as plain values for the command line, the newest first; a province's are never all in memory."""
    rows = documents(viewer).order_by("-issued_on", "-number")
    rows = rows.filter(state=state) if state else rows
    coming = rows[:limit].iterator(chunk_size=LISTED)
    while found := list(islice(coming, LISTED)):
        stand = standings(found, clock.today())
        yield from (_plain(d, stand[d.pk]) for d in found)


def _plain(document: Document, standing: Standing) -> dict[str, Any]:
    def text(day: dt.date | None) -> str | None:
        return day.isoformat() if day else None

    return {
        "number": document.number,
        "kind": document.kind,
        "origin": document.origin,
        "state": document.state,
        "standing": standing.key,
        "ended_on": text(standing.end.on if standing.end else None),
        "verdict": document.verdict,
        "issuer": document.issuer_name,
        "performed_on": text(document.performed_on),
        "issued_on": text(document.issued_on),
        "valid_until": text(document.valid_until),
        "public_code": document.public_code,
        "xml_sha256": document.xml_sha256,
        "pdf_sha256": document.pdf_sha256,
    }


def record_counts(viewer: Actor) -> dict[str, int]:
    """How many records stand in each state."""
    rows = Record.objects.filter(policies.visible_to(viewer)).values_list("state").annotate(n=Count("pk"))
    return dict(rows.order_by())


def terms(today: dt.date) -> dict[str, Q]:
    """Parts of the list by date, verdict and state: each document lies in one of them."""
    counts = Q(state="issued") & ~Q(verdict__in=BAD)
    return {
        "within": counts & (Q(valid_until=None) | Q(valid_until__gte=today)),
        "over": counts & Q(valid_until__lt=today),
        "rejected": Q(state="issued", verdict__in=BAD),
        "replaced": Q(state="replaced"),
        "revoked": Q(state="revoked"),
    }


def document_counts(viewer: Actor) -> dict[str, int]:
    """How many documents lie in each part, and in all, in one pass."""
    parts = {key: Count("pk", filter=q) for key, q in terms(clock.today()).items()}
    return Document.objects.filter(documents_visible_to(viewer)).aggregate(all=Count("pk"), **parts)
