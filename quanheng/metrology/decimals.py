"""The exact domain of expressions: decimal numbers of 50 digits, so that a reading on the limit is on the limit."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from quanheng.metrology.expressions import MAX_EXPONENT, Domain, Expression, MissingValue, flatten
from quanheng.metrology.quantities import round_to_step

CONTEXT = decimal.Context(
    prec=50,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-500,
    Emax=500,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value of `expression` on decimals, in our own context whatever the caller's is."""
    with decimal.localcontext(CONTEXT):
        return expression.evaluate(values, DECIMALS)


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > MAX_EXPONENT:
        raise decimal.Overflow
    return _finite(base**exponent)


def _through_float(function: Callable[..., float]) -> Callable[..., Decimal]:
    def apply(*values: Any) -> Decimal:
        return Decimal(repr(function(*[float(_one(value)) for value in values])))

    return apply


def _finite(value: Decimal) -> Decimal:
    """Decimal answers 0**-1 and ln(0) with an infinity and no signal; a later division would hide it."""
    if not value.is_finite():
        raise decimal.Overflow
    return value


def _one(value: Any) -> Decimal:
    if value is None:
        raise MissingValue
    if not isinstance(value, Decimal):
        raise TypeError("a number is needed")
    return value


def _some(values: tuple[Any, ...]) -> list[Decimal]:
    flat = [_one(value) for value in flatten(values)]
    if not flat:
        raise MissingValue
    return flat


def _mean(*values: Any) -> Decimal:
    flat = _some(values)
    return sum(flat, Decimal(0)) / len(flat)


def _stdev(*values: Any) -> Decimal:
    flat = _some(values)
    if len(flat) < 2:
        raise MissingValue
    centre = sum(flat, Decimal(0)) / len(flat)
    return (sum(((x - centre) ** 2 for x in flat), Decimal(0)) / (len(flat) - 1)).sqrt()


def _span(*values: Any) -> Decimal:
    flat = _some(values)
    return max(flat) - min(flat)


def _whole(rounding: str) -> Callable[[Any], Decimal]:
    return lambda value: _one(value).to_integral_value(rounding=rounding)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": lambda x: abs(_one(x)),
    "sqrt": lambda x: _one(x).sqrt(),
    "exp": lambda x: _one(x).exp(),
    "log": lambda x: _finite(_one(x).ln()),
    "log10": lambda x: _finite(_one(x).log10()),
    "sin": _through_float(math.sin),
    "cos": _through_float(math.cos),
    "tan": _through_float(math.tan),
    "arcsin": _through_float(math.asin),
    "arccos": _through_float(math.acos),
    "arctan": _through_float(math.atan),
    "arctan2": _through_float(math.atan2),
    "min": lambda *v: min(_some(v)),
    "max": lambda *v: max(_some(v)),
    "sum": lambda *v: sum(_some(v), Decimal(0)),
    "mean": _mean,
    "count": lambda *v: Decimal(len(flatten(v))),
    "stdev": _stdev,
    "span": _span,
    "floor": _whole(decimal.ROUND_FLOOR),
    "ceil": _whole(decimal.ROUND_CEILING),
    "round_to": lambda x, step: round_to_step(_one(x), _one(step)),
}

DECIMALS = Domain(
    name="decimals",
    number=Decimal,
    functions=FUNCTIONS,
    power=_power,
    errors=(decimal.DecimalException, ValueError, OverflowError, TypeError, ZeroDivisionError),
)
