"""Thousands of new rows at once. Django's own way builds one long statement and asks every field for every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction

PLAIN: tuple[tuple[set[type], tuple[type[models.Field[Any, Any]], ...]], ...] = (
    ({str}, (models.CharField, models.TextField)),
    ({int}, (models.IntegerField,)),
    ({bool}, (models.BooleanField,)),
)


@transaction.atomic
def insert(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model, in one prepared statement.

    As ``bulk_create``: no signals, no ``save``. Keys that the database gives are not read back.
    """
    if not rows:
        return
    model = type(rows[0])
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
    quote = connection.ops.quote_name
    names, places = ", ".join(quote(str(f.column)) for f in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 our own names
    if ignore_conflicts:
        statement += " ON CONFLICT DO NOTHING"
    columns = [(f, next((types for types, kinds in PLAIN if type(f) in kinds), set[type]())) for f in fields]
    with connection.cursor() as cursor:
        cursor.executemany(statement, [_values(row, columns) for row in rows])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _values(row: models.Model, columns: list[tuple[Any, set[type]]]) -> list[Any]:
    values = []
    for field, types in columns:
        value = field.pre_save(row, True)
        values.append(value if type(value) in types else field.get_db_prep_save(value, connection))
    return values
