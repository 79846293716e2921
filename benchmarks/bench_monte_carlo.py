"""Monte Carlo of JCGM 101, 9.2, 9.3 and 9.5 at a million trials, beside plain numpy in blocks and beside peers.

python benchmarks/bench_monte_carlo.py [--trials 1000000] [--repeat 3] [--peers PYTHON]

PYTHON is an interpreter that has benchmarks/peers.txt; they are no requirement of ours. Ratios are plain numpy's
time over ours: above 1 ours is faster. Every contender draws, evaluates, and gives mean, deviation and 95 % interval.
The ceiling of two threads is what plain numpy gains from them where it draws and evaluates only, on this machine now.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from quanheng.metrology.joint import joint
from quanheng.metrology.monte_carlo import run
from quanheng.metrology.tasks.uncertainty import read_request

W = 3**0.5
ADDITIVE = {
    "model": "Y = X1 + X2 + X3 + X4",
    "inputs": {f"X{i}": {"distribution": "rectangular", "low": -W, "high": W} for i in range(1, 5)},
}
MASS = {
    "model": "Y = (mR + dm)*(1 + (ra - 1.2)*(1/rW - 1/rR)) - 100000",
    "inputs": {
        "mR": {"distribution": "normal", "mean": 100000, "std": 0.05},
        "dm": {"distribution": "normal", "mean": 1.234, "std": 0.02},
        "ra": {"distribution": "rectangular", "low": 1.1, "high": 1.3},
        "rW": {"distribution": "rectangular", "low": 7000, "high": 9000},
        "rR": {"distribution": "rectangular", "low": 7950, "high": 8050},
    },
}
GAUGE = {
    "model": "Y = Ls + D + d1 + d2 - Ls*(da*(th + De) + al*dt) - 50000000",
    "inputs": {
        "Ls": {"distribution": "t", "loc": 50000623, "scale": 25, "dof": 18},
        "D": {"distribution": "t", "loc": 215, "scale": 6, "dof": 24},
        "d1": {"distribution": "t", "loc": 0, "scale": 4, "dof": 5},
        "d2": {"distribution": "t", "loc": 0, "scale": 7, "dof": 8},
        "al": {"distribution": "rectangular", "low": 9.5e-6, "high": 13.5e-6},
        "th": {"distribution": "normal", "mean": -0.1, "std": 0.2},
        "De": {"distribution": "arcsine", "low": -0.5, "high": 0.5},
        "da": {"distribution": "curvilinear-trapezoidal", "low": -1e-6, "high": 1e-6, "d": 1e-7},
        "dt": {"distribution": "curvilinear-trapezoidal", "low": -0.05, "high": 0.05, "d": 0.025},
    },
}


def plain_additive(rng: np.random.Generator, n: int) -> Any:
    return sum(rng.uniform(-W, W, n) for _ in range(4))


def plain_mass(rng: np.random.Generator, n: int) -> Any:
    m, d = rng.normal(100000, 0.05, n), rng.normal(1.234, 0.02, n)
    ra, rw, rr = rng.uniform(1.1, 1.3, n), rng.uniform(7000, 9000, n), rng.uniform(7950, 8050, n)
    return (m + d) * (1 + (ra - 1.2) * (1 / rw - 1 / rr)) - 100000


def _trapezoid(rng: np.random.Generator, n: int, half: float, d: float) -> Any:
    low = -half - d + 2 * d * rng.random(n)
    return low - 2 * low * rng.random(n)


def plain_gauge(rng: np.random.Generator, n: int) -> Any:
    ls = 50000623 + 25 * rng.standard_t(18, n)
    rest = 215 + 6 * rng.standard_t(24, n) + 4 * rng.standard_t(5, n) + 7 * rng.standard_t(8, n)
    al, th = rng.uniform(9.5e-6, 13.5e-6, n), rng.normal(-0.1, 0.2, n)
    de = 0.5 * np.cos(np.pi * rng.random(n))
    return ls + rest - ls * (_trapezoid(rng, n, 1e-6, 1e-7) * (th + de) + al * _trapezoid(rng, n, 0.05, 0.025)) - 5e7


CASES = {"9.2": (ADDITIVE, plain_additive), "9.3": (MASS, plain_mass), "9.5": (GAUGE, plain_gauge)}


def ours(request: dict[str, Any], trials: int, threads: int) -> Callable[[], Any]:
    read = read_request(request)
    drawn = joint(read.inputs, ())

    def evaluate() -> Any:
        found = run(drawn.draw, read.model.on_arrays, seed=1, trials=trials, threads=threads)
        return found.summary("Y", 0.95, "symmetric")

    return evaluate


def plain(model: Callable[..., Any], trials: int, block: int = 10_000) -> Callable[[], Any]:
    def evaluate() -> Any:
        rng = np.random.default_rng(1)
        y = np.concatenate([model(rng, block) for _ in range(trials // block)])
        return y.mean(), y.std(ddof=1), np.quantile(y, [0.025, 0.975])

    return evaluate


def drawn_only(model: Callable[..., Any], trials: int, threads: int, block: int = 10_000) -> Callable[[], Any]:
    """Plain numpy's draws and evaluations, shared among threads that have nothing to tell each other."""

    def part(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return [model(rng, block) for _ in range(trials // block // threads)]

    def evaluate() -> Any:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(part, range(threads)))

    return evaluate


def best(works: list[Callable[[], Any]], repeat: int, clock: Callable[[], float] = time.process_time) -> list[float]:
    """Smallest time of each, taken in turns; of the processor, so that other work on the machine hardly counts."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeat):
        for work, found in zip(works, times, strict=True):
            start = clock()
            work()
            found.append(clock() - start)
    return [min(found) for found in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has benchmarks/peers.txt")
    args = parser.parse_args()
    for name, (request, model) in CASES.items():
        numpy, mine = best([plain(model, args.trials), ours(request, args.trials, 1)], args.repeat)
        threaded = [ours(request, args.trials, k) for k in (1, 2)] + [drawn_only(model, args.trials, k) for k in (1, 2)]
        one, two, alone, shared = best(threaded, args.repeat, time.perf_counter)
        print(
            json.dumps(
                {
                    "case": f"JCGM 101 {name}", "numpy_cpu_s": round(numpy, 3), "ours_cpu_s": round(mine, 3),
                    "numpy_over_ours": round(numpy / mine, 2), "ours_1_thread_s": round(one, 3), "ours_2_threads_s": round(two, 3),
                    "speed_up_2_threads": round(one / two, 2), "ceiling": round(alone / shared, 2),
                }
            )
        )  # fmt: skip
    if args.peers:
        command = [args.peers, str(Path(__file__).with_name("peers.py")), "monte-carlo", str(args.trials)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(done.stdout.strip() or f"peers did not run: {done.stderr.strip()[-300:]}")
    else:
        print("no peers: --peers names an interpreter that has benchmarks/peers.txt")


if __name__ == "__main__":
    main()
