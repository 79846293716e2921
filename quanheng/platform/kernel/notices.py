"""Messages to people: shown in the product, sent by e-mail, each once, with a log of what was sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Notice, User

LEAD_DAYS = (30, 15, 7)
MAX_LEAD = 366


@dataclass(frozen=True)
class Message:
    """What to tell whom; ``key`` makes a repeat harmless."""

    user_id: uuid.UUID
    kind: str
    key: str
    text: str
    url: str = ""


def send(messages: Iterable[Message]) -> int:
    """Leave each message once; returns how many were new."""
    rows = [
        Notice(user_id=m.user_id, kind=m.kind, key=m.key[:160], text=m.text[:400], url=m.url[:300]) for m in messages
    ]
    before = Notice.objects.count()
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return Notice.objects.count() - before


def unread(viewer: Actor) -> int:
    """How many messages the viewer has not opened."""
    return Notice.objects.filter(user_id=viewer.person, read_at=None).count()


def mark_read(*, actor: Actor, notice_id: int | None = None) -> int:
    """Mark one of the actor's own messages, or all of them, as read."""
    rows = Notice.objects.filter(user_id=actor.person, read_at=None)
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    return rows.update(read_at=clock.now())


def lead_days(user: User) -> tuple[int, ...]:
    """Days before expiry on which this person is reminded."""
    chosen = user.preferences.get("reminder_days")
    return tuple(chosen) if isinstance(chosen, list) and chosen else LEAD_DAYS


@transaction.atomic
def set_lead_days(*, actor: Actor, days: Iterable[int]) -> tuple[int, ...]:
    """Choose one's own lead days."""
    wanted = sorted({int(d) for d in days}, reverse=True)
    if not wanted or wanted[0] > MAX_LEAD or wanted[-1] < 0:
        raise InputError("lead_days", f"give whole days from 0 to {MAX_LEAD}, at least one", "reminder_days")
    user = User.objects.select_for_update().get(pk=actor.person)
    user.preferences = {**user.preferences, "reminder_days": wanted}
    user.save(update_fields=["preferences"])
    return tuple(wanted)


def email_pending(limit: int = 200) -> str:
    """Send the messages that have not gone out to people with an address; failures are tried again."""
    waiting = list(
        Notice.objects.filter(emailed_at=None).exclude(user__email="").select_related("user").order_by("id")[:limit]
    )
    if not waiting:
        return "nothing to send"
    sent = 0
    with get_connection() as connection:
        for notice in waiting:
            with translation.override(notice.user.preferences.get("language", settings.LANGUAGE_CODE)):
                subject = _("权衡提醒")
            link = f"\n\n{settings.QUANHENG.base_url}{notice.url}" if notice.url else ""
            mail = EmailMessage(
                subject, notice.text + link, settings.QUANHENG.email_from, [notice.user.email], connection=connection
            )
            sent += mail.send(fail_silently=False)
            Notice.objects.filter(pk=notice.pk).update(emailed_at=clock.now())
    return f"{sent} sent"
