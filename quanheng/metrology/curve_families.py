"""Families of calibration functions: straight line, polynomials, power and exponential (ISO/TS 28037, ISO 6143)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import least_squares
from quanheng.metrology.vectors import Floats


class Family(Protocol):
    """A function of x with parameters, in whatever parameters fit best numerically."""

    @property
    def size(self) -> int:
        """How many parameters."""
        ...

    def value(self, x: Floats, p: Floats) -> Floats:
        """f(x)."""
        ...

    def slope(self, x: Floats, p: Floats) -> Floats:
        """df/dx."""
        ...

    def by_parameters(self, x: Floats, p: Floats) -> Floats:
        """df/dp, shape (len(x), size)."""
        ...

    def start(self, x: Floats, y: Floats, weight: Floats) -> Floats:
        """Parameters to begin with."""
        ...

    def printed(self) -> Floats | None:
        """Matrix from these parameters to the ones people write; None where they are the same."""
        ...


@dataclass(frozen=True)
class Polynomial:
    """b0 + b1·x + … + bn·xⁿ, kept in t = (x − centre)/scale so that high degrees stay solvable."""

    degree: int
    centre: float
    scale: float

    @classmethod
    def over(cls, degree: int, x: Floats) -> Polynomial:
        """Scaled to the range of the data."""
        low, high = float(np.min(x)), float(np.max(x))
        return cls(degree, (low + high) / 2, (high - low) / 2)

    @property
    def size(self) -> int:
        """How many parameters."""
        return self.degree + 1

    def by_parameters(self, x: Floats, p: Floats) -> Floats:
        """Powers of t."""
        return np.vander((x - self.centre) / self.scale, self.size, increasing=True)

    def value(self, x: Floats, p: Floats) -> Floats:
        """f(x)."""
        return np.asarray(np.polynomial.polynomial.polyval((x - self.centre) / self.scale, p))

    def slope(self, x: Floats, p: Floats) -> Floats:
        """df/dx."""
        t = (x - self.centre) / self.scale
        return np.asarray(np.polynomial.polynomial.polyval(t, np.arange(1, self.size) * p[1:]) / self.scale, np.float64)

    def start(self, x: Floats, y: Floats, weight: Floats) -> Floats:
        """Weighted least squares without errors in x."""
        return _linear(self.by_parameters(x, np.empty(0)), y, weight)

    def printed(self) -> Floats | None:
        """From powers of t to powers of x."""
        n = self.size
        matrix = np.zeros((n, n))
        for k in range(n):
            for j in range(k + 1):
                matrix[j, k] = math.comb(k, j) * (-self.centre) ** (k - j) / self.scale**k
        return matrix


@dataclass(frozen=True)
class Power:
    """b0 + b1·x^(1 + b2), for x above zero (ISO 6143, 5.2.2)."""

    size: int = 3

    def value(self, x: Floats, p: Floats) -> Floats:
        """f(x)."""
        return np.asarray(p[0] + p[1] * x ** (1 + p[2]))

    def slope(self, x: Floats, p: Floats) -> Floats:
        """df/dx."""
        return np.asarray(p[1] * (1 + p[2]) * x ** p[2])

    def by_parameters(self, x: Floats, p: Floats) -> Floats:
        """df/dp."""
        power = x ** (1 + p[2])
        return np.stack([np.ones_like(x), power, p[1] * power * np.log(x)], axis=1)

    def start(self, x: Floats, y: Floats, weight: Floats) -> Floats:
        """The best of a grid of exponents, the rest by least squares."""
        if (x <= 0).any():
            raise InputError("model", "the power function needs x above zero", "x")
        return _grid(x, y, weight, np.linspace(-0.95, 3, 80), lambda s: x ** (1 + s))

    def printed(self) -> None:
        """The same parameters."""


@dataclass(frozen=True)
class Exponential:
    """b0 + b1·exp(b2·x) (ISO 6143, 5.2.2)."""

    size: int = 3

    def value(self, x: Floats, p: Floats) -> Floats:
        """f(x)."""
        return np.asarray(p[0] + p[1] * np.exp(p[2] * x))

    def slope(self, x: Floats, p: Floats) -> Floats:
        """df/dx."""
        return np.asarray(p[1] * p[2] * np.exp(p[2] * x))

    def by_parameters(self, x: Floats, p: Floats) -> Floats:
        """df/dp."""
        e = np.exp(p[2] * x)
        return np.stack([np.ones_like(x), e, p[1] * x * e], axis=1)

    def start(self, x: Floats, y: Floats, weight: Floats) -> Floats:
        """The best of a grid of rates, the rest by least squares."""
        reach = float(np.max(np.abs(x)))
        rates = np.concatenate([-np.geomspace(8, 0.01, 40), np.geomspace(0.01, 8, 40)]) / reach
        return _grid(x, y, weight, rates, lambda s: np.exp(s * x))

    def printed(self) -> None:
        """The same parameters."""


def _linear(design: Floats, y: Floats, weight: Floats) -> Floats:
    return least_squares(design * weight[:, None], y * weight)


def _grid(x: Floats, y: Floats, weight: Floats, shapes: Floats, column: Callable[[float], Floats]) -> Floats:
    best, found = math.inf, np.empty(0)
    for shape in shapes:
        design = np.stack([np.ones_like(x), column(shape)], axis=1)
        linear = _linear(design, y, weight)
        square = float(np.sum(((y - design @ linear) * weight) ** 2))
        if square < best:
            best, found = square, np.array([*linear, shape])
    return found
