"""Tolerable deficiency T of a nominal quantity from the rows of a table, in exact decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from quanheng.errors import InputError
from quanheng.metrology.effective import Row, decimal
from quanheng.metrology.quantities import round_to_step
from quanheng.metrology.results import Result, recorded

QUANTITIES = ("mass_or_volume", "length", "area", "count")
_TO_BASE = {
    "mass_or_volume": {
        "g": Decimal(1),
        "mL": Decimal(1),
        "kg": Decimal(1000),
        "L": Decimal(1000),
        "mg": Decimal("0.001"),
    },
    "length": {"m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001")},
    "area": {"m2": Decimal(1), "dm2": Decimal("0.01"), "cm2": Decimal("0.0001"), "mm2": Decimal("0.000001")},
    "count": {"1": Decimal(1), "": Decimal(1)},
}
_BASE = {"mass_or_volume": "g", "length": "m", "area": "m2", "count": "1"}


@dataclass(frozen=True)
class Tolerance(Result):
    """T in the unit of the nominal quantity, before and after rounding, and the row it comes from."""

    t: Decimal
    exact: Decimal
    unit: str
    row: Row


def quantity_of(unit: str) -> str:
    """Kind of quantity of a unit on a package."""
    for quantity, factors in _TO_BASE.items():
        if unit in factors:
            return quantity
    known = ", ".join(unit for factors in _TO_BASE.values() for unit in factors if unit)
    raise InputError("unit", f"{unit[:20]!r} is not one of {known}", "unit")


@recorded
def tolerance(rows: Sequence[Row], nominal: Decimal, unit: str) -> Tolerance:
    """T of a nominal quantity.

    Per cent of the nominal quantity is rounded to the step of its row: to the even neighbour (GB/T 8170), or up
    where the document says so. A count rounds up to the next whole item.
    """
    if nominal <= 0:
        raise InputError("range", f"the nominal quantity is {nominal}; it must be above zero", "nominal")
    quantity = quantity_of(unit)
    factor = _TO_BASE[quantity][unit]
    base = nominal * factor
    for row in rows:
        if row.get("quantity") == quantity and _holds(row, base):
            exact = _value(row, base)
            return Tolerance(_rounded(row, exact) / factor, exact / factor, unit, row)
    raise InputError("band", f"no band of the table holds {nominal} {unit}; the law sets no T there", "nominal")


def _holds(row: Row, base: Decimal) -> bool:
    place = str(row.get("code", "tables"))
    low = decimal(row, "qn_low", place)
    above = base >= low if row.get("low_bound") == "inclusive" else base > low
    if not row.get("qn_high"):
        return above
    high = decimal(row, "qn_high", place)
    return above and (base <= high if row.get("high_bound") == "inclusive" else base < high)


def _value(row: Row, base: Decimal) -> Decimal:
    place = str(row.get("code", "tables"))
    value, kind = decimal(row, "tolerance_value", place), row.get("tolerance_type")
    if kind == "none":
        return Decimal(0)
    if kind == "absolute":
        return value
    if kind in ("percent", "percent_ceil"):
        return base * value / 100
    raise InputError("law", f"tolerance_type {kind!r} is unknown", place)


def _rounded(row: Row, exact: Decimal) -> Decimal:
    if row.get("tolerance_type") == "percent_ceil":
        return exact.to_integral_value(rounding=ROUND_CEILING)
    if row.get("tolerance_type") != "percent" or not row.get("t_step"):
        return exact
    step = decimal(row, "t_step", str(row.get("code", "tables")))
    if row.get("t_rounding") == "up":
        return (exact / step).to_integral_value(rounding=ROUND_CEILING) * step
    return round_to_step(exact, step)
