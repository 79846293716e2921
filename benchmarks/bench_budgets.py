"""Ten thousand budgets of ten inputs: all at once, one at a time, and by peers.

python benchmarks/bench_budgets.py [--budgets 10000] [--peers PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time

import numpy as np

from quanheng.metrology.budget_batch import budgets
from quanheng.metrology.distributions import Normal
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.models import model_from

MODEL = "Y = a*exp(-b/c) + sqrt(d)*sin(e)/f**2 - log(g) + h*i/j"
PEERS = """
import json, sys, time, random
n = int(sys.argv[1]); random.seed(1); out = {}
rows = [[random.uniform(1, 3) for _ in range(10)] for _ in range(n)]
try:
    from uncertainties import ufloat, umath
    start = time.process_time()
    for r in rows:
        a, b, c, d, e, f, g, h, i, j = (ufloat(v, 0.01) for v in r)
        (a*umath.exp(-b/c) + umath.sqrt(d)*umath.sin(e)/f**2 - umath.log(g) + h*i/j).s
    out["uncertainties_us_per_budget"] = round((time.process_time() - start) / n * 1e6, 1)
except Exception as error: out["uncertainties"] = repr(error)[:80]
try:
    from GTC import ureal, exp, sqrt, sin, log, uncertainty
    start = time.process_time()
    for r in rows:
        a, b, c, d, e, f, g, h, i, j = (ureal(v, 0.01) for v in r)
        uncertainty(a*exp(-b/c) + sqrt(d)*sin(e)/f**2 - log(g) + h*i/j)
    out["gtc_us_per_budget"] = round((time.process_time() - start) / n * 1e6, 1)
except Exception as error: out["gtc"] = repr(error)[:80]
print(json.dumps(out))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", type=int, default=10_000)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with uncertainties and GTC")
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
        done = subprocess.run([args.peers, "-c", PEERS, str(n)], capture_output=True, text=True, check=False)
        print(done.stdout.strip() or done.stderr.strip()[-300:])


if __name__ == "__main__":
    main()
