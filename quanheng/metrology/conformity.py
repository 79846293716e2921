"""Conformity with specified limits (JCGM 106:2012): conformance probability, specific and global risks, guard bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology.distributions import Distribution
from quanheng.metrology.draws import quantile
from quanheng.metrology.results import Result, recorded
from quanheng.metrology.roots import rising_root, rising_roots
from quanheng.metrology.vectors import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_TAILS = (*(10.0**-n for n in range(13, 1, -1)), 0.03, 0.1, 0.2, 0.35)
_STEPS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.5, 8.0)


@dataclass(frozen=True)
class Interval:
    """A tolerance or acceptance interval with one or two ends (JCGM 106, 3.3.5, 3.3.9)."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if end is not None and not math.isfinite(end):
                raise InputError("limits", f"a limit is {end}; leave out the side that has none", "limits")
        if self.low is None and self.high is None:
            raise InputError("limits", "give a lower limit, an upper limit or both", "limits")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise InputError("limits", f"the lower limit {self.low:g} must lie below the upper {self.high:g}", "limits")

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, infinite where there is none."""
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    @property
    def width(self) -> float:
        """Length, infinite with one end."""
        low, high = self.ends
        return high - low

    def guarded(self, w: float) -> Interval:
        """The acceptance interval that lies `w` inside (outside for w < 0) (8.3.2, 8.3.3)."""
        if self.width - 2 * w <= 0:
            raise InputError("guard_band", "the guard bands leave no acceptance interval; lower u", "rule")
        return Interval(
            None if self.low is None else self.low + w,
            None if self.high is None else self.high - w,
        )

    def holds(self, value: float) -> bool:
        """Whether the value lies inside, ends included."""
        low, high = self.ends
        return low <= value <= high


@dataclass(frozen=True)
class Measured:
    """A measured value: normal with standard uncertainty u, or t where u has few degrees of freedom (7.2.3)."""

    value: float
    u: float
    dof: float = math.inf

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError("number", f"value is {self.value}; it must be finite", "value")
        if not (math.isfinite(self.u) and self.u > 0):
            raise InputError("range", f"u is {self.u:g}; it must be above zero", "u")
        if not self.dof >= 1:
            raise InputError("range", f"dof is {self.dof:g}; it must be 1 or more", "dof")

    def below(self, limit: float | Floats, true: float | Floats | None = None) -> Floats:
        """Probability below `limit`, around the measured value or around `true`."""
        centre = self.value if true is None else true
        with np.errstate(invalid="ignore"):
            z = (np.asarray(limit, dtype=np.float64) - centre) / self.u
        found: Floats = special.ndtr(z) if math.isinf(self.dof) else special.stdtr(self.dof, z)
        return found

    def factor(self, probability: float) -> float:
        """One-sided quantile: how many u leave that probability on one side."""
        found = special.ndtri(probability) if math.isinf(self.dof) else special.stdtrit(self.dof, probability)
        return float(found)


def conformance_probability(measured: Measured, limits: Interval) -> float:
    """p_c with knowledge from this measurement alone (7.1, formulas 7 to 11).

    Examples
    --------
    >>> round(conformance_probability(Measured(-5.47, 0.05), Interval(high=-5.40)), 2)
    0.92
    """
    low, high = limits.ends
    if math.isinf(low):
        return float(measured.below(high))
    # by symmetry the probability above a limit keeps its digits in the tail
    above_low = float(measured.below(2 * measured.value - low))
    return above_low if math.isinf(high) else above_low - float(measured.below(2 * measured.value - high))


@dataclass(frozen=True)
class Risks(Result, cites="JCGM 106:2012, 9.3 to 9.5"):
    """Global risks of a rule over a population (9.3.2 to 9.5.2)."""

    consumer: float  # R_C: non-conforming and accepted
    producer: float  # R_P: conforming and rejected
    conforming: float  # p_c of an item before it is measured
    accepted: float


@dataclass(frozen=True)
class Population:
    """What is known of the property before measuring (6.2, annex B): any distribution with quantiles."""

    prior: Distribution
    _known: dict[float, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.prior.estimate()

    def below(self, value: float) -> float:
        """Probability of a true value below `value`, by halving the quantile function."""
        return self.all_below((value,))[0]

    def all_below(self, values: Sequence[float]) -> list[float]:
        """The same of many values; halved all at once, and those of before are remembered."""
        new = [v for v in dict.fromkeys(values) if v not in self._known and math.isfinite(v)]
        if new:
            wanted = np.array(new)
            found = rising_roots(lambda p: self._at(p) - wanted, 0.0, 1.0, len(new))
            self._known.update(zip(new, found.tolist(), strict=True))
        return [self._known[v] if math.isfinite(v) else float(v > 0) for v in values]

    @recorded
    def risks(self, measured: Measured, limits: Interval, acceptance: Interval) -> Risks:
        """R_C and R_P by Gauss-Legendre panels that break at every limit (9.5.2, formulas 19 and 20).

        Panels follow the probability of the prior, so that no tail is cut; the error is below 1e-9.
        """
        low, high = acceptance.ends

        def accept(true: Floats) -> Floats:
            return np.asarray(measured.below(high, true) - measured.below(low, true))

        inner = (self.below(limits.ends[0]), self.below(limits.ends[1]))
        breaks = self._breaks(measured.u, (*limits.ends, low, high))
        inside = self._integral(accept, inner[0], inner[1], breaks)
        consumer = self._integral(accept, 0.0, inner[0], breaks) + self._integral(accept, inner[1], 1.0, breaks)
        conforming = inner[1] - inner[0]
        return Risks(max(consumer, 0.0), max(conforming - inside, 0.0), conforming, consumer + inside)

    def conformance_probability(self, measured: Measured, limits: Interval) -> float:
        """p_c with the knowledge before measuring taken in (6.2, formula 1; 7.1.1)."""

        def likelihood(true: Floats) -> Floats:
            z = (measured.value - true) / measured.u
            if math.isinf(measured.dof):
                return np.asarray(np.exp(-z * z / 2))
            return np.asarray((1 + z * z / measured.dof) ** (-(measured.dof + 1) / 2))

        breaks = self._breaks(measured.u, (measured.value, *limits.ends))
        inner = (self.below(limits.ends[0]), self.below(limits.ends[1]))
        total = self._integral(likelihood, 0.0, 1.0, sorted({*breaks, *inner}))
        if not total > 1e-280:
            raise InputError("prior", "the measured value is impossible under this prior distribution", "prior")
        return min(self._integral(likelihood, inner[0], inner[1], breaks) / total, 1.0)

    def _at(self, p: Floats) -> Floats:
        return quantile(self.prior, np.clip(p, 1e-300, 1 - 1e-16))

    def _breaks(self, u: float, at: Iterable[float]) -> list[float]:
        points = {0.0, 0.5, 1.0, *_TAILS, *(1 - t for t in _TAILS)}
        near = [v + side * step * u for v in at if math.isfinite(v) for step in _STEPS for side in (-1, 1)]
        return sorted({*points, *self.all_below(near)})

    def _integral(self, function: Callable[[Floats], Floats], start: float, end: float, breaks: list[float]) -> float:
        if not end > start:
            return 0.0
        edges = np.array([start, *[b for b in breaks if start < b < end], end])
        half = np.diff(edges)[:, None] / 2
        p = edges[:-1, None] + half * (1 + _NODES)
        values = function(self._at(p.ravel())).reshape(p.shape)
        return float(np.sum(half * _WEIGHTS * values))


def guard_band_for_risk(population: Population, measured: Measured, limits: Interval, target: float) -> float:
    """The guard band w whose global consumer's risk is `target` (9.5.4).

    Examples
    --------
    >>> from quanheng.metrology.distributions_more import Gamma
    >>> bearings = Population(Gamma(4, 0.25))
    >>> round(guard_band_for_risk(bearings, Measured(1, 0.25), Interval(high=2), 0.001) / 0.5, 2)
    0.66
    """
    if not 0 < target < 1:
        raise InputError("rule", "risk lies between 0 and 1", "risk")
    most = min(limits.width / 2 * (1 - 1e-9), 40 * measured.u)

    def excess(w: float) -> float:
        return target - population.risks(measured, limits, limits.guarded(w)).consumer

    if excess(most) < 0:
        raise InputError("risk", "no guard band reaches this risk", "rule")
    if excess(-40 * measured.u) >= 0:
        raise InputError("risk", "the population itself has a smaller risk; no guard band is needed", "rule")
    return rising_root(excess, -40 * measured.u, most, steps=48)


def guard_band_for_probability(measured: Measured, limits: Interval, probability: float) -> float:
    """The guard band at whose end the conformance probability is `probability` (8.3.2.3; ISO 14253-1, 5.2).

    With two limits the far one is taken in, so that w grows where u is not small beside the tolerance.
    """
    if not 0 < probability < 1:
        raise InputError("rule", "probability lies between 0 and 1", "probability")
    if math.isinf(limits.width):
        return measured.factor(probability) * measured.u
    end = float(limits.ends[1])
    half = limits.width / 2

    def surplus(w: float) -> float:
        return conformance_probability(Measured(end - w, measured.u, measured.dof), limits) - probability

    if surplus(half) < 0:
        raise InputError("guard_band", f"no measured value is conforming with probability {probability:g}", "rule")
    return rising_root(surplus, -40 * measured.u, half, steps=60)


def capability(measured: Measured, limits: Interval) -> float | None:
    """Measurement capability index C_m = T/(4·u) for two limits (7.6.2)."""
    return None if math.isinf(limits.width) else limits.width / (4 * measured.u)
