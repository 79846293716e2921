"""Thousands of new rows at once. Django's own way builds one long statement and asks every field for every value."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PLAIN: tuple[tuple[set[type], tuple[type[models.Field[Any, Any]], ...]], ...] = (
    ({str}, (models.CharField, models.TextField)),
    ({int}, (models.IntegerField,)),
    ({bool}, (models.BooleanField,)),
)
REPEATED = (dt.date, dt.datetime, uuid.UUID)  # owners, regions, batches, days: the same few over and over


@transaction.atomic
def insert(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model, in one prepared statement.

    As ``bulk_create``: no signals, no ``save``. What the database computes is not read back.
    """
    if not rows:
        return
    model, connection = type(rows[0]), transaction.get_connection()
    computed = (models.AutoField, models.GeneratedField)
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, computed)]
    quote = connection.ops.quote_name
    names, places = ", ".join(quote(str(f.column)) for f in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 our own names
    if ignore_conflicts:
        statement += " ON CONFLICT DO NOTHING"
    columns = [_Column(field, connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[column.of(row) for column in columns] for row in rows])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


class _Column:
    """One field of the rows as the database takes it; what comes again is converted once."""

    def __init__(self, field: Any, connection: BaseDatabaseWrapper) -> None:
        self._field, self._connection = field, connection
        self._plain = next((types for types, kinds in PLAIN if type(field) in kinds), set[type]())
        stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        ours = (models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save)
        self._get = attrgetter(field.attname) if type(field).pre_save in ours and not stamped else None
        self._last: Any = None
        self._kept: Any = None
        self._known: dict[Any, Any] = {}

    def of(self, row: models.Model) -> Any:
        value = self._get(row) if self._get else self._field.pre_save(row, True)
        if value is None or type(value) in self._plain:
            return value
        if value is not self._last:
            self._last, self._kept = value, self._converted(value)
        return self._kept

    def _converted(self, value: Any) -> Any:
        if type(value) not in REPEATED or self._field.primary_key:
            return self._field.get_db_prep_save(value, self._connection)
        if value not in self._known:
            self._known[value] = self._field.get_db_prep_save(value, self._connection)
        return self._known[value]
