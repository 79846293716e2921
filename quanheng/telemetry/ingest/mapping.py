"""How a source writes its readings: which column holds what, in which unit, time zone and manner of counting."""

from __future__ import annotations

import math
import zoneinfo
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal

from quanheng.errors import InputError

# Factor to kWh; volumes stay cubic metres.
UNITS: dict[str, float] = {
    "kWh": 1.0,
    "Wh": 1e-3,
    "MWh": 1e3,
    "MJ": 1 / 3.6,
    "GJ": 1e3 / 3.6,
    "m3": 1.0,
    "L": 1e-3,
}

# Why a row is kept aside: published words, with what they mean.
REASONS: dict[str, str] = {
    "missing_id": "the meter or the area is not named",
    "bad_id": "a name is longer than 64 characters or holds control characters",
    "bad_role": "the role is neither master nor sub",
    "unreadable_time": "the moment cannot be read",
    "time_nonexistent": "the clock was put forward over this moment",
    "time_ambiguous": "the clock was put back: this moment came twice and only one reading stands here",
    "off_grid": "the moment lies between two marks of the interval",
    "future": "the moment lies in the future",
    "too_old": "the moment lies before the earliest that is accepted",
    "before_installation": "the meter was installed later",
    "after_removal": "the meter was taken out before",
    "clock_off": "the meter's clock is months away from that of the others in the batch",
    "unreadable_number": "the value cannot be read as a number",
    "missing_value": "there is no value",
    "negative": "an interval's energy is negative; give export in its own column",
    "too_large": "more than the connection can carry",
    "unknown_area": "the area is not in the list of areas",
    "unknown_meter": "the meter is not in the list of this area",
    "role_mismatch": "the list of areas gives this meter another role",
    "no_master": "the area has no master meter",
    "two_masters": "the area has more than one master meter",
    "duplicate": "the same reading stands above",
    "conflict": "two values stand for the same meter and moment",
    "register_backwards": "the register went backwards",
    "unit_unknown": "the row's unit is not known",
    "too_few_cells": "the line ends before its last cell",
    "too_many_cells": "the line has more cells than the heading",
    "unreadable": "the message cannot be read",
}

FIELDS = ("area_id", "meter_id", "role", "ts", "value", "export", "unit")
_ALIASES: dict[str, tuple[str, ...]] = {
    "area_id": ("area_id", "area", "台区", "台区编号", "台区号", "tg_no", "station"),
    "meter_id": (
        "meter_id",
        "meter",
        "表号",
        "电表资产号",
        "资产编号",
        "表计编号",
        "电能表编号",
        "serial_number",
        "出厂编号",
    ),
    "role": ("role", "角色", "表计角色"),
    "ts": ("ts", "time", "timestamp", "datetime", "时间", "数据时间", "采集时间", "冻结时间"),
    "value": (
        "kwh",
        "value",
        "energy",
        "电量",
        "用电量",
        "正向有功电量",
        "示值",
        "正向有功示值",
        "正向有功总",
        "水量",
        "用量",
    ),
    "export": ("kwh_export", "export", "反向电量", "反向有功电量", "上网电量"),
    "unit": ("unit", "单位"),
}


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@dataclass(frozen=True)
class Mapping:
    """One source's manner of writing.

    ``reading``: ``interval`` energy or a cumulative ``register``. ``stamp``: whether the moment is the interval's start
    or end. ``seconds``: length of the interval, 0 = found from the data. ``tolerance``: seconds by which a moment may
    miss its mark and is put on it. ``digits``: whole digits of the register, so that a roll-over is understood.
    ``secondary``: values before the current transformer, to be multiplied by the area list's ratio.
    ``multiplier``: a constant that every value is multiplied by. A field whose column is empty is left out.
    """

    columns: dict[str, str] = field(default_factory=dict)
    reading: Literal["interval", "register"] = "interval"
    unit: str = "kWh"
    timezone: str = "UTC"
    stamp: Literal["start", "end"] = "start"
    seconds: int = 0
    tolerance: int = 60
    time_format: str = ""
    digits: int = 0
    secondary: bool = False
    multiplier: float = 1.0
    largest_kw: float = 100_000.0
    oldest_days: int = 5 * 366
    sheet: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(FIELDS))
        if unknown:
            raise InputError("mapping", f"there is no field {unknown[0]}; fields are {', '.join(FIELDS)}", unknown[0])
        if self.unit not in UNITS:
            raise InputError("mapping", f"the unit must be one of {', '.join(UNITS)}", self.unit[:40])
        if self.reading not in ("interval", "register") or self.stamp not in ("start", "end"):
            raise InputError("mapping", "reading is interval or register, stamp is start or end", "mapping")
        if self.timezone not in _zones():
            raise InputError("mapping", "the time zone is a name such as UTC or Asia/Shanghai", self.timezone[:40])
        if self.seconds and not 60 <= self.seconds <= 86_400:
            raise InputError("mapping", "an interval lasts from 60 to 86400 seconds", str(self.seconds))
        if not 0 <= self.digits <= 12 or self.tolerance < 0 or not 0 < self.largest_kw < math.inf:
            raise InputError("mapping", "digits are 0 to 12, tolerance and largest_kw are positive", "mapping")
        if not 0 < self.multiplier < math.inf:
            raise InputError("mapping", "the multiplier is a positive number", "multiplier")

    @staticmethod
    def from_dict(data: Any) -> Mapping:
        """Read what ``to_dict`` wrote; an unknown key or another type is refused."""
        if not isinstance(data, dict):
            raise InputError("mapping", "a mapping is a JSON object", "mapping")
        known = Mapping.__dataclass_fields__
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise InputError("mapping", f"there is no key {unknown[0]}; keys are {', '.join(known)}", str(unknown[0]))
        usual = asdict(Mapping())
        for key, value in data.items():
            wanted = type(usual[key])
            number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
            if not number and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
                raise InputError("mapping", f"{key} must be {wanted.__name__}", key)
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in data.get("columns", {}).items()):
            raise InputError("mapping", "columns maps a field to the name of a column", "columns")
        return Mapping(**data)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Which column holds which field, by the names sources use."""
    by_name = {h.strip().lower().replace(" ", "_"): h for h in reversed(headings)}
    found = {}
    for name, aliases in _ALIASES.items():
        column = next((by_name[a] for a in aliases if a in by_name), None)
        if column is not None:
            found[name] = column
    return found
