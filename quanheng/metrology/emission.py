"""Emission of greenhouse gases from activity data and factors, with uncertainty (GUM first order).

E = A x EF, or for a fuel E = A x NCV x CC x OF x 44/12. A factor used by several activities is one input: its error is
shared, so contributions of it add linearly before they are squared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from quanheng.errors import InputError

CARBON = Fraction(44, 12)  # CO2 to C, as the accounting guidelines write it
_ENERGY = {"kWh": Fraction(36, 10), "MWh": Fraction(3600), "GWh": Fraction(3_600_000)}
_ENERGY |= {"MJ": Fraction(1), "GJ": Fraction(1000), "TJ": Fraction(1_000_000)}
_MASS = {"g": Fraction(1, 1_000_000), "kg": Fraction(1, 1000), "t": Fraction(1)}
_GAS = {"Nm3": Fraction(1), "10^4Nm3": Fraction(10_000)}
_GASES = ("CO2e", "CO2", "C")
_FAMILIES = (_ENERGY, _MASS, _GAS)


@dataclass(frozen=True)
class Input:
    """A factor or an amount: value, unit, relative standard uncertainty or None; inputs of equal key are one."""

    key: str
    value: float
    unit: str
    u_relative: float | None


@dataclass(frozen=True)
class Term:
    """One activity: its name, the inputs multiplied, and the emission in t CO2 equivalent."""

    name: str
    inputs: tuple[Input, ...]
    emission: float
    u: float | None


@dataclass(frozen=True)
class Account:
    """Total in t CO2 equivalent; u is None where an input states no uncertainty, named in `unstated`."""

    terms: tuple[Term, ...]
    total: float
    u: float | None
    budget: tuple[tuple[str, float, float], ...]
    unstated: tuple[str, ...]


def scale(unit: str, wanted: str, place: str) -> Fraction:
    """How many `wanted` one `unit` is. Cubic metres at other than normal conditions are not convertible."""
    for family in _FAMILIES:
        if unit in family and wanted in family:
            return family[unit] / family[wanted]
    raise InputError("unit", f"{unit[:20]!r} cannot be converted to {wanted[:20]!r}; check amount and factor", place)


def split(unit: str, place: str) -> tuple[str, str]:
    """Numerator and denominator of a factor's unit, such as kgCO2/kWh."""
    parts = unit.split("/")
    if len(parts) != 2 or not all(parts):
        raise InputError("unit", f"{unit[:30]!r} is not a unit such as kgCO2/kWh", place)
    return parts[0].strip(), parts[1].strip()


def tonnes(numerator: str, place: str) -> Fraction:
    """Tonnes of CO2 in one numerator unit; carbon counts 44/12."""
    for gas in _GASES:
        if numerator.endswith(gas) and numerator[: -len(gas)] in _MASS:
            return _MASS[numerator[: -len(gas)]] * (CARBON if gas == "C" else 1)
    raise InputError("unit", f"{numerator[:20]!r} is not a mass of CO2, CO2e or C such as tCO2", place)


def simple(name: str, amount: Input, factor: Input, place: str) -> Term:
    """Amount times emission factor; a factor without a unit (GWP) takes a mass of gas."""
    if not factor.unit:
        converted = scale(amount.unit, "t", place)
        return _term(name, (amount, factor), converted)
    numerator, denominator = split(factor.unit, place)
    return _term(name, (amount, factor), scale(amount.unit, denominator, place) * tonnes(numerator, place))


def fuel(name: str, amount: Input, ncv: Input, carbon: Input, oxidation: Input, place: str) -> Term:
    """Amount of fuel times net calorific value, carbon per heat and oxidation rate (a fraction or per cent)."""
    heat, per = split(ncv.unit, place)
    mass, per_heat = split(carbon.unit, place)
    share = Fraction(1, 100) if oxidation.unit == "%" else Fraction(1)
    rate = oxidation.value * float(share)
    if not 0 < rate <= 1:
        raise InputError("range", f"the oxidation rate is {rate:g}; it lies above 0 and up to 1", place)
    factor = scale(amount.unit, per, place) * scale(heat, per_heat, place) * tonnes(mass, place) * share
    return _term(name, (amount, ncv, carbon, oxidation), factor)


def _term(name: str, inputs: tuple[Input, ...], factor: Fraction) -> Term:
    value = float(factor) * math.prod(i.value for i in inputs)
    stated = [i.u_relative for i in inputs if i.u_relative is not None]
    complete = len(stated) == len(inputs)
    return Term(name, inputs, value, abs(value) * math.hypot(*stated) if complete else None)


def account(terms: Sequence[Term]) -> Account:
    """Sum of the terms with its uncertainty and budget (input, contribution, share of u²), largest first."""
    if not terms:
        raise InputError("length", "activities is empty; it needs at least one", "activities")
    shared: dict[str, float] = {}
    unstated: list[str] = []
    known: dict[str, Input] = {}
    for term in terms:
        for i in term.inputs:
            if known.setdefault(i.key, i) != i:
                raise InputError("conflict", f"{i.key} stands with two values or uncertainties", "activities")
            if i.u_relative is None:
                unstated.append(i.key)
            else:
                shared[i.key] = shared.get(i.key, 0.0) + term.emission * i.u_relative
    total = math.fsum(t.emission for t in terms)
    variance = math.fsum(c * c for c in shared.values())
    budget = sorted(
        ((key, abs(c), c * c / variance if variance else 0.0) for key, c in shared.items()), key=lambda row: -row[1]
    )
    missing = tuple(dict.fromkeys(unstated))
    return Account(tuple(terms), total, None if missing else math.sqrt(variance), tuple(budget), missing)
