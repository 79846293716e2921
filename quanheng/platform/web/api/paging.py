"""Pages by cursor: the next page begins after the last row seen, however many rows come in between."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from ninja import Query
from ninja import Schema as NinjaSchema

from quanheng.errors import InputError

T = TypeVar("T")
LARGEST = 500
Limit = Annotated[int, Query(ge=1, le=LARGEST, description="Rows of one page.")]
Cursor = Annotated[
    str, Query(max_length=400, description="`next` of the page before; leave it out for the first page.")
]


class PageOf(NinjaSchema, Generic[T]):
    """Some rows, and where the next ones begin; `next` is null on the last page."""

    items: list[T]
    next: str | None = None


def page_of(
    rows: QuerySet[Any],
    show: Callable[[Any], Any],
    *,
    cursor: str,
    limit: int,
    by: Sequence[str] = ("pk",),
    prepare: Callable[[Sequence[Any]], object] = lambda _rows: None,
) -> dict[str, Any]:
    """One page in the order of ``by`` (``-`` for newest first); the last of them must be unique.

    ``prepare`` looks up in one go what ``show`` needs of all rows of the page.
    """
    if cursor:
        rows = rows.filter(_after(rows.model, by, _opened(cursor, len(by))))
    found = list(rows.order_by(*by)[: limit + 1])
    more = len(found) > limit
    last = found[limit - 1] if more else None
    prepare(found[:limit])
    return {"items": [show(row) for row in found[:limit]], "next": _sealed(last, by) if last is not None else None}


def _name(field: str) -> str:
    return field.removeprefix("-")


def _sealed(row: Any, by: Sequence[str]) -> str:
    values = [_text(getattr(row, _name(field))) for field in by]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def _opened(cursor: str, length: int) -> list[str]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, str) for v in values):
        raise InputError("cursor", "this cursor is not one of ours; begin with the first page", "cursor")
    return values


def _after(model: type[models.Model], by: Sequence[str], values: Sequence[str]) -> Q:
    """Rows behind the last one seen: (a, b) > (x, y) is a > x, or a = x and b > y."""
    q, same = Q(pk__in=[]), Q()
    for field, text in zip(by, values, strict=True):
        name, value = _name(field), _value(model, _name(field), text)
        q |= same & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return q


def _value(model: type[models.Model], name: str, text: str) -> Any:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    try:
        if isinstance(field, models.UUIDField):
            return uuid.UUID(text)
        if isinstance(field, models.DateTimeField):
            return dt.datetime.fromisoformat(text)
        return field.to_python(text)  # type: ignore[union-attr]
    except (ValueError, ValidationError) as error:
        raise InputError("cursor", "this cursor is not one of ours; begin with the first page", "cursor") from error
