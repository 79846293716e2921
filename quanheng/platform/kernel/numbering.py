"""Numbers that stay unique under concurrency."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from quanheng.platform.kernel.models import Sequence


@transaction.atomic
def next_value(scope: str, count: int = 1) -> int:
    """Raise the counter of ``scope`` by ``count`` and return the first new value (counting from 1).

    The row lock of the UPDATE serialises writers on PostgreSQL; SQLite writes one at a time. A rolled-back
    transaction gives its value back, so gaps come only from numbers reserved and voided on purpose.
    """
    if not Sequence.objects.filter(pk=scope).update(value=F("value") + count):
        Sequence.objects.bulk_create([Sequence(scope=scope, value=0)], ignore_conflicts=True)
        Sequence.objects.filter(pk=scope).update(value=F("value") + count)
    return int(Sequence.objects.values_list("value", flat=True).get(pk=scope)) - count + 1
