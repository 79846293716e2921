"""Propagation of distributions by Monte Carlo (JCGM 101:2008): blocks, adaptive stop, intervals, validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.multivariate import block_statistics
from quanheng.metrology.results import Result, remember
from quanheng.metrology.vectors import Floats

BLOCK = 10_000  # trials of one sequence of the adaptive procedure (7.9.4 b)
GROUP = 10  # blocks that share one stream of random numbers
DRAWN = 20_000  # trials drawn and evaluated at once: fastest, and long enough that threads do not wait for each other
LIMIT = 10_000_000
MAX_STORED = 40_000_000
_FEWEST = 100  # trials of which an interval can be told
_EARLY = 100  # blocks after which a variance that does not exist is looked for, so that nobody waits for the limit

IntervalKind = Literal["symmetric", "shortest"]
Draws = Callable[[np.random.Generator, int], Mapping[str, Floats]]
Evaluate = Callable[[Mapping[str, Floats]], Mapping[str, Floats]]


@dataclass(frozen=True)
class Moments(Result):
    """Count, mean, sum of squares about it, and the ends; blocks are pooled one after the other."""

    count: int = 0
    mean: float = 0.0
    square: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    @property
    def u(self) -> float:
        """Standard deviation (7.6)."""
        return math.sqrt(self.square / (self.count - 1))

    def with_block(self, y: Floats) -> Moments:
        """Pooled with one more block."""
        mean = float(y.mean())
        deviation = y - mean
        step, total = mean - self.mean, self.count + len(y)
        square = self.square + float(deviation @ deviation) + step * step * self.count * len(y) / total
        least, most = min(self.least, float(y.min())), max(self.most, float(y.max()))
        return Moments(total, self.mean + step * len(y) / total, square, least, most)


@dataclass(frozen=True)
class Trials(Result, cites="JCGM 101:2008, 7"):
    """What was drawn: outputs in order of drawing, shape (M,) each."""

    values: Mapping[str, Floats]
    moments: Mapping[str, Moments]
    count: int
    seed: int
    adaptive: bool
    coarse: bool = False  # stable to δ, not to the part of δ that was asked for, when the limit was reached

    def summary(self, name: str, coverage: float, kind: IntervalKind) -> Summary:
        """Estimate, u and coverage interval of one output from all trials (7.6, 7.7)."""
        found = self.moments[name]
        low, high = _ends(self.values[name], coverage, kind)
        asked = {"output": name, "coverage": coverage, "interval": kind}
        return remember(Summary(found.mean, found.u, low, high), {**self.inputs, **asked})


@dataclass(frozen=True)
class Summary(Result, cites="JCGM 101:2008, 7.6, 7.7"):
    """Estimate, standard uncertainty and coverage interval of one output (7.6, 7.7)."""

    value: float
    u: float
    low: float
    high: float


def tolerance(u: float, digits: int) -> float:
    """Numerical tolerance δ = ½·10^l where u = c·10^l and c has `digits` digits (7.9.2).

    Examples
    --------
    >>> tolerance(2.0, 2), tolerance(9.96, 2), tolerance(0.0754, 1)
    (0.05, 0.5, 0.005)
    """
    if not (math.isfinite(u) and u > 0):
        return 0.0
    # the exponent of u after rounding: 9.96 is 10 at two digits
    exponent = int(f"{u:.{digits - 1}e}".split("e")[1])
    return float(f"5e{exponent - digits}")


def at_decade(u: float, digits: int) -> bool:
    """Whether rounding carries u into the next decade, so that δ is ten times that of a u a little smaller (7.9.2).

    Examples
    --------
    >>> at_decade(9.96, 2), at_decade(9.94, 2), at_decade(0.0995, 2)
    (True, False, True)
    """
    if not (math.isfinite(u) and u > 0):
        return False
    return int(f"{u:.{digits - 1}e}".split("e")[1]) > int(f"{u:.16e}".split("e")[1])


def ranks(count: int, coverage: float) -> tuple[int, int]:
    """The numbers q and r of 7.7.2: the interval is from the r-th to the (r + q)-th smallest value.

    Examples
    --------
    >>> ranks(10**6, 0.95), ranks(10**5, 0.99)
    ((950000, 25000), (99000, 500))
    """
    q = _whole(coverage * count)
    left = count - q
    r = left // 2 if left % 2 == 0 else (left + 1) // 2
    return q, max(r, 1)


def _whole(x: float) -> int:
    near = round(x)
    return near if abs(x - near) < 1e-6 else math.floor(x + 0.5)


def coverage_interval(ordered: Floats, coverage: float, kind: IntervalKind) -> tuple[float, float]:
    """Probabilistically symmetric (7.7.2) or shortest (7.7.3) interval of values in rising order.

    Examples
    --------
    >>> coverage_interval(np.arange(1.0, 101.0), 0.9, "symmetric")
    (5.0, 95.0)
    """
    q, r = ranks(len(ordered), coverage)
    if not 1 <= q < len(ordered):
        raise InputError("trials", f"{len(ordered)} values do not tell an interval of {coverage:g}", "trials")
    if kind == "shortest":
        r = int(np.argmin(ordered[q:] - ordered[:-q])) + 1
    return float(ordered[r - 1]), float(ordered[r + q - 1])


def summary(values: Floats, coverage: float, kind: IntervalKind) -> Summary:
    """Mean, standard deviation (7.6) and coverage interval (7.7)."""
    return Summary(float(values.mean()), float(values.std(ddof=1)), *_ends(values, coverage, kind))


def _ends(values: Floats, coverage: float, kind: IntervalKind) -> tuple[float, float]:
    """The coverage interval, for the symmetric one without sorting everything."""
    if kind == "shortest":
        return coverage_interval(np.sort(values), coverage, kind)
    q, r = ranks(len(values), coverage)
    if not 1 <= q < len(values):
        raise InputError("trials", f"{len(values)} values do not tell an interval of {coverage:g}", "trials")
    found = np.partition(values, (r - 1, r + q - 1))
    return float(found[r - 1]), float(found[r + q - 1])


def run(
    draw: Draws,
    evaluate: Evaluate,
    *,
    seed: int,
    trials: int | Literal["adaptive"] = "adaptive",
    coverage: float = 0.95,
    interval: IntervalKind = "symmetric",
    digits: int = 2,
    divisor: float = 5.0,
    limit: int = LIMIT,
    threads: int = 1,
) -> Trials:
    """Draw and evaluate, a fixed number of times or until stable (7.9.4).

    Parameters
    ----------
    draw : callable
        (generator, size) → name → array of shape (size,).
    evaluate : callable
        Those arrays → output → array of shape (size,).
    seed : int
        Group i of blocks uses ``SeedSequence(seed, spawn_key=(i,))``, so that any number of threads gives the same
        trials.
    trials : int or "adaptive"
    digits : int
        Significant digits of u that shall be stable (7.9.2).
    divisor : float
        The tolerance is δ divided by this; 5 is what validation of the GUM asks for (8.2).
    limit : int
        Where the adaptive procedure ends: with `coarse` set where it is stable to δ itself (7.9.2), else refused.

    Raises
    ------
    InputError
        ``model_undefined`` where the model has no finite value for some trial; ``not_stable`` where the adaptive
        procedure reaches `limit`; ``heavy_tails`` where single trials carry the variance, so that it does not exist.
    """
    adaptive = trials == "adaptive"
    _asked(seed, trials, coverage, digits, divisor, threads)
    size = max(math.ceil(100 / (1 - coverage) - 1e-9), BLOCK)
    most = limit if trials == "adaptive" else trials
    together = max(1, DRAWN // size)
    sizes = [size] * (most // size) + ([] if adaptive or most % size == 0 else [most % size])

    def blocks(i: int) -> Iterator[dict[str, Floats]]:
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(i,))))
        group = sizes[i * GROUP : (i + 1) * GROUP]
        for start in range(0, len(group), together):
            part = group[start : start + together]
            with np.errstate(all="ignore"):  # of each thread its own; what is not finite is refused below
                found = _checked(evaluate(draw(rng, sum(part))), sum(part))
            for at, n in enumerate(part):
                yield {name: y[at * size : at * size + n] for name, y in found.items()}

    stop = _Stop(coverage, interval, digits, divisor)
    kept: list[dict[str, Floats]] = []
    moments: dict[str, Moments] = {}
    stable = False
    for values in _in_order(blocks, math.ceil(len(sizes) / GROUP), threads):
        kept.append(values)
        moments |= {name: moments.get(name, Moments()).with_block(y) for name, y in values.items()}
        if len(kept) * size * len(values) > MAX_STORED:
            raise InputError("too_large", f"more than {MAX_STORED} values would be kept; take fewer trials", "trials")
        if adaptive and stop.stable(values, moments):
            stable = True
            break
        if len(kept) == _EARLY:
            _refuse_heavy_tails(moments)
    found = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]}
    _refuse_heavy_tails(moments)
    if adaptive and not stable and not stop.settled(moments, 1.0):
        raise InputError(
            "not_stable",
            f"{stop.worst} was not stable to {digits} digits after {limit} trials (JCGM 101, 7.9.4); "
            "ask for fewer digits or a fixed number of trials, and look for poles of the model",
            "trials",
        )
    return Trials(found, moments, len(next(iter(found.values()))), seed, adaptive, adaptive and not stable)


def _asked(
    seed: int, trials: int | Literal["adaptive"], coverage: float, digits: int, divisor: float, threads: int
) -> None:
    if not 0 < coverage < 1:
        raise InputError("coverage", "a coverage probability lies between 0 and 1", "coverage")
    if trials != "adaptive" and (isinstance(trials, str | bool) or not isinstance(trials, int | np.integer)):
        raise InputError("trials", "trials is a whole number or adaptive", "trials")
    if not isinstance(trials, str) and not _FEWEST <= trials <= MAX_STORED:
        raise InputError("range", f"trials is {trials}; it must be {_FEWEST} to {MAX_STORED}", "trials")
    for name, value, least in (("seed", seed, 0), ("digits", digits, 1), ("threads", threads, 1)):
        if value < least:
            raise InputError("range", f"{name} is {value}; it must be {least} or more", name)
    if not divisor > 0:
        raise InputError("range", f"divisor is {divisor:g}; it must be above zero", "divisor")


def _checked(values: Mapping[str, Floats], size: int) -> dict[str, Floats]:
    found = {}
    for name, y in values.items():
        if y.shape != (size,):
            raise InputError("model", f"the model answered shape {y.shape} for {size} trials", name)
        if not math.isfinite(float(y.sum())) and not np.isfinite(y).all():
            bad = size - int(np.count_nonzero(np.isfinite(y)))
            raise InputError(
                "model_undefined",
                f"{bad} of {size} trials have no finite value: the inputs reach where the model is not defined or has "
                "a pole (JCGM 101, 5.10: the model must be continuous over the inputs); narrow or truncate the inputs",
                name,
            )
        found[name] = y
    return found


def _refuse_heavy_tails(moments: Mapping[str, Moments]) -> None:
    for name, found in moments.items():
        farthest = max(found.most - found.mean, found.mean - found.least)
        if found.count >= BLOCK and found.square > 0 and farthest**2 > 0.25 * found.square:
            raise InputError(
                "heavy_tails",
                "one single trial carries more than a quarter of the variance: the model has a pole inside the inputs "
                "and the output has no standard uncertainty",
                name,
            )


def _in_order(
    blocks: Callable[[int], Iterator[dict[str, Floats]]], groups: int, threads: int
) -> Iterator[dict[str, Floats]]:
    if threads <= 1:
        for i in range(groups):
            yield from blocks(i)
        return
    with ThreadPoolExecutor(threads) as pool:
        batch = 4 * threads
        for start in range(0, groups, batch):
            for found in pool.map(lambda i: list(blocks(i)), range(start, min(start + batch, groups))):
                yield from found


class _Stop:
    """The test of 7.9.4 f) to k) on every output at once."""

    def __init__(self, coverage: float, interval: IntervalKind, digits: int, divisor: float) -> None:
        self.coverage, self.interval, self.digits, self.divisor = coverage, interval, digits, divisor
        self.rows: dict[str, list[tuple[float, float, float, float]]] = {}
        self.joint: list[tuple[float, float]] = []
        self.worst = ""

    def stable(self, values: Mapping[str, Floats], pooled: Mapping[str, Moments]) -> bool:
        """Whether all outputs are stable once this sequence is added."""
        for name, y in values.items():
            found = summary(y, self.coverage, self.interval)
            self.rows.setdefault(name, []).append((found.value, found.u, found.low, found.high))
        if len(values) > 1:
            self.joint.append(block_statistics(np.array(list(values.values())), self.coverage))
        return self.settled(pooled, self.divisor)

    def settled(self, pooled: Mapping[str, Moments], divisor: float) -> bool:
        """Whether all outputs are stable to δ divided by `divisor`."""
        if len(pooled) == 1:
            return self._one(next(iter(pooled)), pooled, divisor)
        # ten sequences at least, which keeps a lucky start from ending it (JCGM 102, 7.8.3)
        many = len(self.joint) >= 10
        return many and all(self._one(name, pooled, divisor) for name in pooled) and self._together(divisor)

    def _one(self, name: str, pooled: Mapping[str, Moments], divisor: float) -> bool:
        rows = np.array(self.rows[name])
        if len(rows) < 2:
            return False
        delta = tolerance(pooled[name].u, self.digits) / divisor
        good = bool((_spread(rows) <= delta).all())
        self.worst = self.worst if good else name
        return good

    def _together(self, divisor: float) -> bool:
        """Largest eigenvalue of the correlation matrix and k_p (JCGM 102, 7.8.2.3, 7.8.2.7)."""
        rows = np.array(self.joint)
        deltas = [tolerance(float(mean), self.digits) / divisor for mean in rows.mean(axis=0)]
        good = bool((_spread(rows) <= deltas).all())
        self.worst = self.worst if good else "the joint distribution of the outputs"
        return good


def _spread(rows: Floats) -> Floats:
    """Twice the standard deviation of the average over the sequences (7.9.4 g, k)."""
    return np.asarray(2 * rows.std(axis=0, ddof=1) / math.sqrt(len(rows)), np.float64)


@dataclass(frozen=True)
class Validation(Result, cites="JCGM 101:2008, 8.1"):
    """Comparison of the GUM's interval with the Monte Carlo's (8.1): both endpoints within δ."""

    d_low: float
    d_high: float
    tolerance: float

    @property
    def validated(self) -> bool:
        """Whether the GUM may be used for this model (8.1)."""
        return self.d_low <= self.tolerance and self.d_high <= self.tolerance


def validate(interval: tuple[float, float], trial: Summary, digits: int) -> Validation:
    """Absolute differences of the endpoints against δ of the Monte Carlo's u (8.1, formulas 19 and 20)."""
    return Validation(abs(interval[0] - trial.low), abs(interval[1] - trial.high), tolerance(trial.u, digits))
