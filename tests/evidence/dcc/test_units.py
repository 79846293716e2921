from __future__ import annotations

import pytest

from quanheng.errors import InputError
from quanheng.evidence.dcc import units

PAIRS = [
    ("g", r"\gram", "g"),
    ("kg", r"\kilogram", "kg"),
    ("mm", r"\milli\metre", "mm"),
    ("min", r"\minute", "min"),
    ("m³/h", r"\metre\tothe{3}\hour\tothe{-1}", "m³/h"),
    ("m/s^2", r"\metre\second\tothe{-2}", "m/s²"),
    ("℃", r"\degreecelsius", "°C"),
    ("%", r"\percent", "%"),
    ("kWh", r"\kilo\watt\hour", "kW·h"),
    ("L/min", r"\litre\minute\tothe{-1}", "L/min"),
    ("min⁻¹", r"\minute\tothe{-1}", "min⁻¹"),
    ("MPa", r"\mega\pascal", "MPa"),
    ("", r"\one", ""),
    (r"\kilo\gram", r"\kilo\gram", "kg"),
]


@pytest.mark.parametrize(("typed", "dsi", "shown"), PAIRS)
def test_units_go_to_d_si_and_back(typed: str, dsi: str, shown: str) -> None:
    assert units.to_dsi(typed) == dsi
    assert units.symbol(dsi) == shown
    assert units.known(dsi)


@pytest.mark.parametrize("typed", ["furlong", "kg//m", "m³ of gas", "\u0000"])
def test_an_unknown_unit_is_refused(typed: str) -> None:
    with pytest.raises(InputError) as caught:
        units.to_dsi(typed)
    assert caught.value.code == "unit_unknown"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [(r"\degreeCelsius", r"\degreecelsius"), (r"\One", r"\one"), ("%", r"\percent"), ("°C", r"\degreecelsius")],
)
def test_a_slightly_wrong_unit_gets_a_suggestion(wrong: str, right: str) -> None:
    assert not units.known(wrong)
    assert units.suggestion(wrong) == right


def test_no_suggestion_is_made_up() -> None:
    assert units.suggestion(r"\kgf") is None
    assert units.symbol(r"\kgf") == r"\kgf"


@pytest.mark.parametrize(
    ("dsi", "shown"),
    [
        (r"\watt\per\metre\tothe{2}", "W/m²"),
        (r"\kilo\gram\per\metre\tothe{3}", "kg/m³"),
        (r"\metre\per\second\tothe{2}", "m/s²"),
        (r"\watt\per\metre\tothe{2}\per\kelvin", "W·m⁻²·K⁻¹"),
        (r"\milli\metre\second\tothe{-10}", "mm/s¹⁰"),
        (r"\kilogram\tothe{1}\metre\tothe{-3}", "kg/m³"),
        (r"\one\second\tothe{-1}", "1/s"),
        (r"\second\tothe{-1}\one", "s⁻¹"),
    ],
)
def test_per_and_exponents_are_shown_whole(dsi: str, shown: str) -> None:
    assert units.symbol(dsi) == shown


@pytest.mark.parametrize("dsi", [r"\metre\tothe(-3)", r"\kilo\milli\gram", r"\metre second", r"\metre\per", r"\kilo"])
def test_a_unit_that_is_not_wholly_understood_is_shown_as_written(dsi: str) -> None:
    assert units.symbol(dsi) == dsi
    assert not units.known(dsi)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (r"\kilometre", r"\kilo\metre"),
        (r"\millilitre", r"\milli\litre"),
        (r"\second\tothe{ -1 }", r"\second\tothe{-1}"),
        (r"\watt\per\metre\tothe{2}", r"\watt\metre\tothe{-2}"),
    ],
)
def test_a_prefix_written_with_its_unit_and_blanks_in_an_exponent_are_mended(wrong: str, right: str) -> None:
    assert units.suggestion(wrong) == right
