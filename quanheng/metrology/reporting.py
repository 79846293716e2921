"""A result as text for screens, certificates and DCC: number, U, unit, k (GUM 7.2; JJF 1059.1-2012, 5.3; GB/T 8170)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from quanheng.errors import InputError
from quanheng.metrology.quantities import (
    UncertaintyRounding,
    round_to_match,
    round_to_step,
    round_uncertainty,
    text_of,
)
from quanheng.metrology.unit_algebra import CompoundUnit, convert, ratio

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Result:
    """A value with its expanded uncertainty U = k·u in one unit."""

    value: float | Decimal
    expanded: float | Decimal
    unit: CompoundUnit
    k: float = 2.0
    coverage: float | None = 0.95

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError("number", f"value is {self.value}; it must be finite", "value")
        if not (math.isfinite(self.expanded) and self.expanded >= 0):
            raise InputError("range", f"U is {self.expanded}; it must not be negative", "U")
        if not (math.isfinite(self.k) and self.k > 0):
            raise InputError("range", f"k is {self.k:g}; it must be above zero", "k")
        if self.coverage is not None and not 0 < self.coverage < 1:
            raise InputError("coverage", "a coverage probability lies between 0 and 1", "coverage")

    def converted(self, unit: CompoundUnit) -> Result:
        """The same result in another unit; U is an interval, so that offsets of scales do not touch it."""
        value = convert(float(self.value), self.unit, unit)
        return Result(value, float(self.expanded) * float(ratio(self.unit, unit)), unit, self.k, self.coverage)

    def rounded(self, digits: int = 2, rule: UncertaintyRounding = "up") -> tuple[Decimal, Decimal]:
        """Value and U, U to one or two digits, the value to the last digit of U, halves to even (GB/T 8170)."""
        expanded = round_uncertainty(self.expanded, digits, rule)
        value = self.value if isinstance(self.value, Decimal) else Decimal(repr(float(self.value)))
        return _matched(value, expanded, digits), expanded

    def text(self, language: Language = "en", *, digits: int = 2, rule: UncertaintyRounding = "up") -> str:
        """One line for people.

        Examples
        --------
        >>> from quanheng.metrology.unit_algebra import parse_ucum
        >>> mass = Result(100.02147, 0.00079, parse_ucum("g"))
        >>> mass.text("en"), mass.text("zh")
        ('(100.02147 ± 0.00079) g, k = 2', '(100.02147±0.00079) g，k=2')
        """
        value, expanded = self.rounded(digits, rule)
        shown, u, power = _scientific(value, expanded, digits)
        symbol = self.unit.symbol
        tail = (f"×10{_raised(power)}" if power else "") + (f" {symbol}" if symbol else "")
        k = f"{self.k:.2f}".rstrip("0").rstrip(".")
        if language == "zh":
            return f"({shown}±{u}){tail}，k={k}"
        if language == "en":
            return f"({shown} ± {u}){tail}, k = {k}"
        raise InputError("language", "use zh or en", str(language))

    def short(self, digits: int = 2) -> str:
        """Value with the standard uncertainty in its last digits: 100.02147(40) g (GUM 7.2.2)."""
        u = round_uncertainty(float(self.expanded) / self.k, digits, "half_even")
        value = _matched(Decimal(repr(float(self.value))), u, digits)
        shown, small, power = _scientific(value, u, digits)
        last = small.replace(".", "").lstrip("0") or "0"
        return f"{shown}({last})" + (f"×10{_raised(power)}" if power else "") + f" {self.unit.symbol}".rstrip()

    def dsi(self, digits: int = 2) -> dict[str, str]:
        """The fields of a D-SI real quantity with expanded uncertainty (D-SI 2.2.1), as text."""
        value, expanded = self.rounded(digits)
        fields = {
            "value": text_of(value), "unit": self.unit.dsi, "valueExpandedMU": text_of(expanded),
            "coverageFactor": f"{self.k:g}",
        }  # fmt: skip
        return fields if self.coverage is None else fields | {"coverageProbability": f"{self.coverage:g}"}


def _last(u: Decimal, digits: int) -> int:
    """Exponent of the last significant digit of an uncertainty, which plain digits do not show: 2900 has 2."""
    exponent = u.as_tuple().exponent
    return max(u.adjusted() - digits + 1, exponent if isinstance(exponent, int) else 0)


def _matched(value: Decimal, u: Decimal, digits: int) -> Decimal:
    """The value rounded to the last significant digit of its uncertainty, above the decimal point too (GUM 7.2.6)."""
    last = _last(u, digits)
    return round_to_step(value, Decimal(10) ** last) if u and last > 0 else round_to_match(value, u)


def _scientific(value: Decimal, u: Decimal, digits: int) -> tuple[str, str, int]:
    """Both as plain digits, or with a common power of ten where plain digits would be long."""
    size = max(abs(value), abs(u))
    power = size.adjusted() if size else 0
    if -4 <= power <= 9:
        return text_of(value), text_of(u), 0
    last = _last(u, digits) - power if u else 0
    shown = [
        part.scaleb(-power).quantize(Decimal(1).scaleb(min(last, 0))) if u else part.scaleb(-power)
        for part in (value, u)
    ]
    return text_of(shown[0]), text_of(shown[1]), power


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
