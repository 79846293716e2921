"""One scale, from the task to a certificate that a stranger can check."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.evidence.bundle import read_bundle
from quanheng.evidence.verify import read_keys, verify_file
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.kernel import clock, files
from quanheng.platform.trace.queries import prove
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> object:
    with clock.at(steps.TODAY):
        yield


def test_a_scale_becomes_a_certificate_that_a_stranger_can_check(cast: Cast) -> None:
    record = steps.signed(cast)
    document = record.document
    assert document is not None
    ledger.merge_leaves()
    outcome = verify_file(
        files.get(document.pdf_sha256), read_bundle(ledger.bundle(document)), read_keys(keys_text().encode())
    )
    assert outcome.result == "proven"
    assert (record.state, record.task.state, record.task.application.state) == ("issued", "issued", "completed")
    instrument = record.instrument
    instrument.refresh_from_db()
    assert (instrument.last_verdict, instrument.last_document_number) == ("pass", document.number)
    assert instrument.valid_until == document.valid_until == dt.date(2027, 10, 11)
    chain = prove(instrument.pk, steps.TODAY)
    assert chain["holds"]
    assert not chain["proven"]
