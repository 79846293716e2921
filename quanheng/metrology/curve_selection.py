"""Which function to take: fits of several families side by side, chosen by the corrected Akaike criterion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from quanheng.errors import InputError
from quanheng.metrology.calibration_curve import Errors, Fit, fit
from quanheng.metrology.curve_families import Exponential, Family, Polynomial, Power
from quanheng.metrology.vectors import Floats

MAX_DEGREE = 10


@dataclass(frozen=True)
class Candidate:
    """One family that was tried; `reason` says why it is out, where it is."""

    name: str
    fit: Fit | None
    criterion: float
    reason: str = ""


def family_of(name: str, x: Floats) -> Family:
    """A family by its name: line, polynomial-2 … polynomial-10, power, exponential."""
    if name == "line":
        return Polynomial.over(1, x)
    if name == "power":
        return Power()
    if name == "exponential":
        return Exponential()
    degree = name.removeprefix("polynomial-")
    if not degree.isascii() or not degree.isdigit() or not 1 <= int(degree) <= MAX_DEGREE:
        raise InputError("model", f"use line, polynomial-2 to polynomial-{MAX_DEGREE}, power or exponential", "model")
    return Polynomial.over(int(degree), x)


def choose(names: tuple[str, ...], x: Floats, y: Floats, errors: Errors | None) -> tuple[Candidate, ...]:
    """Every family fitted, the best first: the smallest AICc = χ² + 2p + 2p(p+1)/(m − p − 1).

    With unknown uncertainties χ² is replaced by m·ln(χ²/m). A family that leaves no degree of freedom, or that cannot
    be fitted, stands last with the reason.
    """
    tried = [_try(name, x, y, errors) for name in names]
    if all(c.fit is None for c in tried):
        raise InputError("model", "no candidate can be fitted: " + "; ".join(c.reason for c in tried)[:150], "model")
    return tuple(sorted(tried, key=lambda c: c.criterion))


def _try(name: str, x: Floats, y: Floats, errors: Errors | None) -> Candidate:
    family = family_of(name, x)
    m, p = len(x), family.size
    if m - p - 1 < 1:
        return Candidate(name, None, math.inf, f"{name}: too few points")
    try:
        found = fit(family, x, y, errors)
    except InputError as error:
        return Candidate(name, None, math.inf, f"{name}: {error.message}")
    count = p + (1 if errors is None else 0)
    if m - count - 1 < 1:
        return Candidate(name, None, math.inf, f"{name}: too few points")
    misfit = found.chi2 if errors is not None else m * math.log(max(found.chi2, 1e-300) / m)
    return Candidate(name, found, misfit + 2 * count + 2 * count * (count + 1) / (m - count - 1))


DEFAULT_CANDIDATES: tuple[str, ...] = ("line", "polynomial-2", "polynomial-3", "polynomial-4", "power", "exponential")
TITLES: Mapping[str, str] = {
    "line": "a + b·x",
    "power": "b0 + b1·x^(1 + b2)",
    "exponential": "b0 + b1·exp(b2·x)",
}
