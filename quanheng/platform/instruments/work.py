"""What waits for keepers and regulators, and the figures on a regulator's home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.instruments import queries
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.status import has_status
from quanheng.platform.instruments.views import district_url
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.people import scope_q
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.web.components import Figure

FIRST = 5
ENDING = dt.timedelta(days=7)


def _group(
    key: str, label: str, rows: QuerySet[Instrument], query: str, action: str, *, late: bool = False
) -> WorkGroup:
    count = rows.count()
    items = [
        WorkItem(
            title=f"{i.name} {i.serial_number}",
            detail=f"{i.organisation.name} {i.location}".strip(),
            url=reverse("instruments:instrument", args=[i.pk]),
            due={"in_use": i.valid_until, "stopped": i.stopped_until}.get(i.state),
            action=action,
        )
        for i in rows.select_related("organisation").order_by("valid_until")[:FIRST]
    ]
    return WorkGroup(key, label, count, count if late else 0, f"{reverse('instruments:list')}?{query}", items)


def keepers(actor: Actor) -> Sequence[WorkGroup]:
    """Overdue, due soon, back from repair, filings returned or not handed in; what is applied for is not offered."""
    if actor.system or not actor.has(Role.ENTERPRISE):
        return []
    today = clock.today()
    mine = Instrument.objects.filter(scope_q(actor, owner="organisation", roles=(Role.ENTERPRISE,)))
    idle = mine.exclude(queries.applied_for())
    used = idle.filter(state="in_use")
    events = AuditEvent.objects.filter(
        verb="instruments.return_filing", organisation_id__in=mine.filter(state="draft").values("organisation_id")
    )
    returned = mine.filter(state="draft", pk__in=list(events.values_list("subject_id", flat=True)[:1000]))
    entered = mine.filter(state="draft").exclude(pk__in=returned)
    repaired = idle.filter(state="awaiting")
    ending = idle.filter(state="stopped", stopped_until__lte=today + ENDING)
    overdue, due = used.filter(has_status("overdue", today)), used.filter(has_status("due", today))
    return [
        _group(
            "instruments.overdue",
            _("已超期、未申请检定的器具"),
            overdue,
            "status=overdue&applied=no",
            _("申请检定"),
            late=True,
        ),
        _group("instruments.due", _("30 天内到期、未申请检定的器具"), due, "status=due&applied=no", _("申请检定")),
        _group(
            "instruments.awaiting",
            _("修后待检、未申请检定的器具"),
            repaired,
            "status=awaiting&applied=no",
            _("申请检定"),
        ),
        _group(
            "instruments.stopped",
            _("报停将满的器具"),
            ending,
            f"state=stopped&stopped_until={(today + ENDING).isoformat()}",
            _("启用或重新报停"),
        ),
        _group("instruments.returned", _("被退回的备案"), returned, "state=draft", _("修改后重报")),
        _group("instruments.drafts", _("尚未提交备案的器具"), entered, "state=draft", _("提交备案")),
    ]


def regulators(actor: Actor) -> Sequence[WorkGroup]:
    """Filings to review, and where instruments are overdue."""
    if actor.system or not actor.regions():
        return []
    waiting = queries.filings_waiting(actor)
    items = [
        WorkItem(
            f"{i.name} {i.serial_number}",
            i.organisation.name,
            reverse("instruments:instrument", args=[i.pk]),
            action=_("审核"),
        )
        for i in waiting[:FIRST]
    ]
    late = queries.overdue_districts(actor)
    total = sum(n for _region, n in late)
    places = [
        WorkItem(
            region.name,
            _("%(n)d 台件已超期") % {"n": n},
            district_url(region.code, "overdue"),
            action=_("查看"),
        )
        for region, n in late[:FIRST]
    ]
    filings = reverse("instruments:filings")
    return [
        WorkGroup("instruments.filings", _("待审核的备案"), waiting.count(), 0, filings, items),
        WorkGroup("instruments.districts", _("超期未检的器具"), total, total, reverse("instruments:districts"), places),
    ]


def figures(actor: Actor) -> Sequence[Figure]:
    """Coverage of the district, opening its page."""
    if actor.system or not actor.regions():
        return []
    rows = queries.districts(actor)
    whole = sum(r.mandatory for r in rows)
    coverage = queries.percent(sum(r.verified for r in rows), whole)
    return [
        Figure(_("受检率(按台件)"), coverage, "%", reverse("instruments:districts")),
        Figure(_("在用强制检定"), whole, _("台件"), district_url("", "mandatory")),
        Figure(_("已超期"), sum(r.overdue for r in rows), _("台件"), district_url("", "overdue"), tone="bad"),
    ]
