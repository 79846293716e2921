"""Linking a regional comparison to a key comparison through laboratories that took part in both.

F. Delahaye and T. J. Witt, Metrologia 39 (2002) Tech. Suppl. 01005: with r_l = D_l - x_l for each linking laboratory,
D_i = x_i + sum_l w_l r_l, the weights from how well each linking laboratory repeats itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import Floats, finite, uncertainties
from quanheng.metrology.comparison.estimators import read_results
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Link(Result, cites="Delahaye and Witt, Metrologia 39 (2002) 01005"):
    """Degrees `d` with `u` of all regional participants relative to the key comparison; consistency of the links."""

    d: Floats
    u: Floats
    shift: float
    u_shift: float
    chi2: float
    dof: int
    consistent: bool


@recorded
def link(
    x: object, u: object, at: list[int], key_d: object, u_repeat: object, u_key: float = 0.0, u_d: object | None = None
) -> Link:
    """Degrees of equivalence of a regional comparison in terms of the key comparison.

    Parameters
    ----------
    x, u : ndarray (n,)
        Results and standard uncertainties of the regional comparison.
    at : list of int
        Where the linking laboratories stand in `x`.
    key_d, u_repeat : array_like (l,)
        Their degrees of equivalence in the key comparison, and the standard uncertainty with which each repeats itself
        between the two comparisons.
    u_key : float
        Standard uncertainty of the key comparison reference value.
    u_d : array_like (l,), optional
        Standard uncertainties of `key_d`, as the key comparison gave them. A linking laboratory keeps its degree with
        this uncertainty; without it that is NaN, because no other number is its uncertainty.
    """
    x, u = read_results(x, u)
    if not at or not all(0 <= i < len(x) for i in at):
        raise InputError("range", f"link names no result, or one beyond the {len(x)} there are", "link.labs")
    d, s = finite(key_d, "link.d"), uncertainties(u_repeat, "link.u_repeat", len(at))
    if len(d) != len(at) or len(set(at)) != len(at):
        raise InputError("length", "link needs one degree for each linking laboratory, each named once", "link")
    if not (math.isfinite(u_key) and u_key >= 0):
        raise InputError("range", f"link.u_reference is {u_key:g}; it must not be negative", "link.u_reference")
    r = d - x[at]
    w = (s.min() / s) ** 2
    w = w / w.sum()
    shift, u_shift = float(w @ r), float(math.sqrt((w**2) @ (s**2)))
    chi2 = float((((r - shift) / s) ** 2).sum())
    dof = len(at) - 1
    consistent = dof == 0 or quantiles.chi2_sf(chi2, dof) >= 0.05
    variance = u**2 + u_shift**2 + u_key**2
    degrees = x + shift
    # a linking laboratory keeps the degree the key comparison gave it
    degrees[at] = d
    spread = np.sqrt(variance)
    spread[at] = np.nan if u_d is None else uncertainties(u_d, "link.u_d", len(at))
    return Link(degrees, spread, shift, u_shift, chi2, dof, consistent)
