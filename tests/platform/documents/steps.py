"""Steps that the tests of documents share."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from quanheng.evidence.content import CertificateContent, load
from quanheng.platform.documents import ledger, services
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.numbering import Reservation, numbered, public_url
from quanheng.platform.kernel import clock
from tests.evidence.sample_content import make_data
from tests.platform.cast import Cast

DAY = dt.date(2026, 10, 12)


def make_content(reservation: Reservation, **changes: Any) -> CertificateContent:
    """The sample certificate under a reserved number."""
    return load(make_data(number=reservation.number, public_url=public_url(reservation.public_code), **changes))


def issue_one(
    cast: Cast, *, replaces: Document | None = None, subject: uuid.UUID | None = None, **changes: Any
) -> Document:
    """Reserve, seal, issue, as signing does."""
    actor = cast.actor("signatory")
    if "replaces_data" in changes:
        changes["replaces"] = changes.pop("replaces_data")
    kind = changes.get("kind", "verification_certificate")
    with (
        clock.at(dt.datetime(2026, 10, 12, 2, 30, tzinfo=dt.UTC)),
        numbered(organisation=cast.institute, kind=kind, on=DAY, actor=actor) as reservation,
    ):
        return services.issue(
            content=make_content(reservation, **changes),
            organisation=cast.institute,
            owner=cast.shop,
            region=cast.shop.region,
            subject_type="instruments.instrument",
            subject_id=subject or uuid.uuid4(),
            actor=actor,
            replaces=replaces,
        )


def issue_and_merge(cast: Cast, **changes: Any) -> Document:
    """Issued and standing in the log."""
    document = issue_one(cast, **changes)
    ledger.merge_leaves()
    return document
