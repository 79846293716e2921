"""Signing: the second factor, every condition once more, then number, document, ledger, instrument, trace."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.evidence.content import CertificateContent
from quanheng.platform.certificates import conditions, content, item, links, policies
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.services import Outcome, each_in_turn, person
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.documents import ledger, sealers
from quanheng.platform.documents import services as documents
from quanheng.platform.documents.models import Document
from quanheng.platform.documents.numbering import Reservation, public_url
from quanheng.platform.documents.policies import may_withdraw
from quanheng.platform.documents.sealing import Sealed, seal_content
from quanheng.platform.documents.standing import ended_words
from quanheng.platform.documents.validity import standing_of
from quanheng.platform.instruments.ledger_words import to_complete
from quanheng.platform.instruments.services import (
    Result,
    complete_parameters,
    correct_by_verification,
    set_verification_result,
)
from quanheng.platform.kernel import clock, events, files, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.trace import services as trace
from quanheng.platform.trace.queries import Proofs, proving_once
from quanheng.platform.verification.services import complete_if_done
from quanheng.platform.verification.workflow import TASK
from quanheng.platform.web import second_factor

SEALERS = min(4, os.cpu_count() or 1)  # typesetting holds no lock of the interpreter
AHEAD = 2 * SEALERS
Sealing = Callable[[CertificateContent, Organisation], "Future[Sealed]"]
FACTOR_NAMES = {"totp": "TOTP", "recovery_code": "一次性恢复码"}


def _factor(actor: Actor, code: str) -> str:
    """The printed name of the factor that the code proves; refuses a wrong or used one."""
    return FACTOR_NAMES[second_factor.verify(person(actor), code)]


def sign(record: Record, *, second_factor_code: str, meaning: str = "approve", actor: Actor) -> Record:
    """Sign one record; see ``_signing`` for the order of things."""
    workflow.demand(RECORD, "sign", record, actor)
    factor = _factor(actor, second_factor_code)
    for _waiting in _signing(record, factor=factor, meaning=meaning, actor=actor, sealing=_at_once):
        pass
    return record


def sign_many(
    records: Iterable[Record], *, second_factor_code: str, meaning: str = "approve", actor: Actor
) -> list[Outcome]:
    """One act of the second factor for a list that was shown; each document in a transaction of its own.

    While one document is typeset and sealed beside us, the next is examined; they are issued in the order of the list.
    """
    factor = _factor(actor, second_factor_code)
    proofs: Proofs = {}
    with ledger.merging_seldom(), _sealing_beside() as beside:
        return each_in_turn(
            records,
            lambda record: _signing(record, factor=factor, meaning=meaning, actor=actor, sealing=beside, proofs=proofs),
            ahead=AHEAD,
        )


@contextmanager
def _sealing_beside() -> Iterator[Sealing]:
    """By the processes that stand ready, else by threads of this batch."""
    if (ready := sealers.standing()) is not None:
        yield lambda made, organisation: ready.submit(seal_content, made, organisation)
        return
    with ThreadPoolExecutor(SEALERS, thread_name_prefix="seal") as pool:
        yield lambda made, organisation: pool.submit(copy_context().run, seal_content, made, organisation)


def _at_once(made: CertificateContent, organisation: Organisation) -> Future[Sealed]:
    done: Future[Sealed] = Future()
    done.set_result(seal_content(made, organisation))
    return done


def _signing(
    record: Record, *, factor: str, meaning: str, actor: Actor, sealing: Sealing, proofs: Proofs | None = None
) -> Generator[None]:
    """Examine, number, seal, examine again, issue. Pauses once, while the document is sealed.

    Left in the pause for good, or failing there, it voids the number with the reason.
    """
    workflow.demand(RECORD, "sign", record, actor)
    if meaning not in content.MEANINGS:
        raise Refused(_("请确认签名的含义"), code="meaning", place="meaning")
    act = content.Act(person(actor), clock.now(), meaning, factor)
    with proving_once(proofs):  # inside the transaction below each chain is proven afresh
        _refuse(record, act, recompute=True)
    kind, today = content.kind_of(record), clock.today()
    with documents.numbered(organisation=record.organisation, kind=kind, on=today, actor=actor) as reserved:
        sealed = sealing(_stated(record, act, reserved, today, None), record.organisation)
        yield
        issued = sealed.result()
        with transaction.atomic():
            _refuse(record, act, recompute=False)
            document = _issue(record, issued, actor, None)
            workflow.apply(
                RECORD, "sign", record, actor=actor, signatory=act.signatory, signed_at=act.at, document=document
            )
            workflow.apply(TASK, "issue", record.task, actor=actor, closed_at=act.at)
            complete_if_done(record.task.application, actor=actor)
            _spread(record, document, actor)


def _refuse(record: Record, act: content.Act, *, recompute: bool) -> None:
    """Asked before the number is taken, and again inside the transaction: a standard may be withdrawn in between."""
    people = conditions.people_of(record, signatory=act.signatory)
    found = conditions.issue_conditions(record, people=people, factor=act.factor, recompute=recompute)
    if bad := conditions.failing(found):
        raise Refused(*(c.refusal for c in bad), code="conditions")


def _stated(
    record: Record,
    act: content.Act,
    reserved: Reservation,
    today: dt.date,
    replacing: content.Replacing | None,
) -> CertificateContent:
    """What the document says; the raw record and the procedure it rests on are kept."""
    made = content.build(
        record,
        number=reserved.number,
        public_url=public_url(reserved.public_code),
        act=act,
        issued_on=today,
        replacing=replacing,
    )
    files.put(content.record_bytes(record))
    files.put(procedures.loaded(record.procedure_id).canonical)
    return made


def _issue(record: Record, sealed: Sealed, actor: Actor, replaces: Document | None) -> Document:
    instrument = record.instrument
    return documents.issue_sealed(
        sealed=sealed,
        organisation=record.organisation,
        owner=instrument.organisation,
        region=instrument.region,
        subject_type=instrument._meta.label_lower,
        subject_id=instrument.pk,
        actor=actor,
        replaces=replaces,
    )


def given(record: Record) -> dict[str, Any]:
    """The instrument's parameters as the record has them."""
    return dict(record.data.get("instrument") or {})


def _spread(record: Record, document: Document, actor: Actor) -> None:
    """Tell the instrument ledger and the trace graph."""
    result = Result(
        verified_on=record.performed_on,
        verdict=record.verdict,
        valid_until=document.valid_until,
        document_id=document.pk,
        document_number=document.number,
    )
    set_verification_result(actor=actor, instrument=record.instrument, result=result)
    known = to_complete(procedures.loaded(record.procedure_id).procedure.parameters, given(record), record.instrument)
    if known:
        complete_parameters(actor=actor, instrument=record.instrument, found=known, document_number=document.number)
    record.instrument.refresh_from_db()
    found = item.found_by_verification(record)
    if found and record.instrument.last_document_id == document.pk:
        correct_by_verification(actor=actor, instrument=record.instrument, document_number=document.number, **found)
    if record.verdict == "pass":
        links.record_in_graph(record, document, actor)


def replace_certificate(
    record: Record,
    *,
    reason: str,
    reason_en: str = "",
    second_factor_code: str,
    meaning: str = "approve",
    actor: Actor,
) -> Document:
    """Issue the same results anew, with the particulars of the record; of the customer as it is named now.

    What the ledger says of the instrument meanwhile does not enter. The old document stays readable.
    """
    old = record.document
    require(policies.may_sign(actor, record))
    if record.state != "issued" or old is None or old.state != "issued":
        raise Refused(_("只能替换有效的文书"), code="state")
    if (end := standing_of(old, clock.today()).end) is not None:
        raise Refused(ended_words(end), _("已失效的文书不能替换"), code="state")
    if not reason.strip():
        raise Refused(_("请写明替换的原因"), code="reason_required", place="reason")
    act = content.Act(person(actor), clock.now(), meaning, _factor(actor, second_factor_code))
    _refuse_replacement(record, act)
    replacing = content.Replacing(old, reason.strip(), reason_en.strip() or reason.strip())
    kind, today = content.kind_of(record), clock.today()
    with documents.numbered(organisation=record.organisation, kind=kind, on=today, actor=actor) as reserved:
        sealed = seal_content(_stated(record, act, reserved, today, replacing), record.organisation)
        with transaction.atomic():
            document = _issue(record, sealed, actor, old)
            Record.objects.filter(pk=record.pk).update(document=document, signatory=act.signatory, signed_at=act.at)
            trace.void_certificate(old.pk, record.performed_on, actor=actor)
            _spread(record, document, actor)
    record.refresh_from_db()
    return document


def _refuse_replacement(record: Record, act: content.Act) -> None:
    """What must still hold when results are printed anew: the computation, the people, the factor."""
    people = conditions.people_of(record, signatory=act.signatory)
    found = conditions.issue_conditions(record, people=people, factor=act.factor)
    bad = [c for c in conditions.failing(found) if c.key != "instrument_state"]
    if bad:
        raise Refused(*(c.refusal for c in bad), code="conditions")


def revoke_certificate(
    document: Document, *, reason: str, void_from: dt.date, second_factor_code: str, actor: Actor
) -> Document:
    """Withdraw a document: public page and status note at once, the graph from ``void_from`` on, the instrument too.

    As serious as signing, so it asks the same: the person's second factor, under words that say what the act means.
    """
    require(may_withdraw(actor, document))
    factor = _factor(actor, second_factor_code)  # outside the transaction: a spent code stays spent
    return _revoke(document, reason, void_from, factor, actor)


@transaction.atomic
def _revoke(document: Document, reason: str, void_from: dt.date, factor: str, actor: Actor) -> Document:
    documents.revoke(document, reason=reason, void_from=void_from, actor=actor)
    after = {"meaning": content.WITHDRAWING["zh"], "factor": factor}
    events.record(actor, "documents.revocation_signed", document, reason=reason, after=after)
    trace.void_certificate(document.pk, void_from, actor=actor)
    links.withdraw_from_instrument(document, void_from, actor)
    return document
