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


def symbol(dsi: str) -> str:
    r"""How a person reads a D-SI unit: ``\metre\tothe{3}\hour\tothe{-1}`` → ``m³/h``; else unchanged."""
    if not dsi.startswith("\\"):
        return dsi
    out: list[str] = []
    prefix, per = "", False
    for name, argument in _TOKEN.findall(dsi):
        if name in _PREFIXES:
            prefix += _PREFIXES[name]
        elif name == "per":
            per = True
        elif name == "tothe" and out:
            out[-1] += argument.translate(_SUPERSCRIPT) if not out[-1].endswith("⁻¹") else ""
        elif name in _SYMBOLS or name.lower() == "degreecelsius":
            out.append(prefix + _SYMBOLS.get(name, "°C") + ("⁻¹" if per else ""))
            prefix, per = "", False
        else:
            return dsi
    below = [part for part in out if "⁻" in part]
    if len(out) == 2 and len(below) == 1 and out[1] == below[0]:
        shown = f"{out[0]}/{below[0].replace('⁻¹', '').replace('⁻', '')}"
    else:
        shown = "·".join(out)
    return "" if shown == "1" else shown


@lru_cache(maxsize=4096)
def known(dsi: str) -> bool:
    """Whether a D-SI string is well built: prefix before unit, exponent after it, every name in the brochure."""
    position, waiting = 0, False
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
            waiting = True
        elif name in _SYMBOLS or name in _MORE:
            waiting = False
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
    if not text.startswith("\\") and _names(text):
        text = f"\\{text}"

    def mended(match: re.Match[str]) -> str:
        name = _RESPELLED.get(match[1].lower(), match[1].lower())
        return f"\\{name}" + (f"{{{match[2]}}}" if match[2] is not None else "")

    text = _TOKEN.sub(mended, text)
    return _no_per(text) if PER.search(text) else text


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
