"""Readings by MQTT for one utility: its own meters as they stand, what is set aside where its people see it."""

from __future__ import annotations

import time
from collections.abc import Callable

import polars as pl
from django.db import close_old_connections

from quanheng.errors import InputError
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.surveillance.models import Area
from quanheng.platform.surveillance.store import known, store
from quanheng.telemetry.ingest.push import Receiver

_FRESH = 60.0  # seconds for which the list of meters is taken as it was read


def receiver_of(code: str) -> tuple[Receiver, Callable[[str], str]]:
    """The receiver of a utility, by its credit code, and how its sources are named."""
    owner = Organisation.objects.filter(credit_code=code).first()
    if owner is None or not Area.objects.filter(organisation=owner).exists():
        raise InputError("not_found", "no organisation with areas has this credit code", code[:40])
    return Receiver(store(), store().journal(), _Listed(owner)), lambda name: f"{owner.pk}/{name}"


class _Listed:
    """The list of an owner's meters, read anew every minute: a meter replaced meanwhile is known soon."""

    def __init__(self, owner: Organisation) -> None:
        self.owner, self._read, self._table = owner, 0.0, pl.DataFrame()

    def __call__(self) -> pl.DataFrame:
        if not self._read or time.monotonic() - self._read > _FRESH:
            close_old_connections()
            self._table, self._read = known(area__organisation=self.owner), time.monotonic()
        return self._table
