"""Looks up MPE tables: bands are continuous, each edge belongs to exactly the band that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.decimals import evaluate
from quanheng.metrology.quantities import short_text
from quanheng.procedures.checking import compiled
from quanheng.procedures.schema import Band, Sourced, Table, Text

Use = Callable[[str, Text, str, Sourced], None]


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest value allowed, each None where that side is free."""

    low: Decimal | None
    high: Decimal | None

    def text(self) -> str:
        """One text for both sides: the upper limit where symmetric, "low…high" where not."""
        low, high = limit_or_none(self.low), limit_or_none(self.high)
        if low is None or (self.low is not None and self.high is not None and self.low == -self.high):
            return high or ""
        return f"{low}…{high}" if high is not None else f"≥{low}"

    def narrowed(self, guard: Decimal) -> Bounds:
        """The same limits, each moved inward."""
        return Bounds(None if self.low is None else self.low + guard, None if self.high is None else self.high - guard)

    def hold(self, value: Decimal) -> bool:
        """Whether the value is inside."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def limit_or_none(value: Decimal | None) -> str | None:
    """A limit as plain text where that side has one."""
    return None if value is None else limit_text(value)


def limit_text(value: Decimal) -> str:
    """A computed limit as plain text; at most twelve digits where the division does not end."""
    text = short_text(value)
    return text if len(text) <= 16 else short_text(Decimal(f"{value:.12g}"))


def look_up(table: Table, at: Decimal, scope: Mapping[str, Any], use: Use) -> Bounds:
    """The bounds at argument `at`; InputError `mpe_missing` where no band holds it."""
    scope = {**scope, "x": at}
    for number, band in enumerate(table.rows):
        if not _holds(band, scope):
            continue
        high = evaluate(compiled(band.high), scope)
        low = -high if band.low is None else evaluate(compiled(band.low), scope)
        use(
            f"mpe.{table.key}[{number}]",
            table.label,
            band.high if band.low is None else f"{band.low}…{band.high}",
            band,
        )
        for place, factor in enumerate(table.factors):
            if evaluate(compiled(factor.when), scope):
                use(f"mpe.{table.key}.factors[{place}]", table.label, f"× {factor.value}", factor)
                times = evaluate(compiled(factor.value), scope)
                low, high = low * times, high * times
        return Bounds(low, high)
    raise InputError("mpe_missing", f"no band of the table covers {short_text(at)}; check class and range", table.key)


def _holds(band: Band, scope: Mapping[str, Any]) -> bool:
    if band.when is not None and not evaluate(compiled(band.when), scope):
        return False
    x = scope["x"]
    if band.at_least is not None and not x >= evaluate(compiled(band.at_least), scope):
        return False
    if band.above is not None and not x > evaluate(compiled(band.above), scope):
        return False
    if band.up_to is not None and not x <= evaluate(compiled(band.up_to), scope):
        return False
    return band.below is None or bool(x < evaluate(compiled(band.below), scope))
