"""Which category a text means on a day, for a whole sheet at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.catalog.queries import categories_at
from quanheng.platform.kernel.sheets import normal
from quanheng.platform.kernel.sheets.cells import CellProblem


def categories_on(day: dt.date) -> list[InstrumentCategory]:
    """The edition of each category in force on a day, the mandatory ones first."""
    latest = {c.code: c for c in categories_at(day).order_by("effective_from", "edition", "pk")}
    return sorted(latest.values(), key=lambda c: (not c.mandatory, c.pk))


def is_mandatory(category: InstrumentCategory, use: str) -> bool:
    """Whether an instrument of this edition of a category must be verified when put to that use."""
    return category.mandatory and use in category.use_areas


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
        wanted = normal(text)
        rows = self._found.get(wanted, [])
        rows = [c for c in rows if wanted in (normal(c.item), normal(c.code))] or rows
        if len(rows) == 1:
            return rows[0]
        if rows:
            names = "、".join(c.item for c in rows[:4])
            raise CellProblem(_("「%(text)s」有多个种别,请写明:%(names)s") % {"text": text, "names": names})
        raise CellProblem(_("目录中没有「%(text)s」,请从下拉列表中选择") % {"text": text})
