"""D-SI unit strings of the units in use, with the symbols printed for people (D-SI 2.2.1; GB 3100, GB 3101)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quanheng.errors import InputError


@dataclass(frozen=True)
class Unit:
    """A unit: its D-SI string, its symbol, its Chinese and English names."""

    code: str
    symbol: str
    zh: str
    en: str


_ROWS = (
    (r"\one", "", "一", "one"),
    (r"\percent", "%", "百分之一", "per cent"),
    (r"\gram", "g", "克", "gram"),
    (r"\kilogram", "kg", "千克", "kilogram"),
    (r"\milli\gram", "mg", "毫克", "milligram"),
    (r"\tonne", "t", "吨", "tonne"),
    (r"\litre", "L", "升", "litre"),
    (r"\milli\litre", "mL", "毫升", "millilitre"),
    (r"\metre\tothe{3}", "m³", "立方米", "cubic metre"),
    (r"\metre\tothe{3}\hour\tothe{-1}", "m³/h", "立方米每小时", "cubic metre per hour"),
    (r"\litre\minute\tothe{-1}", "L/min", "升每分钟", "litre per minute"),
    (r"\litre\hour\tothe{-1}", "L/h", "升每小时", "litre per hour"),
    (r"\pascal", "Pa", "帕", "pascal"),
    (r"\kilo\pascal", "kPa", "千帕", "kilopascal"),
    (r"\mega\pascal", "MPa", "兆帕", "megapascal"),
    (r"\hecto\pascal", "hPa", "百帕", "hectopascal"),
    (r"\degreecelsius", "°C", "摄氏度", "degree Celsius"),
    (r"\degreecelsius\tothe{-1}", "°C⁻¹", "每摄氏度", "per degree Celsius"),
    (r"\second", "s", "秒", "second"),
    (r"\minute", "min", "分", "minute"),
    (r"\hour", "h", "小时", "hour"),
    (r"\second\day\tothe{-1}", "s/d", "秒每天", "second per day"),
    (r"\ampere", "A", "安", "ampere"),
    (r"\volt", "V", "伏", "volt"),
    (r"\watt", "W", "瓦", "watt"),
    (r"\kilo\watt", "kW", "千瓦", "kilowatt"),
    (r"\kilo\watt\hour", "kW·h", "千瓦时", "kilowatt hour"),
    (r"\hertz", "Hz", "赫", "hertz"),
    (r"\metre", "m", "米", "metre"),
    (r"\milli\metre", "mm", "毫米", "millimetre"),
    (r"\kilogram\metre\tothe{-3}", "kg/m³", "千克每立方米", "kilogram per cubic metre"),
    (r"\one\kilo\watt\tothe{-1}\hour\tothe{-1}", "imp/(kW·h)", "脉冲每千瓦时", "pulses per kilowatt hour"),
)

UNITS: Mapping[str, Unit] = {row[0]: Unit(*row) for row in _ROWS}


def unit(code: str) -> Unit:
    """The unit of a D-SI string; InputError `unit_unknown` for any other text."""
    try:
        return UNITS[code]
    except KeyError:
        raise InputError("unit_unknown", "use a D-SI unit string listed in docs/procedures.md", code) from None
