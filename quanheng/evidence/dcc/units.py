r"""D-SI unit strings (``\kilo\gram``, ``\metre\second\tothe{-1}``) to and from symbols (``kg``, ``m/s``)."""

from __future__ import annotations

import re

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

_SUPERSCRIPT = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
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


def known(dsi: str) -> bool:
    """Whether every token of a D-SI string is a prefix, unit or operator of the brochure."""
    rest = _TOKEN.sub("", dsi)
    names = [name for name, _ in _TOKEN.findall(dsi)]
    return bool(names) and not rest and all(n in _PREFIXES or n in _SYMBOLS or n in {"per", "tothe"} for n in names)


def suggestion(unit: str) -> str | None:
    """The D-SI string most likely meant by a slightly wrong one; None where we would be guessing."""
    lowered = _TOKEN.sub(lambda m: m.group(0).replace(m[1], m[1].lower()), unit)
    if lowered != unit and known(lowered):
        return lowered
    try:
        meant = to_dsi(unit)
    except InputError:
        return None
    return meant if meant != unit and known(meant) else None
