"""What waits for verifiers, checkers and signatories."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.certificates import prepared, queries
from quanheng.platform.certificates.models import PreparedDocument, Record
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.work import WorkGroup, WorkItem

FIRST = 5


def _group(rows: QuerySet[Record], key: str, label: str, action: str, view: str, address: str) -> WorkGroup:
    items = [
        WorkItem(
            title=f"{r.instrument.name} {r.instrument.serial_number}",
            detail=str(r.instrument.organisation),
            url=reverse(view, args=[r.pk]),
            due=r.task.due_on,
            action=action,
        )
        for r in rows.order_by("task__due_on", "submitted_at")[:FIRST]
    ]
    late = rows.filter(task__due_on__lt=clock.today()).count()
    return WorkGroup(key, label, rows.count(), late, address, items)


def _prepared(rows: QuerySet[PreparedDocument], key: str, label: str, action: str) -> WorkGroup:
    """Documents written elsewhere have no date by which they are due; the oldest comes first."""
    items = [
        WorkItem(
            title=str(d),
            detail=d.verifier.name,
            url=reverse("certificates:prepared", args=[d.pk]),
            due=None,
            action=action,
        )
        for d in rows.order_by("created_at")[:FIRST]
    ]
    state = key.rpartition(".")[2]
    return WorkGroup(key, label, rows.count(), 0, f"{reverse('certificates:prepared-list')}?state={state}", items)


def prepared_for(actor: Actor, state: str) -> QuerySet[PreparedDocument]:
    """Documents from contents written elsewhere that wait for the actor: never own work."""
    return prepared.visible(actor).filter(state=state).exclude(verifier_id=actor.person)


def returned_to(actor: Actor) -> QuerySet[Record]:
    """Drafts that came back to their verifier."""
    return queries.records(actor).filter(state="draft", verifier_id=actor.person, submitted_at__isnull=False)


def to_check(actor: Actor) -> QuerySet[Record]:
    """Records the actor may check: never own work."""
    return queries.records(actor).filter(state="checking").exclude(verifier_id=actor.person)


def to_sign(actor: Actor) -> QuerySet[Record]:
    """Records the actor may sign: never own work."""
    return queries.records(actor).filter(state="signing").exclude(Q(verifier_id=actor.person))


def waiting(actor: Actor) -> Sequence[WorkGroup]:
    """Groups by role."""
    listed = reverse("certificates:records")
    groups = []
    if actor.has(Role.VERIFIER):
        groups.append(
            _group(
                returned_to(actor),
                "records.returned",
                _("被退回的记录"),
                _("修改"),
                "certificates:record",
                f"{listed}?state=draft",
            )
        )
    if actor.has(Role.CHECKER):
        groups.append(
            _group(
                to_check(actor),
                "records.checking",
                _("待核验"),
                _("核验"),
                "certificates:review",
                f"{listed}?state=checking",
            )
        )
        if prepared_for(actor, "checking").exists():
            rows = prepared_for(actor, "checking")
            groups.append(_prepared(rows, "prepared.checking", _("待核验的文书"), _("核验")))
    if actor.has(Role.SIGNATORY):
        if prepared_for(actor, "signing").exists():
            rows = prepared_for(actor, "signing")
            groups.append(_prepared(rows, "prepared.signing", _("待签发的文书"), _("签发")))
        groups.append(
            _group(
                to_sign(actor),
                "records.signing",
                _("待签发"),
                _("签发"),
                "certificates:review",
                f"{listed}?state=signing",
            )
        )
    return groups
