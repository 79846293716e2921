"""The base of every list: columns as data, drawn by one template, exported as read."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

import django_tables2
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import F, Model, QuerySet
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from quanheng.platform.web.components import Status
from quanheng.platform.web.templatetags import web as tags

CAP = 10_000
Text = str | Promise


class TextColumn(django_tables2.Column):
    """Text; ``sub`` names an accessor printed small below it. ``main=True`` is a card's title on the phone.

    An export gives what stands below a column of its own, where ``sub_title`` names it.
    """

    def __init__(self, *args: Any, main: bool = False, sub: str = "", sub_title: Text = "", **kwargs: Any) -> None:
        self.main, self.sub, self.sub_title = main, sub, sub_title
        super().__init__(*args, **kwargs)

    def render(self, value: Any, record: Any) -> Any:
        if not self.sub:
            return value
        below = django_tables2.A(self.sub).resolve(record, quiet=True)
        return format_html('{}<span class="sub">{}</span>', value, below) if below else value

    def value(self, value: Any, record: Any) -> Any:
        """What an export holds: the value alone."""
        return value


class NumberColumn(django_tables2.Column):
    """A number as it was written, right-aligned, with its unit. Text readings stay text."""

    def __init__(self, *args: Any, unit: Text = "", unit_accessor: str = "", **kwargs: Any) -> None:
        self.unit, self.unit_accessor = unit, unit_accessor
        attrs = {"td": {"class": "num"}, "th": {"class": "num"}} | kwargs.pop("attrs", {})
        super().__init__(*args, attrs=attrs, **kwargs)

    def render(self, value: Any, record: Any) -> SafeString:
        unit = django_tables2.A(self.unit_accessor).resolve(record, quiet=True) if self.unit_accessor else self.unit
        return tags.quantity(value, unit or "")

    def value(self, value: Any) -> Any:
        """What an export holds: the number or the text itself."""
        return value


class DateColumn(django_tables2.Column):
    """A date or a moment as 2026-05-20 or 2026-05-20 14:03."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        attrs = {"td": {"class": "date"}} | kwargs.pop("attrs", {})
        super().__init__(*args, attrs=attrs, **kwargs)

    def render(self, value: dt.date | dt.datetime) -> str:
        return tags.civil(value)

    def value(self, value: Any) -> Any:
        """What an export holds: the date itself."""
        return value


class DeadlineColumn(DateColumn):
    """A date with its distance in words; ``soon`` days ahead it warns."""

    def __init__(self, *args: Any, soon: int = 30, **kwargs: Any) -> None:
        self.soon = soon
        super().__init__(*args, **kwargs)

    def render(self, value: dt.date) -> SafeString:
        return tags.deadline(value, soon=self.soon)


class StatusColumn(django_tables2.Column):
    """A ``Status`` (or what ``to_status(record)`` makes of the row): shape + colour + word."""

    def __init__(self, *args: Any, to_status: Callable[[Any], Status] | None = None, **kwargs: Any) -> None:
        self.to_status = to_status
        if to_status:
            kwargs.setdefault("empty_values", ())
        attrs = {"td": {"class": "state"}} | kwargs.pop("attrs", {})
        super().__init__(*args, attrs=attrs, **kwargs)

    def render(self, value: Any, record: Any) -> SafeString:
        return tags.status(self.to_status(record) if self.to_status else value)

    def value(self, value: Any, record: Any) -> str:
        """What an export holds: the word."""
        state = self.to_status(record) if self.to_status else value
        return str(state.label if isinstance(state, Status) else state)


def _empty_last(model: type[Model], order: Any) -> Any:
    """The order of a nullable column with its empty values last; anything else as it is."""
    path = str(order).removeprefix("-")
    if not isinstance(order, str) or path == "?" or not _nullable(model, path.split("__")):
        return order
    column = F(path)
    return column.desc(nulls_last=True) if order.startswith("-") else column.asc(nulls_last=True)


def _nullable(model: Any, parts: Sequence[str]) -> bool:
    for part in parts:
        try:
            field = model._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return False
        if getattr(field, "null", False):
            return True
        model = getattr(field, "related_model", None)
    return False


class Table(django_tables2.Table):
    """Base class. ``hidden`` are columns shown only when chosen; ``pinned`` cannot be hidden."""

    hidden: ClassVar[Sequence[str]] = ()
    pinned: ClassVar[Sequence[str]] = ()

    class Meta:
        template_name = "web/table.html"
        attrs: ClassVar = {"class": "qh-table cards"}
        default = "—"

    @property
    def order_by(self) -> Any:
        """How the list is sorted."""
        return django_tables2.Table.order_by.fget(self)

    @order_by.setter
    def order_by(self, value: Any) -> None:
        """Sort; rows without a value come last whatever the direction and the database."""
        django_tables2.Table.order_by.fset(self, value)
        rows = self.data.data
        if isinstance(rows, QuerySet) and rows.query.order_by:
            self.data.data = rows.order_by(*(_empty_last(rows.model, o) for o in rows.query.order_by))

    def row_url(self, record: Any) -> str:
        """Where Enter and a click lead; empty for nowhere."""
        get = getattr(record, "get_absolute_url", None)
        return str(get()) if get else ""

    def row_preview(self, record: Any) -> str:
        """Address of the side preview (a part without frame); empty for none."""
        return ""

    def prepare(self, records: Sequence[Any]) -> None:
        """Look up in one go what the cells of these rows need: those of a page, or a part of an export."""

    def row_key(self, record: Any) -> str:
        """What a selected row posts."""
        return str(record.pk)

    def shown_rows(self) -> Iterator[dict[str, Any]]:
        """Rows for the template."""
        page = self.paginated_rows
        self.prepare([row.record for row in page])
        for row in page:
            yield {
                "url": self.row_url(row.record),
                "preview": self.row_preview(row.record),
                "key": self.row_key(row.record),
                "cells": row.items(),
            }

    def choose(self, names: Sequence[str] | None) -> None:
        """Show these columns beside the pinned ones; None stands for the usual ones."""
        for column in list(self.columns.iterall()):
            if column.name in self.pinned:
                continue
            wanted = column.name not in self.hidden if names is None else column.name in names
            (self.columns.show if wanted else self.columns.hide)(column.name)

    def choosable(self) -> list[tuple[str, Text, bool]]:
        """(name, heading, shown) of the columns a person may choose."""
        return [(c.name, c.header, c.visible) for c in self.columns.iterall() if c.name not in self.pinned]

    def export_rows(self) -> Iterator[Sequence[Any]]:
        """Headings, then every row of the whole filtered list, as read and never as HTML."""
        columns = [c for c in self.columns if not getattr(c.column, "exclude_from_export", False)]
        below = {c.name: c.column for c in columns if getattr(c.column, "sub_title", "")}
        yield [
            h for c in columns for h in (str(c.header), *([str(below[c.name].sub_title)] if c.name in below else []))
        ]
        for row in self._export_source():
            line: list[Any] = []
            for c in columns:
                line.append(_plain(row.get_cell_value(c.name), c, row.record))
                if c.name in below:
                    line.append(django_tables2.A(below[c.name].sub).resolve(row.record, quiet=True))
            yield line

    def _export_source(self) -> Iterator[Any]:
        data = self.rows.data
        if isinstance(data.data, QuerySet):
            found = data.data.iterator(chunk_size=2000)
            while records := list(islice(found, 2000)):
                self.prepare(records)
                for record in records:
                    yield django_tables2.rows.BoundRow(record, table=self)
        else:
            yield from self.rows


def _plain(cell: Any, column: Any, record: Any) -> Any:
    """What a list draws as HTML as the date or number behind it, else as its words."""
    if not isinstance(cell, SafeString):
        return cell
    kept = column.accessor.resolve(record, quiet=True)
    if isinstance(kept, dt.date | int | float) and not isinstance(kept, bool):
        return kept
    return html.unescape(strip_tags(cell)).strip()


class CappedPaginator(Paginator[Any]):
    """Counts to the cap and not beyond: a list of two million rows costs the same as one of ten thousand."""

    @cached_property
    def found(self) -> int:
        """Rows counted: exact up to the cap, cap + 1 beyond."""
        data = getattr(self.object_list, "data", None)
        inner = getattr(data, "data", None)
        if isinstance(inner, QuerySet):
            return inner.order_by()[: CAP + 1].count()
        return len(self.object_list)

    @cached_property
    def count(self) -> int:
        """What paging reaches."""
        return min(self.found, CAP)

    @property
    def capped(self) -> bool:
        """Whether there is more than paging reaches."""
        return self.found > CAP
