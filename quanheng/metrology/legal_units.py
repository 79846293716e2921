"""The legal units of China as data (GB 3100-1993, tables 1 to 5), with D-SI and UCUM names and exact factors.

The table was written from general knowledge of the standard and of the SI brochure; it was not checked line by line
against the printed GB 3100. A unit that GB 3100 does not list has `legal` false.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Dimension = tuple[int, int, int, int, int, int, int]  # m, kg, s, A, K, mol, cd

PREFIXES: tuple[tuple[str, str, str, str, int], ...] = (
    ("quetta", "Q", "Q", "昆", 30), ("ronna", "R", "R", "容", 27),
    ("yotta", "Y", "Y", "尧", 24), ("zetta", "Z", "Z", "泽", 21), ("exa", "E", "E", "艾", 18),
    ("peta", "P", "P", "拍", 15), ("tera", "T", "T", "太", 12), ("giga", "G", "G", "吉", 9),
    ("mega", "M", "M", "兆", 6),
    ("kilo", "k", "k", "千", 3), ("hecto", "h", "h", "百", 2), ("deca", "da", "da", "十", 1),
    ("deci", "d", "d", "分", -1), ("centi", "c", "c", "厘", -2), ("milli", "m", "m", "毫", -3),
    ("micro", "u", "µ", "微", -6), ("nano", "n", "n", "纳", -9), ("pico", "p", "p", "皮", -12),
    ("femto", "f", "f", "飞", -15), ("atto", "a", "a", "阿", -18), ("zepto", "z", "z", "仄", -21),
    ("yocto", "y", "y", "幺", -24), ("ronto", "r", "r", "柔", -27), ("quecto", "q", "q", "亏", -30),
)  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """A unit with a name of its own. The value in SI units is value·factor + offset."""

    dsi: str
    ucum: str
    symbol: str
    zh: str
    en: str
    dimension: Dimension
    factor: Fraction | float = Fraction(1)
    prefixes: bool = True
    legal: bool = True
    offset: Fraction = Fraction(0)


def _d(**powers: int) -> Dimension:
    order = ("m", "kg", "s", "A", "K", "mol", "cd")
    return tuple(powers.get(name, 0) for name in order)  # type: ignore[return-value]


_ONE = _d()
_ENERGY, _ANGLE = _d(kg=1, m=2, s=-2), _ONE
_ROWS: tuple[Atom, ...] = (
    # base units
    Atom("metre", "m", "m", "米", "metre", _d(m=1)),
    Atom("gram", "g", "g", "克", "gram", _d(kg=1), Fraction(1, 1000)),
    Atom("second", "s", "s", "秒", "second", _d(s=1)),
    Atom("ampere", "A", "A", "安", "ampere", _d(A=1)),
    Atom("kelvin", "K", "K", "开", "kelvin", _d(K=1)),
    Atom("mole", "mol", "mol", "摩", "mole", _d(mol=1)),
    Atom("candela", "cd", "cd", "坎", "candela", _d(cd=1)),
    # derived units with names of their own
    Atom("radian", "rad", "rad", "弧度", "radian", _ANGLE),
    Atom("steradian", "sr", "sr", "球面度", "steradian", _ONE),
    Atom("hertz", "Hz", "Hz", "赫", "hertz", _d(s=-1)),
    Atom("newton", "N", "N", "牛", "newton", _d(kg=1, m=1, s=-2)),
    Atom("pascal", "Pa", "Pa", "帕", "pascal", _d(kg=1, m=-1, s=-2)),
    Atom("joule", "J", "J", "焦", "joule", _ENERGY),
    Atom("watt", "W", "W", "瓦", "watt", _d(kg=1, m=2, s=-3)),
    Atom("coulomb", "C", "C", "库", "coulomb", _d(A=1, s=1)),
    Atom("volt", "V", "V", "伏", "volt", _d(kg=1, m=2, s=-3, A=-1)),
    Atom("farad", "F", "F", "法", "farad", _d(kg=-1, m=-2, s=4, A=2)),
    Atom("ohm", "Ohm", "Ω", "欧", "ohm", _d(kg=1, m=2, s=-3, A=-2)),
    Atom("siemens", "S", "S", "西", "siemens", _d(kg=-1, m=-2, s=3, A=2)),
    Atom("weber", "Wb", "Wb", "韦", "weber", _d(kg=1, m=2, s=-2, A=-1)),
    Atom("tesla", "T", "T", "特", "tesla", _d(kg=1, s=-2, A=-1)),
    Atom("henry", "H", "H", "亨", "henry", _d(kg=1, m=2, s=-2, A=-2)),
    Atom("degreecelsius", "Cel", "°C", "摄氏度", "degree Celsius", _d(K=1), offset=Fraction("273.15")),
    Atom("lumen", "lm", "lm", "流", "lumen", _d(cd=1)),
    Atom("lux", "lx", "lx", "勒", "lux", _d(cd=1, m=-2)),
    Atom("becquerel", "Bq", "Bq", "贝可", "becquerel", _d(s=-1)),
    Atom("gray", "Gy", "Gy", "戈", "gray", _d(m=2, s=-2)),
    Atom("sievert", "Sv", "Sv", "希", "sievert", _d(m=2, s=-2)),
    Atom("katal", "kat", "kat", "开特", "katal", _d(mol=1, s=-1)),
    # units outside the SI that GB 3100 lists
    Atom("minute", "min", "min", "分", "minute", _d(s=1), Fraction(60), False),
    Atom("hour", "h", "h", "小时", "hour", _d(s=1), Fraction(3600), False),
    Atom("day", "d", "d", "天", "day", _d(s=1), Fraction(86400), False),
    Atom("degree", "deg", "°", "度", "degree", _ANGLE, math.pi / 180, False),
    Atom("arcminute", "'", "′", "角分", "minute of arc", _ANGLE, math.pi / 10800, False),
    Atom("arcsecond", "''", "″", "角秒", "second of arc", _ANGLE, math.pi / 648000, False),
    Atom("litre", "L", "L", "升", "litre", _d(m=3), Fraction(1, 1000)),
    Atom("tonne", "t", "t", "吨", "tonne", _d(kg=1), Fraction(1000)),
    Atom("dalton", "u", "u", "原子质量单位", "dalton", _d(kg=1), 1.66053906892e-27),
    Atom("hectare", "har", "hm²", "公顷", "hectare", _d(m=2), Fraction(10000), False),
    Atom("nauticalmile", "[nmi_i]", "n mile", "海里", "nautical mile", _d(m=1), Fraction(1852), False),
    Atom("knot", "[kn_i]", "kn", "节", "knot", _d(m=1, s=-1), Fraction(1852, 3600), False),
    Atom("electronvolt", "eV", "eV", "电子伏", "electronvolt", _ENERGY, Fraction("1.602176634e-19")),
    Atom("tex", "tex", "tex", "特", "tex", _d(kg=1, m=-1), Fraction("1e-6")),
    # numbers
    Atom("one", "1", "", "一", "one", _ONE, Fraction(1), False),
    Atom("percent", "%", "%", "百分之一", "per cent", _ONE, Fraction(1, 100), False),
    Atom("ppm", "[ppm]", "ppm", "百万分之一", "part per million", _ONE, Fraction(1, 10**6), False, False),
    # seen on instruments, not legal in China
    Atom("bar", "bar", "bar", "巴", "bar", _d(kg=1, m=-1, s=-2), Fraction(10**5), True, False),
    Atom("mmHg", "mm[Hg]", "mmHg", "毫米汞柱", "millimetre of mercury", _d(kg=1, m=-1, s=-2),
         Fraction("133.322387415"), False, False),
    Atom("atmosphere", "atm", "atm", "标准大气压", "standard atmosphere", _d(kg=1, m=-1, s=-2), Fraction(101325),
         False, False),
    Atom("calorie", "cal_th", "cal", "卡", "calorie", _ENERGY, Fraction("4.184"), True, False),
    Atom("inch", "[in_i]", "in", "英寸", "inch", _d(m=1), Fraction("0.0254"), False, False),
    Atom("foot", "[ft_i]", "ft", "英尺", "foot", _d(m=1), Fraction("0.3048"), False, False),
    Atom("pound", "[lb_av]", "lb", "磅", "pound", _d(kg=1), Fraction("0.45359237"), False, False),
    Atom("kilogramforce", "kgf", "kgf", "千克力", "kilogram-force", _d(kg=1, m=1, s=-2), Fraction("9.80665"),
         False, False),
)  # fmt: skip

BY_DSI: Mapping[str, Atom] = {atom.dsi: atom for atom in _ROWS}
BY_UCUM: Mapping[str, Atom] = {atom.ucum: atom for atom in _ROWS} | {"l": BY_DSI["litre"]}
