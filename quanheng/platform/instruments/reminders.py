"""Reminders before validity ends: one to each keeper for each day of lead, and one when it has ended."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, notices
from quanheng.platform.kernel.models import RoleGrant, User
from quanheng.platform.kernel.roles import Role


def _expiring(start: dt.date, end: dt.date) -> dict[str, dict[dt.date, int]]:
    """Instruments in use whose validity ends within the days, counted by organisation path and last day."""
    rows = (
        Instrument.objects.filter(state="in_use", valid_until__gte=start, valid_until__lte=end)
        .values_list("organisation__path", "valid_until")
        .annotate(n=Count("id"))
    )
    found: dict[str, dict[dt.date, int]] = defaultdict(dict)
    for path, day, n in rows:
        if day is not None:
            found[path][day] = n
    return found


def _list_url(day: dt.date) -> str:
    try:
        return f"{reverse('instruments:list')}?valid_until_min={day}&valid_until_max={day}"
    except NoReverseMatch:
        return ""


def _messages(today: dt.date) -> Iterator[notices.Message]:
    keepers = RoleGrant.objects.filter(role=Role.ENTERPRISE, user__is_active=True).select_related(
        "user", "organisation"
    )
    longest = max((max(notices.lead_days(g.user)) for g in keepers), default=0)
    found = _expiring(today - dt.timedelta(days=1), today + dt.timedelta(days=longest))
    for grant in keepers:
        counts: dict[dt.date, int] = defaultdict(int)
        for path, days in found.items():
            if path.startswith(grant.organisation.path):
                for day, n in days.items():
                    counts[day] += n
        yield from _for_keeper(grant.user, counts, today)


def _for_keeper(user: User, counts: dict[dt.date, int], today: dt.date) -> Iterator[notices.Message]:
    for lead in (*notices.lead_days(user), -1):
        day = today + dt.timedelta(days=lead)
        n = counts.get(day, 0)
        if not n:
            continue
        if lead < 0:
            text = ngettext(
                "%(n)s 台器具已于 %(day)s 过期,请停止使用并申请检定",
                "%(n)s 台器具已于 %(day)s 过期,请停止使用并申请检定",
                n,
            )
        else:
            text = ngettext(
                "%(n)s 台器具将于 %(day)s 到期(还有 %(lead)s 天)", "%(n)s 台器具将于 %(day)s 到期(还有 %(lead)s 天)", n
            )
        key = f"expiry:{day}:{lead}"
        yield notices.Message(user.pk, "expiry", key, text % {"n": n, "day": day, "lead": lead}, _list_url(day))


def remind() -> str:
    """Write today's reminders; a second run on the same day adds nothing."""
    new = notices.send(_messages(clock.today()))
    return _("新增提醒 %(n)s 条") % {"n": new}
