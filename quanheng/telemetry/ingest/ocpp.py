"""Meter values of charging stations: OCPP 1.6 and 2.0.1 messages as register readings, and what a session showed."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from quanheng.errors import InputError

ENERGY = "Energy.Active.Import.Register"  # also what a value without a measurand is
EXPORT = "Energy.Active.Export.Register"
POWER = "Power.Active.Import"
_FACTORS = {"Wh": 1e-3, "kWh": 1.0, "W": 1e-3, "kW": 1.0}
_USUAL_UNIT = {ENERGY: "Wh", EXPORT: "Wh", POWER: "W"}
Version = Literal["1.6", "2.0.1"]


@dataclass(frozen=True)
class Sample:
    """One value of one connector: kWh for energy, kW for power."""

    meter_id: str
    at: dt.datetime
    measurand: str
    value: float
    context: str
    transaction: str


def samples(message: Any, *, station: str, version: Version) -> list[Sample]:
    """The energy and power values of one message.

    ``message``: an OCPP-J call ``[2, id, action, payload]`` or its payload, as text or parsed. Understood are
    MeterValues of both versions, StartTransaction and StopTransaction of 1.6 (``meterStart``, ``meterStop`` in Wh, OCPP
    1.6 §6.45, §6.49) and TransactionEvent of 2.0.1. Values of single phases, signed values and other measurands are
    left out. A message that is none raises ``InputError``; another call has no samples.
    """
    action, payload = _payload(message)
    connector = _connector(payload, version)
    meter = f"{station}/{connector}"
    transaction = _transaction(payload)
    found = []
    if version == "1.6" and action in ("StartTransaction", "StopTransaction"):
        found += _ends(payload, meter, transaction, action)
    values = payload.get("meterValue", payload.get("transactionData", []))
    if not isinstance(values, list):
        raise InputError("ocpp", "meterValue must be a list", "meterValue")
    for value in values:
        at = _moment(_field(value, "timestamp"))
        sampled = value.get("sampledValue")
        if not isinstance(sampled, list):
            raise InputError("ocpp", "sampledValue must be a list", "sampledValue")
        found += [s for one in sampled if (s := _sample(one, meter, at, transaction, version)) is not None]
    return found


def _payload(message: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(message, (str, bytes)):
        try:
            message = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise InputError("ocpp", f"the message is not JSON: {str(error)[:80]}", "message") from error
    action = ""
    if isinstance(message, list):
        if len(message) != 4 or message[0] != 2 or not isinstance(message[2], str):
            raise InputError("ocpp", "the message is not a call [2, id, action, payload]", "message")
        action, message = message[2], message[3]
    if not isinstance(message, dict):
        raise InputError("ocpp", "the payload is not an object", "message")
    return action, message


def _connector(payload: Mapping[str, Any], version: Version) -> int:
    evse = payload.get("evse")
    named = payload.get("connectorId") if version == "1.6" else payload.get("evseId")
    if named is None and isinstance(evse, dict):
        named = evse.get("id")
    if named is None:
        return 0
    if isinstance(named, bool) or not isinstance(named, int) or not 0 <= named < 10_000:
        raise InputError("ocpp", "a connector is a whole number", "connectorId")
    return named


def _transaction(payload: Mapping[str, Any]) -> str:
    info = payload.get("transactionInfo")
    named = payload.get("transactionId", info.get("transactionId") if isinstance(info, dict) else None)
    return "" if named is None else str(named)[:64]


def _ends(payload: Mapping[str, Any], meter: str, transaction: str, action: str) -> list[Sample]:
    name, context = (
        ("meterStart", "Transaction.Begin") if action == "StartTransaction" else ("meterStop", "Transaction.End")
    )
    at = _moment(_field(payload, "timestamp"))
    return [Sample(meter, at, ENERGY, _number(_field(payload, name), name) / 1000, context, transaction)]


def _sample(one: Any, meter: str, at: dt.datetime, transaction: str, version: Version) -> Sample | None:
    if not isinstance(one, dict):
        raise InputError("ocpp", "a sampled value is an object", "sampledValue")
    measurand = one.get("measurand", ENERGY)
    if measurand not in _USUAL_UNIT or one.get("phase") or one.get("format") == "SignedData":
        return None
    if one.get("location", "Outlet") != "Outlet":
        return None
    unit, power = one.get("unit"), 0
    given = one.get("unitOfMeasure")
    if version == "2.0.1" and isinstance(given, dict):
        unit, power = given.get("unit"), given.get("multiplier", 0)
    unit = unit or _USUAL_UNIT[measurand]
    if unit not in _FACTORS or isinstance(power, bool) or not isinstance(power, int) or not -12 <= power <= 12:
        raise InputError("ocpp", "the unit must be Wh, kWh, W or kW", "unit")
    value = _number(one.get("value"), "value") * _FACTORS[unit] * 10.0**power
    return Sample(meter, at, measurand, value, str(one.get("context", "Sample.Periodic"))[:40], transaction)


def _field(data: Any, name: str) -> Any:
    if not isinstance(data, dict) or name not in data:
        raise InputError("ocpp", f"the message lacks {name}", name)
    return data[name]


def _number(value: Any, place: str) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError("ocpp", "the value is not a number", place)
    return number


def _moment(value: Any) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError as error:
        raise InputError("ocpp", "a timestamp is an RFC 3339 moment", "timestamp") from error
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def registers(found: Iterable[Sample], *, area_id: str) -> pl.DataFrame:
    """Energy registers as rows for ``clean`` with ``Mapping(reading="register")``; one row for each moment."""
    rows = [s for s in found if s.measurand in (ENERGY, EXPORT)]
    table = pl.DataFrame(
        [(s.meter_id, s.at, s.measurand, s.value) for s in rows],
        schema={
            "meter_id": pl.String(),
            "ts": pl.Datetime("us", "UTC"),
            "measurand": pl.String(),
            "value": pl.Float64(),
        },
        orient="row",
    )
    wide = table.group_by("meter_id", "ts", maintain_order=True).agg(
        pl.col("value").filter(pl.col("measurand") == ENERGY).last().alias("value"),
        pl.col("value").filter(pl.col("measurand") == EXPORT).last().alias("export"),
    )
    placed = wide.with_columns(pl.lit(area_id).alias("area_id"), pl.lit("sub").alias("role"))
    return placed.with_row_index("row", 1).cast({"row": pl.Int64})


@dataclass(frozen=True)
class Session:
    """One charging session as its values tell it."""

    transaction: str
    meter_id: str
    began: dt.datetime
    ended: dt.datetime
    kwh: float
    peak_kw: float | None
    values: int
    backwards: bool


def sessions(found: Iterable[Sample]) -> list[Session]:
    """Sessions by transaction, for replay; ``backwards`` where the register fell within one."""
    by: dict[tuple[str, str], list[Sample]] = {}
    for one in found:
        if one.transaction:
            by.setdefault((one.transaction, one.meter_id), []).append(one)
    told = []
    for (transaction, meter), values in by.items():
        energy = sorted((s for s in values if s.measurand == ENERGY), key=lambda s: s.at)
        powers = [s.value for s in values if s.measurand == POWER]
        if energy:
            fell = any(b.value < a.value for a, b in itertools.pairwise(energy))
            told.append(
                Session(
                    transaction, meter, energy[0].at, energy[-1].at, energy[-1].value - energy[0].value,
                    max(powers) if powers else None, len(values), fell,
                )
            )  # fmt: skip
    return sorted(told, key=lambda s: (s.began, s.transaction))
