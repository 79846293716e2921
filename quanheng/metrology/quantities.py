"""Numbers as text: reading them strictly, rounding them by GB/T 8170 on their decimal digits, printing them plainly."""

from __future__ import annotations

import decimal
import re
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from quanheng.errors import InputError

MAX_DIGITS = 15
_TEXT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
_WIDE = re.compile(r"[０-９．－＋，−–]")

UncertaintyRounding = Literal["up", "half_even", "five_percent"]


def read_number(text: object, place: str = "") -> Decimal:
    """One reading as an exact decimal; anything but plain ASCII decimal text is refused with a remedy.

    Examples
    --------
    >>> read_number("10.000")
    Decimal('10.000')
    """
    if isinstance(text, bool) or not isinstance(text, str):
        raise InputError("not_text", 'write a number as text, such as "10.000", so that its digits are kept', place)
    if text == "":
        raise InputError("missing", "a value is missing here; enter it", place)
    if _WIDE.search(text):
        raise InputError("not_ascii", "type the number with half-width digits, point and minus sign", place)
    if not _TEXT.match(text):
        raise InputError("not_a_number", f"{text[:30]!r} is not a plain decimal number such as 10.000", place)
    digits = text.lstrip("+-")
    if len(digits.split(".")[0].lstrip("0")) > MAX_DIGITS or len(digits) > 2 * MAX_DIGITS:
        raise InputError("too_large", f"the number has more than {MAX_DIGITS} digits; check the unit", place)
    return Decimal(text)


def decimals_of(step: Decimal) -> int:
    """How many digits stand behind the point in numbers that are multiples of `step`."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def round_to_step(value: Decimal, step: Decimal) -> Decimal:
    """Round to a multiple of `step`, halves to the even multiple (GB/T 8170-2008, 3.2 and interval rounding in 3.3).

    The quotient is an exact fraction, so a tie is a tie: no binary float is involved.

    Examples
    --------
    >>> [str(round_to_step(Decimal(x), Decimal(s))) for x, s in [("0.45", "0.1"), ("1.05", "0.1"), ("1.10", "0.2")]]
    ['0.4', '1.0', '1.2']
    """
    if not (value.is_finite() and step.is_finite()) or step <= 0:
        raise InputError("rounding_step", "round a finite number to a step above zero", f"{value} {step}")
    multiple = round(Fraction(value) / Fraction(step))
    with decimal.localcontext(decimal.Context(prec=60)):
        rounded = Decimal(multiple) * step.normalize()
        rounded = rounded.quantize(Decimal(1).scaleb(-decimals_of(step)))
    return abs(rounded) if rounded == 0 else rounded


def round_to_digits(value: Decimal, digits: int) -> Decimal:
    """Round to significant digits, halves to even (GB/T 8170-2008, 3.2)."""
    if value == 0:
        return Decimal(0)
    return round_to_step(value, Decimal(1).scaleb(value.adjusted() - digits + 1))


def round_uncertainty(value: Decimal | float, digits: int = 2, rule: UncertaintyRounding = "up") -> Decimal:
    """Round an uncertainty to one or two significant digits (GUM 7.2.6; JJF 1059.1-2012, 5.3.8).

    Parameters
    ----------
    value : Decimal or float
        Zero or above.
    digits : {1, 2}
    rule : {"up", "half_even", "five_percent"}
        ``up`` never makes an uncertainty smaller (a surplus below 1e-9 of the value is taken as float noise);
        ``half_even`` is GB/T 8170; ``five_percent`` rounds to nearest unless that loses more than 5 % (EA-4/02 6.3).

    Examples
    --------
    >>> str(round_uncertainty(10.47)), str(round_uncertainty(0.02981)), str(round_uncertainty(9.96))
    ('11', '0.030', '10')
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not exact.is_finite() or exact < 0 or digits not in (1, 2):
        raise InputError(
            "rounding_uncertainty", "an uncertainty is finite, not negative, and keeps 1 or 2 digits", str(value)
        )
    if exact == 0:
        return Decimal(0)
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = round_to_step(exact, step)
    loses = rounded < exact * (1 - Decimal("1e-9"))
    if (rule == "up" and loses) or (rule == "five_percent" and rounded < exact * Decimal("0.95")):
        rounded += step
    # a carry into the next decade (9.96 → 10.0) would leave one digit too many
    coarse = Decimal(1).scaleb(rounded.adjusted() - digits + 1)
    return rounded.quantize(min(coarse, Decimal(1))) if coarse > step else _plain(rounded)


def round_to_match(value: Decimal, uncertainty: Decimal) -> Decimal:
    """Round a value to the last digit of its rounded uncertainty (GUM 7.2.6; JJF 1059.1-2012, 5.3.8.3)."""
    exponent = uncertainty.as_tuple().exponent
    if uncertainty == 0 or not isinstance(exponent, int):
        return value
    return round_to_step(value, Decimal(1).scaleb(exponent))


def brief(value: float, u: float) -> str:
    """Value with the standard uncertainty in its last two digits (GUM 7.2.2).

    Examples
    --------
    >>> brief(100.02147, 0.00035), brief(6.0, 0.36), brief(123456.0, 2900.0), brief(2.0, 0.0)
    ('100.02147(35)', '6.00(36)', '123500(2900)', '2.0')
    """
    if u == 0:
        return repr(value)
    short = round_uncertainty(u, 2, "half_even")
    last = max(short.adjusted() - 1, 0)
    exact = Decimal(repr(float(value)))
    shown = round_to_step(exact, Decimal(10) ** last) if last else round_to_match(exact, short)
    digits = text_of(short)
    return f"{text_of(shown)}({digits.replace('.', '').lstrip('0') if short < 1 else digits})"


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether a display of that resolution can show the value."""
    return step > 0 and (Fraction(value) / Fraction(step)).denominator == 1


def text_of(value: Decimal) -> str:
    """Plain digits, never an exponent, a rounded zero without sign."""
    return format(abs(value) if value == 0 else value, "f")


def short_text(value: Decimal) -> str:
    """Plain digits without trailing zeros: for points and limits computed by a formula."""
    return text_of(_plain(value.normalize(decimal.Context(prec=28))))


def _plain(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else value
