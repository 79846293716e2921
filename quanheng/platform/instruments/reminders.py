"""Reminders before validity ends: of each instrument once for each lead, and once when it has run out.

What was told last is kept on the instrument, so a day on which the job did not run is made up on the next, and one that
enters the ledger with ten days left is told of at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quanheng.errors import InputError
from quanheng.platform.instruments.models import Instrument, ReminderRule
from quanheng.platform.instruments.policies import KEEPERS, may_keep_for
from quanheng.platform.instruments.status import REJECT
from quanheng.platform.kernel import clock, events, notices, people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Notice, Organisation, User
from quanheng.platform.kernel.policies import require
from quanheng.platform.kernel.roles import Role

KIND = "expiry"
LEAD_DAYS = (30, 15, 7)
MAX_LEAD = 366
MOST_LEADS = 6
OVERDUE = -1
CHUNK = 500
Rules = Mapping[str, tuple[int, ...]]


def rules() -> Rules:
    """The chosen days, by the path of the organisation that chose them."""
    return {path: tuple(days) for path, days in ReminderRule.objects.values_list("organisation__path", "days")}


def days_of(path: str, known: Rules) -> tuple[int, ...]:
    """The days of an organisation: its own, else those of the nearest one above it, else 30, 15 and 7."""
    nearest = max((p for p in known if path.startswith(p)), key=len, default=None)
    return LEAD_DAYS if nearest is None else known[nearest]


@transaction.atomic
def set_days(*, actor: Actor, organisation: Organisation, days: Iterable[int]) -> tuple[int, ...]:
    """Choose the days for an organisation and those below it that chose none."""
    require(may_keep_for(actor, organisation))
    wanted = sorted({int(d) for d in days}, reverse=True)
    if not wanted or len(wanted) > MOST_LEADS or wanted[0] > MAX_LEAD or wanted[-1] < 0:
        words = _("请填 1 至 %(most)d 个 0 至 %(max)d 之间的天数") % {"most": MOST_LEADS, "max": MAX_LEAD}
        raise InputError("lead_days", words, "days")
    before = days_of(organisation.path, rules())
    ReminderRule.objects.update_or_create(organisation=organisation, defaults={"days": wanted})
    after = {"days": wanted}
    events.record(actor, "instruments.reminder_days_set", organisation, before={"days": list(before)}, after=after)
    return tuple(wanted)


def sent(viewer: Actor) -> QuerySet[Notice]:
    """The log of what was sent: to the people of one's own organisations; a system administrator sees all of it."""
    rows = Notice.objects.filter(kind=KIND).select_related("user", "organisation")
    if viewer.system or viewer.has(Role.SYSTEM_ADMIN):
        return rows
    return rows.filter(people.scope_q(viewer, owner="organisation", roles=KEEPERS))


def remind() -> str:
    """Write what is due today; a second run adds nothing."""
    today, known = clock.today(), rules()
    longest = max([*LEAD_DAYS, *(d for days in known.values() for d in days)])
    waiting = _waiting(today + dt.timedelta(days=longest))
    count = 0
    for organisation in Organisation.objects.filter(pk__in=waiting.values("organisation_id")).order_by("path"):
        count += _remind_of(organisation, days_of(organisation.path, known), today)
    return _("新增提醒 %(n)s 条") % {"n": count}


def _waiting(until: dt.date) -> QuerySet[Instrument]:
    """Verified instruments in use that run out by that day or have run out, unless that too was told."""
    rows = Instrument.objects.filter(state="in_use", invalidated_on=None, valid_until__lte=until)
    told = Q(reminded_lead=OVERDUE, reminded_for=F("valid_until"))
    return rows.exclude(last_verdict=REJECT).exclude(told)


@transaction.atomic
def _remind_of(organisation: Organisation, days: Sequence[int], today: dt.date) -> int:
    """All that is due in one organisation. Its row is locked: of two workers the second finds nothing left to tell."""
    Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    keepers = keepers_of(organisation, today)
    if not keepers:
        return 0  # told when there is somebody to tell
    groups: dict[int, dict[uuid.UUID, dt.date]] = defaultdict(dict)
    rows = _waiting(today + dt.timedelta(days=max(days))).filter(organisation=organisation)
    for pk, until, told_for, told in rows.values_list("pk", "valid_until", "reminded_for", "reminded_lead"):
        lead = _lead((until - today).days, days) if until else None
        if until is not None and lead is not None and (told_for != until or told is None or told > lead):
            groups[lead][pk] = until
    for lead, found in groups.items():
        ids = list(found)
        for start in range(0, len(ids), CHUNK):
            part = Instrument.objects.filter(pk__in=ids[start : start + CHUNK])
            part.update(reminded_for=F("valid_until"), reminded_lead=lead)
    return notices.send(_messages(organisation, keepers, groups, today))


def _lead(left: int, days: Sequence[int]) -> int | None:
    """The lead that so many days left fall under: the shortest that reaches so far."""
    return OVERDUE if left < 0 else min((d for d in days if d >= left), default=None)


def keepers_of(organisation: Organisation, today: dt.date) -> list[User]:
    """Who keeps its ledger today, its own people and those of the organisations above it."""
    granted = people.grants_on(today).filter(role__in=KEEPERS, user__is_active=True).select_related("user")
    steps = organisation.path.strip("/").split("/")
    above = [f"/{'/'.join(steps[: n + 1])}/" for n in range(len(steps))]
    return list({g.user_id: g.user for g in granted.filter(organisation__path__in=above)}.values())


def _messages(
    organisation: Organisation,
    keepers: Sequence[User],
    groups: Mapping[int, Mapping[uuid.UUID, dt.date]],
    today: dt.date,
) -> Iterator[notices.Message]:
    stamp = clock.now().isoformat()
    for lead, found in sorted(groups.items(), reverse=True):
        first, last = min(found.values()), max(found.values())
        url = f"{reverse('instruments:list')}?valid_until_min={first}&valid_until_max={last}"
        for user in keepers:
            with translation.override(user.preferences.get("language") or translation.get_language()):
                text = _text(len(found), lead, first, last, today)
            if user.organisation_id != organisation.pk:
                text = f"{organisation.name}:{text}"
            key = f"{KIND}:{organisation.pk}:{lead}:{stamp}"
            yield notices.Message(user.pk, KIND, key, text, url, organisation.pk)


def _text(n: int, lead: int, first: dt.date, last: dt.date, today: dt.date) -> str:
    values = {"n": n, "day": first, "last": last, "lead": lead, "left": (first - today).days}
    if lead == OVERDUE and first == last:
        text = ngettext(
            "%(n)s 台器具已于 %(day)s 过期,请停止使用并申请检定",
            "%(n)s 台器具已于 %(day)s 过期,请停止使用并申请检定",
            n,
        )
    elif lead == OVERDUE:
        text = ngettext(
            "%(n)s 台器具已在 %(day)s 至 %(last)s 间过期,请停止使用并申请检定",
            "%(n)s 台器具已在 %(day)s 至 %(last)s 间过期,请停止使用并申请检定",
            n,
        )
    elif last == today:
        text = ngettext(
            "%(n)s 台器具今天(%(day)s)到期,请尽快申请检定", "%(n)s 台器具今天(%(day)s)到期,请尽快申请检定", n
        )
    elif first == last:
        text = ngettext(
            "%(n)s 台器具将于 %(day)s 到期(还有 %(left)s 天)", "%(n)s 台器具将于 %(day)s 到期(还有 %(left)s 天)", n
        )
    else:
        text = ngettext(
            "%(n)s 台器具将在 %(day)s 至 %(last)s 间到期(%(lead)s 天内)",
            "%(n)s 台器具将在 %(day)s 至 %(last)s 间到期(%(lead)s 天内)",
            n,
        )
    return text % values
