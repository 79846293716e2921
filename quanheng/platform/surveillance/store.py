"""Where the readings of this installation lie."""

from __future__ import annotations

import datetime as dt
import os
import threading

import polars as pl
from django.conf import settings

from quanheng.platform.surveillance.models import AreaMeter
from quanheng.telemetry.fleets import load_profile
from quanheng.telemetry.ingest.push import Receiver
from quanheng.telemetry.ingest.topology import REMOVED
from quanheng.telemetry.store import Store

_lock = threading.Lock()
_receivers: dict[tuple[int, str], Receiver] = {}


def store() -> Store:
    """DATA/readings."""
    return Store(settings.QUANHENG.data_dir / "readings")


def known(**where: object) -> pl.DataFrame:
    """By which readings are taken in: meters that were taken out are listed too, for readings that come late."""
    rows = AreaMeter.objects.filter(**where).values_list(
        "area__code", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "lot",
        "installed_on", "area__region_id", "removed_on",
    )  # fmt: skip
    names = (
        "area_id", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "batch",
        "installed_on", "region", REMOVED,
    )  # fmt: skip
    days = ("installed_on", REMOVED)
    schema: dict[str, pl.DataType] = {n: pl.Date() if n in days else pl.String() for n in names}
    table = pl.DataFrame(list(rows), schema=schema, orient="row")
    texts = [pl.col(n).replace("", None) for n in names if n not in days]
    return table.with_columns(texts).with_columns(pl.col("ct_ratio").cast(pl.Float64, strict=False))


def listed(*, since: dt.date | None = None, **where: object) -> pl.DataFrame:
    """The meters of areas as DESIGN §7 lists them, with the region of each area; ``where`` narrows the query.

    Of those that were taken out, the ones that still measured after ``since``.
    """
    there = pl.col(REMOVED).is_null() | (pl.col(REMOVED) > since) if since else pl.col(REMOVED).is_null()
    return known(**where).filter(there).drop(REMOVED)


def receiver() -> Receiver:
    """One journal for each process."""
    with _lock:
        key = (os.getpid(), str(store().root))
        if key not in _receivers:
            _receivers[key] = Receiver(store(), store().journal(), lambda: None)
        return _receivers[key]


def unit_of(profile: str) -> str:
    """What the values of a profile are counted in."""
    return load_profile(profile).unit
