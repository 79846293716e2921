"""Degrees of equivalence, unilateral and bilateral (CIPM MRA, T.3), with every covariance counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats, finite
from quanheng.metrology.comparison.estimators import Consensus
from quanheng.metrology.results import Result, recorded

RULES = ("mra", "predictive")


@dataclass(frozen=True)
class Degrees(Result, cites="CIPM MRA, T.3"):
    """Differences `d` with standard uncertainties `u` (n,) and coverage factor k; en = d / (k u), NaN where u = 0."""

    d: Floats
    u: Floats
    k: float

    @property
    def U(self) -> Floats:
        """Expanded uncertainty of the differences."""
        return self.k * self.u

    @property
    def en(self) -> Floats:
        """Normalised error; above one in magnitude, the claim does not hold."""
        return normalised(self.d, self.U)


def normalised(d: Floats, expanded: Floats) -> Floats:
    """d / U, NaN where U is zero: a participant that is its own reference has no score."""
    out = np.full(np.shape(d), np.nan)
    np.divide(d, expanded, out=out, where=expanded > 0)
    return out


@recorded
def unilateral(x: Floats, v: Floats, consensus: Consensus, k: float = 2.0, rule: str = "mra") -> Degrees:
    """Differences from the reference value: u²(d_i) = V_ii - 2 cov(x_i, y) + u²(y).

    Parameters
    ----------
    x, v : ndarray (n,), (n, n)
        Results and their covariance.
    consensus : Consensus
        Its weights carry the correlation of a participant with the reference value; who is excluded has none.
    rule : {"mra", "predictive"}
        For random-effects models: ``mra`` judges the claimed uncertainty alone, ``predictive`` adds tau² to it. Both
        count tau² in u(y). The two differ by a large factor, so the rule is part of the result.
    """
    if rule not in RULES:
        raise InputError("choice", f"degrees_rule {rule!r} is not one of {', '.join(RULES)}", "degrees_rule")
    x = finite(x, "x")
    v = finite(v, "v", ndim=2)
    if v.shape != (len(x), len(x)) or len(consensus.weights) != len(x):
        raise InputError("shape", f"v must have shape ({len(x)}, {len(x)}), found {v.shape}", "v")
    w, tau2 = consensus.weights, consensus.tau**2
    shared = v @ w
    if consensus.tau:
        shared = shared + w * (tau2 if rule == "predictive" else 0.0)
    own = np.diag(v) + (tau2 if rule == "predictive" else 0.0)
    variance = own - 2.0 * shared + consensus.u**2
    floor = 1e-12 * (own + consensus.u**2)
    return Degrees(x - consensus.value, np.sqrt(np.where(variance > floor, variance, 0.0)), k)


def bilateral(x: Floats, v: Floats, k: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Matrices (n, n) of differences x_i - x_j, of their standard uncertainties and of en."""
    x = finite(x, "x")
    v = finite(v, "v", ndim=2)
    if v.shape != (len(x), len(x)):
        raise InputError("shape", f"v must have shape ({len(x)}, {len(x)}), found {v.shape}", "v")
    d = x[:, None] - x[None, :]
    own = np.diag(v)
    variance = own[:, None] + own[None, :] - 2.0 * v
    u = np.sqrt(np.clip(variance, 0.0, None))
    np.fill_diagonal(u, 0.0)
    return d, u, normalised(d, k * u)
