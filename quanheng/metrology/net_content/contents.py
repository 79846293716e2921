"""Actual content of a package from what was weighed: tare, ice, liquid, density (JJF 1070; R 87 annexes B-D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quanheng.errors import InputError
from quanheng.metrology.results import Result, recorded

GOODS = ("plain", "drained", "frozen")


@dataclass(frozen=True)
class Tare(Result, cites="OIML R 87:2004, annex B"):
    """Mean tare and whether it may stand for every package.

    OIML R 87 annex B: up to 10 % of the nominal quantity ten tares suffice; above it 25, whose standard deviation must
    not exceed a quarter of T; otherwise every package is opened.
    """

    mean: Decimal
    n: int
    s: float
    may_use_mean: bool
    rule: str


@recorded
def mean_tare(tares: Sequence[Decimal], nominal: Decimal, t: Decimal) -> Tare:
    """Judge a sample of tares, in the unit of the nominal quantity."""
    if not tares:
        raise InputError("length", "tare is empty", "tare")
    n = len(tares)
    mean = sum(tares, Decimal(0)) / n
    s = float((sum(((x - mean) ** 2 for x in tares), Decimal(0)) / (n - 1)).sqrt()) if n > 1 else 0.0
    if mean * 10 <= nominal:
        return Tare(mean, n, s, n >= 10, "mean tare up to 10 % of the nominal quantity: at least 10 tares")
    fits = n >= 25 and Decimal(repr(s)) * 4 <= t
    return Tare(mean, n, s, fits, "mean tare above 10 %: at least 25 tares with s up to T/4, else open every package")


def contents(
    gross: Sequence[Decimal],
    tare: Sequence[Decimal],
    *,
    deductions: Sequence[Decimal] | None = None,
    density: Decimal | None = None,
) -> list[Decimal]:
    """Gross - tare - deduction (ice glaze or liquid), divided by the density (g/mL) for goods labelled by volume.

    `tare` is one mean tare or one for each package.
    """
    n = len(gross)
    if len(tare) not in (1, n):
        raise InputError("length", f"tare must hold 1 or {n} values, found {len(tare)}", "tare")
    taken = deductions if deductions is not None else [Decimal(0)] * n
    if len(taken) != n:
        raise InputError("length", f"deductions must hold {n} values, found {len(taken)}", "deductions")
    if density is not None and density <= 0:
        raise InputError("range", f"density is {density}; it must be above zero", "density")
    found = []
    for i, whole in enumerate(gross):
        inside = whole - tare[i if len(tare) > 1 else 0] - taken[i]
        if inside < 0:
            raise InputError("range", f"package {i + 1} weighs less than its tare and deduction", f"gross[{i}]")
        found.append(inside / density if density is not None else inside)
    return found
