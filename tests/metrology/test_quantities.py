"""Rounding by GB/T 8170 on decimal text, and reading numbers strictly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.quantities import (
    is_multiple,
    read_number,
    round_to_digits,
    round_to_match,
    round_to_step,
    round_uncertainty,
    text_of,
)
from quanheng.metrology.units import UNITS, unit


@pytest.mark.parametrize(
    ("value", "step", "wanted"),
    [
        # the printed examples of GB/T 8170-2008, 3.2 and 3.3
        ("12.1498", "0.1", "12.1"),
        ("12.1498", "1", "12"),
        ("1268", "100", "1300"),
        ("10.5002", "1", "11"),
        ("1.050", "0.1", "1.0"),
        ("0.35", "0.1", "0.4"),
        ("2500", "1000", "2000"),
        ("3500", "1000", "4000"),
        ("97.46", "1", "97"),
        ("15.4546", "1", "15"),
        # rounding to half units and to fifth units
        ("60.25", "0.5", "60.0"),
        ("60.38", "0.5", "60.5"),
        ("60.28", "0.5", "60.5"),
        ("-60.75", "0.5", "-61.0"),
        ("830", "20", "840"),
        ("842", "20", "840"),
        ("832", "20", "840"),
        ("-930", "20", "-920"),
        # ties where binary floats go wrong
        ("0.55", "0.1", "0.6"),
        ("0.45", "0.1", "0.4"),
        ("1.05", "0.1", "1.0"),
        ("1.051", "0.1", "1.1"),
        ("0.90", "0.2", "0.8"),
        ("1.10", "0.2", "1.2"),
        ("2.10", "0.2", "2.0"),
        ("2.11", "0.2", "2.2"),
        ("0.325", "0.05", "0.30"),
        ("0.275", "0.05", "0.30"),
        ("-0.04", "0.1", "0.0"),
    ],
)
def test_values_round_as_gbt_8170_prints(value: str, step: str, wanted: str) -> None:
    assert text_of(round_to_step(Decimal(value), Decimal(step))) == wanted


DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
STEPS = st.sampled_from(
    [Decimal(s) for s in ("0.001", "0.002", "0.005", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "20")]
)


@given(DECIMALS, STEPS)
def test_a_rounded_value_is_a_multiple_within_half_a_step(value: Decimal, step: Decimal) -> None:
    rounded = round_to_step(value, step)
    assert is_multiple(rounded, step)
    assert abs(Fraction(rounded) - Fraction(value)) <= Fraction(step) / 2
    assert round_to_step(rounded, step) == rounded


@given(DECIMALS, STEPS)
def test_a_tie_goes_to_the_even_multiple_and_signs_do_not_matter(value: Decimal, step: Decimal) -> None:
    rounded = round_to_step(value, step)
    assert round_to_step(-value, step) == -rounded
    if abs(Fraction(rounded) - Fraction(value)) == Fraction(step) / 2:
        assert (Fraction(rounded) / Fraction(step)).numerator % 2 == 0


@given(DECIMALS, DECIMALS, STEPS)
def test_rounding_keeps_order(a: Decimal, b: Decimal, step: Decimal) -> None:
    if a <= b:
        assert round_to_step(a, step) <= round_to_step(b, step)


@pytest.mark.parametrize(
    ("value", "digits", "rule", "wanted"),
    [
        ("10.47", 2, "up", "11"),  # GUM 7.2.6
        ("0.02981", 2, "up", "0.030"),
        ("9.96", 2, "up", "10"),
        ("0.0996", 2, "up", "0.10"),
        ("0.996", 1, "half_even", "1"),
        ("28.05", 2, "five_percent", "28"),  # GUM 7.2.6: common sense
        ("0.104", 1, "five_percent", "0.1"),
        ("0.12", 1, "five_percent", "0.2"),
        ("123456", 2, "half_even", "120000"),
        ("0", 2, "up", "0"),
    ],
)
def test_uncertainties_round_by_the_stated_rule(value: str, digits: int, rule: str, wanted: str) -> None:
    assert text_of(round_uncertainty(Decimal(value), digits, rule)) == wanted  # type: ignore[arg-type]


def test_float_noise_does_not_push_an_uncertainty_up() -> None:
    assert text_of(round_uncertainty(0.1 + 0.2, 2)) == "0.30"


@given(st.floats(min_value=1e-9, max_value=1e9), st.sampled_from([1, 2]))
def test_an_uncertainty_rounded_up_is_never_smaller_and_never_a_tenth_or_more_too_large(u: float, digits: int) -> None:
    rounded = round_uncertainty(u, digits)
    assert float(rounded) >= u * (1 - 2e-9)
    assert float(rounded) <= u * (1 + 10.0 ** (1 - digits)) * (1 + 1e-9)


def test_a_value_is_rounded_to_the_last_digit_of_its_uncertainty() -> None:
    assert text_of(round_to_match(Decimal("0.42949"), Decimal("0.11"))) == "0.43"
    assert text_of(round_to_match(Decimal("0.06974"), Decimal("0.065"))) == "0.070"


def test_significant_digits_round_half_to_even() -> None:
    assert text_of(round_to_digits(Decimal("0.012345"), 4)) == "0.01234"


@pytest.mark.parametrize("text", ["10.000", "-0.5", "+3", "007", "0"])
def test_plain_decimals_are_read_with_their_zeros(text: str) -> None:
    assert str(read_number(text)) == str(Decimal(text))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "not_text"), (3, "not_text"), (True, "not_text"), (None, "not_text"), ("", "missing"),
        ("１２.５", "not_ascii"), ("−1", "not_ascii"), ("1．5", "not_ascii"), (" 1", "not_a_number"),
        ("1 ", "not_a_number"), ("1e3", "not_a_number"), ("NaN", "not_a_number"), ("inf", "not_a_number"),
        ("-Infinity", "not_a_number"), ("1,000", "not_a_number"), (".5", "not_a_number"), ("5.", "not_a_number"),
        ("٣", "not_a_number"), ("0x10", "not_a_number"), ("1\n", "not_a_number"), ("9" * 16, "too_large"),
        ("0." + "0" * 40, "too_large"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_reason(value: object, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_number(value, "here")
    assert (caught.value.code, caught.value.place) == (code, "here")


def test_an_unknown_unit_is_refused_and_known_ones_have_symbols() -> None:
    with pytest.raises(InputError):
        unit("kg")
    assert unit(r"\metre\tothe{3}\hour\tothe{-1}").symbol == "m³/h"
    assert all(code.startswith("\\") and r"\per" + "\\" not in code for code in UNITS)
