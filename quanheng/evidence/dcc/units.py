r"""D-SI unit strings (``\kilo\gram``, ``\metre\second\tothe{-1}``) to and from symbols (``kg``, ``m/s``)."""

from __future__ import annotations

import re
from functools import lru_cache

from quanheng.errors import InputError

_PREFIXES = {
    "quecto": "q", "ronto": "r", "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n",
    "micro": "µ", "milli": "m", "centi": "c", "deci": "d", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M",
    "giga": "G", "tera": "T", "peta": "P", "exa": "E", "zetta": "Z", "yotta": "Y", "ronna": "R", "quetta": "Q",
}  # fmt: skip

_SYMBOLS = {
    "one": "1", "percent": "%", "permille": "‰", "ppm": "ppm",
    "metre": "m", "gram": "g", "kilogram": "kg", "tonne": "t", "second": "s", "minute": "min", "hour": "h", "day": "d",
    "ampere": "A", "kelvin": "K", "mole": "mol", "candela": "cd", "radian": "rad", "steradian": "sr", "hertz": "Hz",
    "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C", "volt": "V", "farad": "F", "ohm": "Ω",
    "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H", "degreecelsius": "°C", "lumen": "lm", "lux": "lx",
    "becquerel": "Bq", "gray": "Gy", "sievert": "Sv", "katal": "kat", "degree": "°", "arcminute": "′",
    "arcsecond": "″", "litre": "L", "hectare": "ha", "electronvolt": "eV", "bel": "B", "decibel": "dB", "neper": "Np",
    "bar": "bar", "mmHg": "mmHg", "bit": "bit", "byte": "B", "dalton": "u",
}  # fmt: skip

# units of the brochure that no symbol of ours is made from
_MORE = {
    "angstrom",
    "astronomicalunit",
    "atomicmassunit",
    "barn",
    "knot",
    "nauticalmile",
    "atomicunittime",
    "bohr",
    "clight",
    "electronmass",
    "elementarycharge",
    "hartree",
    "naturalunittime",
    "planckbar",
}
_ALL_PREFIXES = {*_PREFIXES, "kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi"}
# spellings met in the wild, in lower case
_RESPELLED = {
    "celsius": "degreecelsius",
    "degc": "degreecelsius",
    "meter": "metre",
    "liter": "litre",
    "deka": "deca",
    "mmhg": "mmHg",
    "kilogramm": "kilogram",
    "gramm": "gram",
    "meters": "metre",
    "metres": "metre",
    "seconds": "second",
    "percentage": "percent",
    "dimensionless": "one",
    "unity": "one",
    "arcmin": "arcminute",
    "arcsec": "arcsecond",
    "squared": "tothe",
    "grad": "degree",
}

_SUPERSCRIPT = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
PER = re.compile(r"\\per(?![a-z])")
_TOKEN = re.compile(r"\\([A-Za-z]+)(?:\{([^{}]*)\})?")
_FACTOR = re.compile(r"(?P<symbol>[^\d⁻⁰¹²³⁴⁵⁶⁷⁸⁹^-]+|1)(?P<power>(?:\^?-?\d+)|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")

# what people type for a symbol of the table above
_TYPED = {"ohm": "Ω", "Ω": "Ω", "℃": "°C", "l": "L", "ml": "mL", "′": "′"}
# products written without a dot; reactive power is measured in the same dimension as apparent power
_PRODUCTS = {"Wh": "W·h", "kWh": "kW·h", "MWh": "MW·h", "Ah": "A·h", "mAh": "mA·h", "VA": "V·A", "kVA": "kV·A",
             "var": "V·A", "kvar": "kV·A", "Nm": "N·m"}  # fmt: skip


def _base_units() -> dict[str, str]:
    """Symbol → D-SI, prefixes included; a bare unit wins over a prefixed one (min is a minute, not a milli-inch)."""
    table: dict[str, str] = {}
    unprefixed = {"one", "percent", "permille", "ppm", "kilogram", "tonne", "minute", "hour", "day", "degreecelsius",
                  "degree", "arcminute", "arcsecond", "hectare", "decibel", "mmHg"}  # fmt: skip
    for name, symbol in _SYMBOLS.items():
        if name not in unprefixed:
            for prefix, letter in _PREFIXES.items():
                table.setdefault(letter + symbol, f"\\{prefix}\\{name}")
    table.update({symbol: f"\\{name}" for name, symbol in _SYMBOLS.items() if name not in {"byte", "bit"}})
    return table


_BY_SYMBOL = _base_units()
_FROM_SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def to_dsi(symbol: str) -> str:
    r"""D-SI of a unit as people write it: ``g`` → ``\gram``, ``m³/h`` → ``\metre\tothe{3}\hour\tothe{-1}``."""
    text = symbol.strip()
    if text.startswith("\\"):
        return text
    if text in {"", "1"}:
        return r"\one"
    parts: list[str] = []
    for product, spelled in _PRODUCTS.items():
        text = re.sub(rf"(?<![^/·(]){product}(?![^/·)])", spelled, text)
    for index, side in enumerate(text.split("/")):
        for factor in re.split(r"[·⋅*. ]+", side.strip("()")):
            parts.append(_factor(factor, -1 if index else 1, symbol))
    return "".join(part for part in parts if part != r"\one") or r"\one"


def _factor(text: str, sign: int, whole: str) -> str:
    direct = _BY_SYMBOL.get(_TYPED.get(text, text))
    match = None if direct else _FACTOR.fullmatch(text)
    name, power = direct, 1
    if match:
        typed = match["symbol"].replace("μ", "µ")
        name = _BY_SYMBOL.get(_TYPED.get(typed, typed))
        power = int((match["power"] or "1").lstrip("^").translate(_FROM_SUPERSCRIPT))
    if name is None:
        raise InputError("unit_unknown", f"the unit {whole!r} is not known: write an SI unit such as kg or m³/h", whole)
    power *= sign
    return name if power == 1 else f"{name}\\tothe{{{power}}}"


@lru_cache(maxsize=4096)
def symbol(dsi: str) -> str:
    r"""How a person reads a D-SI unit: ``\metre\tothe{3}\hour\tothe{-1}`` → ``m³/h``; else unchanged."""
    factors = _factors(dsi)
    if factors is None:
        return dsi
    if len(factors) == 2 and not factors[0][1].startswith("-") and factors[1][1].startswith("-"):
        above, (name, power) = factors[0], factors[1]
        return f"{_raised(*above)}/{_raised(name, power[1:])}"
    return "·".join(_raised(name, power) for name, power in factors if name != "1")


def _raised(name: str, power: str) -> str:
    return name if power == "1" else name + power.translate(_SUPERSCRIPT)


def _factors(dsi: str) -> list[tuple[str, str]] | None:
    r"""Symbol and power of each unit, both as written; ``\per`` turns the power of the one unit after it. None where a
    part of the string is not understood: half a unit is worse than none.
    """
    found: list[tuple[str, str]] = []
    prefix, per, below, end = "", False, False, 0
    for match in _TOKEN.finditer(dsi):
        name, argument = match[1], match[2]
        if match.start() != end:
            return None
        end = match.end()
        if name == "tothe" and found and argument and not prefix and not per:
            power = argument.strip()
            turned = power[1:] if power.startswith("-") else f"-{power}"
            found[-1] = (found[-1][0], turned if below else power)
        elif argument is not None:
            return None
        elif name in _PREFIXES and not prefix:
            prefix = _PREFIXES[name]
        elif name == "per" and not prefix and not per:
            per = True
        elif name in _SYMBOLS or name.lower() == "degreecelsius":
            found.append((prefix + _SYMBOLS.get(name, "°C"), "-1" if per else "1"))
            prefix, per, below = "", False, per
        else:
            return None
    return found if found and end == len(dsi) and not prefix and not per else None


@lru_cache(maxsize=4096)
def known(dsi: str) -> bool:
    """Whether a D-SI string is well built: prefix before unit, exponent after it, every name in the brochure."""
    position, waiting = 0, ""
    for match in _TOKEN.finditer(dsi):
        name, argument = match[1], match[2]
        if match.start() != position:
            return False
        position = match.end()
        if name == "tothe":
            if waiting or match.start() == 0 or not re.fullmatch(r"-?\d+(\.\d+)?", argument or ""):
                return False
        elif argument is not None:
            return False
        elif name == "per" or name in _ALL_PREFIXES:
            if waiting and (name == "per" or waiting != "per"):
                return False
            waiting = name
        elif name in _SYMBOLS or name in _MORE:
            if name == "kilogram" and waiting not in ("", "per"):
                return False
            waiting = ""
        else:
            return False
    return bool(dsi) and position == len(dsi) and not waiting


@lru_cache(maxsize=4096)
def suggestion(unit: str) -> str | None:
    """The D-SI string most likely meant by a slightly wrong one; None where we would be guessing."""
    for attempt in (_respelled, _without_per, _from_symbol):
        meant = attempt(unit)
        if meant is not None and meant != unit and known(meant) and not PER.search(meant):
            return meant
    return None


def _respelled(unit: str) -> str | None:
    r"""Wrong case, a plain slash, round brackets: ``\degreeCelsius``, ``/gram``, ``\tothe(-3)``."""
    text = re.sub(r"\\tothe\s*[(\[]?(-?\d+)[)\]]?(?![}\d])", r"\\tothe{\1}", unit.replace("/", "\\"))
    text = re.sub(r"\{\s*(-?[\d.]+)\s*\}", r"{\1}", text)
    if not text.startswith("\\") and _names(text):
        text = f"\\{text}"

    def mended(match: re.Match[str]) -> str:
        name = _split(_RESPELLED.get(match[1].lower(), match[1].lower()))
        return f"\\{name}" + (f"{{{match[2]}}}" if match[2] is not None else "")

    text = _TOKEN.sub(mended, text)
    return _no_per(text) if PER.search(text) else text


def _split(name: str) -> str:
    r"""``millimetre`` → ``milli\metre``, where a prefix and its unit were written as one word."""
    if name in _SYMBOLS or name in _MORE or name in _ALL_PREFIXES:
        return name
    for prefix in _PREFIXES:
        rest = name.removeprefix(prefix)
        rest = _RESPELLED.get(rest, rest)
        if rest != name and rest != "kilogram" and rest in _SYMBOLS:
            return f"{prefix}\\{rest}"
    return name


def _names(text: str) -> bool:
    return re.split(r"[\\{]", text)[0].lower() in _SYMBOLS


def _without_per(unit: str) -> str | None:
    return _no_per(unit) if PER.search(unit) and known(unit) else None


def _no_per(unit: str) -> str:
    r"""``\metre\per\second`` → ``\metre\second\tothe{-1}``: \per governs the one unit after it."""
    out: list[str] = []
    below = False
    for name, argument in _TOKEN.findall(unit):
        if name == "per":
            below = True
        elif name == "tothe":
            if out and out[-1] == r"\tothe{-1}":
                out[-1] = f"\\tothe{{-{argument}}}" if not argument.startswith("-") else f"\\tothe{{{argument}}}"
            else:
                out.append(f"\\tothe{{{argument}}}")
        else:
            out.append(f"\\{name}")
            if below and name not in _ALL_PREFIXES:
                out.append(r"\tothe{-1}")
                below = False
    return "".join(out)


def _from_symbol(unit: str) -> str | None:
    """Something typed as people write it: ``°C``, ``%``, ``kg/m³``, also with a stray backslash before it."""
    for typed in (unit, unit.lstrip("\\")):
        try:
            return to_dsi(typed if not typed.startswith("\\") else typed[1:])
        except InputError:
            continue
    return None
