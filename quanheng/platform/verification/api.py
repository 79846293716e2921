"""Applications for verification and the tasks that come of them, over the API."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from ninja import Query, Schema
from pydantic import Field

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.queries import visible
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.models import User
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.verification import queries, services
from quanheng.platform.verification.models import Application, Task
from quanheng.platform.web.api import (
    Cursor,
    In,
    Limit,
    OrganisationRef,
    Out,
    PageOf,
    Router,
    caller,
    found,
    get_or_404,
    page_of,
    upto,
)
from quanheng.platform.web.api.schemas import any_organisation, own_organisation

APPLICANTS = (Role.ENTERPRISE, Role.LAB_MANAGER)
DESK = (Role.RECEPTIONIST, Role.LAB_MANAGER)
READ = tokens.declare(
    "applications:read", gettext_lazy("查看检定申请"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
WRITE = tokens.declare("applications:write", gettext_lazy("申请检定;受理、退回申请"), *APPLICANTS, *DESK)
TASKS_READ = tokens.declare(
    "tasks:read", gettext_lazy("查看检定任务"), Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES
)
TASKS_WRITE = tokens.declare("tasks:write", gettext_lazy("安排检定任务"), *DESK)
router = Router(tags=["applications"])
tasks_router = Router(tags=["tasks"])


class ApplicationOut(Out):
    """An application as it stands."""

    id: uuid.UUID
    number: str
    organisation: OrganisationRef
    institute: OrganisationRef
    region: str
    delivery: str
    wanted_on: dt.date | None
    contact: str
    phone: str
    note: str
    state: str
    submitted_at: dt.datetime | None
    decided_at: dt.datetime | None
    due_on: dt.date | None
    created_at: dt.datetime
    version: int

    @staticmethod
    def of(one: Application) -> ApplicationOut:
        """The application."""
        return ApplicationOut(**_application(one))


def _application(one: Application) -> dict[str, Any]:
    named = {
        "organisation": OrganisationRef.of(one.organisation),
        "institute": OrganisationRef.of(one.institute),
        "region": one.region_id,
    }
    return {**{f: getattr(one, f) for f in ApplicationOut.model_fields if f not in named}, **named}


class InstrumentRef(Out):
    """The instrument a task is about."""

    id: uuid.UUID
    code: str
    name: str
    specification: str
    serial_number: str
    location: str


class TaskOut(Out):
    """One instrument to verify."""

    id: uuid.UUID
    application: uuid.UUID
    instrument: InstrumentRef
    organisation: OrganisationRef
    norm: str
    purpose: str
    delivery: str
    state: str
    verifier: uuid.UUID | None
    verifier_name: str
    scheduled_on: dt.date | None
    due_on: dt.date | None
    version: int

    @staticmethod
    def of(task: Task) -> TaskOut:
        """The task."""
        item, plain = task.instrument, ("id", "purpose", "delivery", "state", "scheduled_on", "due_on", "version")
        return TaskOut(
            application=task.application_id,
            instrument=InstrumentRef(**{f: getattr(item, f) for f in InstrumentRef.model_fields}),
            organisation=OrganisationRef.of(task.organisation),
            norm=task.norm.number if task.norm else "",
            verifier=task.verifier_id,
            verifier_name=task.verifier.name if task.verifier else "",
            **{f: getattr(task, f) for f in plain},
        )


class ApplicationWithTasks(ApplicationOut):
    """An application with its items."""

    tasks: list[TaskOut]


class NewApplication(In):
    """One application for one or many instruments of one organisation or of those below it."""

    organisation: Annotated[str, upto(40)] = Field("", description="Id or credit code of the applicant.")
    institute: Annotated[str, upto(40, shortest=1)] = Field(
        ..., description="Id or credit code; see /applications/institutes."
    )
    instruments: list[uuid.UUID] = Field(..., min_length=1, max_length=500)
    delivery: Literal["sent_in", "on_site"]
    wanted_on: dt.date | None = None
    contact: Annotated[str, upto(60, shortest=1)]
    phone: Annotated[str, Field(pattern=r"^[0-9+\-() ]{5,40}$")]
    note: Annotated[str, upto(300)] = ""


class Reason(In):
    """Why."""

    reason: Annotated[str, upto(300, shortest=1)]


class OptionalReason(In):
    """Why, if there is something to say."""

    reason: Annotated[str, upto(300)] = ""


class Nothing(In):
    """An empty object."""


class Acceptance(In):
    """Accept, with a time limit in working days where the usual one does not apply."""

    limit_days: int | None = Field(None, ge=1, le=120, strict=True)


class Assignment(In):
    """Tasks for one verifier on one day."""

    tasks: list[uuid.UUID] = Field(..., min_length=1, max_length=200)
    verifier: uuid.UUID
    on: dt.date


class TaskList(Out):
    """The tasks after the change."""

    tasks: list[TaskOut]


class InstituteList(Out):
    """Institutes authorised for what is asked."""

    institutes: list[OrganisationRef]


class Person(Out):
    """A verifier by id and name."""

    id: uuid.UUID
    name: str


class PersonList(Out):
    """Verifiers licensed for what is asked."""

    people: list[Person]


class ApplicationQuery(Schema):
    """Filters of the list."""

    state: Literal["", "draft", "submitted", "accepted", "returned", "withdrawn", "completed"] = ""
    number: str = Field("", max_length=40)
    organisation: uuid.UUID | None = None
    institute: uuid.UUID | None = None


class TaskQuery(Schema):
    """Filters of the list."""

    state: Literal["", "waiting", "assigned", "working", "checking", "signing", "issued", "cancelled"] = ""
    application: uuid.UUID | None = None
    instrument: uuid.UUID | None = None
    verifier: uuid.UUID | None = None
    scheduled_from: dt.date | None = None
    scheduled_to: dt.date | None = None


def _narrowed(rows: QuerySet[Any], values: dict[str, Any]) -> QuerySet[Any]:
    return rows.filter(**{k: v for k, v in values.items() if v not in (None, "")})


def _full(request: HttpRequest, pk: uuid.UUID) -> ApplicationWithTasks:
    actor = caller(request).actor
    one = get_or_404(queries.applications(actor), "application_id", pk=pk)
    rows = queries.tasks(actor).filter(application=one).order_by("pk")
    return ApplicationWithTasks(**_application(one), tasks=[TaskOut.of(t) for t in rows])


def _mine(request: HttpRequest, pk: uuid.UUID) -> Application:
    return get_or_404(queries.applications(caller(request).actor), "application_id", pk=pk)


@router.read("", READ, response=PageOf[ApplicationOut])
def list_applications(
    request: HttpRequest, narrowed: Query[ApplicationQuery], cursor: Cursor = "", limit: Limit = 100
) -> Any:
    """Applications the caller made, received or supervises; newest first."""
    rows = _narrowed(queries.applications(caller(request).actor), narrowed.model_dump())
    return page_of(rows, ApplicationOut.of, cursor=cursor, limit=limit, by=("-created_at", "-pk"))


@router.write("", WRITE, status=201, response=ApplicationWithTasks)
def create_application(request: HttpRequest, payload: NewApplication) -> ApplicationWithTasks:
    """Draft an application; each instrument becomes a task. Submit it afterwards."""
    actor = caller(request).actor
    rows = visible(actor).select_related("organisation", "category", "region").prefetch_related("category__norms")
    made = services.create_application(
        actor=actor,
        organisation=own_organisation(actor, payload.organisation, *APPLICANTS),
        institute=any_organisation(payload.institute, "institute"),
        instruments=found(rows, payload.instruments, "instruments"),
        **payload.model_dump(exclude={"organisation", "institute", "instruments"}),
    )
    return _full(request, made.pk)


@router.read("/institutes", READ, response=InstituteList)
def list_institutes(
    request: HttpRequest, instrument: Annotated[list[uuid.UUID], Query(min_length=1, max_length=100)]
) -> InstituteList:
    """Institutes authorised today for every one of these instruments, the nearest to the first of them first."""
    today = clock.today()
    rows: QuerySet[Instrument] = visible(caller(request).actor).select_related("category", "region")
    items = found(rows.prefetch_related("category__norms"), instrument, "instrument")
    norms = services.norms_for(items, today)
    able = queries.institutes_for(norms, today, items[0].region)[:200] if norms else []
    return InstituteList(institutes=[OrganisationRef.of(o) for o in able])


@router.read("/{uuid:application_id}", READ, response=ApplicationWithTasks)
def get_application(request: HttpRequest, application_id: uuid.UUID) -> ApplicationWithTasks:
    """One application with its tasks."""
    return _full(request, application_id)


@router.write("/{uuid:application_id}/submit", WRITE, response=ApplicationWithTasks)
def submit_application(request: HttpRequest, application_id: uuid.UUID, payload: Nothing) -> ApplicationWithTasks:
    """Send a draft, or a returned application after mending it, to the institute."""
    services.submit_application(actor=caller(request).actor, application=_mine(request, application_id))
    return _full(request, application_id)


@router.write("/{uuid:application_id}/withdraw", WRITE, response=ApplicationWithTasks)
def withdraw_application(
    request: HttpRequest, application_id: uuid.UUID, payload: OptionalReason
) -> ApplicationWithTasks:
    """Take an application back before it is accepted; its tasks are cancelled."""
    services.withdraw_application(
        actor=caller(request).actor, application=_mine(request, application_id), reason=payload.reason
    )
    return _full(request, application_id)


@router.write("/{uuid:application_id}/accept", WRITE, response=ApplicationWithTasks)
def accept_application(request: HttpRequest, application_id: uuid.UUID, payload: Acceptance) -> ApplicationWithTasks:
    """Accept (the institute's reception); every item must be authorised."""
    services.accept_application(
        actor=caller(request).actor, application=_mine(request, application_id), limit_days=payload.limit_days
    )
    return _full(request, application_id)


@router.write("/{uuid:application_id}/return", WRITE, response=ApplicationWithTasks)
def return_application(request: HttpRequest, application_id: uuid.UUID, payload: Reason) -> ApplicationWithTasks:
    """Return with a reason (the institute's reception)."""
    services.return_application(
        actor=caller(request).actor, application=_mine(request, application_id), reason=payload.reason
    )
    return _full(request, application_id)


@tasks_router.read("", TASKS_READ, response=PageOf[TaskOut])
def list_tasks(request: HttpRequest, narrowed: Query[TaskQuery], cursor: Cursor = "", limit: Limit = 100) -> Any:
    """Tasks of the caller's institute, instruments or region."""
    values = narrowed.model_dump()
    days = {"scheduled_on__gte": values.pop("scheduled_from"), "scheduled_on__lte": values.pop("scheduled_to")}
    rows = _narrowed(queries.tasks(caller(request).actor), {**values, **days}).exclude(application__state="draft")
    return page_of(rows, TaskOut.of, cursor=cursor, limit=limit)


@tasks_router.write("/assignments", TASKS_WRITE, response=TaskList)
def assign(request: HttpRequest, payload: Assignment) -> TaskList:
    """Give tasks to a licensed verifier for a day, within the institute's capacity: all or none."""
    actor = caller(request).actor
    rows = found(queries.tasks(actor), payload.tasks, "tasks")
    colleagues = User.objects.filter(organisation__in={t.organisation_id for t in rows}, is_active=True)
    verifier = get_or_404(colleagues, "verifier", pk=payload.verifier)
    done = services.assign(actor=actor, tasks=rows, verifier=verifier, on=payload.on)
    return TaskList(tasks=[TaskOut.of(t) for t in done])


@tasks_router.read("/{uuid:task_id}", TASKS_READ, response=TaskOut)
def get_task(request: HttpRequest, task_id: uuid.UUID) -> TaskOut:
    """One task."""
    return TaskOut.of(get_or_404(queries.tasks(caller(request).actor), "task_id", pk=task_id))


@tasks_router.read("/{uuid:task_id}/verifiers", TASKS_WRITE, response=PersonList)
def list_verifiers(request: HttpRequest, task_id: uuid.UUID, on: dt.date | None = None) -> PersonList:
    """People of the institute licensed for the task's norm on a day."""
    task = get_or_404(queries.tasks(caller(request).actor), "task_id", pk=task_id)
    rows = queries.verifiers_for(task.organisation, [task.norm], on or clock.today()) if task.norm else []
    return PersonList(people=[Person(id=u.pk, name=u.name) for u in rows])
