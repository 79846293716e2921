"""Ten thousand budgets of ten inputs: all at once, one at a time, and by peers.

python benchmarks/bench_budgets.py [--budgets 10000] [--peers PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path

import numpy as np

from quanheng.metrology.budget_batch import budgets
from quanheng.metrology.distributions import Normal
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.models import model_from

MODEL = "Y = a*exp(-b/c) + sqrt(d)*sin(e)/f**2 - log(g) + h*i/j"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", type=int, default=10_000)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has benchmarks/peers.txt")
    args = parser.parse_args()
    n = args.budgets
    rng = np.random.default_rng(1)
    model = model_from(MODEL)
    values = {name: rng.uniform(1, 3, n) for name in sorted(model.inputs)}
    u = {name: np.full(n, 0.01) for name in values}
    budgets(model, values, u)
    start = time.perf_counter()
    many = budgets(model, values, u)["Y"]
    batch = time.perf_counter() - start
    few = min(n, 300)
    start = time.perf_counter()
    singles = [
        propagate_model(model, {k: Normal(float(values[k][i]), 0.01) for k in values}).outputs["Y"].u
        for i in range(few)
    ]
    single = (time.perf_counter() - start) / few
    agree = float(np.max(np.abs(np.array(singles) / many.u[:few] - 1)))
    print(
        json.dumps(
            {
                "budgets": n, "batch_s": round(batch, 4), "batch_us_per_budget": round(batch / n * 1e6, 2),
                "single_us_per_budget": round(single * 1e6, 1), "largest_relative_difference": agree,
            }
        )
    )  # fmt: skip
    if args.peers:
        command = [args.peers, str(Path(__file__).with_name("peers.py")), "budgets", str(n)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(done.stdout.strip() or f"peers did not run: {done.stderr.strip()[-300:]}")
    else:
        print("no peers: --peers names an interpreter that has benchmarks/peers.txt")


if __name__ == "__main__":
    main()
