"""Filters of the law pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from quanheng.library.coverage import Capability
from quanheng.platform.law.labels import KINDS, region_label
from quanheng.platform.law.models import LawItem, Verified
from quanheng.platform.law.queries import in_force_q
from quanheng.platform.law.tables import KIND_WORDS
from quanheng.platform.web.filters import ANY, ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput


def _regions() -> list[tuple[str, Any]]:
    codes = LawItem.objects.order_by("region_code").values_list("region_code", flat=True).distinct()
    return sorted(((code, region_label(code)) for code in codes), key=lambda pair: (pair[0] != "CN", pair[0]))


class ItemFilter(FilterSet):
    """By words, kind, region, day and verification."""

    q = SearchFilter(("title", "code", "edition", "source"))
    kind = ChoiceFilter(label=_("类别"), choices=list(KINDS.items()))
    region_code = ChoiceFilter(label=_("适用地区"), choices=_regions)
    on = django_filters.DateFilter(label=_("在该日生效"), method="in_force_on", widget=DateInput())
    verified = ChoiceFilter(label=_("核实"), choices=Verified.choices)

    class Meta:
        model = LawItem
        fields: tuple[str, ...] = ()

    def in_force_on(self, rows: QuerySet[LawItem], name: str, day: dt.date) -> QuerySet[LawItem]:
        """Items in force on the chosen day."""
        return rows.filter(in_force_q(day))


class CapabilityForm(forms.Form):
    """Filters of the comparison; its rows are not a table of the database."""

    q = forms.CharField(label=_("搜索"), required=False)
    module = forms.ChoiceField(label=_("模块"), required=False)
    kind = forms.ChoiceField(label=_("性质"), required=False, choices=[("", ANY), *KIND_WORDS.items()])
    status = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", ANY), ("open", _("待实现")), ("done", _("已实现"))]
    )

    def __init__(self, data: QueryDict, *, modules: list[str]) -> None:
        super().__init__(data)
        module = self.fields["module"]
        if isinstance(module, forms.ChoiceField):
            module.choices = [("", ANY), *((name, name) for name in modules)]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field.widget, forms.Select) else "form-control"


@dataclass
class CapabilityFilter:
    """The same face as a filter set, over plain rows."""

    form: CapabilityForm
    rows: list[Capability]

    @property
    def active(self) -> bool:
        """Whether anything is filtered."""
        return any(self.form.data.get(name) for name in self.form.fields)

    @property
    def kept(self) -> list[Capability]:
        """The rows that remain."""
        if not self.form.is_valid():
            return []
        wanted = self.form.cleaned_data
        words = wanted["q"].lower().split()[:6]
        return [
            row
            for row in self.rows
            if all(not wanted[name] or getattr(row, name) == wanted[name] for name in ("module", "kind", "status"))
            and all(word in f"{row.name_zh} {row.capability_key}".lower() for word in words)
        ]
