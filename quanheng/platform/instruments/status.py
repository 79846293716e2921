"""The status people speak of, by one rule: as a pure function for one instrument and as SQL for a million."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from quanheng.platform.instruments.models import Instrument

SOON_DAYS = 30
OUT_OF_USE = ("stopped", "repair")
PASS, REJECT = "pass", "reject"


@dataclass(frozen=True)
class Status:
    """A status as it is shown: word, shape and colour."""

    key: str
    label: StrPromise
    icon: str
    colour: str


STATUSES: dict[str, Status] = {
    s.key: s
    for s in (
        Status("in_use", gettext_lazy("在用"), "circle-check", "green"),
        Status("due", gettext_lazy("待检"), "clock", "yellow"),
        Status("overdue", gettext_lazy("已超期"), "alert-triangle", "red"),
        Status("unverified", gettext_lazy("未见检定"), "help-circle", "orange"),
        Status("stopped", gettext_lazy("停用"), "player-pause", "secondary"),
        Status("scrapped", gettext_lazy("报废"), "x", "dark"),
    )
}


class Dated(Protocol):
    """What the rule looks at."""

    state: str
    verified_on: dt.date | None
    valid_until: dt.date | None
    invalidated_on: dt.date | None
    last_verdict: str


def status_of(item: Dated, today: dt.date) -> str:
    """The key of the status on a civil date."""
    if item.state == "scrapped":
        return "scrapped"
    if item.state in OUT_OF_USE:
        return "stopped"
    if item.verified_on is None or item.invalidated_on is not None or item.last_verdict == REJECT:
        return "unverified"
    if item.valid_until is not None and item.valid_until < today:
        return "overdue"
    if item.valid_until is not None and item.valid_until <= today + dt.timedelta(days=SOON_DAYS):
        return "due"
    return "in_use"


def status_case(today: dt.date, prefix: str = "") -> Case:
    """The same rule in SQL. ``prefix`` is the lookup that leads to the instrument."""

    def q(**lookups: object) -> Q:
        return Q(**{prefix + name: value for name, value in lookups.items()})

    return Case(
        When(q(state="scrapped"), then=Value("scrapped")),
        When(q(state__in=OUT_OF_USE), then=Value("stopped")),
        When(
            q(verified_on=None) | q(invalidated_on__isnull=False) | q(last_verdict=REJECT),
            then=Value("unverified"),
        ),
        When(q(valid_until__lt=today), then=Value("overdue")),
        When(q(valid_until__lte=today + dt.timedelta(days=SOON_DAYS)), then=Value("due")),
        default=Value("in_use"),
        output_field=CharField(),
    )


def with_status(rows: QuerySet[Instrument], today: dt.date) -> QuerySet[Instrument]:
    """Instruments annotated with ``status``."""
    return rows.annotate(status=status_case(today))


def has_status(key: str, today: dt.date) -> Q:
    """One status as a plain condition, so that an index can serve it."""
    if key not in STATUSES:
        return Q(pk__in=[])
    if key == "scrapped":
        return Q(state="scrapped")
    if key == "stopped":
        return Q(state__in=OUT_OF_USE)
    live = ~Q(state__in=("scrapped", *OUT_OF_USE))
    seen = live & Q(verified_on__isnull=False, invalidated_on=None) & ~Q(last_verdict=REJECT)
    soon = today + dt.timedelta(days=SOON_DAYS)
    if key == "unverified":
        return live & (Q(verified_on=None) | Q(invalidated_on__isnull=False) | Q(last_verdict=REJECT))
    if key == "overdue":
        return seen & Q(valid_until__lt=today)
    if key == "due":
        return seen & Q(valid_until__gte=today, valid_until__lte=soon)
    return seen & (Q(valid_until=None) | Q(valid_until__gt=soon))


def in_force(today: dt.date) -> Q:
    """Verified, passed, and not yet expired."""
    seen = Q(verified_on__isnull=False, invalidated_on=None)
    return seen & ~Q(last_verdict=REJECT) & (Q(valid_until=None) | Q(valid_until__gte=today))


def days_in_words(until: dt.date | None, today: dt.date) -> str:
    """How long a date is away, in words and never as a negative number."""
    if until is None:
        return _("长期")
    days = (until - today).days
    if days < 0:
        return ngettext("已超期 %(n)d 天", "已超期 %(n)d 天", -days) % {"n": -days}
    if days == 0:
        return _("今天到期")
    return ngettext("剩 %(n)d 天", "剩 %(n)d 天", days) % {"n": days}


def sentence(item: Instrument, today: dt.date) -> str:
    """The line on top of an instrument's page: state, last verdict, until when."""
    from_states = {"draft": _("草稿"), "filing": _("待备案"), "in_use": _("在用"), "stopped": _("报停")}
    from_states |= {"repair": _("维修中"), "scrapped": _("已报废")}
    parts = [from_states.get(item.state, item.state)]
    if item.last_verdict == REJECT:
        parts.append(_("检定不合格,不得使用"))
    elif item.verified_on is None:
        parts.append(_("未见检定"))
    elif item.invalidated_on is not None:
        parts.append(_("%(day)s 起原检定失效,须重新检定") % {"day": item.invalidated_on.isoformat()})
    else:
        parts.append(_("检定合格"))
        if item.valid_until is None:
            parts.append(_("无有效期限"))
        else:
            words = days_in_words(item.valid_until, today)
            parts.append(_("有效期至 %(day)s(%(words)s)") % {"day": item.valid_until.isoformat(), "words": words})
    return " · ".join(parts)


ORDER = F("valid_until").asc(nulls_last=True)
