"""The status people speak of, by one rule: as a pure function for one instrument and as SQL for a million."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Protocol

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.web.components import Status, deadline

if TYPE_CHECKING:
    from quanheng.platform.instruments.models import Instrument

SOON_DAYS = 30
OUT_OF_USE = ("stopped", "repair")
PASS, REJECT = "pass", "reject"
VERIFIED = "verified"


STATUSES: dict[str, Status] = {
    "in_use": Status("ok", gettext_lazy("在用")),
    "due": Status("due", gettext_lazy("待检")),
    "overdue": Status("bad", gettext_lazy("已超期")),
    "unverified": Status("unknown", gettext_lazy("未见检定")),
    "awaiting": Status("due", gettext_lazy("修后待检")),
    "stopped": Status("wait", gettext_lazy("停用")),
    "scrapped": Status("off", pgettext_lazy("state", "报废")),
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
    if item.state == "awaiting":
        return "awaiting"
    if item.verified_on is None or item.invalidated_on is not None or item.last_verdict == REJECT:
        return "unverified"
    if item.valid_until is not None and item.valid_until < today:
        return "overdue"
    if item.valid_until is not None and item.valid_until <= today + dt.timedelta(days=SOON_DAYS):
        return "due"
    return "in_use"


def is_ended(item: Dated) -> bool:
    """Whether its last verification failed or was ended: it hangs on no chain. One that merely ran out did not."""
    ended = item.invalidated_on is not None or item.last_verdict == REJECT
    return ended or item.state in ("repair", "awaiting", "scrapped")


def standing_case() -> Case:
    """How an instrument stands whatever the day, as the database keeps it in ``Instrument.standing``."""
    return Case(
        When(state="scrapped", then=Value("scrapped")),
        When(state__in=OUT_OF_USE, then=Value("stopped")),
        When(state="awaiting", then=Value("awaiting")),
        When(
            Q(verified_on__isnull=True) | Q(invalidated_on__isnull=False) | Q(last_verdict=REJECT),
            then=Value("unverified"),
        ),
        default=Value(VERIFIED),
        output_field=CharField(),
    )


def status_case(today: dt.date) -> Case:
    """The status of a day in SQL: whether a verification still holds is all that the day decides."""
    return Case(
        *(When(has_status(key, today), then=Value(key)) for key in ("overdue", "due", "in_use")),
        default=F("standing"),
        output_field=CharField(),
    )


def with_status(rows: QuerySet[Instrument], today: dt.date) -> QuerySet[Instrument]:
    """Instruments annotated with ``status``."""
    return rows.annotate(status=status_case(today))


def status_ranges(key: str, today: dt.date) -> tuple[Q, ...]:
    """One status as disjoint ranges of the index of ``standing`` and ``valid_until``; none for an unknown one."""
    soon = today + dt.timedelta(days=SOON_DAYS)
    match key:
        case "scrapped" | "stopped" | "awaiting" | "unverified":
            return (Q(standing=key),)
        case "overdue":
            return (Q(standing=VERIFIED, valid_until__lt=today),)
        case "due":
            return (Q(standing=VERIFIED, valid_until__gte=today, valid_until__lte=soon),)
        case "in_use":
            return Q(standing=VERIFIED, valid_until__gt=soon), Q(standing=VERIFIED, valid_until=None)
    return ()


def has_status(key: str, today: dt.date) -> Q:
    """One status, or ``in_force``, as a plain condition, so that an index can serve it."""
    if key == "in_force":
        return in_force(today)
    return reduce(or_, status_ranges(key, today), Q(pk__in=[]))


def in_force(today: dt.date) -> Q:
    """Verified, passed, and not yet expired."""
    return Q(standing=VERIFIED) & (Q(valid_until=None) | Q(valid_until__gte=today))


def sentence(item: Instrument, today: dt.date) -> str:
    """The line on top of an instrument's page: state, last verdict, until when."""
    from_states = {"draft": _("草稿"), "filing": _("待备案"), "in_use": _("在用"), "stopped": pgettext("state", "报停")}
    from_states |= {"repair": _("维修中"), "awaiting": _("修后待检"), "scrapped": _("已报废")}
    parts = [from_states.get(item.state, item.state)]
    if item.state == "scrapped":
        return parts[0]
    if item.state == "awaiting":
        parts.append(_("修理后须重新检定,合格前不得使用"))
    elif item.last_verdict == REJECT:
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
            words = deadline(item.valid_until, today=today).words
            parts.append(_("有效期至 %(day)s(%(words)s)") % {"day": item.valid_until.isoformat(), "words": words})
    if item.state == "stopped" and item.stopped_until is not None:
        parts.insert(1, _("预计 %(day)s 启用") % {"day": item.stopped_until.isoformat()})
    if item.state == "stopped" and lapsed(item, today):
        parts.append(_("启用前须检定合格"))
    return " · ".join(parts)


def lapsed(item: Dated, today: dt.date) -> bool:
    """Whether it passed once and that has run out."""
    return item.last_verdict == PASS and item.valid_until is not None and item.valid_until < today


def shown(item: Instrument) -> Status:
    """The status of a row today; a draft or a filing says so first."""
    if item.state == "draft":
        return Status("off", gettext_lazy("草稿"))
    if item.state == "filing":
        return Status("work", gettext_lazy("待备案"))
    return STATUSES[status_of(item, clock.today())]
