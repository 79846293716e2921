"""A document is issued whole or not at all, and every number is accounted for."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from quanheng.errors import InputError
from quanheng.evidence.bundle import read_bundle
from quanheng.evidence.verify import read_keys, verify_file
from quanheng.platform.documents import ledger, numbering, services
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document, Leaf, NumberRecord
from quanheng.platform.kernel import events, files
from quanheng.platform.kernel.policies import Refused
from tests.platform.cast import Cast
from tests.platform.documents.steps import DAY, issue_and_merge, issue_one, make_content

pytestmark = pytest.mark.django_db


def outcome(document: Document) -> str:
    packed = ledger.bundle(document)
    keys = read_keys(keys_text().encode())
    return verify_file(files.get(document.pdf_sha256), read_bundle(packed), keys).result


def test_an_issued_document_is_proven_by_its_bundle_and_the_published_keys(cast: Cast) -> None:
    assert outcome(issue_and_merge(cast)) == "proven"


def test_the_bytes_are_stored_as_issued(cast: Cast) -> None:
    document = issue_one(cast)
    assert hashlib.sha256(files.get(document.xml_sha256)).hexdigest() == document.xml_sha256
    assert files.get(document.pdf_sha256).startswith(b"%PDF")
    assert files.exists(document.content_sha256)
    assert [e.verb for e in events.history(document)] == ["documents.issued"]


def test_numbers_run_without_gap_by_institute_kind_and_year(cast: Cast) -> None:
    first, second = issue_one(cast), issue_one(cast)
    assert first.number.endswith("-V2026-000001")
    assert second.number.endswith("-V2026-000002")
    assert set(NumberRecord.objects.values_list("state", flat=True)) == {"used"}


def test_a_failed_issue_leaves_nothing_but_a_voided_number_with_its_reason(cast: Cast) -> None:
    actor = cast.actor("verifier")
    with (
        pytest.raises(Refused),
        numbering.numbered(
            organisation=cast.institute, kind="verification_certificate", on=DAY, actor=actor
        ) as reservation,
    ):
        services.issue(
            content=make_content(reservation),
            organisation=cast.institute,
            owner=None,
            region=None,
            subject_type="x",
            subject_id=uuid.uuid4(),
            actor=actor,
        )
    row = NumberRecord.objects.get()
    assert (row.state, Document.objects.count(), Leaf.objects.count()) == ("voided", 0, 0)
    assert "授权签字人" in row.reason


def test_a_number_that_was_never_reserved_cannot_be_used(cast: Cast) -> None:
    with pytest.raises(InputError, match="reserve a number"):
        services.issue(
            content=make_content(numbering.Reservation("X-1", "ABCDEFGHJKLM")),
            organisation=cast.institute,
            owner=None,
            region=None,
            subject_type="x",
            subject_id=uuid.uuid4(),
            actor=cast.actor("signatory"),
        )


def test_numbers_of_a_dead_process_are_voided_later(cast: Cast) -> None:
    actor = cast.actor("signatory")
    numbering.reserve_number(organisation=cast.institute, kind="rejection_notice", on=DAY, actor=actor)
    assert numbering.void_abandoned() == "0 numbers voided"
    NumberRecord.objects.update(reserved_at=numbering.clock.now() - 2 * numbering.ABANDONED_AFTER)
    assert numbering.void_abandoned() == "1 numbers voided"
    assert NumberRecord.objects.get().state == "voided"


def test_revoking_keeps_the_old_bundle_readable_and_says_revoked(cast: Cast) -> None:
    document = issue_and_merge(cast)
    services.revoke(document, reason="读数抄错", void_from=DAY, actor=cast.actor("signatory"))
    ledger.merge_leaves()
    assert ledger.own_leaf(document).index is not None
    assert "revoked\n" in ledger.status_note(ledger.own_leaf(document), document)
    assert outcome(document) != "tampered"
    revoked = Leaf.objects.get(type="certificate_revoked")
    assert revoked.index is not None
    assert revoked.document == document


def test_a_revocation_needs_a_reason_and_a_possible_day(cast: Cast) -> None:
    document = issue_one(cast)
    with pytest.raises(InputError, match="原因"):
        services.revoke(document, reason=" ", void_from=DAY, actor=cast.actor("signatory"))
    with pytest.raises(InputError, match="between"):
        services.revoke(document, reason="x", void_from=DAY.replace(year=2020), actor=cast.actor("signatory"))


def test_a_replacement_names_the_old_one_and_is_proven_itself(cast: Cast) -> None:
    subject = uuid.uuid4()
    old = issue_and_merge(cast, subject=subject)
    reason = {"zh": "单位名称有误", "en": "Wrong name"}
    new = issue_and_merge(
        cast,
        subject=subject,
        replaces=old,
        replaces_data={"number": old.number, "reason": reason, "xml_sha256": old.xml_sha256},
    )
    old.refresh_from_db()
    assert (old.state, new.state, new.replaces_id) == ("replaced", "issued", old.pk)
    assert outcome(new) == "proven"
    assert "replaced\n" in ledger.status_note(ledger.own_leaf(old), old)


def test_history_enters_without_bytes_and_is_never_in_the_log(cast: Cast) -> None:
    row = {
        "number": "老证 2025-001",
        "kind": "verification_certificate",
        "organisation": cast.institute,
        "owner": cast.shop,
        "region": cast.shop.region,
        "subject_type": "instruments.instrument",
        "subject_id": uuid.uuid4(),
        "performed_on": DAY,
        "verdict": "pass",
    }
    (made,) = services.record_imported([row], actor=cast.actor("manager"))
    assert (made.origin, made.xml_sha256, Leaf.objects.count()) == ("imported", "", 0)
    with pytest.raises(InputError, match="only documents issued here"):
        ledger.bundle(made)
    with pytest.raises(Refused):
        services.record_imported([row], actor=cast.actor("keeper"))
