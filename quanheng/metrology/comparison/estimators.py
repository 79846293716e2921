"""Reference values of a comparison from results `x` with standard uncertainties `u`, one per participant.

Every estimator answers a :class:`Consensus`. Weighted mean and Procedure A: JJF 1117-2010; M. G. Cox, Metrologia 39
(2002) 589. Birge: R. T. Birge, Phys. Rev. 40 (1932) 207. Mandel–Paule: J. Res. NBS 87 (1982) 377.
DerSimonian–Laird: Control. Clin. Trials 7 (1986) 177. Median: J. W. Müller, J. Res. NIST 105 (2000) 551.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import PRECISION, Floats, covariance_matrix, finite, uncertainties
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.roots import rising_root

LEVEL = 0.05  # of the test for consistency (Cox 2002, 5.1)


@dataclass(frozen=True)
class Consensus(Result):
    """A reference value.

    Attributes
    ----------
    value, u : float
        Reference value and its standard uncertainty, in the unit of the results.
    weights : ndarray (n,)
        Of the results in the reference value, which is their weighted sum; they sum to one.
    chi2, dof, p : float, int, float
        Observed chi-squared of the results in use about their weighted mean, and its tail probability.
    consistent : bool
        Whether p is not below 0.05.
    excluded : tuple of int
        Participants that do not enter the reference value.
    tau : float
        Standard deviation between laboratories (random-effects models), else 0.
    birge : float
        Birge ratio sqrt(chi2 / dof).
    """

    method: str
    document: str
    value: float
    u: float
    weights: Floats
    chi2: float
    dof: int
    p: float
    consistent: bool
    excluded: tuple[int, ...] = ()
    tau: float = 0.0
    birge: float = 0.0
    interval: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    extra: dict[str, float] = field(default_factory=dict)


def read_results(x: object, u: object, *, at_least: int = 2) -> tuple[Floats, Floats]:
    """Validated results and standard uncertainties."""
    found = _participants(x, at_least)
    return found, uncertainties(u, "u", len(found))


def read_joint(x: object, v: object, *, at_least: int = 2) -> tuple[Floats, Floats]:
    """Validated results with their covariance, from standard uncertainties (n,) or the covariance (n, n) itself."""
    found = _participants(x, at_least)
    try:
        together = np.ndim(v) == 2  # type: ignore[arg-type]
    except ValueError:  # rows of unequal length: refused below
        together = False
    if together:
        return found, covariance_matrix(v, "u", len(found))
    variances = uncertainties(v, "u", len(found)) ** 2
    if not (variances >= np.finfo(np.float64).tiny).all() or not np.isfinite(variances).all():
        raise InputError("precision", PRECISION, "u")
    return found, np.diag(variances)


def _participants(x: object, at_least: int) -> Floats:
    found = finite(x, "x", at_least=0)
    if len(found) < at_least:
        raise InputError("participants", f"x has {len(found)}; a comparison needs at least {at_least}", "x")
    return found


def chi_squared(x: Floats, v: Floats) -> tuple[float, int, float]:
    """Observed chi-squared about the generalised least-squares mean, degrees of freedom, tail probability."""
    weights = gls_weights(v)
    residual = x - weights @ x
    observed = float(residual @ np.linalg.solve(v, residual)) if len(x) > 1 else 0.0
    dof = len(x) - 1
    return observed, dof, quantiles.chi2_sf(observed, dof) if dof else 1.0


def gls_weights(v: Floats) -> Floats:
    """Weights of the best linear unbiased mean of results with covariance `v` (n, n)."""
    diagonal = np.diag(v)
    if np.count_nonzero(v - np.diag(diagonal)) == 0:
        relative = diagonal.min() / diagonal
        return np.asarray(relative / relative.sum())
    try:
        solved = np.linalg.solve(v, np.ones(len(v)))
    except np.linalg.LinAlgError:
        raise InputError("correlation", "the covariance of the results is singular; drop a result", "u") from None
    return np.asarray(solved / solved.sum())


@recorded
def weighted_mean(x: object, v: object, *, birge: bool = False) -> Consensus:
    """Weighted mean with the chi-squared test (Procedure A); `birge` widens u by the ratio where it exceeds one.

    Parameters
    ----------
    x : array_like (n,)
        Results of at least two participants.
    v : array_like (n,) or (n, n)
        Their standard uncertainties, above zero, or their covariance.
    """
    return weighted(*read_joint(x, v), birge=birge)


def weighted(x: Floats, v: Floats, *, birge: bool = False) -> Consensus:
    """The same of checked arrays, of one result too."""
    weights = gls_weights(v)
    value, u = float(weights @ x), math.sqrt(float(weights @ v @ weights))
    chi2, dof, p = chi_squared(x, v)
    ratio = math.sqrt(chi2 / dof) if dof else 0.0
    notes = () if p >= LEVEL else ("chi2 rejects consistency: use a subset, Procedure B or a random-effects model",)
    if birge:
        u *= max(1.0, ratio)
    name, document = ("birge", "Birge 1932") if birge else ("weighted-mean", "JJF 1117-2010; Cox 2002, Procedure A")
    return Consensus(name, document, value, u, weights, chi2, dof, p, p >= LEVEL, birge=ratio, notes=notes)


@recorded
def mean(x: object, v: object) -> Consensus:
    """Arithmetic mean, its uncertainty propagated from those of the results."""
    results, covariance = read_joint(x, v)
    return _fixed("mean", "JJF 1117-2010", results, covariance, np.full(len(results), 1.0 / len(results)))


@recorded
def mean_scatter(x: object, v: object) -> Consensus:
    """Arithmetic mean, its uncertainty from the scatter of the results: s / sqrt(n)."""
    results, covariance = read_joint(x, v)
    found = mean(results, covariance)
    u = float(results.std(ddof=1)) / math.sqrt(len(results))
    if u == 0:
        raise InputError("zero_variance", "all results are equal, so their scatter gives no uncertainty; use mean", "x")
    return replace(found, method="mean-scatter", u=u)


@recorded
def single(x: object, v: object, index: int) -> Consensus:
    """The result of one participant, the pilot, as reference value."""
    results, covariance = read_joint(x, v)
    if not 0 <= index < len(results):
        raise InputError("range", f"index is {index}; it must be 0 to {len(results) - 1}", "index")
    weights = np.zeros(len(results))
    weights[index] = 1.0
    return _fixed("pilot", "JJF 1117-2010", results, covariance, weights)


def _fixed(name: str, document: str, x: Floats, v: Floats, weights: Floats) -> Consensus:
    chi2, dof, p = chi_squared(x, v)
    u = math.sqrt(float(weights @ v @ weights))
    ratio = math.sqrt(chi2 / dof) if dof else 0.0
    return Consensus(name, document, float(weights @ x), u, weights, chi2, dof, p, p >= LEVEL, birge=ratio)


@recorded
def median(x: object, v: object) -> Consensus:
    """Median; u = 1.858 MAD / sqrt(n - 1) (Müller 2000, eq. 11), which needs three results."""
    return _median(*read_joint(x, v, at_least=1))


def _median(x: Floats, v: Floats) -> Consensus:
    n = len(x)
    if n < 3:
        raise InputError("participants", f"x has {n}; the uncertainty of a median needs at least 3", "x")
    middle = float(np.median(x))
    spread = float(np.median(np.abs(x - middle)))
    if spread == 0:
        rule = "more than half of the results are equal, so the uncertainty of the median cannot be estimated"
        raise InputError("zero_variance", f"{rule}; use weighted-mean", "x")
    order = np.argsort(x, kind="stable")
    weights = np.zeros(n)
    weights[order[[(n - 1) // 2, n // 2]]] = 1.0 if n % 2 else 0.5
    chi2, dof, p = chi_squared(x, v)
    u = 1.858 * spread / math.sqrt(n - 1)
    return Consensus("median", "Müller 2000", middle, u, weights, chi2, dof, p, p >= LEVEL, birge=math.sqrt(chi2 / dof))


@recorded
def dersimonian_laird(x: object, v: object) -> Consensus:
    """Random-effects mean with the moment estimate of the variance between laboratories.

    `v` holds standard uncertainties (n,) or the covariance (n, n) of correlated results, for which the moment is that
    of the generalised least-squares residuals.
    """
    results, covariance = read_joint(x, v)
    n, scale = len(results), float(np.diag(covariance).min())
    w = weight_matrix(covariance / scale)
    total = float(w.sum())
    rest = results - float(w.sum(axis=0) @ results) / total
    excess = float(rest @ w @ rest) / scale - (n - 1)
    tau2 = max(0.0, excess / ((float(np.trace(w)) - float((w @ w).sum()) / total) / scale))
    return _random_effects("dersimonian-laird", "DerSimonian & Laird 1986", results, covariance, tau2)


@recorded
def mandel_paule(x: object, v: object) -> Consensus:
    """Random-effects mean; tau makes chi-squared equal its expectation n - 1 (root found to adjacent floats).

    `v` holds standard uncertainties (n,) or the covariance (n, n) of correlated results.
    """
    results, covariance = read_joint(x, v)
    n = len(results)
    scale = float(np.ptp(results)) or math.sqrt(float(np.diag(covariance).max()))
    spread = Spread(results / scale, covariance / scale**2)

    def surplus(tau: float) -> float:
        return float(spread.at(np.array([tau]))[2][0]) - (n - 1)

    tau = 0.0
    if surplus(0.0) > 0:
        tau = scale * rising_root(lambda tau: -surplus(tau), 0.0, 2.0)
    return _random_effects("mandel-paule", "Paule & Mandel 1982", results, covariance, tau**2)


class Spread:
    """Results with covariance V + tau²·1 for many tau at once, in the axes in which V is diagonal."""

    def __init__(self, x: Floats, v: Floats) -> None:
        diagonal = np.diag(v)
        if np.count_nonzero(v - np.diag(diagonal)):
            self.variance, vectors = np.linalg.eigh(v)
            self.variance = np.maximum(self.variance, 0.0)
            self.x, self.one = vectors.T @ x, vectors.T @ np.ones(len(x))
        else:
            self.variance, self.x, self.one = diagonal, x, np.ones(len(x))

    def at(self, tau: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Mean, its precision, chi-squared about it, and log determinant of the covariance, for each tau."""
        total = self.variance[None, :] + tau[:, None] ** 2
        precision = (self.one**2 / total).sum(axis=1)
        centre = (self.one * self.x / total).sum(axis=1) / precision
        chi2 = ((self.x[None, :] - centre[:, None] * self.one) ** 2 / total).sum(axis=1)
        return centre, precision, chi2, np.log(total).sum(axis=1)


def weight_matrix(v: Floats) -> Floats:
    """Inverse of a covariance; refused where it is singular."""
    try:
        return np.asarray(np.linalg.inv(v))
    except np.linalg.LinAlgError:
        raise InputError("correlation", "the covariance of the results is singular; drop a result", "u") from None


def _random_effects(name: str, document: str, x: Floats, v: Floats, tau2: float) -> Consensus:
    total = v + tau2 * np.eye(len(x))
    weights = gls_weights(total)
    chi2, dof, p = chi_squared(x, v)
    return Consensus(
        name,
        document,
        float(weights @ x),
        math.sqrt(float(weights @ total @ weights)),
        weights,
        chi2,
        dof,
        p,
        p >= LEVEL,
        tau=math.sqrt(tau2),
        birge=math.sqrt(chi2 / dof),
    )
