"""Messages to people: shown in the product, sent by e-mail, each once, with a log of what was sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Notice

MOST_TRIES = 5


@dataclass(frozen=True)
class Message:
    """What to tell whom; ``key`` makes a repeat harmless."""

    user_id: uuid.UUID
    kind: str
    key: str
    text: str
    url: str = ""
    organisation_id: uuid.UUID | None = None


def send(messages: Iterable[Message]) -> int:
    """Leave each message once; returns how many were new."""
    rows = [
        Notice(
            user_id=m.user_id,
            kind=m.kind,
            key=m.key[:160],
            text=m.text[:400],
            url=m.url[:300],
            organisation_id=m.organisation_id,
        )
        for m in messages
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


def email_pending(limit: int = 200) -> str:
    """Send the messages that have not gone out to people with an address.

    One that the server refuses is tried again a few times and stops no other; without a server all of them wait.
    """
    waiting = Notice.objects.filter(emailed_at=None, email_tries__lt=MOST_TRIES, user__is_active=True)
    found = list(waiting.exclude(user__email="").select_related("user").order_by("email_tries", "id")[:limit])
    if not found:
        return "nothing to send"
    sent = 0
    with get_connection() as connection:
        for notice in found:
            try:
                mail = _email(notice)
                mail.connection = connection
                mail.send(fail_silently=False)
            except (SMTPRecipientsRefused, SMTPDataError, ValueError) as error:
                told = f"{type(error).__name__}: {error}"[:200]
                Notice.objects.filter(pk=notice.pk).update(email_tries=F("email_tries") + 1, email_error=told)
                continue
            sent += 1
            Notice.objects.filter(pk=notice.pk).update(emailed_at=clock.now(), email_error="")
    return f"{sent} sent" if sent == len(found) else f"{sent} sent, {len(found) - sent} refused"


def _email(notice: Notice) -> EmailMessage:
    with translation.override(notice.user.preferences.get("language", settings.LANGUAGE_CODE)):
        subject = _("权衡提醒")
    link = f"\n\n{settings.QUANHENG.base_url}{notice.url}" if notice.url else ""
    return EmailMessage(subject, notice.text + link, settings.QUANHENG.email_from, [notice.user.email])
