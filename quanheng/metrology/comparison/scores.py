"""Scores of proficiency tests (ISO 13528:2022 clause 9; JJF 1117-2010), on arrays of any shape that broadcast.

All inputs are finite arrays; 10⁵ rounds of 20 participants are one call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats

_SHAPES = "results, reference and uncertainties need shapes that go together, such as (rounds, participants)"


def en(x: Any, expanded: Any, reference: Any, reference_expanded: Any) -> Floats:
    """Normalised error (x - X) / sqrt(U² + U_ref²), ISO 13528 9.7; U with the same coverage factor on both sides."""
    a, b = _above("U", expanded, zero=True), _above("U_ref", reference_expanded, zero=True)
    scale = _together(a, b)
    if (scale == 0).any():
        raise InputError("zero_variance", "U and U_ref are both zero, so no score can be formed", "U")
    return _score(x, "reference", reference, scale)


def z(x: Any, assigned: Any, sigma: Any) -> Floats:
    """z score (x - x_pt) / sigma_pt, ISO 13528 9.4."""
    return _score(x, "x_pt", assigned, _above("sigma_pt", sigma))


def z_prime(x: Any, assigned: Any, sigma: Any, u_assigned: Any) -> Floats:
    """z' score (x - x_pt) / sqrt(sigma_pt² + u²(x_pt)), ISO 13528 9.5."""
    scale = _together(_above("sigma_pt", sigma), _above("u_pt", u_assigned, zero=True))
    return _score(x, "x_pt", assigned, scale)


def zeta(x: Any, u: Any, assigned: Any, u_assigned: Any) -> Floats:
    """Zeta score (x - x_pt) / sqrt(u² + u²(x_pt)), ISO 13528 9.6; standard uncertainties, not expanded ones."""
    scale = _together(_above("u", u, zero=True), _above("u_pt", u_assigned, zero=True))
    if (scale == 0).any():
        raise InputError("zero_variance", "u and u_pt are both zero, so no score can be formed", "u")
    return _score(x, "x_pt", assigned, scale)


def verdict(score: float, *, limits: tuple[float, float] = (2.0, 3.0)) -> str:
    """satisfactory up to the first limit, questionable up to the second, unsatisfactory beyond (ISO 13528 9.4.2)."""
    size = abs(score)
    if size <= limits[0]:
        return "satisfactory"
    return "questionable" if size < limits[1] else "unsatisfactory"


def _score(x: Any, name: str, centre: Any, scale: Floats) -> Floats:
    try:
        return np.asarray((_plain("x", x) - _plain(name, centre)) / scale)
    except ValueError:
        raise InputError("shape", _SHAPES, "x") from None


def _together(a: Floats, b: Floats) -> Floats:
    try:
        return np.asarray(np.hypot(a, b))
    except ValueError:
        raise InputError("shape", _SHAPES, "u") from None


def _plain(name: str, value: Any) -> Floats:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("number", f"{name} holds something that is not a number", name) from None
    if not np.isfinite(found).all():
        raise InputError("number", f"{name} holds a value that is not finite", name)
    return found


def _above(name: str, value: Any, *, zero: bool = False) -> Floats:
    found = _plain(name, value)
    if ((found < 0) if zero else (found <= 0)).any():
        rule = "not be negative" if zero else "be above zero"
        raise InputError("range", f"{name} is {found.min():g}; it must {rule}", name)
    return found
