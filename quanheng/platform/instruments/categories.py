"""Which category a text means on a day, and whether the law asks for verification there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import InstrumentCategory, VerificationMode
from quanheng.platform.instruments.models import Use
from quanheng.platform.kernel.sheets import normal
from quanheng.platform.kernel.sheets.cells import CellProblem


def categories_on(day: dt.date) -> list[InstrumentCategory]:
    """The edition of each category that is in force on a day, in the catalogue's order."""
    rows = (
        InstrumentCategory.objects.filter(Q(effective_from=None) | Q(effective_from__lte=day))
        .filter(Q(effective_to=None) | Q(effective_to__gte=day))
        .order_by("effective_from", "edition", "pk")
    )
    latest = {row.code: row for row in rows}
    return sorted(latest.values(), key=lambda c: (not c.mandatory, c.pk))


class CategoryIndex:
    """All categories of a day by every text that may mean one."""

    def __init__(self, day: dt.date) -> None:
        self._found: dict[str, list[InstrumentCategory]] = defaultdict(list)
        for category in categories_on(day):
            texts = {category.code, category.item, category.name, category.name_en, f"{category.name}{category.item}"}
            for text in {normal(t) for t in texts if t}:
                self._found[text].append(category)

    def find(self, text: str) -> InstrumentCategory:
        """The one category the text means."""
        rows = self._found.get(normal(text), [])
        exact = [c for c in rows if normal(c.item) == normal(text) or normal(c.code) == normal(text)]
        rows = exact or rows
        if len(rows) == 1:
            return rows[0]
        if rows:
            names = "、".join(c.item for c in rows[:4])
            raise CellProblem(_("「%(text)s」有多个种别,请写明:%(names)s") % {"text": text, "names": names})
        raise CellProblem(_("目录中没有「%(text)s」,请从下拉列表中选择") % {"text": text})


def is_mandatory(category: InstrumentCategory, use: str) -> bool:
    """Whether an instrument of the category must be verified when put to that use."""
    if not category.mandatory or category.mode == VerificationMode.VOLUNTARY or use == Use.OTHER:
        return False
    if not category.uses:
        return True
    known = [u for u in Use if u != Use.OTHER and _names(u, category.uses)]
    return not known or use in known


def _names(use: Use, text: str) -> bool:
    return use.value in text or _CHINESE[use] in text


_CHINESE = {
    Use.TRADE: "贸易结算",
    Use.SAFETY: "安全防护",
    Use.MEDICAL: "医疗卫生",
    Use.ENVIRONMENT: "环境监测",
    Use.OTHER: "其他",
}


def titles(rows: Iterable[InstrumentCategory]) -> list[str]:
    """How categories are written on a template."""
    return list(dict.fromkeys(c.item or c.name for c in rows))
