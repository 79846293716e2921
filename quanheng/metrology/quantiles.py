"""Tails and quantiles of the usual distributions from `scipy.special`: a tenth of the import time of `scipy.stats`."""

from __future__ import annotations

from typing import Any

from scipy import special


def chi2_sf(x: float, dof: float) -> float:
    """Probability of a chi-squared beyond `x`."""
    return float(special.chdtrc(dof, x))


def chi2_ppf(p: Any, dof: Any) -> Any:
    """Quantile of chi-squared; arrays broadcast."""
    return special.chdtri(dof, 1.0 - p)


def chi2_isf(q: float, dof: float) -> float:
    """Chi-squared exceeded with probability `q`."""
    return float(special.chdtri(dof, q))


def normal_isf(q: float) -> float:
    """Standard normal exceeded with probability `q`."""
    return -float(special.ndtri(q))


def beta_cdf(x: Any, a: Any, b: Any) -> Any:
    """Probability of a beta variable up to `x`; arrays broadcast."""
    return special.betainc(a, b, x)


def beta_sf(x: Any, a: Any, b: Any) -> Any:
    """Probability of a beta variable beyond `x`; arrays broadcast."""
    return special.betaincc(a, b, x)


def t_ppf(p: float, dof: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(dof, p))


def t_sf(x: float, dof: float) -> float:
    """Probability of Student's t beyond `x`."""
    return float(special.stdtr(dof, -x))


def f_sf(x: float, above: float, below: float) -> float:
    """Probability of an F ratio beyond `x`, with degrees of freedom of numerator and denominator."""
    return float(special.fdtrc(above, below, x))


def f_isf(q: float, above: float, below: float) -> float:
    """F ratio exceeded with probability `q`."""
    return float(special.fdtri(above, below, 1.0 - q))


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Probability of at most `k` of `n`."""
    return float(special.bdtr(k, n, p))


def binomial_sf(k: int, n: int, p: float) -> float:
    """Probability of more than `k` of `n`."""
    return float(special.bdtrc(k, n, p))
