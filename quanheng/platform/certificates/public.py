"""What the public check asks about instruments: their label, how they stand, and the chain behind them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from quanheng.platform.documents.public import PUBLIC_SUBJECTS, ChainFacts, PublicSubject, SubjectSource
from quanheng.platform.instruments.codes import read_code
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.trace.queries import Card, cards, prove

SHOWN = {
    "draft": "in_use",
    "filing": "in_use",
    "in_use": "in_use",
    "stopped": "stopped",
    "repair": "repair",
    "awaiting": "awaiting",
}


def _ledger(one: Instrument) -> dict[str, str]:
    return {
        "name": one.name,
        "model": one.specification,
        "serial_number": f"{one.serial_number} – {one.serial_to}" if one.serial_to else one.serial_number,
        "manufacturer": one.manufacturer,
        "measuring_range": one.measuring_range,
        "accuracy_class": one.accuracy_class,
    }


def _subject(one: Instrument | None) -> PublicSubject | None:
    if one is None:
        return None
    return PublicSubject(
        kind="instrument",
        id=one.pk,
        code=one.code,
        item={k: v for k, v in _ledger(one).items() if v},
        state=SHOWN.get(one.state, "scrapped"),
        verdict=one.last_verdict,
        verified_on=one.verified_on,
        valid_until=one.valid_until,
        invalidated_on=one.invalidated_on,
        document_id=one.last_document_id,
    )


def by_code(code: str) -> PublicSubject | None:
    """The instrument of a label."""
    return _subject(Instrument.objects.filter(code__in={code, read_code(code)} - {""}).first())


def by_id(pk: uuid.UUID) -> PublicSubject | None:
    """The instrument a certificate is about."""
    return _subject(Instrument.objects.filter(pk=pk).first())


def out_of_use(ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of the instruments nobody may use at present."""
    stopped = [state for state, shown in SHOWN.items() if shown != "in_use"]
    return set(Instrument.objects.filter(pk__in=ids, state__in=[*stopped, "scrapped"]).values_list("pk", flat=True))


def chain(pk: uuid.UUID, on: dt.date) -> ChainFacts | None:
    """How far its chain holds that day; standards by name, never by owner."""
    answer = prove(pk, on)
    broken = (answer.get("broken") or {}).get("code", "")
    return ChainFacts(bool(answer["holds"]), bool(answer["proven"]), tuple(_link(c) for c in cards(answer)), broken)


def _link(card: Card) -> dict[str, Any]:
    return {
        "standard": card.standard.label if card.standard else "—",
        "used_on": card.link["used_on"],
        "basis": card.link["basis"],
        "ok": card.link["ok"],
    }


SOURCE = SubjectSource(by_code, by_id, out_of_use, chain)


def register() -> None:
    """Called once when the app is ready."""
    PUBLIC_SUBJECTS.register(Instrument._meta.label_lower, SOURCE)
