"""Complex numbers with uncertainty: two real ones that share their causes (JCGM 102:2011, 6.2.2 and 6.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.multivariate import Regions, gum_regions
from quanheng.metrology.uncertain_number import Uncertain, arctan2, covariance, function
from quanheng.metrology.vectors import Floats


@dataclass(frozen=True, eq=False)
class UncertainComplex:
    """real + i·imag."""

    real: Uncertain
    imag: Uncertain

    @property
    def value(self) -> complex:
        """The estimate."""
        return complex(self.real.value, self.imag.value)

    def covariance(self) -> Floats:
        """Covariance of real and imaginary part, shape (2, 2)."""
        cross = covariance(self.real, self.imag)
        return np.array([[self.real.u**2, cross], [cross, self.imag.u**2]])

    def regions(self, coverage: float = 0.95) -> Regions:
        """Coverage ellipse and rectangle (JCGM 102, 6.5.2)."""
        return gum_regions({"real": self.real.value, "imag": self.imag.value}, self.covariance(), coverage)

    def conjugate(self) -> UncertainComplex:
        """real − i·imag."""
        return UncertainComplex(self.real, -self.imag)

    def __add__(self, other: Any) -> UncertainComplex:
        b = _complex(other)
        return UncertainComplex(self.real + b.real, self.imag + b.imag)

    def __sub__(self, other: Any) -> UncertainComplex:
        b = _complex(other)
        return UncertainComplex(self.real - b.real, self.imag - b.imag)

    def __mul__(self, other: Any) -> UncertainComplex:
        b = _complex(other)
        return UncertainComplex(
            self.real * b.real - self.imag * b.imag,
            self.real * b.imag + self.imag * b.real,
        )

    def __truediv__(self, other: Any) -> UncertainComplex:
        b = _complex(other)
        square = b.real * b.real + b.imag * b.imag
        top = self * b.conjugate()
        return UncertainComplex(top.real / square, top.imag / square)

    def __neg__(self) -> UncertainComplex:
        return UncertainComplex(-self.real, -self.imag)

    def __radd__(self, other: Any) -> UncertainComplex:
        return self.__add__(other)

    def __rsub__(self, other: Any) -> UncertainComplex:
        return (-self).__add__(other)

    def __rmul__(self, other: Any) -> UncertainComplex:
        return self.__mul__(other)

    def __rtruediv__(self, other: Any) -> UncertainComplex:
        return _complex(other) / self

    def __abs__(self) -> Uncertain:
        return function("sqrt", self.real * self.real + self.imag * self.imag)

    def phase(self) -> Uncertain:
        """Angle in (−π, π]."""
        return arctan2(self.imag, self.real)


def polar(size: Uncertain, angle: Uncertain) -> UncertainComplex:
    """size·exp(i·angle)."""
    return UncertainComplex(size * function("cos", angle), size * function("sin", angle))


def exponential(z: UncertainComplex) -> UncertainComplex:
    """exp(z)."""
    return polar(function("exp", z.real), z.imag)


def _complex(value: Any) -> UncertainComplex:
    if isinstance(value, UncertainComplex):
        return value
    if isinstance(value, Uncertain):
        return UncertainComplex(value, Uncertain(0.0))
    if isinstance(value, bool) or not isinstance(value, int | float | complex):
        raise InputError("uncertain", "a number, a complex number or an uncertain one is needed", str(value)[:40])
    return UncertainComplex(Uncertain(complex(value).real), Uncertain(complex(value).imag))
