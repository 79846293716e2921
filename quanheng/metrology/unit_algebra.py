"""Units that can be read, written, multiplied and converted: D-SI strings, UCUM codes, printed symbols and names."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from quanheng.errors import InputError
from quanheng.metrology.checks import PRECISION
from quanheng.metrology.legal_units import BY_DSI, BY_UCUM, PREFIXES, Atom, Dimension

MAX_LENGTH = 200
_DSI = re.compile(r"\\([a-zA-Z]+)(?:\{(-?\d{1,2})\})?")
_UCUM = re.compile(r"([./]?)((?:\[[a-zA-Z_]+\]|[a-zA-Z%']|_)+|1)([+-]?\d{1,2})?")
_PREFIX_DSI = {row[0]: row for row in PREFIXES}
# beyond these a float loses digits
_NORMAL, _LARGEST = sys.float_info.min, sys.float_info.max
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Factor:
    """One factor of a unit: power of ten of its prefix, the unit itself, its exponent."""

    prefix: int
    atom: Atom
    power: int


@dataclass(frozen=True)
class CompoundUnit:
    """A product of powers of units, in the order they were written."""

    factors: tuple[Factor, ...]

    @property
    def dimension(self) -> Dimension:
        """Exponents of m, kg, s, A, K, mol, cd."""
        total = [0] * 7
        for f in self.factors:
            total = [t + f.power * d for t, d in zip(total, f.atom.dimension, strict=True)]
        return tuple(total)  # type: ignore[return-value]

    @property
    def factor(self) -> Fraction | float:
        """Value in SI base units of one of this unit, exact unless it contains π or a measured constant."""
        total: Fraction | float = Fraction(1)
        for f in self.factors:
            own = f.atom.factor * (Fraction(10) ** f.prefix)
            total = total * (own**f.power)
        return total

    @property
    def offset(self) -> Fraction:
        """SI value of the zero of the scale: 273.15 K for °C alone, 0 for everything else."""
        alone = len(self.factors) == 1 and self.factors[0].power == 1 and self.factors[0].prefix == 0
        return self.factors[0].atom.offset if alone else Fraction(0)

    @property
    def legal(self) -> bool:
        """Whether every part is a legal unit of China (GB 3100)."""
        return all(f.atom.legal for f in self.factors)

    @property
    def dsi(self) -> str:
        r"""D-SI string, such as ``\kilo\watt\hour``."""
        return "".join(_dsi(f) for f in self.factors) or r"\one"

    @property
    def ucum(self) -> str:
        """UCUM code, such as ``kW.h``."""
        parts = [_ucum(f) for f in self.factors if f.atom.dsi != "one"]
        return ".".join(parts) or "1"

    @property
    def symbol(self) -> str:
        """What is printed: ``kW·h``, ``m³/h``, ``kg/m³``."""
        above = [_symbol(f, f.power) for f in self.factors if f.power > 0 and f.atom.symbol]
        below = [f for f in self.factors if f.power < 0]
        if not above or not below:
            return "·".join(above or [_symbol(f, f.power) for f in below])
        under = "·".join(_symbol(f, -f.power) for f in below)
        return "·".join(above) + "/" + (f"({under})" if len(below) > 1 else under)

    @property
    def zh(self) -> str:
        """Chinese name by GB 3101: 立方米每小时, 米每二次方秒."""
        return _name_zh(self.factors) or "一"


def parse_dsi(text: str) -> CompoundUnit:
    r"""A unit from its D-SI string.

    Examples
    --------
    >>> unit = parse_dsi(r"\kilogram\metre\tothe{-3}")
    >>> unit.symbol, unit.ucum, unit.zh
    ('kg/m³', 'kg.m-3', '千克每立方米')
    """
    if not isinstance(text, str) or not text or len(text) > MAX_LENGTH:
        raise _unknown(text)
    factors: list[Factor] = []
    prefix, at, sign = 0, 0, 1
    while at < len(text):
        match = _DSI.match(text, at)
        if not match:
            raise _unknown(text)
        word, number = match.groups()
        at = match.end()
        if word == "tothe" and number and factors and not prefix:
            factors[-1] = Factor(factors[-1].prefix, factors[-1].atom, factors[-1].power * int(number))
        elif word == "per" and number is None and not prefix:
            sign = -1
        elif number is None and word in _PREFIX_DSI and not prefix:
            prefix = _PREFIX_DSI[word][4]
        else:
            if number is not None or (word not in BY_DSI and word != "kilogram"):
                raise _unknown(text)
            factors.append(_checked(_kilogram(prefix, word, text), text, sign))
            prefix, sign = 0, 1
    if prefix or not factors or any(f.power == 0 for f in factors):
        raise _unknown(text)
    return CompoundUnit(tuple(factors))


def parse_ucum(text: str) -> CompoundUnit:
    """A unit from its UCUM code: terms joined by ``.`` and ``/``, without brackets around groups.

    Examples
    --------
    >>> parse_ucum("kW.h").dsi, parse_ucum("m3/h").symbol
    ('\\\\kilo\\\\watt\\\\hour', 'm³/h')
    """
    if not isinstance(text, str) or not text or len(text) > MAX_LENGTH:
        raise _unknown(text)
    factors: list[Factor] = []
    at = 0
    while at < len(text):
        match = _UCUM.match(text, at)
        if not match or (at > 0 and not match.group(1)) or (at == 0 and match.group(1) == "."):
            raise _unknown(text)
        at = match.end()
        power = int(match.group(3) or 1) * (-1 if match.group(1) == "/" else 1)
        prefix, atom = _ucum_atom(match.group(2), text)
        if power == 0:
            raise _unknown(text)
        if atom.dsi != "one":
            factors.append(Factor(prefix, atom, power))
    return CompoundUnit(tuple(factors) or (Factor(0, BY_DSI["one"], 1),))


def convert(value: float, source: CompoundUnit, target: CompoundUnit) -> float:
    """The same quantity in another unit.

    Examples
    --------
    >>> convert(20.0, parse_ucum("Cel"), parse_ucum("K")), convert(1.0, parse_ucum("kW.h"), parse_ucum("MJ"))
    (293.15, 3.6)
    """
    scale = ratio(source, target)
    if not math.isfinite(value):
        raise InputError("number", f"value is {value}; it must be finite", "value")
    if isinstance(scale, Fraction):
        exact = Fraction(value) * scale + (source.offset - target.offset) / Fraction(target.factor)
        if exact and not _NORMAL <= abs(exact) <= _LARGEST:
            raise InputError("precision", PRECISION, "value")
        return float(exact)
    found = value * scale
    if value and not _NORMAL <= abs(found) <= _LARGEST:
        raise InputError("precision", PRECISION, "value")
    return found


def ratio(source: CompoundUnit, target: CompoundUnit) -> Fraction | float:
    """By what an interval, such as an uncertainty, is multiplied; refused between different dimensions."""
    if source.dimension != target.dimension:
        raise InputError(
            "unit_dimension", f"{source.symbol or '1'} cannot be expressed in {target.symbol or '1'}", source.dsi
        )
    return source.factor / target.factor


def _kilogram(prefix: int, word: str, text: str) -> Factor:
    if word != "kilogram":
        return Factor(prefix, BY_DSI[word], 1)
    if prefix:
        raise _unknown(text)
    return Factor(3, BY_DSI["gram"], 1)


def _checked(factor: Factor, text: str, sign: int) -> Factor:
    if factor.prefix and not factor.atom.prefixes:
        raise InputError("unit_prefix", f"{factor.atom.en} takes no prefix", text)
    return Factor(factor.prefix, factor.atom, sign)


def _ucum_atom(word: str, text: str) -> tuple[int, Atom]:
    if word in BY_UCUM:
        return 0, BY_UCUM[word]
    for _, code, _, _, power in PREFIXES:
        if word.startswith(code) and word[len(code) :] in BY_UCUM and BY_UCUM[word[len(code) :]].prefixes:
            return power, BY_UCUM[word[len(code) :]]
    raise _unknown(text)


def _unknown(text: object) -> InputError:
    return InputError("unit_unknown", "this unit cannot be read; write D-SI, or UCUM without groups", str(text)[:60])


def _prefix(power: int, column: int) -> str:
    return next((str(row[column]) for row in PREFIXES if row[4] == power), "")


def _dsi(f: Factor) -> str:
    name = r"\kilogram" if (f.prefix, f.atom.dsi) == (3, "gram") else _dsi_name(f)
    return name if f.power == 1 else f"{name}\\tothe{{{f.power}}}"


def _dsi_name(f: Factor) -> str:
    return (f"\\{_prefix(f.prefix, 0)}" if f.prefix else "") + f"\\{f.atom.dsi}"


def _ucum(f: Factor) -> str:
    return f"{_prefix(f.prefix, 1) if f.prefix else ''}{f.atom.ucum}{'' if f.power == 1 else f.power}"


def _symbol(f: Factor, power: int) -> str:
    raised = "" if power == 1 else str(power).translate(_RAISED)
    return f"{_prefix(f.prefix, 2) if f.prefix else ''}{f.atom.symbol}{raised}"


_POWERS_ZH: Mapping[int, str] = {2: "二次方", 3: "三次方", 4: "四次方", 5: "五次方", 6: "六次方"}
_LENGTHS_ZH: Mapping[int, str] = {2: "平方", 3: "立方"}


def _name_zh(factors: tuple[Factor, ...]) -> str:
    top = [f for f in factors if f.power > 0 and f.atom.dsi != "one"]
    above = "".join(_one_zh(f, f.power) for f in top)
    if len(top) > 1:
        above = above.replace("小时", "时")  # 千瓦时, but 小时 alone and 每小时
    below = "".join(_one_zh(f, -f.power) for f in factors if f.power < 0)
    return above + ("每" + below if below else "")


def _one_zh(f: Factor, power: int) -> str:
    name = (_prefix(f.prefix, 3) if f.prefix else "") + f.atom.zh
    if power == 1:
        return name
    length = f.atom.dsi == "metre" and power in _LENGTHS_ZH
    return (_LENGTHS_ZH[power] if length else _POWERS_ZH.get(power, f"{power}次方")) + name
