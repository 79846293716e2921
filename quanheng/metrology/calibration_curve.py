"""Calibration functions by generalised least squares (ISO/TS 28037:2010, clauses 6 to 10; ISO 6143:2001).

Errors of x and y may be correlated with each other. They are written as e = L·w with w of unit covariance, so that
exactly known x (a singular covariance) need no special case, and |w|² is minimised over w and the parameters together
until the step is lost in rounding: the optimum itself, not the iterate of a worked example.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.checks import finite, least_squares
from quanheng.metrology.curve_families import Family
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.vectors import Floats

MAX_POINTS = 100_000
MAX_POINTS_WITH_X_ERRORS = 500
_ITERATIONS = 500
_NEAR = 1e-5  # relative size of a step from which on full steps are taken


@dataclass(frozen=True)
class Errors:
    """Covariance of the data: of y (m×m, or m variances), of x, and between x and y; None where there is none."""

    y: Floats
    x: Floats | None = None
    xy: Floats | None = None


@dataclass(frozen=True)
class Fit(Result, cites="ISO/TS 28037:2010, 6 to 10; ISO 6143:2001, 5.2"):
    """A fitted function.

    Attributes
    ----------
    parameters, covariance
        In the family's own parameters.
    chi2, dof
        Observed χ² and m − p degrees of freedom (ISO/TS 28037, 6.3, 7.3).
    deviation : float or None
        Residual standard deviation where the uncertainties of y were not known and were taken from the residuals.
    adjusted_x, adjusted_y
        The points on the curve that belong to the data.
    weighted : ndarray
        Weighted deviations, for x where it has errors, then y; ISO 6143's goodness of fit is their largest size.
    """

    family: Family
    parameters: Floats
    covariance: Floats
    chi2: float
    dof: int
    deviation: float | None
    adjusted_x: Floats
    adjusted_y: Floats
    weighted: Floats

    @property
    def coefficients(self) -> tuple[Floats, Floats]:
        """Coefficients as people write them, and their covariance."""
        matrix = self.family.printed()
        if matrix is None:
            return self.parameters, self.covariance
        return matrix @ self.parameters, matrix @ self.covariance @ matrix.T

    @property
    def p_value(self) -> float | None:
        """Probability of a χ² as large as this, if uncertainties are right; None where they came from the residuals."""
        return None if self.deviation is not None or self.dof < 1 else float(special.chdtrc(self.dof, self.chi2))


@recorded
def fit(family: Family, x: Floats, y: Floats, errors: Errors | None) -> Fit:
    """Fit `family` to the data.

    Parameters
    ----------
    x, y : ndarray
        Shape (m,).
    errors : Errors or None
        None: the uncertainties of y are alike and unknown; they are taken from the residuals with m − p degrees of
        freedom (ISO/TS 28037, annex E).

    Raises
    ------
    InputError
        ``points`` too few or too many, ``degenerate`` where the parameters cannot be told apart, ``covariance`` where
        the matrices are not positive semidefinite, ``convergence`` where no optimum is found.
    """
    x, y = finite(x, "x"), finite(y, "y")
    m = len(x)
    if len(y) != m:
        raise InputError("length", f"y must have {m} entries, one for each x, found {len(y)}", "y")
    if errors is not None:
        _check(errors, m)
    if m < family.size + (1 if errors is None else 0):
        raise InputError("points", f"{m} points are too few for {family.size} parameters", "x")
    if len(np.unique(x)) < family.size:
        raise InputError("degenerate", f"needs at least {family.size} different values of x", "x")
    root = _Roots(x, y, errors)
    state = _minimise(family, x, y, root)
    covariance = _covariance(state.jacobian, root.x_width)
    chi2 = float(state.residual @ state.residual)
    dof = m - family.size
    deviation = None
    if errors is None:
        deviation = math.sqrt(chi2 / dof)
        covariance = covariance * chi2 / dof
    ex, adjusted = state.adjusted
    return Fit(family, state.p, covariance, chi2, dof, deviation, ex, adjusted, state.residual)


def _check(errors: Errors, m: int) -> None:
    for name, part in (("y", errors.y), ("x", errors.x), ("xy", errors.xy)):
        if part is None:
            continue
        if part.shape != (m, m) and (part.shape != (m,) or name == "xy"):
            raise InputError("shape", f"the covariance of {name} must have shape ({m}, {m}), found {part.shape}", name)
        if not np.isfinite(part).all():
            raise InputError("number", f"the covariance of {name} holds an entry that is not finite", name)


class _Roots:
    """Factors of the covariance: e_x = Lxx·w1, e_y = Lyx·w1 + Lyy·w2."""

    def __init__(self, x: Floats, y: Floats, errors: Errors | None) -> None:
        m = len(x)
        self.has_x = errors is not None and errors.x is not None and bool(np.any(errors.x))
        self.x_width = m if self.has_x else 0
        if m > (MAX_POINTS_WITH_X_ERRORS if self.has_x else MAX_POINTS):
            raise InputError("points", f"at most {MAX_POINTS_WITH_X_ERRORS} points with errors in x", "x")
        cov_y = np.ones(m) if errors is None else errors.y
        self.lxx: Floats = np.empty((0, 0))
        self.lyx: Floats = np.empty((0, 0))
        if errors is not None and self.has_x and errors.x is not None:
            self.lxx = _root(_square(errors.x), "x")
            if errors.xy is not None:
                # Lyx solves Lyx·Lxxᵀ = cov(y, x); a part outside the range of Lxx would contradict cov(x)
                lyx: Floats = np.asarray(np.linalg.lstsq(self.lxx, errors.xy, rcond=1e-13)[0].T, np.float64)
                if not np.allclose(self.lxx @ lyx.T, errors.xy, atol=1e-9 * float(np.abs(errors.xy).max() or 1)):
                    raise InputError("covariance", "cov_xy contradicts the uncertainties of x", "cov_xy")
                self.lyx = lyx
                cov_y = _square(cov_y) - lyx @ lyx.T
            else:
                self.lyx = np.zeros((m, m))
        self.diagonal = cov_y.ndim == 1
        if self.diagonal and (cov_y <= 0).any():
            raise InputError("covariance", "every y needs an uncertainty above zero; swap x and y if y is exact", "u_y")
        self.lyy = np.sqrt(cov_y) if self.diagonal else _strict_root(cov_y)

    def whiten(self, values: Floats) -> Floats:
        """Lyy⁻¹·values."""
        if self.diagonal:
            return values / (self.lyy if values.ndim == 1 else self.lyy[:, None])
        return np.asarray(np.linalg.solve(self.lyy, values))

    @property
    def weight(self) -> Floats:
        """1/u(y), for starting values."""
        return np.asarray(1 / (self.lyy if self.diagonal else np.sqrt(np.sum(self.lyy**2, axis=1))))


def _square(covariance: Floats) -> Floats:
    return np.diag(covariance) if covariance.ndim == 1 else covariance


def _root(covariance: Floats, name: str) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -1e-9 * max(abs(values[-1]), 1e-300):
        raise InputError("covariance", "the covariance matrix must be positive semidefinite", f"cov_{name}")
    if np.count_nonzero(covariance - np.diag(np.diag(covariance))) == 0:
        return np.diag(np.sqrt(np.diag(covariance)))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _strict_root(covariance: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        raise InputError("covariance", "the covariance of y (given x) must be positive definite", "cov_y") from None


@dataclass
class _State:
    p: Floats
    w: Floats
    residual: Floats
    jacobian: Floats
    adjusted: tuple[Floats, Floats]


def _minimise(family: Family, x: Floats, y: Floats, root: _Roots) -> _State:
    """Gauss-Newton on (w1, p), the step halved while χ² grows."""
    p, w = family.start(x, y, root.weight), np.zeros(root.x_width)
    with np.errstate(all="ignore"):
        now = _evaluate(family, x, y, root, p, w)
        if not np.isfinite(now.residual).all():
            raise InputError("convergence", "the function is not defined at these data", "model")
        last = math.inf
        for _iteration in range(_ITERATIONS):
            scale = np.linalg.norm(now.jacobian, axis=0)
            scale[scale == 0] = 1.0
            step = -least_squares(now.jacobian / scale, now.residual) / scale
            # the predicted move of the weighted deviations, in units of one standard uncertainty
            size = float(np.linalg.norm(now.jacobian @ step)) / (1 + float(np.linalg.norm(now.residual)))
            if size <= 1e-13 or (size <= _NEAR and size > 0.7 * last):
                return now
            # χ² is too flat to steer by so near to the optimum, where the steps shrink by themselves
            after = _moved(family, x, y, root, now, step) if size <= _NEAR else _shorter(family, x, y, root, now, step)
            if after is None:
                break
            now, last = after, size
    raise InputError("convergence", "no optimum was found; try another model or check the data", "model")


def _moved(family: Family, x: Floats, y: Floats, root: _Roots, now: _State, step: Floats) -> _State:
    width = root.x_width
    return _evaluate(family, x, y, root, now.p + step[width:], now.w + step[:width])


def _shorter(family: Family, x: Floats, y: Floats, root: _Roots, now: _State, step: Floats) -> _State | None:
    before = float(now.residual @ now.residual)
    for halvings in range(40):
        after = _moved(family, x, y, root, now, step * 0.5**halvings)
        square = float(after.residual @ after.residual)
        if math.isfinite(square) and square <= before * (1 + 1e-14):
            return after
    return None


def _evaluate(family: Family, x: Floats, y: Floats, root: _Roots, p: Floats, w: Floats) -> _State:
    if not root.has_x:
        found = family.value(x, p)
        residual = root.whiten(y - found)
        return _State(p, w, residual, -root.whiten(family.by_parameters(x, p)), (x, found))
    true = x - root.lxx @ w
    found = family.value(true, p)
    below = root.whiten(y - found - root.lyx @ w)
    by_w = root.whiten(family.slope(true, p)[:, None] * root.lxx - root.lyx)
    by_p = -root.whiten(family.by_parameters(true, p))
    m = len(x)
    jacobian = np.block([[np.eye(m), np.zeros((m, family.size))], [by_w, by_p]])
    return _State(p, w, np.concatenate([w, below]), jacobian, (true, found))


def _covariance(jacobian: Floats, width: int) -> Floats:
    """The parameters' block of (JᵀJ)⁻¹ (ISO/TS 28037, 7.3 and 10.3)."""
    triangle = np.asarray(np.linalg.qr(jacobian, mode="r"), np.float64)[width:, width:]
    scale = np.linalg.norm(triangle, axis=0)
    size = np.abs(np.diag(triangle))
    if not (size > 1e-13 * scale).all():
        raise InputError("degenerate", "the data do not determine every parameter; take a simpler model", "model")
    inverse = np.linalg.inv(triangle / scale) / scale[:, None]
    return np.asarray(inverse @ inverse.T)
