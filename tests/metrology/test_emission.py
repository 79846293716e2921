"""Carbon accounts: units, shared factors, fuel formula, and silence where no uncertainty is stated."""

import math
from fractions import Fraction

import pytest

from quanheng.errors import InputError
from quanheng.metrology import emission
from quanheng.metrology.emission import Input


def power(name, amount, key="grid 2023", u=0.02):
    return emission.simple(name, Input(name, amount, "MWh", 0.01), Input(key, 0.5306, "kgCO2/kWh", u), "activities[0]")


def test_a_megawatt_hour_meets_a_factor_per_kilowatt_hour():
    assert power("a", 1000.0).emission == pytest.approx(530.6)


def test_a_fuel_is_heat_carbon_oxidation_and_44_twelfths():
    term = emission.fuel(
        "diesel",
        Input("m", 100.0, "t", 0.01),
        Input("ncv", 42.652, "GJ/t", 0.01),
        Input("cc", 0.0202, "tC/GJ", 0.02),
        Input("of", 98.0, "%", 0.005),
        "activities[0]",
    )
    assert term.emission == pytest.approx(100 * 42.652 * 0.0202 * 0.98 * 44 / 12)
    assert term.u == pytest.approx(term.emission * math.hypot(0.01, 0.01, 0.02, 0.005))


def test_a_factor_shared_by_two_meters_does_not_average_out():
    apart = emission.account([power("a", 100.0, "f1"), power("b", 100.0, "f2")])
    shared = emission.account([power("a", 100.0), power("b", 100.0)])
    assert shared.total == apart.total
    assert shared.u == pytest.approx(math.hypot(0.02 * shared.total, 0.01 * 53.06, 0.01 * 53.06))
    assert shared.u > apart.u


def test_no_uncertainty_is_printed_where_one_is_missing():
    found = emission.account([power("a", 100.0), power("b", 50.0, "old", None)])
    assert found.u is None
    assert found.unstated == ("old",)


def test_one_key_with_two_values_is_a_conflict():
    other = emission.simple("b", Input("b", 1.0, "MWh", 0.0), Input("grid 2023", 0.6, "kgCO2/kWh", 0.02), "x")
    with pytest.raises(InputError, match="two values"):
        emission.account([power("a", 1.0), other])


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [("MWh", "kWh", 1000), ("GJ", "kWh", Fraction(2500, 9)), ("t", "kg", 1000), ("10^4Nm3", "Nm3", 10000)],
)
def test_units_convert_exactly(unit, wanted, factor):
    assert emission.scale(unit, wanted, "x") == factor
    assert emission.scale(wanted, unit, "x") == 1 / Fraction(factor)


@pytest.mark.parametrize(("unit", "wanted"), [("m3", "Nm3"), ("kWh", "t"), ("", "kg"), ("tce", "t")])
def test_what_is_not_the_same_kind_is_refused(unit, wanted):
    # a cubic metre at line conditions is no normal cubic metre
    with pytest.raises(InputError) as caught:
        emission.scale(unit, wanted, "x")
    assert caught.value.code == "unit"


def test_the_total_knows_no_unit_of_the_amount():
    kilo = emission.simple("a", Input("a", 1e6, "kWh", 0.01), Input("f", 0.5306, "kgCO2/kWh", 0.02), "x")
    assert kilo.emission == pytest.approx(power("a", 1000.0).emission)


def test_an_oxidation_above_one_hundred_per_cent_is_refused():
    inputs = (Input("m", 1, "t", 0), Input("n", 1, "GJ/t", 0), Input("c", 1, "tC/GJ", 0), Input("o", 980, "%", 0))
    with pytest.raises(InputError, match="oxidation rate"):
        emission.fuel("x", *inputs, "x")
