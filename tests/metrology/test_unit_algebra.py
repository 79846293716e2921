"""Units: every code of the product reads, writes itself back, converts and is printed as people expect."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.legal_units import BY_DSI, PREFIXES
from quanheng.metrology.reporting import Result
from quanheng.metrology.unit_algebra import CompoundUnit, Factor, convert, parse_dsi, parse_ucum, ratio
from quanheng.metrology.units import UNITS

COUNTED = r"\one\kilo\watt\tothe{-1}\hour\tothe{-1}"  # impulses, printed as imp/(kW·h) by the procedures


@pytest.mark.parametrize("code", UNITS)
def test_every_unit_of_the_procedures_is_read_and_printed_alike(code):
    unit = parse_dsi(code)
    assert unit.legal
    assert parse_dsi(unit.dsi) == unit
    if code != COUNTED:
        assert unit.symbol == UNITS[code].symbol
        assert unit.dsi == code


@pytest.mark.parametrize(
    ("ucum", "dsi", "symbol", "zh"),
    [
        ("kW.h", r"\kilo\watt\hour", "kW·h", "千瓦时"),
        ("m3/h", r"\metre\tothe{3}\hour\tothe{-1}", "m³/h", "立方米每小时"),
        ("kg.m-3", r"\kilogram\metre\tothe{-3}", "kg/m³", "千克每立方米"),
        ("m/s2", r"\metre\second\tothe{-2}", "m/s²", "米每二次方秒"),
        ("Cel", r"\degreecelsius", "°C", "摄氏度"),
        ("um", r"\micro\metre", "µm", "微米"),
        ("W/m2/K", r"\watt\metre\tothe{-2}\kelvin\tothe{-1}", "W/(m²·K)", "瓦每平方米开"),
        ("mmol/L", r"\milli\mole\litre\tothe{-1}", "mmol/L", "毫摩每升"),
        ("%", r"\percent", "%", "百分之一"),
        ("1", r"\one", "", "一"),
    ],
)
def test_ucum_d_si_symbol_and_name_say_the_same(ucum, dsi, symbol, zh):
    unit = parse_ucum(ucum)
    assert (unit.dsi, unit.symbol, unit.zh) == (dsi, symbol, zh)
    assert parse_dsi(dsi) == unit
    assert parse_ucum(unit.ucum) == unit


def test_per_is_read_though_we_write_exponents():
    assert parse_dsi(r"\metre\per\second\tothe{2}") == parse_dsi(r"\metre\second\tothe{-2}")


@pytest.mark.parametrize(
    ("value", "source", "target", "wanted"),
    [
        (1, "kW.h", "MJ", 3.6), (20, "Cel", "K", 293.15), (293.15, "K", "Cel", 20.0), (1, "t", "kg", 1000),
        (36, "km/h", "m/s", 10), (180, "deg", "rad", math.pi), (1, "[nmi_i]", "km", 1.852), (760, "mm[Hg]", "kPa", 101.3250144354),
        (1, "har", "m2", 1e4), (50, "%", "1", 0.5), (1, "atm", "Pa", 101325), (1, "mL", "cm3", 1), (2, "kat", "mol/s", 2),
    ],
)  # fmt: skip
def test_conversions_are_exact(value, source, target, wanted):
    assert convert(value, parse_ucum(source), parse_ucum(target)) == pytest.approx(wanted, rel=1e-15)


def test_an_uncertainty_in_celsius_is_an_interval():
    result = Result(20.0, 0.3, parse_ucum("Cel")).converted(parse_ucum("K"))
    assert (result.value, result.expanded) == (293.15, 0.3)
    assert ratio(parse_ucum("Cel"), parse_ucum("K")) == 1


@pytest.mark.parametrize(("source", "target"), [("kg", "m"), ("Pa", "N"), ("Cel", "1")])
def test_different_dimensions_are_refused(source, target):
    with pytest.raises(InputError) as caught:
        convert(1.0, parse_ucum(source), parse_ucum(target))
    assert caught.value.code == "unit_dimension"


@pytest.mark.parametrize("code", ["bar", "[in_i]", "cal_th", "kgf", "mm[Hg]", "N/[in_i]2"])
def test_units_that_are_not_legal_in_china_say_so(code):
    assert not parse_ucum(code).legal


@pytest.mark.parametrize(
    "text",
    ["", "kg", "\\", r"\kilo", r"\kilo\kilo\metre", r"\milli\kilogram", r"\kilo\hour", r"\metre\tothe{0}", r"\metre{2}",
     r"\tothe{2}", r"\foo", r"\metre \second", "x" * 300, None, r"\metre\tothe{999}"],
)  # fmt: skip
def test_what_is_no_d_si_unit_is_refused(text):
    with pytest.raises(InputError):
        parse_dsi(text)


@pytest.mark.parametrize("text", ["", "kh", "m..s", ".m", "m^2", "m0", "(m)", "foo", None, "m/"])
def test_what_is_no_ucum_unit_is_refused(text):
    with pytest.raises(InputError):
        parse_ucum(text)


ATOMS = [a for a in BY_DSI.values() if a.dsi not in ("one", "ppm", "percent")]


@st.composite
def units(draw):
    factors = []
    for _ in range(draw(st.integers(1, 3))):
        atom = draw(st.sampled_from(ATOMS))
        prefix = draw(st.sampled_from([0, *(row[4] for row in PREFIXES)])) if atom.prefixes else 0
        factors.append(Factor(prefix, atom, draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))))
    return CompoundUnit(tuple(factors))


@given(units())
def test_any_unit_survives_d_si_and_keeps_its_size_in_ucum(unit):
    assert parse_dsi(unit.dsi) == unit
    again = parse_ucum(unit.ucum)
    assert again.dimension == unit.dimension
    assert float(again.factor) == pytest.approx(float(unit.factor), rel=1e-14)


SIZES = st.floats(1e-100, 1e6) | st.floats(-1e6, -1e-100) | st.just(0.0)


def test_a_value_that_double_precision_loses_is_refused():
    for value in (1e-300, 1e300, -1e-300):
        unit, other = (parse_ucum("nm"), parse_ucum("Gm")) if abs(value) < 1 else (parse_ucum("Gm"), parse_ucum("nm"))
        with pytest.raises(InputError, match="double precision"):
            convert(value, unit, other)


@given(units(), SIZES)
def test_there_and_back_is_the_same_value(unit, value):
    base = CompoundUnit(tuple(Factor(0, f.atom, f.power) for f in unit.factors))
    if isinstance(unit.factor, Fraction):
        assert convert(convert(value, unit, base), base, unit) == pytest.approx(value, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "expanded", "unit", "en", "zh", "short"),
    [
        (100.02147, 0.00079, "g", "(100.02147 ± 0.00079) g, k = 2", "(100.02147±0.00079) g，k=2", "100.02147(40) g"),
        (20.0233, 0.0091, "Cel", "(20.0233 ± 0.0091) °C, k = 2", "(20.0233±0.0091) °C，k=2", "20.0233(46) °C"),
        (1.23456e-7, 9.96e-10, "m", "(1.235 ± 0.010)×10⁻⁷ m, k = 2", "(1.235±0.010)×10⁻⁷ m，k=2", "1.2346(50)×10⁻⁷ m"),
        (0.5, 0.012, "1", "(0.500 ± 0.012), k = 2", "(0.500±0.012)，k=2", "0.5000(60)"),
    ],
)  # fmt: skip
def test_results_are_printed_in_both_languages(value, expanded, unit, en, zh, short):
    result = Result(value, expanded, parse_ucum(unit))
    assert (result.text("en"), result.text("zh"), result.short()) == (en, zh, short)


def test_d_si_fields_are_text_with_the_rounded_digits():
    assert Result(10.0, 0.0104, parse_ucum("kg")).dsi() == {
        "value": "10.000", "unit": r"\kilogram", "valueExpandedMU": "0.011", "coverageFactor": "2", "coverageProbability": "0.95",
    }  # fmt: skip
