"""Numbers of documents: reserved for good in a transaction of their own, used or voided with a reason."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from quanheng.errors import InputError
from quanheng.platform.documents.models import NumberRecord
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor, system
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.numbering import next_value

LETTERS = {
    "verification_certificate": "V",
    "rejection_notice": "N",
    "calibration_certificate": "C",
    "test_report": "T",
    "comparison_report": "B",
    "reference_material_certificate": "R",
}
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 12
ABANDONED_AFTER = dt.timedelta(minutes=10)


class Reservation(NamedTuple):
    """A number that nobody else will get, and the unguessable code of its public page."""

    number: str
    public_code: str


def public_url(code: str) -> str:
    """The address printed under the QR."""
    return f"{settings.QUANHENG.base_url}/v/{code}"


def new_code() -> str:
    """A code of 60 random bits without look-alike characters."""
    bits = secrets.randbits(5 * CODE_LENGTH)
    return "".join(CODE_ALPHABET[(bits >> 5 * place) & 31] for place in range(CODE_LENGTH))


def prefix_of(organisation: Organisation) -> str:
    """Letters and digits of the authorisation, else the end of the credit code, else of the id."""
    for text, length in ((organisation.authorisation, 16), (organisation.credit_code[-9:], 9)):
        letters = re.sub(r"[^0-9A-Za-z]", "", text).upper()
        if len(letters) >= 4:
            return letters[:length]
    return organisation.pk.hex[:8].upper()


@transaction.atomic(durable=True)
def reserve_number(*, organisation: Organisation, kind: str, on: dt.date, actor: Actor) -> Reservation:
    """Take the next number of the institute, kind and year. Committed at once, so that it survives any failure."""
    if kind not in LETTERS:
        raise InputError("kind", f"there is no kind of document named {kind}; use {', '.join(LETTERS)}", "kind")
    stem = f"{prefix_of(organisation)}-{LETTERS[kind]}{on.year}"
    number = f"{stem}-{next_value(f'document:{stem}'):06d}"
    row = NumberRecord.objects.create(number=number, organisation=organisation, state="reserved")
    events.record(actor, "documents.number_reserved", row, after={"number": number})
    return Reservation(number, new_code())


@transaction.atomic
def void_number(number: str, reason: str, *, actor: Actor) -> None:
    """Explain a gap: the number was reserved and will never be used."""
    row = NumberRecord.objects.filter(number=number).first()
    if row is None or not NumberRecord.objects.filter(pk=row.pk, state="reserved").update(
        state="voided", reason=reason[:300]
    ):
        raise InputError("number_state", "only a reserved number can be voided", number)
    events.record(actor, "documents.number_voided", row, reason=reason, after={"number": number, "state": "voided"})


def use_number(number: str) -> None:
    """Mark a reserved number as used, in the transaction that writes its document."""
    if not NumberRecord.objects.filter(number=number, state="reserved").update(state="used"):
        raise InputError("number_state", "reserve a number before issuing under it", number)


@contextmanager
def numbered(*, organisation: Organisation, kind: str, on: dt.date, actor: Actor) -> Iterator[Reservation]:
    """A reserved number for the block; when the block fails, the number is voided with the failure as its reason."""
    reservation = reserve_number(organisation=organisation, kind=kind, on=on, actor=actor)
    try:
        yield reservation
    except BaseException as error:
        reason = getattr(error, "message", "") or str(error) or "interrupted"
        if NumberRecord.objects.filter(number=reservation.number, state="reserved").exists():
            void_number(reservation.number, f"{type(error).__name__}: {reason}", actor=actor)
        raise


def void_abandoned() -> str:
    """Void numbers whose process died between reserving and issuing (periodic)."""
    actor = system("documents")
    stale = NumberRecord.objects.filter(state="reserved", reserved_at__lt=clock.now() - ABANDONED_AFTER)
    numbers = list(stale.values_list("number", flat=True)[:1000])
    for number in numbers:
        void_number(number, "the process ended before the document was written", actor=actor)
    return f"{len(numbers)} numbers voided"
