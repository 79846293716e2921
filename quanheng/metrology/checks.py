"""Checks every numerical module makes on its arrays: the message names argument, value and rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError

Floats = npt.NDArray[np.float64]
PRECISION = "the numbers are too large, too small or too close together for double precision; check their units"
_PSD = 1e-10  # how far below zero an eigenvalue may lie, relative to the largest


def finite(value: Any, place: str, *, ndim: int = 1, at_least: int = 1) -> Floats:
    """`value` as a float64 array of that many dimensions without NaN or infinity.

    Raises
    ------
    InputError
        ``shape``, ``length`` or ``number``, naming the first bad entry.
    """
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("number", f"{place} holds something that is not a number", place) from None
    if found.ndim != ndim:
        raise _dimensions(place, ndim, found.ndim)
    if found.shape[-1] < at_least:
        raise InputError("length", f"{place} needs at least {at_least} entries, found {found.shape[-1]}", place)
    if not np.isfinite(found).all():
        bad = np.argwhere(~np.isfinite(found))[0].tolist()
        raise InputError("number", f"{place}{bad} is {found[tuple(bad)]}; every entry must be finite", place)
    return found


def groups_of(value: Any, place: str, *, single: bool = False) -> list[Floats]:
    """One array for each group; with `single`, a number alone is a group of one."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable) or not getattr(value, "ndim", 1):
        raise _dimensions(place, 2, 0)
    alone = (int, float, np.number) if single else ()
    return [finite([g] if isinstance(g, alone) else g, f"{place}[{i}]") for i, g in enumerate(value)]


def _dimensions(place: str, wanted: int, found: int) -> InputError:
    return InputError("shape", f"{place} must have {wanted} dimension(s), found {found}", place)


def least_squares(design: Floats, y: Floats) -> Floats:
    """Solution of least squares; numbers that are not finite would make LAPACK write on the standard output."""
    if not (np.isfinite(design).all() and np.isfinite(y).all()):
        raise InputError("precision", PRECISION, "x")
    return np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], np.float64)


def uncertainties(value: Any, place: str, n: int, *, zero: bool = False) -> Floats:
    """`n` standard uncertainties, above zero (or not below, with `zero`)."""
    found = finite(value, place)
    if found.shape != (n,):
        raise InputError("length", f"{place} must have {n} entries, one for each value, found {len(found)}", place)
    bad = np.flatnonzero(found < 0 if zero else found <= 0)
    if bad.size:
        rule = "not be negative" if zero else "be above zero"
        raise InputError("range", f"{place}[{bad[0]}] is {found[bad[0]]:g}; an uncertainty must {rule}", place)
    return found


def covariance_matrix(value: Any, place: str, n: int) -> Floats:
    """A covariance matrix (n, n): finite, symmetric, variances above zero, positive semidefinite."""
    found = finite(value, place, ndim=2)
    if found.shape != (n, n):
        raise InputError("shape", f"{place} must have shape ({n}, {n}), found {found.shape}", place)
    variances = np.diag(found)
    bad = np.flatnonzero(variances <= 0)
    if bad.size:
        here = f"{place}[{bad[0]}, {bad[0]}]"
        raise InputError("range", f"{here} is {variances[bad[0]]:g}; a variance must be above zero", place)
    scale = np.sqrt(np.outer(variances, variances))
    if np.abs(found - found.T).max() > 1e-9 * scale.max():
        raise InputError("correlation", "a covariance matrix is symmetric, no variance below zero", place)
    _semidefinite(found / scale, place)
    return found


def covariance(u: Floats, correlations: Sequence[tuple[int, int, float]], place: str) -> Floats:
    """Covariance matrix of standard uncertainties and pairwise coefficients; refused unless positive semidefinite."""
    r = np.eye(len(u))
    for n, (i, j, coefficient) in enumerate(correlations):
        here = f"{place}[{n}]"
        if i == j:
            raise InputError("pair", f"{here} correlates an entry with itself", here)
        if not -1.0 <= coefficient <= 1.0:
            raise InputError("range", f"{here}.r is {coefficient:g}; a correlation lies between -1 and 1", here)
        r[i, j] = r[j, i] = coefficient
    _semidefinite(r, place)
    return r * np.outer(u, u)


def _semidefinite(r: Floats, place: str) -> None:
    eigenvalues = np.linalg.eigvalsh(r)
    if eigenvalues[0] < -_PSD * max(1.0, eigenvalues[-1]):
        rule = "the correlation matrix must be positive semidefinite"
        raise InputError("correlation", f"{rule}; its smallest eigenvalue is {eigenvalues[0]:.3g}", place)
