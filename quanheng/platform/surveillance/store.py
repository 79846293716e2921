"""Where the readings of this installation lie."""

from __future__ import annotations

import os
import threading

import polars as pl
from django.conf import settings

from quanheng.platform.surveillance.models import AreaMeter
from quanheng.telemetry.fleets import load_profile
from quanheng.telemetry.ingest.push import Receiver
from quanheng.telemetry.store import Store

_lock = threading.Lock()
_receivers: dict[tuple[int, str], Receiver] = {}


def store() -> Store:
    """DATA/readings."""
    return Store(settings.QUANHENG.data_dir / "readings")


def listed(**where: object) -> pl.DataFrame:
    """The meters of areas as DESIGN §7 lists them, with the region of each area; ``where`` narrows the query."""
    rows = AreaMeter.objects.filter(**where).values_list(
        "area__code", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "lot",
        "installed_on", "area__region_id",
    )  # fmt: skip
    names = (
        "area_id", "meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "batch",
        "installed_on", "region",
    )  # fmt: skip
    schema: dict[str, pl.DataType] = {n: pl.String() for n in names}
    schema["installed_on"] = pl.Date()
    table = pl.DataFrame(list(rows), schema=schema, orient="row")
    texts = [pl.col(n).replace("", None) for n in names if n != "installed_on"]
    return table.with_columns(texts).with_columns(pl.col("ct_ratio").cast(pl.Float64, strict=False))


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
