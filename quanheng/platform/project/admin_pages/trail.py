"""Reads of the audit trail: who may see which events, and what they changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent, AuditSeal, Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.admin_pages.verbs import field_words, value_words

READERS = (Role.AUDIT_ADMIN, Role.LAB_MANAGER, Role.ENTERPRISE, Role.REGULATOR)
OWNERS = (Role.LAB_MANAGER, Role.ENTERPRISE)
# Until a ledger is handed in, it is its owner's own business: a regulator sees an instrument from its filing on.
_FILED = ("instruments.file", "instruments.confirm_filing", "instruments.history_imported")


def may_read(actor: Actor) -> Decision:
    """The audit administrator everything, managers their organisation, regulators their region."""
    return Allowed() if actor.has(*READERS) else Denied(_("只有审计管理员、单位管理人员和监管人员可以查看审计记录"))


def may_check_seals(actor: Actor) -> Decision:
    """The audit administrator alone."""
    return Allowed() if actor.has(Role.AUDIT_ADMIN) else Denied(_("只有审计管理员可以核对封存"))


def events(viewer: Actor) -> QuerySet[AuditEvent]:
    """Events the viewer may read, newest first."""
    rows = AuditEvent.objects.order_by("-id")
    if viewer.system or viewer.has(Role.AUDIT_ADMIN):
        return rows
    return rows.filter(_own(viewer) | _regional(viewer))


def _own(viewer: Actor) -> Q:
    q = Q(pk__in=[])
    for path in viewer.paths(*OWNERS):
        q |= Q(organisation_id__in=Organisation.objects.filter(path__startswith=path).values("pk"))
    return q


def _regional(viewer: Actor) -> Q:
    q = Q(pk__in=[])
    for prefix in viewer.regions():
        q |= Q(region_code__startswith=prefix)
    same = AuditEvent.objects.filter(subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id"))
    filed = Exists(same.filter(verb__in=_FILED, id__lte=OuterRef("id")))
    return q & (~Q(subject_type="instruments.instrument") | Q(filed))


@dataclass(frozen=True)
class Change:
    """One field before and after."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the event says that it differs."""
        return self.before != self.after


def changes(event: AuditEvent) -> list[Change]:
    """What an event changed, field by field."""
    kind, names = event.subject_type, list(dict.fromkeys([*event.before, *event.after]))
    return [
        Change(
            field_words(kind, name),
            value_words(kind, name, event.before.get(name)),
            value_words(kind, name, event.after.get(name)),
        )
        for name in names
    ]


def changes_text(event: AuditEvent) -> str:
    """The changes in one line, for lists and exports."""
    parts = []
    for one in changes(event):
        parts.append(f"{one.label}: {one.before} → {one.after}" if one.before != "—" else f"{one.label}: {one.after}")
    return "; ".join(parts)


def subject_names(rows: Iterable[AuditEvent]) -> dict[tuple[str, str], str]:
    """How the things on a page are called, asked for once per kind."""
    wanted: dict[str, set[str]] = {}
    for event in rows:
        wanted.setdefault(event.subject_type, set()).add(event.subject_id)
    found: dict[tuple[str, str], str] = {}
    for kind, ids in wanted.items():
        try:
            model: Any = apps.get_model(kind)
            known = model._base_manager.in_bulk(list(ids))
        except (LookupError, ValueError, ValidationError):
            continue
        found |= {(kind, str(pk)): _called(one) for pk, one in known.items()}
    return found


def _called(one: Any) -> str:
    if "__str__" in type(one).__dict__:
        return str(one)
    for name in ("number", "name", "label", "title"):
        if getattr(one, name, ""):
            return str(getattr(one, name))
    return str(one.pk)[:8]


@dataclass(frozen=True)
class Sealing:
    """How far the trail is sealed."""

    seals: int
    events: int
    unsealed: int
    last: AuditSeal | None
    oldest_unsealed: dt.datetime | None


def sealing() -> Sealing:
    """The state of the seals."""
    last = AuditSeal.objects.order_by("-last_id").first()
    open_rows = AuditEvent.objects.filter(id__gt=last.last_id if last else 0).order_by("id")
    first = open_rows.first()
    return Sealing(
        seals=AuditSeal.objects.count(),
        events=last.last_id if last else 0,
        unsealed=open_rows.count(),
        last=last,
        oldest_unsealed=first.recorded_at if first else None,
    )
