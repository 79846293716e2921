"""What the words of a ledger entry say of the typed parameters: 测量范围 "(0~30) kg" is Max 30 kg. Read, never guessed:
a text that does not fit its pattern, or a unit that is not the parameter's, gives nothing."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.metrology.unit_algebra import convert, parse_dsi
from quanheng.platform.instruments.models import Instrument
from quanheng.procedures.schema import Parameter
from quanheng.procedures.sections import symbol_of

NUMBER = r"(-?\d+(?:\.\d+)?)"
RANGE = re.compile(rf"\(?\s*{NUMBER}\s*(?:~|-|–|—|至|\.\.\.?|…)\s*{NUMBER}\s*\)?\s*([^\d\s()]*)")
ALONE = re.compile(rf"^\s*(?:Max|最大|≤)?\s*[:=]?\s*{NUMBER}\s*([^\d\s()]+)\s*$", re.I)
DIAMETER = re.compile(r"\bDN\s*(\d+)\b")
CURRENTS = re.compile(rf"{NUMBER}\s*\(\s*{NUMBER}\s*\)\s*A\b")
VOLTAGE = re.compile(rf"\b{NUMBER}\s*V\b")
NAMED = {"e": r"\be", "d": r"\bd", "min": r"\bMin", "max": r"\bMax", "q3": r"\bQ3", "ratio": r"\bR"}
ROMAN = str.maketrans({"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IIII"})
UPPER, LOWER = ("max", "upper", "q_max"), ("lower",)
# Parameters of the standard or of the way of working: they say nothing of the instrument and stay out of its ledger.
NOT_OF_THE_ITEM = frozenset({"rho_r", "u_rho_r", "tapping", "repeatability_form", "tank_h0", "tank_d", "tank_material"})
NOT_OF_THE_ITEM |= {"tank_volume"}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(ROMAN)).strip()


def read_parameters(parameters: tuple[Parameter, ...], item: Instrument) -> dict[str, str]:
    """Parameters that the entry's own words state, for those its typed parameters lack."""
    words = _plain(f"{item.specification} {item.measuring_range} {item.accuracy_class}")
    span, keys = _plain(item.measuring_range), {p.key: p for p in parameters}
    found: dict[str, str] = {}
    _class(keys, _plain(item.accuracy_class), found)
    _range(keys, span, found)
    for key, pattern in NAMED.items():
        hit = re.search(rf"{pattern}\s*[=:]\s*{NUMBER}\s*([^\d\s(),;]*)", words) if key in keys else None
        if hit and _fits(keys[key], hit[2], keys, found):
            found[key] = hit[1]
    if "dn" in keys and (hit := DIAMETER.search(words)):
        found["dn"] = hit[1]
    if "ib" in keys and (hit := CURRENTS.search(words)):
        found |= {"ib": hit[1], "imax": hit[2]}
    if "un" in keys and "ib" in keys and (hit := VOLTAGE.search(words)):
        found["un"] = hit[1]
    return {k: v for k, v in found.items() if k in keys and k not in item.parameters}


def read_class(parameters: tuple[Parameter, ...], text: str) -> str:
    """The class of the procedure that a ledger entry names; empty where it names none of them."""
    found: dict[str, str] = {}
    _class({p.key: p for p in parameters}, _plain(text), found)
    return found.get("accuracy_class", "")


def contradiction(parameters: tuple[Parameter, ...], text: str, used: Mapping[str, Any]) -> bool:
    """Whether a measuring range in words states other limits than the parameters; words it cannot read state none."""
    keys, found = {p.key: p for p in parameters}, dict[str, str]()
    _range(keys, _plain(text), found)
    limits = [k for k in found if keys[k].kind == "number" and used.get(k) not in ("", None)]
    return any(not _equal(found[k], str(used[k]), *_units(keys[k], keys, found, used)) for k in limits)


def _units(
    parameter: Parameter, keys: Mapping[str, Parameter], found: Mapping[str, str], used: Mapping[str, Any]
) -> tuple[str, str]:
    code = parameter.unit or ""
    if not code.startswith("$"):
        return code, code
    own = str(used.get(code[1:]) or keys[code[1:]].default or "")
    return found.get(code[1:], own), own


def _equal(words: str, value: str, source: str, target: str) -> bool:
    try:
        if source == target:
            return Decimal(words) == Decimal(value)
        return math.isclose(convert(float(words), parse_dsi(source), parse_dsi(target)), float(value), rel_tol=1e-9)
    except (InvalidOperation, ValueError):
        return False


def _class(keys: Mapping[str, Parameter], text: str, found: dict[str, str]) -> None:
    choices = keys["accuracy_class"].choices if "accuracy_class" in keys else ()
    bare = re.sub(r"\s|级|等|class", "", text, flags=re.I).upper()
    if match := next((c for c in choices if c.upper() == bare), None):
        found["accuracy_class"] = match


def _range(keys: Mapping[str, Parameter], text: str, found: dict[str, str]) -> None:
    if span := RANGE.search(text):
        low, high, unit = span[1], span[2], span[3]
    elif alone := ALONE.match(text):
        low, high, unit = "", alone[1], alone[2]
    else:
        return
    top = next((k for k in UPPER if k in keys), "")
    if not top or not _fits(keys[top], unit, keys, found):
        return
    found[top] = high
    if low and (bottom := next((k for k in LOWER if k in keys), "")):
        found[bottom] = low


def _fits(parameter: Parameter, unit: str, keys: Mapping[str, Parameter], found: dict[str, str]) -> bool:
    """Whether the written unit is the parameter's; where another parameter holds the unit, it is read with it."""
    code = parameter.unit or ""
    if not code.startswith("$"):
        return bool(not unit or not code or symbol_of(code) == unit)
    holder = keys[code[1:]]
    match = next((c for c in holder.choices if symbol_of(c) == unit), "")
    if not match or found.get(holder.key, match) != match:
        return False
    found[holder.key] = match
    return True


def to_complete(parameters: tuple[Parameter, ...], used: Mapping[str, Any], item: Instrument) -> dict[str, Any]:
    """What a record knows of the instrument and its ledger entry does not yet."""
    ours = {p.key for p in parameters} - NOT_OF_THE_ITEM
    return {k: v for k, v in used.items() if k in ours and v not in ("", None, []) and not item.parameters.get(k)}
