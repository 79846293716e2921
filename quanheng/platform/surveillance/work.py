"""What waits for a utility and for a regulator."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.work import WorkGroup, WorkItem
from quanheng.platform.surveillance import charging, device_events, pile_alarms, queries, scheduling, words
from quanheng.platform.surveillance.models import Level
from quanheng.platform.surveillance.policies import WATCHERS

FIRST = 5


def waiting(actor: Actor) -> Sequence[WorkGroup]:
    """Checks to arrange, meters that the data send somebody to, households that asked."""
    if not actor.has(*WATCHERS):
        return ()
    orders = queries.checks(actor).filter(state="open")
    late = orders.filter(due_on__lt=clock.today()).count()
    items = [
        WorkItem(f"{c.number} {c.meter}", str(c.organisation), c.get_absolute_url(), c.due_on, str(_("申请检定")))
        for c in orders.order_by("due_on")[:FIRST]
    ]
    url = f"{reverse('surveillance:checks')}?state=open"
    groups = [WorkGroup("surveillance.checks", _("待安排的现场核查"), orders.count(), late, url, items)]
    wrong = queries.checks(actor).filter(state="confirmed")
    replace = [
        WorkItem(f"{c.number} {c.meter}", str(c.organisation), c.get_absolute_url(), None, str(_("登记更换")))
        for c in wrong.order_by("closed_at")[:FIRST]
    ]
    url = f"{reverse('surveillance:checks')}?state=confirmed"
    groups.append(WorkGroup("surveillance.replace", _("核查不合格、待更换的表计"), wrong.count(), 0, url, replace))
    silent = [
        WorkItem(
            str(o), str(_("评价周期已过,没有新的读数")), reverse("surveillance:utility", args=[o.pk]), None,
            str(_("查看")),
        )
        for o in queries.owners(actor)
        if scheduling.waits_for_readings(o, scheduling.standing_of(o))
    ]  # fmt: skip
    where = reverse("surveillance:quality")
    groups.append(WorkGroup("surveillance.silent", _("读数中断,评价到期"), len(silent), 0, where, silent[:FIRST]))
    found = (
        queries.meters(actor)
        .filter(verdict="check", removed_on=None)
        .exclude(site_checks__state__in=["open", "applied"])
    )
    visits = [
        WorkItem(str(m), str(m.area), m.get_absolute_url(), None, str(_("下达核查单")))
        for m in found.order_by("-p_exceed")[:FIRST]
    ]
    listed = f"{reverse('surveillance:meters')}?verdict=check"
    groups.append(WorkGroup("surveillance.found", _("数据显示须现场核查的表计"), found.count(), 0, listed, visits))
    reports = device_events.seen(actor).filter(handled_at=None, level__in=["alarm", "warning"])
    rows = [
        WorkItem(
            f"{device_events.kind_words(e.kind)} {e.instrument}", str(e.organisation),
            reverse("surveillance:device-event", args=[e.pk]), None, str(_("记录处理情况")),
        )
        for e in reports.order_by("-happened_at")[:FIRST]
    ]  # fmt: skip
    where = f"{reverse('surveillance:device-events')}?handled=no"
    groups.append(WorkGroup("surveillance.device_events", _("待处理的器具事件"), reports.count(), 0, where, rows))
    groups.append(_piles(actor))
    groups.append(_areas(actor))
    asked = queries.requests(actor).filter(answered_at=None, check_order=None)
    rows = [
        WorkItem(
            str(r.meter),
            r.text or str(r.meter.area),
            reverse("surveillance:request", args=[r.pk]),
            None,
            str(_("答复")),
        )
        for r in asked.order_by("made_at")[:FIRST]
    ]
    where = reverse("surveillance:requests")
    groups.append(WorkGroup("surveillance.requests", _("用户申请的核查"), asked.count(), 0, where, rows))
    return groups


def _piles(actor: Actor) -> WorkGroup:
    """Alarms of piles that stand and that nobody saw to."""
    rows = pile_alarms.seen(actor).filter(cleared_at=None, handled_at=None)
    items = [
        WorkItem(
            f"{charging.alarm_words(a.kind)} {a.meter}", str(a.meter.area), a.get_absolute_url(), None,
            str(_("记录处理情况")),
        )
        for a in rows.order_by("-raised_at")[:FIRST]
    ]  # fmt: skip
    url = f"{reverse('surveillance:pile-alarms')}?state=open"
    return WorkGroup("surveillance.piles", _("待处理的充电桩警报"), rows.count(), 0, url, items)


def _areas(actor: Actor) -> WorkGroup:
    """Areas on alarm without a meter to visit: theft, a wrong ratio, two masters."""
    rows = queries.areas(actor).filter(level=Level.ALARM, checks=0)
    items = [
        WorkItem(str(a), words.cause_words(a.cause), a.get_absolute_url(), None, str(_("查看")))
        for a in rows.order_by("evaluated_at")[:FIRST]
    ]
    url = f"{reverse('surveillance:areas')}?level=alarm&fit=unfit"
    return WorkGroup("surveillance.areas", _("须查明原因的台区警报"), rows.count(), 0, url, items)
