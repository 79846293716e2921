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
