"""Filters of the catalogue pages."""

from __future__ import annotations

import datetime as dt

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.models import InstrumentCategory, Norm, NormState
from quanheng.platform.catalog.queries import norm_in_force_q
from quanheng.platform.kernel import clock
from quanheng.platform.law.models import Verified
from quanheng.platform.law.queries import in_force_q
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput

USES = [
    ("trade", _("贸易结算")),
    ("safety", _("安全防护")),
    ("medical", _("医疗卫生")),
    ("environment", _("环境监测")),
]


class CategoryFilter(FilterSet):
    """By words, duty, field of use, day and verification."""

    q = SearchFilter(("name", "item", "name_en", "code"))
    mandatory = ChoiceFilter(label=_("强制检定"), choices=[("true", _("是")), ("false", _("否"))], method="by_duty")
    uses = ChoiceFilter(label=_("使用领域"), choices=USES, lookup_expr="contains")
    on = django_filters.DateFilter(label=_("在该日生效"), method="in_force_on", widget=DateInput())
    verified = ChoiceFilter(label=_("核实"), choices=Verified.choices)

    class Meta:
        model = InstrumentCategory
        fields: tuple[str, ...] = ()

    def by_duty(self, rows: QuerySet[InstrumentCategory], name: str, value: str) -> QuerySet[InstrumentCategory]:
        """Mandatory or not."""
        return rows.filter(mandatory=value == "true")

    def in_force_on(self, rows: QuerySet[InstrumentCategory], name: str, day: dt.date) -> QuerySet[InstrumentCategory]:
        """The catalogue of that day."""
        return rows.filter(in_force_q(day))


class NormFilter(FilterSet):
    """By words, state today, day and verification."""

    q = SearchFilter(("number", "title", "instrument"))
    state = ChoiceFilter(label=_("状态"), choices=NormState.choices, method="by_state")
    on = django_filters.DateFilter(label=_("在该日生效"), method="in_force_on", widget=DateInput())
    verified = ChoiceFilter(label=_("核实"), choices=Verified.choices)

    class Meta:
        model = Norm
        fields: tuple[str, ...] = ()

    def by_state(self, rows: QuerySet[Norm], name: str, value: str) -> QuerySet[Norm]:
        """Announced, in force or withdrawn today."""
        today = clock.today()
        if value == NormState.ANNOUNCED:
            return rows.filter(in_force_from__gt=today)
        if value == NormState.WITHDRAWN:
            return rows.filter(in_force_to__lt=today)
        return rows.filter(norm_in_force_q(today))

    def in_force_on(self, rows: QuerySet[Norm], name: str, day: dt.date) -> QuerySet[Norm]:
        """Editions in force on the chosen day."""
        return rows.filter(norm_in_force_q(day))
