"""Largest consistent subset, Algorithm A and scores, beside what a user would write instead, as ratios.

    python benchmarks/bench_comparison.py [--rounds 100000] [--labs 20] [--participants 60]

The alternatives: enumeration of subsets (what the published R routine does), and one Python loop over rounds with numpy
inside. Each is timed on a part it can finish and scaled up; answers are compared before times.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

from quanheng.metrology.comparison import scores, subset
from quanheng.metrology.quantiles import chi2_ppf
from quanheng.metrology.robust.algorithm_a import algorithm_a_rounds


def timed(call, repeat: int = 3) -> tuple[float, object]:
    """Best of a few runs, and the answer."""
    best, answer = float("inf"), None
    for _ in range(repeat):
        start = time.perf_counter()
        answer = call()
        best = min(best, time.perf_counter() - start)
    return best, answer


def by_enumeration(x: np.ndarray, u: np.ndarray) -> tuple[int, float]:
    """Size and chi-squared of the largest consistent subset from the definition."""
    for size in range(len(x), 0, -1):
        best = np.inf
        for chosen in itertools.combinations(range(len(x)), size):
            w, part = u[list(chosen)] ** -2, x[list(chosen)]
            best = min(best, float(w @ (part - (w @ part) / w.sum()) ** 2))
        if size == 1 or best <= chi2_ppf(0.95, size - 1):
            return size, best
    raise AssertionError


def plain_algorithm_a(x: np.ndarray) -> tuple[float, float]:
    """Algorithm A of one round as a user writes it, to the same fixed point."""
    mean = np.median(x)
    sd = 1.483 * np.median(np.abs(x - mean))
    for _ in range(1000):
        cut = np.clip(x, mean - 1.5 * sd, mean + 1.5 * sd)
        new, wide = cut.mean(), 1.134 * cut.std(ddof=1)
        done = abs(new - mean) <= 1e-13 * wide and abs(wide - sd) <= 1e-13 * wide
        mean, sd = new, wide
        if done:
            break
    return float(mean), float(sd)


def main() -> None:
    """Print one line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100_000)
    parser.add_argument("--labs", type=int, default=20)
    parser.add_argument("--participants", type=int, default=60)
    args = parser.parse_args()
    rng = np.random.default_rng(1)

    x, u = rng.normal(0, 8, 16), rng.uniform(0.5, 2, 16)
    ours, found = timed(lambda: subset.largest_consistent_subset(x, u))
    theirs, answer = timed(lambda: by_enumeration(x, u), 1)
    assert answer[0] == 16 - len(found.excluded)
    assert abs(answer[1] - found.chi2) < 1e-9
    print(f"largest consistent subset of 16   {1e3 * ours:8.1f} ms   enumeration {theirs / ours:8.0f} x as long")
    n = args.participants
    x, u = rng.normal(0, 3, n), rng.uniform(0.5, 2, n)
    ours, _ = timed(lambda: subset.largest_consistent_subset(x, u))
    print(f"largest consistent subset of {n}   {1e3 * ours:8.1f} ms   enumeration would list 2^{n} subsets")

    rounds = rng.normal(10, 1, (args.rounds, args.labs))
    ours, found = timed(lambda: algorithm_a_rounds(rounds), 1)
    part = min(2000, args.rounds)
    theirs, answer = timed(lambda: [plain_algorithm_a(row) for row in rounds[:part]], 1)
    assert np.allclose(found.mean[:part], [a[0] for a in answer], rtol=1e-11)
    ratio = theirs * args.rounds / part / ours
    print(
        f"Algorithm A, {args.rounds} rounds of {args.labs}   {ours:8.2f} s    loop over rounds {ratio:8.1f} x as long"
    )

    wide = rng.uniform(0.5, 2, rounds.shape)
    ours, found = timed(lambda: scores.en(rounds, wide, 10.0, 0.3))
    part = min(500, args.rounds)
    theirs, answer = timed(
        lambda: [
            [(v - 10.0) / (s * s + 0.09) ** 0.5 for v, s in zip(a, b, strict=True)]
            for a, b in zip(rounds[:part], wide[:part], strict=True)
        ],
        1,
    )
    assert np.allclose(found[:part], answer)
    ratio = theirs * args.rounds / part / ours
    print(
        f"En, {args.rounds} rounds of {args.labs}            {1e3 * ours:8.0f} ms   Python loop {ratio:13.1f} x as long"
    )


if __name__ == "__main__":
    main()
