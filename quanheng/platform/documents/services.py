"""Issue, replace, revoke, import: the only writers of documents."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from quanheng.errors import InputError
from quanheng.evidence.content import CertificateContent
from quanheng.evidence.ledger import CERTIFICATE_ISSUED, CERTIFICATE_REPLACED, CERTIFICATE_REVOKED
from quanheng.platform.documents import ledger, policies, public
from quanheng.platform.documents.models import Cause, Document, DocumentKind, Origin, ValidityEnd
from quanheng.platform.documents.numbering import new_code, numbered, reserve_number, use_number, void_number
from quanheng.platform.documents.sealing import Sealed, seal_content
from quanheng.platform.documents.workflow import DOCUMENT
from quanheng.platform.kernel import bulk, clock, events, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.kernel.policies import require

__all__ = [
    "end_validity",
    "forget_imported",
    "issue",
    "issue_sealed",
    "numbered",
    "record_imported",
    "reserve_number",
    "revoke",
    "seal_content",
    "void_number",
]

IMPORT_FIELDS = frozenset(
    {"number", "kind", "organisation", "issuer_name", "owner", "region", "subject_type", "subject_id", "verdict"}
    | {"issued_on", "performed_on", "valid_until", "public"}
)


def merge_soon() -> None:
    """Bring the leaf into the log as soon as the transaction stands; the periodic job is the safety net."""
    transaction.on_commit(ledger.merge_soon, robust=True)


def issue(
    *,
    content: CertificateContent,
    organisation: Organisation,
    owner: Organisation | None,
    region: Region | None,
    subject_type: str,
    subject_id: uuid.UUID,
    actor: Actor,
    replaces: Document | None = None,
) -> Document:
    """Make, sign and store the document under its reserved number. A failure voids the number with its reason."""
    try:
        sealed = seal_content(content, organisation)
        return issue_sealed(
            sealed=sealed,
            organisation=organisation,
            owner=owner,
            region=region,
            subject_type=subject_type,
            subject_id=subject_id,
            actor=actor,
            replaces=replaces,
        )
    except BaseException as error:
        if not transaction.get_connection().in_atomic_block:
            void_number(content.number, f"{type(error).__name__}: {error}", actor=actor)
        raise


@transaction.atomic
def issue_sealed(
    *,
    sealed: Sealed,
    organisation: Organisation,
    owner: Organisation | None,
    region: Region | None,
    subject_type: str,
    subject_id: uuid.UUID,
    actor: Actor,
    replaces: Document | None = None,
) -> Document:
    """Write document, leaf and number in one transaction; the bytes are already on disk."""
    require(policies.may_issue(actor, organisation))
    content = sealed.content
    use_number(content.number)
    moment = clock.now()
    document = Document.objects.create(
        state=DOCUMENT.initial,
        number=content.number,
        kind=content.kind,
        origin=Origin.ISSUED,
        organisation=organisation,
        issuer_name=content.issuer.name,
        owner=owner,
        region=region,
        subject_type=subject_type,
        subject_id=subject_id,
        verdict=content.verdict or "",
        issued_on=content.issued_on,
        performed_on=content.performed_to,
        valid_until=content.valid_until,
        issued_at=moment,
        recorded_at=moment,
        public_code=content.public_url.rstrip("/").rsplit("/", 1)[-1],
        public=public.summary(content.as_json()),
        content_sha256=content.content_sha256,
        xml_sha256=sealed.xml_sha256,
        pdf_sha256=sealed.pdf_sha256,
        record_sha256=content.record_sha256,
        signed_by=content.signature_act.signatory,
        replaces=replaces,
    )
    if replaces is None:
        ledger.add_leaf(document, CERTIFICATE_ISSUED, previous=None, at=moment)
    else:
        _give_way(replaces, document, content, actor)
        previous = ledger.own_leaf(replaces).leaf_hash
        ledger.add_leaf(document, CERTIFICATE_REPLACED, previous=previous, at=moment)
    events.record(
        actor,
        "documents.issued",
        document,
        reason=content.replaces.reason.zh if content.replaces else "",
        after={"number": document.number, "xml_sha256": document.xml_sha256},
    )
    merge_soon()
    return document


def _give_way(old: Document, new: Document, content: CertificateContent, actor: Actor) -> None:
    if content.replaces is None or content.replaces.number != old.number:
        raise InputError("replaces", "the content must name the certificate that it replaces", "replaces")
    if old.subject_id != new.subject_id:
        raise InputError("replaces", "a replacement is about the same subject", "subject_id")
    reason = content.replaces.reason.zh[:300]
    workflow.apply(DOCUMENT, "replace", old, actor=actor, reason=reason, state_reason=reason)


@transaction.atomic
def revoke(document: Document, *, reason: str, void_from: dt.date, actor: Actor) -> Document:
    """Withdraw a document from a day on. It stays readable; its status note and public page say so at once."""
    if void_from < document.performed_on or void_from > clock.today():
        raise InputError("void_from", "a revocation begins between the day of the verification and today", "void_from")
    previous = ledger.own_leaf(document).leaf_hash if document.origin == Origin.ISSUED else None
    workflow.apply(
        DOCUMENT, "revoke", document, actor=actor, reason=reason, state_reason=reason[:300], void_from=void_from
    )
    ledger.add_leaf(document, CERTIFICATE_REVOKED, previous=previous, at=clock.now())
    merge_soon()
    return document


@transaction.atomic
def record_imported(rows: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[Document]:
    """Enter a bureau's past: numbers and dates without sealed bytes, shown as such, never counted as proven."""
    documents = [_imported(row, place) for place, row in enumerate(rows)]
    for organisation in {d.organisation_id: d.organisation for d in documents}.values():
        require(policies.may_import(actor, organisation))
    bulk.insert(documents)
    events.record_many(actor, "documents.imported", documents)
    return documents


@transaction.atomic
def forget_imported(ids: Iterable[uuid.UUID | None], *, actor: Actor) -> int:
    """Take imported documents back with the import that brought them; what we issued is never touched."""
    documents = list(Document.objects.filter(pk__in=set(ids), origin=Origin.IMPORTED).select_related("organisation"))
    for organisation in {d.organisation_id: d.organisation for d in documents}.values():
        require(policies.may_import(actor, organisation))
    events.record_many(actor, "documents.import_undone", documents)
    for start in range(0, len(documents), 500):
        Document.objects.filter(pk__in=[d.pk for d in documents[start : start + 500]]).delete()
    return len(documents)


def _imported(row: Mapping[str, Any], place: int) -> Document:
    unknown = sorted(set(row) - IMPORT_FIELDS)
    if unknown:
        raise InputError("unknown_field", f"an imported certificate has no field {unknown[0]}", f"row {place + 1}")
    if row["kind"] not in DocumentKind.values or not str(row["number"]).strip():
        raise InputError("row", "an imported certificate needs a number and a known kind", f"row {place + 1}")
    return Document(
        **{"issuer_name": row["organisation"].name, "issued_on": row["performed_on"], "verdict": "", **row},
        state=DOCUMENT.initial,
        origin=Origin.IMPORTED,
        public_code=new_code(),
        recorded_at=clock.now(),
    )


def end_validity(subject_id: uuid.UUID, cause: Cause) -> ValidityEnd:
    """From today the documents about a subject no longer hold; part of the act that ends them, which is the event."""
    return ValidityEnd.objects.create(subject_id=subject_id, cause=cause, on=clock.today(), at=clock.now())
