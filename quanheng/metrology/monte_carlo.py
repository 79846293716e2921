"""Propagation of distributions by Monte Carlo (JCGM 101:2008): blocks, adaptive stop, intervals, validation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.multivariate import block_statistics
from quanheng.metrology.order_statistics import smallest, tails
from quanheng.metrology.results import Result, remember
from quanheng.metrology.trial_store import MAX_STORED, TrialStore, in_order, too_large
from quanheng.metrology.vectors import Floats

BLOCK = 10_000  # trials of one sequence of the adaptive procedure (7.9.4 b)
GROUP = 10  # blocks that share one stream of random numbers
DRAWN = 20_000  # trials drawn and evaluated at once: fastest, and long enough that threads do not wait for each other
LIMIT = 10_000_000
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

    @classmethod
    def of(cls, y: Floats, size: int) -> list[Moments]:
        """Those of each block of `size`, the last of which may be shorter."""
        if len(y) % size:
            full = len(y) - len(y) % size
            return [*cls.of(y[:full], size), *cls.of(y[full:], len(y) - full)]
        rows = y.reshape(-1, size)
        means = rows.mean(axis=1)
        deviations = rows - means[:, None]
        columns = (means, np.vecdot(deviations, deviations), rows.min(axis=1), rows.max(axis=1))
        return [cls(size, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def pooled(self, block: Moments) -> Moments:
        """Pooled with those of one more block."""
        step, total = block.mean - self.mean, self.count + block.count
        square = self.square + block.square + step * step * self.count * block.count / total
        least, most = min(self.least, block.least), max(self.most, block.most)
        return Moments(total, self.mean + step * block.count / total, square, least, most)


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
        low, high = coverage_interval(self.values[name], coverage, kind)
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


def coverage_interval(values: Floats, coverage: float, kind: IntervalKind) -> tuple[float, float]:
    """Probabilistically symmetric (7.7.2) or shortest (7.7.3) interval of values in any order.

    Examples
    --------
    >>> coverage_interval(np.arange(1.0, 101.0), 0.9, "symmetric")
    (5.0, 95.0)
    """
    q, r = ranks(len(values), coverage)
    if not 1 <= q < len(values):
        raise InputError("trials", f"{len(values)} values do not tell an interval of {coverage:g}", "trials")
    if kind == "shortest":
        low, high = tails(values, len(values) - q)
        r = int(np.argmin(high - low))
        return float(low[r]), float(high[r])
    ends = smallest(values, (r - 1, r + q - 1))
    return ends[0], ends[1]


def summary(values: Floats, coverage: float, kind: IntervalKind) -> Summary:
    """Mean, standard deviation (7.6) and coverage interval (7.7)."""
    return Summary(float(values.mean()), float(values.std(ddof=1)), *coverage_interval(values, coverage, kind))


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
    together = max(1, DRAWN // size) * size
    if adaptive:
        most -= most % size
        if most < 2 * size:
            raise InputError(
                "not_stable", f"sequences have {size} trials each (JCGM 101, 7.9.4 b); {limit} are too few", "trials"
            )
    stop = _Stop(coverage, interval, digits, divisor) if adaptive else None
    kept = TrialStore(most, GROUP * size)
    strictness = np.geterr()  # of the caller, for all threads

    def told(start: int, end: int) -> list[_Block]:
        with np.errstate(**strictness):
            return _blocks(kept.between(start, end), size, stop)

    def blocks(i: int) -> Iterator[_Block]:
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(i,))))
        first, last = i * GROUP * size, min((i + 1) * GROUP * size, most)
        for start in range(first, last, together):
            end = min(start + together, last)
            with np.errstate(all="ignore"):  # of each thread its own; what is not finite is refused
                kept.put(evaluate(draw(rng, end - start)), start, end - start)
            if threads == 1:
                yield from told(start, end)
        if threads > 1:  # few calls for many blocks: threads wait for each other at every call
            yield from told(first, last)

    moments: dict[str, Moments] = {}
    stable, count = False, 0
    for block in in_order(blocks, math.ceil(most / (GROUP * size)), threads):
        count += next(iter(block.moments.values())).count
        moments |= {name: moments.get(name, Moments()).pooled(m) for name, m in block.moments.items()}
        if count * len(moments) > MAX_STORED:
            raise too_large()
        if stop and stop.stable(block, moments):
            stable = True
            break
        if count == _EARLY * size:
            _refuse_heavy_tails(moments)
    _refuse_heavy_tails(moments)
    if stop and not stable and not stop.settled(moments, 1.0):
        raise InputError(
            "not_stable",
            f"{stop.worst} was not stable to {digits} digits after {limit} trials (JCGM 101, 7.9.4); "
            "ask for fewer digits or a fixed number of trials, and look for poles of the model",
            "trials",
        )
    return Trials(kept.between(0, count), moments, count, seed, adaptive, adaptive and not stable)


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


@dataclass(frozen=True)
class _Block:
    """What is told of one sequence of trials, found in the thread that drew them."""

    moments: Mapping[str, Moments]
    rows: Mapping[str, Summary]  # of the adaptive procedure only
    together: tuple[float, float] | None


def _blocks(values: Mapping[str, Floats], size: int, stop: _Stop | None) -> list[_Block]:
    moments = {name: Moments.of(y, size) for name, y in values.items()}
    found = []
    for i in range(len(next(iter(moments.values())))):
        rows, together = stop.told({n: y[i * size : (i + 1) * size] for n, y in values.items()}) if stop else ({}, None)
        found.append(_Block({name: told[i] for name, told in moments.items()}, rows, together))
    return found


class _Stop:
    """The test of 7.9.4 f) to k) on every output at once."""

    def __init__(self, coverage: float, interval: IntervalKind, digits: int, divisor: float) -> None:
        self.coverage, self.interval, self.digits, self.divisor = coverage, interval, digits, divisor
        self.rows: dict[str, list[tuple[float, float, float, float]]] = {}
        self.joint: list[tuple[float, float]] = []
        self.worst = ""

    def told(self, block: Mapping[str, Floats]) -> tuple[dict[str, Summary], tuple[float, float] | None]:
        """What the test needs of one sequence."""
        rows = {name: summary(y, self.coverage, self.interval) for name, y in block.items()}
        several = len(block) > 1
        return rows, block_statistics(np.array(list(block.values())), self.coverage) if several else None

    def stable(self, block: _Block, pooled: Mapping[str, Moments]) -> bool:
        """Whether all outputs are stable once this sequence is added."""
        for name, found in block.rows.items():
            self.rows.setdefault(name, []).append((found.value, found.u, found.low, found.high))
        if block.together:
            self.joint.append(block.together)
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
