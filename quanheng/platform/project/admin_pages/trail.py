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

from quanheng.platform.kernel.actors import NOBODY, Actor
from quanheng.platform.kernel.models import AuditEvent, AuditSeal, Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.admin_pages import verbs
from quanheng.platform.project.admin_pages.verbs import field_words, related_model, value_words

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


Names = dict[tuple[str, str], str]


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


def changes(event: AuditEvent, called: Names | None = None) -> list[Change]:
    """What an event changed, field by field; ``called`` are the names of what the fields refer to."""
    kind, names = event.subject_type, list(dict.fromkeys([*event.before, *event.after]))
    called = referred([event]) if called is None else called

    def words(name: str, value: Any) -> str:
        model = related_model(kind, name) if isinstance(value, (str, int)) else None
        known = called.get((model._meta.label_lower, str(value))) if model is not None else None
        return known or value_words(kind, name, value)

    return [
        Change(field_words(kind, name), words(name, event.before.get(name)), words(name, event.after.get(name)))
        for name in names
    ]


def changes_text(event: AuditEvent, called: Names | None = None) -> str:
    """The changes in one line, for lists and exports."""
    parts = []
    for one in changes(event, called):
        parts.append(f"{one.label}: {one.before} → {one.after}" if one.before != "—" else f"{one.label}: {one.after}")
    return "; ".join(parts)


def subject_names(rows: Iterable[AuditEvent]) -> Names:
    """How the things on a page are called, asked for once per kind."""
    return _named((event.subject_type, event.subject_id) for event in rows)


def referred(rows: Iterable[AuditEvent]) -> Names:
    """How the people and things are called that the changed fields refer to."""
    wanted = set()
    for event in rows:
        for kept in (event.before, event.after):
            for name, value in kept.items():
                model = related_model(event.subject_type, name) if isinstance(value, (str, int)) else None
                if model is not None:
                    wanted.add((model._meta.label_lower, str(value)))
    return _named(wanted)


def actor_words(event: AuditEvent) -> str:
    """Who it was: a person's name as it is, the product's own names in the reader's language."""
    return event.actor_name if event.actor_id else retold(verbs.actor_words(event.actor_name))


def subject_text(event: AuditEvent, names: Names) -> str:
    """What kind of thing, and what it is called; nobody knows who a stranger is."""
    if event.subject_id == str(NOBODY):
        return verbs.subject_words(event.subject_type)
    name = names.get((event.subject_type, event.subject_id)) or event.subject_id[:36]
    return f"{verbs.subject_words(event.subject_type)} {name}"


def _named(things: Iterable[tuple[str, str]]) -> Names:
    wanted: dict[str, set[str]] = {}
    for kind, pk in things:
        wanted.setdefault(kind, set()).add(pk)
    found: Names = {}
    for kind, ids in wanted.items():
        try:
            model: Any = apps.get_model(kind)
            rows = model._base_manager.filter(pk__in=ids)
            about = {"instrument", "application", "file"} & {f.name for f in model._meta.fields}
            known = list(rows.select_related(*about) if about else rows)
        except (LookupError, ValueError, ValidationError):
            continue
        found |= {(kind, str(one.pk)): _called(one) for one in known}
    return found


def _called(one: Any) -> str:
    if "__str__" in type(one).__dict__:
        return str(one)
    if hasattr(one, "instrument"):  # a task or a record is known by what it is about
        return str(one.instrument)
    if hasattr(one, "file"):  # an import by what was handed in
        return str(one.file.name)
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
