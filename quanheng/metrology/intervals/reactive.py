"""Reactive methods: they answer to the last results and need no model of reliability.

Staircase, control chart and in-use time: ILAC-G24/OIML D 10:2022, methods 1 to 3. A1, A2, A3: NCSLI RP-1, chapter 5 and
appendices A to C.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from quanheng.errors import InputError
from quanheng.metrology import quantiles
from quanheng.metrology.checks import finite
from quanheng.metrology.results import Result, recorded


@dataclass(frozen=True)
class Interval(Result):
    """An interval with the rule that gave it; `history` holds the intervals on the way."""

    method: str
    document: str
    interval: float
    current: float
    rule: str
    history: tuple[float, ...] = ()
    reliability: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    changed: bool = True


@dataclass(frozen=True)
class Bounds:
    """Shortest and longest interval, and the largest factor of one change."""

    shortest: float = 0.0
    longest: float = math.inf
    factor: float = 2.0

    def clip(self, value: float, current: float) -> float:
        """`value` brought inside."""
        near = min(max(value, current / self.factor), current * self.factor)
        return min(max(near, self.shortest), self.longest)


def check(current: float, target: float | None = None) -> None:
    """A current interval above zero, a reliability target between 0 and 1."""
    if not (math.isfinite(current) and current > 0):
        raise InputError("range", f"current is {current:g}; an interval must be above zero", "current")
    if target is not None and not 0 < target < 1:
        raise InputError("range", f"target is {target:g}; a reliability lies between 0 and 1", "target")


@recorded
def staircase(
    errors: object, mpe: float, current: float, *, up: float = 0.1, inside: float = 0.8, bounds: Bounds | None = None
) -> Interval:
    """D 10 method 1: longer after a result within `inside` of the MPE, kept up to the MPE, shorter beyond it.

    Parameters
    ----------
    errors : array_like (n,)
        Errors found, in order of time.
    mpe : float
        Magnitude of the maximum permissible error, above zero.
    up : float
        Relative step upward; a result beyond the MPE halves the interval.
    """
    check(current)
    found = finite(errors, "errors")
    if not (math.isfinite(mpe) and mpe > 0):
        raise InputError("range", f"mpe is {mpe:g}; it must be above zero", "mpe")
    if not (0 < up <= 1 and 0 < inside <= 1):
        raise InputError("range", f"up {up:g} and inside {inside:g} lie above 0 and up to 1", "up")
    limits, history = bounds or Bounds(), [current]
    for error in found:
        share = abs(float(error)) / mpe
        factor = 1.0 + up if share <= inside else (1.0 if share <= 1.0 else 0.5)
        history.append(limits.clip(history[-1] * factor, history[-1]))
    rule = f"x {1 + up:g} up to {inside:g} MPE, kept up to the MPE, halved beyond it"
    document = "ILAC-G24/OIML D 10:2022, method 1"
    return Interval("staircase", document, history[-1], current, rule, tuple(history))


@recorded
def control_chart(t: object, errors: object, mpe: float, current: float, expanded: float = 0.0) -> Interval:
    """D 10 method 2: from the drift between calibrations, the time until drift and U together reach the MPE.

    The drift of each step is |change| / time; their mean plus its standard uncertainty is counted.
    """
    check(current)
    times, found = finite(t, "t"), finite(errors, "errors")
    if len(times) != len(found) or len(times) < 3:
        raise InputError("length", "t and errors need the same number of entries, at least 3", "errors")
    steps = np.diff(times)
    if (steps <= 0).any():
        raise InputError("order", "t must increase from one calibration to the next", "t")
    if not (math.isfinite(mpe) and mpe > 0 and math.isfinite(expanded) and expanded >= 0):
        raise InputError("range", "mpe must be above zero and U not negative", "mpe")
    rates = np.abs(np.diff(found)) / steps
    rate = float(rates.mean()) + float(rates.std(ddof=1) / math.sqrt(len(rates)))
    room = mpe - expanded - abs(float(found[-1]))
    if room <= 0:
        rule = "the last error and U leave no room below the MPE: adjust or repair first"
        return Interval("control-chart", "ILAC-G24/OIML D 10:2022, method 2", 0.0, current, rule)
    if rate == 0:
        rule = "no drift was seen; the interval is not limited by drift"
        return Interval("control-chart", "ILAC-G24/OIML D 10:2022, method 2", current, current, rule, changed=False)
    rule = f"(MPE - U - |last error|) / drift, drift {rate:.4g} per unit of time"
    return Interval("control-chart", "ILAC-G24/OIML D 10:2022, method 2", room / rate, current, rule)


@recorded
def in_use(hours: float, use_per_day: object, current: float) -> Interval:
    """D 10 method 3: an interval in hours of use, turned into days by the use recorded."""
    check(current)
    rate = finite(use_per_day, "use_per_day")
    if (rate < 0).any() or (rate > 24).any():
        raise InputError("range", "hours of use in a day lie between 0 and 24", "use_per_day")
    if not (math.isfinite(hours) and hours > 0):
        raise InputError("range", f"hours is {hours:g}; it must be above zero", "hours")
    mean = float(rate.mean())
    document = "ILAC-G24/OIML D 10:2022, method 3"
    if mean == 0:
        rule = "never in use: the calendar decides, keep the interval"
        return Interval("in-use", document, current, current, rule, changed=False)
    return Interval("in-use", document, hours / mean, current, f"{hours:g} h at {mean:.4g} h of use a day")


@recorded
def a1(
    passed: Sequence[bool], current: float, target: float, *, up: float = 0.1, bounds: Bounds | None = None
) -> Interval:
    """RP-1 A1, simple response: x (1 + a) after a pass, x (1 - b) after a failure.

    b makes the mean change nothing at the target: (1 + a)^R (1 - b)^(1 - R) = 1.
    """
    check(current, target)
    if not 0 < up <= 1:
        raise InputError("range", f"up is {up:g}; it lies above 0 and up to 1", "up")
    down = 1.0 - (1.0 + up) ** (-target / (1.0 - target))
    limits, history = bounds or Bounds(factor=math.inf), [current]
    for good in _flags(passed):
        history.append(limits.clip(history[-1] * ((1 + up) if good else (1 - down)), history[-1]))
    rule = f"a = {up:g} after a pass, b = {down:.4g} after a failure, in balance at R = {target:g}"
    return Interval("a1", "NCSLI RP-1, method A1", history[-1], current, rule, tuple(history))


@recorded
def a2(passed: Sequence[bool], current: float, target: float, bounds: Bounds | None = None) -> Interval:
    """RP-1 A2, incremental response: steps that halve with each change between pass and failure.

    I' = I (1 + D (1 - R)) after a pass, I (1 - D R) after a failure; D starts at 1.
    """
    check(current, target)
    limits, history = bounds or Bounds(factor=math.inf), [current]
    delta, last = 1.0, None
    for good in _flags(passed):
        if last is not None and good != last:
            delta /= 2.0
        step = 1.0 + delta * (1.0 - target) if good else 1.0 - delta * target
        history.append(limits.clip(history[-1] * step, history[-1]))
        last = good
    rule = f"step {delta:g} of its first size, halved with each turn"
    return Interval("a2", "NCSLI RP-1, method A2", history[-1], current, rule, tuple(history))


@recorded
def a3(
    n: int, passed: int, current: float, target: float, *, confidence: float = 0.5, bounds: Bounds | None = None
) -> Interval:
    """RP-1 A3, interval test: change only if the record rejects the target with the confidence asked for.

    Parameters
    ----------
    n, passed : int
        Calibrations at this interval, and how many were in tolerance.

    Notes
    -----
    Reliability limits are Clopper-Pearson, one-sided where all passed or none did. The rejection confidence is
    two-sided except there. Shortening: I x 10^((R0 - R) Q); lengthening: I x 10^((R0 - R) / (1 - Q)), at most the
    largest factor.
    """
    check(current, target)
    if not (n >= 1 and 0 <= passed <= n):
        raise InputError("range", f"passed is {passed} of n {n}; it must be 0 to n and n at least 1", "passed")
    if not 0 < confidence < 1:
        raise InputError("range", f"confidence is {confidence:g}; it lies between 0 and 1", "confidence")
    observed = passed / n
    rejection = _rejection(n, passed, target)
    low, high = reliability_limits(n, passed, confidence)
    limits = bounds or Bounds()
    interval, rule = current, f"the target is not rejected at {confidence:g}: keep"
    if rejection > confidence and observed != target:
        exponent = observed - target
        power = exponent / (1.0 - rejection) if exponent > 0 and rejection < 1 else exponent * rejection
        if exponent > 0 and rejection >= 1:
            power = math.inf
        # a power beyond the largest factor would overflow
        factor = 10.0 ** min(power, math.log10(limits.factor))
        interval = limits.clip(current * factor, current)
        word = "lengthen" if exponent > 0 else "shorten"
        rule = f"the target is rejected with confidence {rejection:.4f}: {word}"
    document = "NCSLI RP-1, method A3; NASA-HDBK-8739.19-5"
    return Interval(
        "a3",
        document,
        interval,
        current,
        rule,
        reliability=observed,
        low=low,
        high=high,
        confidence=rejection,
        changed=interval != current,
    )


def _rejection(n: int, passed: int, target: float) -> float:
    if passed == n:
        return float(1.0 - target**n)
    if passed == 0:
        return float(1.0 - (1.0 - target) ** n)
    if passed / n < target:
        return max(0.0, 1.0 - 2.0 * quantiles.binomial_cdf(passed, n, target))
    return max(0.0, 1.0 - 2.0 * quantiles.binomial_sf(passed - 1, n, target))


def reliability_limits(n: int, passed: int, confidence: float) -> tuple[float, float]:
    """Clopper-Pearson limits of a reliability; one-sided at 0 and at n, so that nothing exceeds its confidence."""
    if passed == 0:
        return 0.0, 1.0 - (1.0 - confidence) ** (1.0 / n)
    if passed == n:
        return (1.0 - confidence) ** (1.0 / n), 1.0
    low = float(special.betaincinv(passed, n - passed + 1, (1.0 - confidence) / 2))
    high = float(special.betaincinv(passed + 1, n - passed, (1.0 + confidence) / 2))
    return low, high


@recorded
def binomial(n: int, passed: int, current: float, target: float, *, confidence: float = 0.95) -> Interval:
    """Keep an interval only where the lower limit of its reliability reaches the target; else shorten by their ratio.

    Shortening takes failures as exponential in time: I x ln(target) / ln(lower limit).
    """
    check(current, target)
    if not (n >= 1 and 0 <= passed <= n) or not 0 < confidence < 1:
        raise InputError("range", "passed lies between 0 and n, confidence between 0 and 1", "passed")
    # one-sided: 1 - confidence in the lower tail
    low = float(special.betaincinv(passed, n - passed + 1, 1.0 - confidence)) if passed else 0.0
    document = "Clopper & Pearson 1934; ILAC-G24/OIML D 10:2022"
    if low >= target:
        rule = f"reliability is at least {low:.4f} with confidence {confidence:g}: keep"
        return Interval("binomial", document, current, current, rule, reliability=passed / n, low=low, changed=False)
    needed = math.ceil(math.log(1.0 - confidence) / math.log(target))
    rule = f"reliability is only at least {low:.4f}; {needed} passes without a failure would prove {target:g}"
    interval = current * math.log(target) / math.log(low) if low > 0 else 0.0
    return Interval("binomial", document, interval, current, rule, reliability=passed / n, low=low)


def _flags(passed: Sequence[bool]) -> list[bool]:
    found = list(passed)
    if not found:
        raise InputError("length", "passed is empty; it needs at least one calibration", "passed")
    for i, flag in enumerate(found):
        if not isinstance(flag, bool | np.bool_):
            raise InputError("choice", f"passed[{i}] is {str(flag)[:20]!r}, not true or false", f"passed[{i}]")
    return [bool(flag) for flag in found]
