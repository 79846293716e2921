"""Dates: readable, possible, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import child, text

_DATES = ("receiptDate", "beginPerformanceDate", "endPerformanceDate", "issueDate")
_CORE = tuple(f"{{{names.DCC}}}{name}" for name in _DATES)
_ORDER = (
    ("receiptDate", "endPerformanceDate", "warning"),
    ("beginPerformanceDate", "endPerformanceDate", "error"),
    ("endPerformanceDate", "issueDate", "error"),
)
_MOMENTS = ("dateTime", "dateTimeXMLList")
_OLDEST = 1950
_REMEDY = ("写成 YYYY-MM-DD", "write YYYY-MM-DD")
# a year, a month, a day in plain digits; then a zone, or a time of day in files that mix the two up
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}|T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})?)?")


def civil(words: str) -> date | None:
    """An xs:date, with or without a zone; a time of day may follow in files that mix the two up."""
    try:
        return date.fromisoformat(words[:10]) if _DAY.fullmatch(words) else None
    except ValueError:
        return None


def check(tree: Tree, today: date | None) -> Iterator[Finding]:
    core = tree.core
    days: dict[str, date] = {}
    for element in core.iterchildren(*_CORE) if core is not None else ():
        day = civil(text(element))
        if day is not None:
            days[names.local(element.tag)] = day
        yield from _readable(element, day, today)
    for first, second, severity in _ORDER:
        if first in days and second in days and days[second] < days[first] and core is not None:
            place = child(core, second)
            words = f"{second} 早于 {first}", f"{second} is before {first}"
            yield finding(
                place if place is not None else core, "date_order", "error" if severity == "error" else "warning", words
            )
    for element in tree.dcc("date"):
        yield from _readable(element, civil(text(element)), None)
    for element in (*tree.si(*_MOMENTS), *tree.dcc(*_MOMENTS)):
        yield from _moments(element)


def _readable(element: etree._Element, day: date | None, today: date | None) -> Iterator[Finding]:
    words = text(element)
    if day is None:
        what = (f"日期“{words}”无法识别", f"the date {words!r} cannot be read")
        if not words:
            what = ("日期为空", "the date is empty")
        yield finding(element, "date", "error", what, _REMEDY)
    elif day.year < _OLDEST:
        yield finding(element, "date_odd", "warning", (f"日期 {words} 早得可疑", f"the date {words} is oddly early"))
    elif today is not None and day > today:
        yield finding(element, "date_future", "warning", (f"日期 {words} 在将来", f"the date {words} lies ahead"))


def _moments(element: etree._Element) -> Iterator[Finding]:
    for word in (element.text or "").split():
        try:
            datetime.fromisoformat(word)
        except ValueError:
            what = (f"时间“{word}”无法识别", f"the time {word!r} cannot be read")
            yield finding(element, "time", "error", what, ("写成 YYYY-MM-DDThh:mm:ssZ", "write YYYY-MM-DDThh:mm:ssZ"))
            return
