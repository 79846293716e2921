"""Filters in the address, with our own labels (django-filter has no complete Chinese ones)."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from quanheng.platform.web.forms import DateInput

ANY = _("全部")
SEARCH = _("搜索")


class SearchFilter(django_filters.CharFilter):
    """One box over several columns; every word must be found in one of them."""

    def __init__(self, columns: tuple[str, ...], label: Any = SEARCH, **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(label=label, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "").split()[:6]:
            q = Q()
            for column in self.columns:
                q |= Q(**{f"{column}__icontains": word})
            qs = qs.filter(q)
        return qs


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of several values."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", ANY)
        super().__init__(*args, **kwargs)


class ModelChoiceFilter(django_filters.ModelChoiceFilter):
    """One of several records, found by typing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", ANY)
        kwargs.setdefault("widget", forms.Select(attrs={"data-search": "yes"}))
        super().__init__(*args, **kwargs)


class DateAfter(django_filters.DateFilter):
    """From a date on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, lookup_expr="gte", widget=DateInput(), **kwargs)


class DateBefore(django_filters.DateFilter):
    """Up to a date."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, lookup_expr="lte", widget=DateInput(), **kwargs)


class FilterSet(django_filters.FilterSet):
    """Base class: a wrong value filters nothing away silently; it is named beside its box."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.form.fields.values():
            widget = field.widget
            css = "form-select" if isinstance(widget, forms.Select) else "form-control"
            widget.attrs.setdefault("class", css)

    @property
    def active(self) -> bool:
        """Whether anything is filtered."""
        return any(self.data.get(name) for name in self.form.fields)
