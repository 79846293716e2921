"""Checks on site: ordered from a verdict or a request, done by verification, concluded by its document."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.platform.certificates.models import Record
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.services import take_from_lot
from quanheng.platform.kernel import calendar, clock, events, numbering
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.surveillance import levels, policies, queries
from quanheng.platform.surveillance.models import AreaMeter, CheckRequest, SiteCheck
from quanheng.platform.surveillance.naming import fresh_code
from quanheng.platform.surveillance.workflow import CHECK
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task

OPEN_REQUESTS = 3  # unanswered requests that one meter may have


@transaction.atomic
def order_check(*, actor: Actor, meter: AreaMeter, reason: str) -> SiteCheck:
    """Order a check of a meter, with the last verdict about it as its ground."""
    area = meter.area
    require(policies.may_order(actor, area))
    if not reason.strip():
        raise Refused(_("请写明原因"), code="reason_required", place="reason")
    if SiteCheck.objects.filter(meter=meter, state__in=["open", "applied"]).exists():
        raise Refused(_("这块表已有未办结的核查单"), code="conflict")
    verdict = queries.verdict_of(meter)
    today = clock.today()
    due, _certain = calendar.working_days().add(today, levels.check_days(area.region_id))
    made = SiteCheck.objects.create(
        number=f"HC{today:%Y%m%d}-{numbering.next_value(f'site-check-{today:%Y%m%d}'):05d}",
        meter=meter, organisation=area.organisation, region_id=area.region_id, verdict=verdict,
        reason=reason.strip()[:400], due_on=due, state="open",
    )  # fmt: skip
    CheckRequest.objects.filter(meter=meter, check_order=None, answered_at=None).update(check_order=made)
    after = {
        "number": made.number,
        "meter": meter.meter_id,
        "evidence": verdict.evaluation.evidence_sha256 if verdict else "",
    }
    events.record(actor, "surveillance.check_ordered", made, reason=reason, after=after)
    return made


@transaction.atomic
def send_to_verification(
    *, actor: Actor, check: SiteCheck, institute: Organisation, instrument: Instrument | None = None
) -> SiteCheck:
    """Apply for verification of the meter on site by the usual workflow. One of a lot is entered by itself first."""
    item = instrument or check.meter.instrument
    if item is None:
        raise Refused(_("这块表还没有与台账中的器具绑定,请先登记并绑定"), code="not_bound", place="instrument")
    if item.quantity > 1 or item.serial_to:
        item = take_from_lot(actor=actor, lot=item, serial=check.meter.meter_id)
    application = verification.create_application(
        actor=actor, organisation=check.organisation, institute=institute, instruments=[item], delivery="on_site",
        note=_("在用监测核查 %(number)s") % {"number": check.number},
    )  # fmt: skip
    verification.submit_application(actor=actor, application=application)
    if check.meter.instrument_id != item.pk:
        AreaMeter.objects.filter(pk=check.meter_id).update(instrument=item)
    return apply(CHECK, "apply", check, actor=actor, application=application)


def on_signed(record: Record, actor: Actor) -> None:
    """A document was signed: if its task came of a check, the check ends with what the document says."""
    check = SiteCheck.objects.filter(application_id=record.task.application_id, state="applied").first()
    if check is None:
        return
    step, words = ("confirm", _("不合格")) if record.verdict == "reject" else ("refute", _("合格"))
    number = record.document.number if record.document else ""
    apply(CHECK, step, check, actor=actor, found=str(words), document_number=number, closed_at=clock.now())
    _answer(check, str(words))


def on_task_cancelled(task: Task, actor: Actor) -> None:
    """The task ended without a document: the check waits again."""
    check = SiteCheck.objects.filter(application_id=task.application_id, state="applied").first()
    if check is not None:
        apply(CHECK, "reopen", check, actor=actor, reason=_("检定任务已取消"), application=None)


def _answer(check: SiteCheck, words: str) -> None:
    text = _("检定结论:%(words)s(%(number)s)") % {"words": words, "number": check.document_number or "—"}
    check.requests.filter(answered_at=None).update(answered_at=clock.now(), answer=text[:300])


def take_step(name: str, *, actor: Actor, check: SiteCheck, reason: str = "") -> SiteCheck:
    """Cancel."""
    changes: dict[str, Any] = {"closed_at": clock.now()} if name == "cancel" else {}
    return apply(CHECK, name, check, actor=actor, reason=reason, **changes)


@transaction.atomic
def ask_for_check(*, actor: Actor, meter: AreaMeter, text: str) -> CheckRequest:
    """A household asks; anybody with the code may, a few times until it is answered."""
    if CheckRequest.objects.filter(meter=meter, answered_at=None).count() >= OPEN_REQUESTS:
        raise Refused(_("这块表的核查申请正在处理中,请等待答复"), code="conflict")
    made = CheckRequest.objects.create(
        receipt=fresh_code(), meter=meter, organisation=meter.area.organisation, region_id=meter.area.region_id,
        text=text.strip()[:200],
    )  # fmt: skip
    events.record(actor, "surveillance.check_asked", made, after={"meter": meter.meter_id})
    return made


@transaction.atomic
def answer_request(*, actor: Actor, request: CheckRequest, answer: str) -> CheckRequest:
    """Answer a household without a visit, with the reason in words."""
    require(policies.may_order(actor, request))
    if not answer.strip():
        raise Refused(_("请填写答复"), code="reason_required", place="answer")
    if not CheckRequest.objects.filter(pk=request.pk, answered_at=None).update(
        answered_at=clock.now(), answer=answer.strip()[:300]
    ):
        raise Refused(_("已经答复过"), code="conflict")
    events.record(actor, "surveillance.request_answered", request, after={"answer": answer.strip()[:300]})
    return request
