"""What the keeper of an instrument is told of at once: rejected, and a document revoked or replaced."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.telling import tell_keepers
from quanheng.platform.kernel.actors import Actor

REJECTED = _("%(item)s 检定不合格,不得使用(%(number)s)")
WITHDRAWN = {
    "revoked": _("%(item)s 的文书 %(number)s 已被签发机构撤销:%(reason)s"),
    "replaced": _("%(item)s 的文书 %(number)s 已被新文书替换:%(reason)s"),
}


def signed(record: Record, actor: Actor) -> None:
    """A rejection stops use; a pass is told with the whole application."""
    document = record.document
    if record.verdict == "reject" and document is not None:
        _tell(record.instrument, REJECTED, document, "", actor)


def withdrawn(document: Document, actor: Actor) -> None:
    """The institute took it back."""
    item = Instrument.objects.filter(pk=document.subject_id).select_related("organisation").first()
    if item is not None:
        _tell(item, WITHDRAWN[document.state], document, document.state_reason, actor)


def _tell(item: Instrument, words: object, document: Document, reason: str, actor: Actor) -> None:
    tell_keepers(
        item.organisation,
        words,
        {"item": item, "number": document.number, "reason": reason},
        kind="document",
        key=f"{document.pk}-{document.state}",
        url=reverse("certificates:detail", args=[document.pk]),
        by=actor,
    )
