"""The raw record's way: opened, saved as typed, submitted, checked, sent back, voided. Signing is in ``signing``."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.certificates import conditions, item, policies, procedure, standards_used
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.workflow import RECORD
from quanheng.platform.instruments.ledger_words import read_parameters
from quanheng.platform.instruments.workflow import verifiable
from quanheng.platform.kernel import clock, events, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.people import user_named
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.kernel.words import reasons_of
from quanheng.platform.trace.queries import proving_once
from quanheng.platform.verification import policies as verification_policies
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task
from quanheng.platform.verification.workflow import TASK
from quanheng.procedures.records import shaped

# what the next step will ask of the record
AROUND = ("organisation", "verifier", "instrument", "task__organisation", "task__norm", "task__application")


def person(actor: Actor) -> User:
    """The user behind an actor; jobs and the command line sign nothing."""
    user = user_named(actor.user_id) if actor.user_id else None
    if user is None:
        raise Refused(_("只有登录的人员可以办理"), code="forbidden")
    return user


def _fresh_data(task: Task, on: dt.date) -> dict[str, Any]:
    loaded = procedure.loaded(task.norm.procedure_id if task.norm else "")
    known = {p.key for p in loaded.procedure.parameters}
    kept = {k: v for k, v in task.instrument.parameters.items() if k in known}
    data = {
        "procedure": loaded.procedure.id,
        "purpose": task.purpose,
        "item": item.of_ledger(task.instrument),
        "instrument": {**read_parameters(loaded.procedure.parameters, task.instrument), **kept},
        "environment": {},
        "standards": [],
        "sections": {},
        "checks": {},
    }
    return {**data, "standards": standards_used.proposed(task, loaded, on, data)}


@transaction.atomic
def open_record(task: Task, *, actor: Actor) -> Record:
    """The record of a task; the first opening starts the work and fills in what is already known."""
    existing = Record.objects.filter(task=task).exclude(state="voided").first()
    if existing is not None:
        require(policies.may_see(actor, existing))
        return existing
    require(verification_policies.may_verify(actor, task))
    if why := verification.why_cancelled(task):
        raise Refused(_("检定任务已取消:%(why)s") % {"why": why}, code="task_state")
    require(verifiable(task.instrument))
    if task.state == "assigned":
        workflow.apply(TASK, "start", task, actor=actor)
    if task.state != "working":
        raise Refused(_("任务尚未安排或已经办结"), code="task_state")
    today = clock.today()
    data = _fresh_data(task, today)
    record = Record.objects.create(
        state=RECORD.initial,
        task=task,
        instrument=task.instrument,
        organisation=task.organisation,
        procedure_id=data["procedure"],
        procedure_sha256=procedure.loaded(data["procedure"]).sha256,
        data=data,
        performed_on=today,
        place=task.instrument.location if task.delivery == "on_site" else task.organisation.address,
        verifier=person(actor),
    )
    standards_used.link(record)
    events.record(actor, "records.opened", record, after={"procedure": record.procedure_id})
    return record


@transaction.atomic
def save_draft(
    record: Record,
    *,
    data: Mapping[str, Any],
    version: int,
    actor: Actor,
    performed_on: dt.date | None = None,
    place: str | None = None,
) -> Record:
    """Keep the sheet as typed. Somebody else's newer version refuses this one: nothing is overwritten unseen."""
    require(policies.may_record(actor, record))
    if why := verification.why_cancelled(record.task):
        raise Refused(_("检定任务已取消:%(why)s") % {"why": why}, code="not_draft")
    if record.state != "draft":
        raise Refused(_("记录已提交,不能再修改"), code="not_draft")
    procedure.checked_size(data)
    day = performed_on or record.performed_on
    if why := conditions.wrong_day(record.task, day):
        raise InputError("performed_on", why, "performed_on")
    record.performed_on = day
    kept = {**data, "procedure": record.procedure_id, "purpose": record.task.purpose}
    kept["item"] = item.as_entered(record, data.get("item"))
    kept["standards"] = standards_used.described(record, data.get("standards") or [])
    kept = shaped(procedure.as_json(kept))
    changes = {"data": kept, "performed_on": day, "saved_at": clock.now()}
    if place is not None:
        changes["place"] = place[:200]
    changed = Record.objects.filter(pk=record.pk, state="draft", version=version).update(
        version=F("version") + 1, **changes
    )
    if not changed:
        raise Refused(_("另一台设备已保存了更新的内容,请重新载入"), code="conflict")
    record.refresh_from_db(from_queryset=Record.objects.select_related(*AROUND))
    standards_used.link(record)
    events.record(actor, "records.saved", record, after={"version": record.version})
    return record


def _refuse_if(found: list[conditions.Condition], code: str) -> None:
    if bad := conditions.failing(found):
        raise Refused(*(c.refusal for c in bad), code=code)


def _fix_item(record: Record) -> None:
    """From here on the record itself says what was verified and where; the ledger is not asked again."""
    record.data = {**record.data, "item": item.as_entered(record, None)}
    record.place = item.place_of(record)
    Record.objects.filter(pk=record.pk, state="draft", version=record.version).update(
        data=record.data, place=record.place
    )


@transaction.atomic
def submit(record: Record, *, actor: Actor) -> Record:
    """Compute, keep the result, and hand the record to the checker. Every failing condition is named."""
    require(policies.may_record(actor, record))
    if record.state != "draft":
        workflow.demand(RECORD, "submit", record, actor)
    record.result = None
    _fix_item(record)
    result = procedure.compute(record.procedure_id, record.data)
    _refuse_if(conditions.issue_conditions(record, computed=result), "conditions")
    workflow.apply(
        RECORD,
        "submit",
        record,
        actor=actor,
        result=result,
        verdict=result["verdict"],
        procedure_sha256=result["hashes"]["procedure"],
        submitted_at=clock.now(),
        checker=None,
        checked_at=None,
    )
    workflow.apply(TASK, "submit", record.task, actor=actor)
    return record


@transaction.atomic
def check(record: Record, *, actor: Actor) -> Record:
    """The checker agrees: computed again, compared, every condition asked again."""
    workflow.demand(RECORD, "check", record, actor)
    user = person(actor)
    _refuse_if(conditions.issue_conditions(record, people=conditions.people_of(record, checker=user)), "conditions")
    workflow.apply(RECORD, "check", record, actor=actor, checker=user, checked_at=clock.now())
    workflow.apply(TASK, "check", record.task, actor=actor)
    return record


@transaction.atomic
def return_record(record: Record, *, reason: str, actor: Actor) -> Record:
    """Send the record back to the verifier with a reason; what was typed stays."""
    workflow.apply(RECORD, "return", record, actor=actor, reason=reason)
    workflow.apply(TASK, "return", record.task, actor=actor, reason=reason)
    return record


@transaction.atomic
def void_record(record: Record, *, reason: str, actor: Actor) -> Record:
    """Drop a draft; the task may be given to somebody else and recorded anew."""
    return workflow.apply(RECORD, "void", record, actor=actor, reason=reason)


@dataclass(frozen=True)
class Outcome:
    """What became of one item of a batch."""

    record: Record
    ok: bool
    reasons: tuple[str, ...] = ()
    number: str = ""


def each(records: Iterable[Record], act: Callable[[Record], Record]) -> list[Outcome]:
    """Act on each in a transaction of its own; one refusal does not stop the others."""

    def steps(record: Record) -> Generator[None]:
        act(record)
        yield

    return each_in_turn(records, steps, ahead=0)


def each_in_turn(records: Iterable[Record], steps: Callable[[Record], Generator[None]], *, ahead: int) -> list[Outcome]:
    """As ``each``, for acts that pause once: up to ``ahead`` more are begun while the first of them waits.

    They are finished in the order of the list. A record that comes twice is finished before it is begun again.
    """
    begun: deque[_Turn] = deque()
    done: list[Outcome] = []
    try:
        for record in records:
            twice = any(record.pk == turn.record.pk for turn in begun)
            while begun and (twice or len(begun) > ahead):
                done.append(begun.popleft().finish())
            begun.append(_Turn(record, steps(record)))
            begun[-1].advance()
        while begun:
            done.append(begun.popleft().finish())
    finally:
        for turn in begun:
            turn.steps.close()
    return done


@dataclass
class _Turn:
    """One item of a batch on its way."""

    record: Record
    steps: Generator[None]
    refusal: InputError | None = None

    def advance(self) -> None:
        """To the pause, or from there to the end."""
        try:
            next(self.steps, None)
        except InputError as error:
            self.refusal = error

    def finish(self) -> Outcome:
        """What became of it."""
        if self.refusal is None:
            self.advance()
        if self.refusal is not None:
            self.record.refresh_from_db()
            return Outcome(self.record, False, reasons_of(self.refusal))
        return Outcome(self.record, True, (), self.record.document.number if self.record.document else "")


def check_many(records: Iterable[Record], *, actor: Actor) -> list[Outcome]:
    """Check each on its own. A standard's chain is proven once for the batch; signing proves it again."""
    with proving_once():
        return each(records, lambda record: check(record, actor=actor))
