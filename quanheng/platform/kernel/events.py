"""Audit events: appended in the caller's transaction, read by subject."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from django.db import models

from quanheng.platform.kernel import bulk, clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent, Organisation

request_id: ContextVar[str] = ContextVar("request_id", default="")


def plain(value: Any) -> Any:
    """A value as JSON keeps it exactly: dates and identifiers as text, no floats."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value)


def _row(
    actor: Actor,
    verb: str,
    subject: models.Model,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    organisation_id: uuid.UUID | None = None,
    region_code: str = "",
    happened_at: dt.datetime | None = None,
) -> AuditEvent:
    moment = clock.now()
    owner = subject.pk if isinstance(subject, Organisation) else getattr(subject, "organisation_id", None)
    return AuditEvent(
        happened_at=happened_at or moment,
        recorded_at=moment,
        actor_id=actor.user_id,
        actor_name=actor.name,
        on_behalf_of=actor.on_behalf_of,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        organisation_id=organisation_id or owner,
        region_code=region_code or getattr(subject, "region_id", None) or "",
        reason=reason,
        before=plain(before or {}),
        after=plain(after or {}),
        request_id=request_id.get(),
    )


def record(actor: Actor, verb: str, subject: models.Model, **fields: Any) -> AuditEvent:
    """Append one event. ``verb`` is ``app.past_tense``; fields as in ``AuditEvent``."""
    event = _row(actor, verb, subject, **fields)
    event.save(force_insert=True)
    return event


def record_many(actor: Actor, verb: str, subjects: Iterable[models.Model], **fields: Any) -> int:
    """Append one event for each subject in one statement."""
    rows = [_row(actor, verb, s, **fields) for s in subjects]
    bulk.insert(rows)
    return len(rows)


def condensed(rows: Iterable[AuditEvent], most: int = 30) -> list[AuditEvent]:
    """The newest rows, where one person doing the same again and again without a reason counts once."""
    kept: list[AuditEvent] = []
    for row in rows:
        last = kept[-1] if kept else None
        if last and not row.reason and (last.verb, last.actor_id, last.reason) == (row.verb, row.actor_id, ""):
            continue
        if len(kept) == most:
            break
        kept.append(row)
    return kept


def history(subject: models.Model) -> models.QuerySet[AuditEvent]:
    """Everything that ever happened to the subject, newest first."""
    return AuditEvent.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk)).order_by("-id")
