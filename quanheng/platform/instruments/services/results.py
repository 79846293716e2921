"""The result of a verification comes back to the ledger. Called by the services that issue or import documents."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from quanheng.platform.instruments import policies
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.status import PASS, REJECT
from quanheng.platform.instruments.words import search_text
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock, events, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.trace.services import void_certificates_of


@dataclass(frozen=True)
class Result:
    """One verification: when, how it ended, until when it holds, by which document."""

    verified_on: dt.date
    verdict: str
    valid_until: dt.date | None
    document_id: uuid.UUID | None
    document_number: str


def _known(result: Result) -> None:
    if result.verdict not in (PASS, REJECT):
        raise Refused(f"verdict must be pass or reject, not {result.verdict!r}", code="invalid", place="verdict")
    if result.verified_on > clock.today():
        raise Refused(_("检定日期晚于今天"), code="invalid", place="verified_on")
    if result.valid_until is not None and result.valid_until < result.verified_on:
        raise Refused(_("有效期至早于检定日期"), code="invalid", place="valid_until")


def put(item: Instrument, result: Result) -> bool:
    """Set the fields of a result on the instrument, unless a newer verification is known. True if set.

    Repair or relocation ends validity: only a verification made on that day or later restores it.
    """
    if item.verified_on is not None and result.verified_on < item.verified_on:
        return False
    item.verified_on = result.verified_on
    item.valid_until = result.valid_until if result.verdict == PASS else None
    item.last_verdict = result.verdict
    item.last_document_id = result.document_id
    item.last_document_number = result.document_number
    if item.invalidated_on is not None and result.verified_on >= item.invalidated_on:
        item.invalidated_on = None
    item.search = search_text(item, item.organisation.name)
    return True


FIELDS = (
    "verified_on",
    "valid_until",
    "last_verdict",
    "last_document_id",
    "last_document_number",
    "invalidated_on",
    "search",
)


@transaction.atomic
def set_verification_result(*, actor: Actor, instrument: Instrument, result: Result) -> Instrument:
    """Note a verification. A rejection stops use; a pass after a rejection brings it back.

    The row is read again under a lock, so that a result is never lost to an edit made at the same time.
    """
    require(policies.may_record_result(actor, instrument))
    _known(result)
    item = (
        Instrument.objects.select_for_update(of=("self",))
        .select_related("organisation", "category")
        .get(pk=instrument.pk)
    )
    if item.state in ("draft", "scrapped"):
        raise Refused(_("草稿或已报废的器具不能登记检定结果"), code="wrong_state")
    rejected_before = item.last_verdict == REJECT
    before = {k: getattr(item, k) for k in FIELDS if k != "search"}
    if not put(item, result):
        return item
    item.save(update_fields=FIELDS)
    Instrument.objects.filter(pk=item.pk).update(version=F("version") + 1)
    item.version += 1
    after = {k: getattr(item, k) for k in FIELDS if k != "search"}
    events.record(actor, "instruments.verified", item, before=before, after=after)
    if result.verdict == REJECT:
        void_certificates_of(item.pk, result.verified_on, actor=actor)
    if result.verdict == REJECT and item.state in ("in_use", "awaiting"):
        reason = _("检定不合格:%(number)s") % {"number": result.document_number}
        workflow.apply(INSTRUMENT, "stop_on_rejection", item, actor=actor, reason=reason)
    elif result.verdict == PASS and (passes_after_repair(item) or (rejected_before and _stopped_by_rejection(item))):
        workflow.apply(INSTRUMENT, "resume_on_pass", item, actor=actor)
    return item


@transaction.atomic
def complete_parameters(
    *, actor: Actor, instrument: Instrument, found: Mapping[str, Any], document_number: str
) -> Instrument:
    """Fill what the ledger entry left empty with what the verification established; nothing written is overwritten."""
    require(policies.may_record_result(actor, instrument))
    item = Instrument.objects.select_for_update(of=("self",)).get(pk=instrument.pk)
    new = {k: v for k, v in found.items() if not item.parameters.get(k)}
    label = str(new.get("accuracy_class") or "") if not item.accuracy_class else ""
    if not new:
        return item
    before = {"parameters": item.parameters, "accuracy_class": item.accuracy_class}
    item.parameters = {**item.parameters, **new}
    item.accuracy_class = item.accuracy_class or label
    item.version += 1
    item.save(update_fields=["parameters", "accuracy_class", "version"])
    after = {"parameters": item.parameters, "accuracy_class": item.accuracy_class, "document": document_number}
    events.record(actor, "instruments.parameters_completed", item, before=before, after=after)
    return item


def passes_after_repair(item: Instrument) -> bool:
    """Whether a pass made after the repair has come in for an instrument that waits for one."""
    return item.state == "awaiting" and item.last_verdict == PASS and item.invalidated_on is None


def _stopped_by_rejection(item: Instrument) -> bool:
    """Whether the last thing that stopped it was a rejection, and not its owner."""
    stops = events.history(item).filter(verb__in=["instruments.stop", "instruments.stop_on_rejection"])
    last = stops.values_list("verb", flat=True).first()
    return item.state == "stopped" and last == "instruments.stop_on_rejection"


@transaction.atomic
def set_verification_results(*, actor: Actor, rows: Sequence[tuple[Instrument, Result]]) -> int:
    """Many results, one after the other in one transaction."""
    for instrument, result in rows:
        set_verification_result(actor=actor, instrument=instrument, result=result)
    return len(rows)
