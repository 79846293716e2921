"""Goods weighed at retail: the permitted negative deviation by price and mass, and the recheck."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quanheng.errors import InputError
from quanheng.metrology.effective import Row, decimal
from quanheng.metrology.results import Result, recorded

_PRICE = re.compile(r"(?:>(\d+)(?:且)?)?(?:≤(\d+))?元/kg")


@dataclass(frozen=True)
class Retail(Result):
    """One sale: what is missing (g), what may be missing, and whether the sale passes."""

    deficiency: Decimal
    permitted: Decimal
    limit: Decimal
    passed: bool
    row: Row


def band_of(row: Row, price: Decimal) -> bool:
    """Whether the price band of a row, as printed, holds a price per kilogram."""
    text = str(row.get("price_band", ""))
    match = _PRICE.search(text)
    if match is None or not (match[1] or match[2]):
        raise InputError("law", f"the price band {text[:40]!r} names no price", str(row.get("code", "tables")))
    above = match[1] is None or price > Decimal(match[1])
    return above and (match[2] is None or price <= Decimal(match[2]))


@recorded
def judge(
    rows: Sequence[Row], price: Decimal, sold_kg: Decimal, found_kg: Decimal, *, same_accuracy: bool = False
) -> Retail:
    """Compare mass found with mass sold.

    Parameters
    ----------
    price : Decimal
        Per kilogram, in yuan.
    same_accuracy : bool
        The recheck used an instrument of the same accuracy as the seller's: twice the deviation is permitted. With a
        more accurate one, or the seller's own, once.
    """
    if price <= 0 or sold_kg <= 0 or found_kg < 0:
        raise InputError("range", "price and mass sold must be above zero, mass found not below zero", "retail")
    for row in rows:
        place = str(row.get("code", "tables"))
        low, high = decimal(row, "mass_low_kg", place), decimal(row, "mass_high_kg", place)
        if band_of(row, price) and low < sold_kg <= high:
            permitted = decimal(row, "negative_deviation_g", place)
            limit = permitted * (2 if same_accuracy else 1)
            missing = (sold_kg - found_kg) * 1000
            return Retail(missing, permitted, limit, missing <= limit, row)
    raise InputError(
        "band", f"no band holds {sold_kg} kg at {price} yuan per kg; the law sets no deviation there", "retail"
    )
