"""What waits for regulators: authorised items that institutes entered."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.parties import queries

FIRST = 5


def regulators(actor: Actor) -> Sequence[WorkGroup]:
    """Items to confirm, oldest dates first."""
    if actor.system or not actor.regions():
        return []
    rows = queries.unconfirmed(actor).order_by("valid_from", "pk")
    url = f"{reverse('parties:authorisations')}?now=waiting"
    items = [
        WorkItem(a.norm.number, f"{a.organisation.name} · {a.number}", url, action=_("确认授权")) for a in rows[:FIRST]
    ]
    return [WorkGroup("parties.authorisations", _("待确认的授权项目"), rows.count(), 0, url, items)]
