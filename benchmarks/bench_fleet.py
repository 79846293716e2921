"""One area of 100 meters, hourly, 90 days: ours beside scikit-learn's RidgeCV and BayesianRidge, in CPU time of one core.

``python -m benchmarks.bench_fleet [AREAS]``; scikit-learn is wanted for the comparison only and is no dependency.
CPU time is taken, not wall time, and each figure is the median over the areas. Recall and precision at |e| > 2 % are
those of the same fits: ours calls a meter at P > 0.5 and P > 0.9, the others at an estimate beyond 2 %.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from quanheng.metrology.energy_balance import accumulate, locate, row_variance, solve, weighted_rows
from quanheng.telemetry.fleets.arrange import arrange
from quanheng.telemetry.fleets.conclude import conclude
from quanheng.telemetry.fleets.measure import lines_of, make_balance, measure
from quanheng.telemetry.fleets.profiles import load_profile
from quanheng.telemetry.fleets.readings import normalise, normalise_areas
from quanheng.telemetry.fleets.simulate import FleetPlan, simulate

LIMIT = 0.02
ALPHAS = np.geomspace(1e-3, 1e5, 11)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    call()
    begun = time.process_time()
    answer = call()
    return (time.process_time() - begun) * 1e3, answer


def areas(loss: str, count: int):
    fleet = simulate(FleetPlan(areas=count, days=90, seed=77, meters=(100, 100), loss=loss, substeps=4))
    rows, listed = normalise(fleet.readings.lazy()).collect(), normalise_areas(fleet.areas)
    truth = dict(zip(fleet.truth["meter_id"], fleet.truth["error"], strict=True))
    profile = load_profile(limit=LIMIT)
    for name in sorted(set(listed["area_id"])):
        part = name, rows.filter(area_id=name), listed.filter(area_id=name), profile
        data = arrange(*part)
        yield data, np.array([truth[meter] for meter in data.meters]), profile, part


def whole_path(part):
    """From long rows in normal form to verdicts: arrays, gates, fit, slopes tried, criticism, both windows."""
    measured = measure(*part)
    return conclude(measured, part[-1].prior, part[-1])


def ours(balance, profile):
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    return solve(accumulate(rows, variance, layout), profile.prior), (rows, variance, layout)


def peers() -> dict[str, Callable[[], Any]]:
    try:
        from sklearn.linear_model import BayesianRidge, RidgeCV
    except ImportError:
        print("scikit-learn is not installed: no comparison")
        return {}
    return {"RidgeCV, 11 alphas": lambda: RidgeCV(ALPHAS), "BayesianRidge": BayesianRidge}


def found(wrong, called) -> str:
    right = int((wrong & called).sum())
    return f"recall {right / max(wrong.sum(), 1):4.0%}, precision {right / max(called.sum(), 1):4.0%}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    times: dict[str, list[float]] = {}
    calls: dict[str, list[np.ndarray]] = {}
    wrongs = []
    for data, error, profile, part in areas("area", count):
        balance = make_balance(data)
        wrongs.append(np.abs(error) > LIMIT)
        spent, (posterior, (rows, variance, layout)) = timed(lambda b=balance, p=profile: ours(b, p))
        times.setdefault("ours, from raw rows, posterior included", []).append(spent)
        p = posterior.tilted.outside(LIMIT)
        calls.setdefault("ours, from raw rows, posterior included", []).append(p > 0.5)
        calls.setdefault("the same at P > 0.9", []).append(p > 0.9)
        times.setdefault("ours, whole path from long rows to verdicts", []).append(
            timed(lambda a=part: whole_path(a))[0]
        )
        kept = accumulate(rows[:-24], variance[:-24], layout)

        def day(kept=kept, rows=rows, variance=variance, layout=layout, p=profile, old=posterior):
            return solve(
                kept + accumulate(rows[-24:], variance[-24:], layout),
                p.prior,
                sigma=old.sigma,
                gain=old.gain,
                start=old.sites,
            )

        times.setdefault("ours, one new day from kept sums, posterior included", []).append(timed(day)[0])
        for name, make in peers().items():
            spent, model = timed(lambda m=make, r=rows: m().fit(r[:, :-1], r[:, -1]))
            times.setdefault(name, []).append(spent)
            theta = model.coef_[: len(error)]
            calls.setdefault(name, []).append(np.abs(1 / (1 + np.clip(theta, -0.9, 9)) - 1) > LIMIT)
    for data, _error, profile, part in areas("location", max(2, count // 2)):
        balance = make_balance(data)
        variance = row_variance(balance)
        plain, _ = ours(balance, profile)
        spent, _ = timed(
            lambda b=balance, v=variance, d=data, p=profile, o=plain: locate(b, v, lines_of(d), p.prior, o)
        )
        times.setdefault("ours, loss slopes added", []).append(spent)
        times.setdefault("ours, whole path with loss slopes", []).append(timed(lambda a=part: whole_path(a))[0])
    wrong = np.concatenate(wrongs)
    base = statistics.median(times.get("RidgeCV, 11 alphas", [float("nan")]))
    print(f"{count} areas of 100 meters, {int(wrong.sum())} of {wrong.size} meters wrong")
    print(f"{'P > 0.9':52} {'':40} {found(wrong, np.concatenate(calls['the same at P > 0.9']))}")
    for name, values in times.items():
        middle = statistics.median(values)
        share = f"RidgeCV / this {base / middle:6.1f}"
        called = found(wrong, np.concatenate(calls[name])) if name in calls else ""
        print(f"{name:52} {middle:7.1f} ms per area   {share}   {called}")
    day_ms = statistics.median(times["ours, one new day from kept sums, posterior included"])
    print(f"a province of 400 000 such areas, daily, on paper: {400_000 * day_ms / 3.6e6:.1f} core-hours")


if __name__ == "__main__":
    main()
