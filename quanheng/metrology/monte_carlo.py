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
from quanheng.metrology.vectors import Floats

BLOCK = 10_000  # trials of one sequence of the adaptive procedure (7.9.4 b)
LIMIT = 10_000_000
MAX_STORED = 40_000_000

IntervalKind = Literal["symmetric", "shortest"]
Draws = Callable[[np.random.Generator, int], Mapping[str, Floats]]
Evaluate = Callable[[Mapping[str, Floats]], Mapping[str, Floats]]


@dataclass(frozen=True)
class Trials:
    """What was drawn: outputs in order of drawing, shape (M,) each."""

    values: Mapping[str, Floats]
    count: int
    seed: int
    adaptive: bool


@dataclass(frozen=True)
class Summary:
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
    if kind == "shortest":
        r = int(np.argmin(ordered[q:] - ordered[:-q])) + 1
    return float(ordered[r - 1]), float(ordered[r + q - 1])


def summary(values: Floats, coverage: float, kind: IntervalKind) -> Summary:
    """Mean, standard deviation (7.6) and coverage interval (7.7)."""
    low, high = coverage_interval(np.sort(values), coverage, kind)
    return Summary(float(values.mean()), float(values.std(ddof=1)), low, high)


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
        Block i uses ``SeedSequence(seed, spawn_key=(i,))``, so that any number of threads gives the same trials.
    trials : int or "adaptive"
    digits : int
        Significant digits of u that shall be stable (7.9.2).
    divisor : float
        The tolerance is δ divided by this; 5 is what validation of the GUM asks for (8.2).
    limit : int
        Where the adaptive procedure gives up and refuses.

    Raises
    ------
    InputError
        ``model_undefined`` where the model has no finite value for some trial; ``not_stable`` where the adaptive
        procedure reaches `limit`; ``heavy_tails`` where single trials carry the variance, so that it does not exist.
    """
    adaptive = trials == "adaptive"
    size = max(math.ceil(100 / (1 - coverage) - 1e-9), BLOCK)
    most = limit if trials == "adaptive" else trials
    sizes = [size] * (most // size) + ([] if adaptive or most % size == 0 else [most % size])

    def block(i: int) -> dict[str, Floats]:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(i,))))
        return _checked(evaluate(draw(rng, sizes[i])), sizes[i])

    stop = _Stop(coverage, interval, digits, divisor)
    kept: list[dict[str, Floats]] = []
    stable = False
    for values in _in_order(block, len(sizes), threads):
        kept.append(values)
        if len(kept) * size * len(values) > MAX_STORED:
            raise InputError("too_large", f"more than {MAX_STORED} values would be kept; take fewer trials", "trials")
        if adaptive and stop.stable(values):
            stable = True
            break
    found = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]}
    _refuse_heavy_tails(found)
    if adaptive and not stable:
        raise InputError(
            "not_stable",
            f"{stop.worst} was not stable to {digits} digits after {limit} trials (JCGM 101, 7.9.4); "
            "ask for fewer digits or a fixed number of trials, and look for poles of the model",
            "trials",
        )
    return Trials(found, len(next(iter(found.values()))), seed, adaptive)


def _checked(values: Mapping[str, Floats], size: int) -> dict[str, Floats]:
    found = {}
    for name, y in values.items():
        if y.shape != (size,):
            raise InputError("model", f"the model answered shape {y.shape} for {size} trials", name)
        bad = size - int(np.count_nonzero(np.isfinite(y)))
        if bad:
            raise InputError(
                "model_undefined",
                f"{bad} of {size} trials have no finite value: the inputs reach where the model is not defined or has "
                "a pole (JCGM 101, 5.10: the model must be continuous over the inputs); narrow or truncate the inputs",
                name,
            )
        found[name] = y
    return found


def _refuse_heavy_tails(values: Mapping[str, Floats]) -> None:
    for name, y in values.items():
        square = (y - y.mean()) ** 2
        total = float(square.sum())
        if len(y) >= BLOCK and total > 0 and float(square.max()) > 0.25 * total:
            raise InputError(
                "heavy_tails",
                "one single trial carries more than a quarter of the variance: the model has a pole inside the inputs "
                "and the output has no standard uncertainty",
                name,
            )


def _in_order(block: Callable[[int], dict[str, Floats]], count: int, threads: int) -> Iterator[dict[str, Floats]]:
    if threads <= 1:
        yield from map(block, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:
        batch = 8 * threads
        for start in range(0, count, batch):
            yield from pool.map(block, range(start, min(start + batch, count)))


class _Stop:
    """The test of 7.9.4 f) to k) on every output at once."""

    def __init__(self, coverage: float, interval: IntervalKind, digits: int, divisor: float) -> None:
        self.coverage, self.interval, self.digits, self.divisor = coverage, interval, digits, divisor
        self.rows: dict[str, list[tuple[float, float, float, float]]] = {}
        self.pooled: dict[str, tuple[int, float, float]] = {}
        self.joint: list[tuple[float, float]] = []
        self.worst = ""

    def stable(self, values: Mapping[str, Floats]) -> bool:
        """Whether all outputs are stable once this sequence is added."""
        for name, y in values.items():
            found = summary(y, self.coverage, self.interval)
            self.rows.setdefault(name, []).append((found.value, found.u, found.low, found.high))
            self.pooled[name] = _pool(self.pooled.get(name, (0, 0.0, 0.0)), len(y), found.value, found.u)
        if len(values) == 1:
            return self._one(next(iter(values)))
        self.joint.append(block_statistics(np.array(list(values.values())), self.coverage))
        # ten sequences at least, which keeps a lucky start from ending it (JCGM 102, 7.8.3)
        return len(self.joint) >= 10 and all(self._one(name) for name in values) and self._together()

    def _one(self, name: str) -> bool:
        rows = np.array(self.rows[name])
        if len(rows) < 2:
            return False
        n, _, square = self.pooled[name]
        delta = tolerance(math.sqrt(square / (n - 1)), self.digits) / self.divisor
        good = bool((_spread(rows) <= delta).all())
        self.worst = self.worst if good else name
        return good

    def _together(self) -> bool:
        """Largest eigenvalue of the correlation matrix and k_p (JCGM 102, 7.8.2.3, 7.8.2.7)."""
        rows = np.array(self.joint)
        deltas = [tolerance(float(mean), self.digits) / self.divisor for mean in rows.mean(axis=0)]
        good = bool((_spread(rows) <= deltas).all())
        self.worst = self.worst if good else "the joint distribution of the outputs"
        return good


def _spread(rows: Floats) -> Floats:
    """Twice the standard deviation of the average over the sequences (7.9.4 g, k)."""
    return np.asarray(2 * rows.std(axis=0, ddof=1) / math.sqrt(len(rows)), np.float64)


def _pool(known: tuple[int, float, float], size: int, mean: float, u: float) -> tuple[int, float, float]:
    """Count, mean and sum of squares after one more block."""
    n, centre, square = known
    total = n + size
    step = mean - centre
    return total, centre + step * size / total, square + u * u * (size - 1) + step * step * n * size / total


@dataclass(frozen=True)
class Validation:
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
