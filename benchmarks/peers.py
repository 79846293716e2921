"""The same work by suncal, MetroloPy, GTC, uncertainties and PyDynamic, in an interpreter of theirs (peers.txt).

    PEERS/bin/python benchmarks/peers.py monte-carlo 1000000
    PEERS/bin/python benchmarks/peers.py budgets 10000

Prints one JSON object: processor seconds of the smallest of three runs, or a sentence where a peer cannot do it.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

W = 3**0.5


def suncal_case(case: str, trials: int) -> Callable[[], Any]:
    import suncal

    if case == "9.2":
        model = suncal.Model("Y = X1 + X2 + X3 + X4")
        for i in range(1, 5):
            model.var(f"X{i}").measure(0).typeb(dist="uniform", a=W)
    elif case == "9.3":
        model = suncal.Model("Y = (mR + dm)*(1 + (ra - 1.2)*(1/rW - 1/rR)) - 100000")
        model.var("mR").measure(100000).typeb(dist="normal", std=0.05)
        model.var("dm").measure(1.234).typeb(dist="normal", std=0.02)
        for name, middle, half in (("ra", 1.2, 0.1), ("rW", 8000, 1000), ("rR", 8000, 50)):
            model.var(name).measure(middle).typeb(dist="uniform", a=half)
    else:
        model = suncal.Model("Y = Ls + D + d1 + d2 - Ls*(da*(th + De) + al*dt) - 50000000")
        for name, loc, scale, dof in (("Ls", 50000623, 25, 18), ("D", 215, 6, 24), ("d1", 0, 4, 5), ("d2", 0, 7, 8)):
            model.var(name).measure(loc).typeb(dist="t", scale=scale, df=dof)
        model.var("al").measure(11.5e-6).typeb(dist="uniform", a=2e-6)
        model.var("th").measure(-0.1).typeb(dist="normal", std=0.2)
        model.var("De").measure(0).typeb(dist="arcsine", a=0.5)
        model.var("da").measure(0).typeb(dist="curvtrap", a=1e-6, d=1e-7)
        model.var("dt").measure(0).typeb(dist="curvtrap", a=0.05, d=0.025)
    return lambda: model.monte_carlo(samples=trials).expand("Y")


def metrolopy_case(case: str, trials: int) -> Callable[[], Any]:
    import metrolopy as uc

    flat = lambda middle, half: uc.gummy(uc.UniformDist(center=middle, half_width=half))  # noqa: E731
    if case == "9.2":
        y = sum((flat(0, W) for _ in range(3)), flat(0, W))
    elif case == "9.3":
        mass = uc.gummy(100000, 0.05) + uc.gummy(1.234, 0.02)
        y = mass * (1 + (flat(1.2, 0.1) - 1.2) * (1 / flat(8000, 1000) - 1 / flat(8000, 50))) - 100000
    else:
        t = lambda x, s, dof: uc.gummy(uc.TDist(x, s, dof))  # noqa: E731
        ls = t(50000623, 25, 18)
        curved = lambda half, d: uc.gummy(uc.CurvlinearTrapDist(center=0, half_width=half, limit_half_range=d))  # noqa: E731
        swing = uc.gummy(uc.ArcSinDist(center=0, half_width=0.5))
        warm = curved(1e-6, 1e-7) * (uc.gummy(-0.1, 0.2) + swing) + flat(11.5e-6, 2e-6) * curved(0.05, 0.025)
        y = ls + t(215, 6, 24) + t(0, 4, 5) + t(0, 7, 8) - ls * warm - 50000000

    def work() -> Any:
        uc.gummy.simulate([y], n=trials)
        return y.cisim

    return work


def pydynamic_case(case: str, trials: int) -> Callable[[], Any]:
    import numpy as np
    from PyDynamic.uncertainty.propagate_MonteCarlo import UMC_generic

    if case != "9.2":
        raise NotImplementedError("inputs are one array from one function: only 9.2 was written")
    rng = np.random.default_rng(1)
    draw = lambda size: rng.uniform(-W, W, (size, 4))  # noqa: E731
    return lambda: UMC_generic(draw, lambda x: np.array([x.sum()]), runs=trials, blocksize=10_000, n_cpu=1)


def refuse(_case: str, _trials: int) -> Callable[[], Any]:
    raise NotImplementedError("has no Monte Carlo")


MONTE_CARLO = {
    "suncal": suncal_case,
    "MetroloPy": metrolopy_case,
    "PyDynamic": pydynamic_case,
    "GTC": refuse,
    "uncertainties": refuse,
}


def by_uncertainties(rows: list[list[float]]) -> Any:
    from uncertainties import ufloat, umath

    for row in rows:
        a, b, c, d, e, f, g, h, i, j = (ufloat(v, 0.01) for v in row)
        (a * umath.exp(-b / c) + umath.sqrt(d) * umath.sin(e) / f**2 - umath.log(g) + h * i / j).s  # noqa: B018
    return None


def by_gtc(rows: list[list[float]]) -> Any:
    from GTC import exp, log, sin, sqrt, uncertainty, ureal

    for row in rows:
        a, b, c, d, e, f, g, h, i, j = (ureal(v, 0.01) for v in row)
        uncertainty(a * exp(-b / c) + sqrt(d) * sin(e) / f**2 - log(g) + h * i / j)


def by_metrolopy(rows: list[list[float]]) -> Any:
    import metrolopy as uc

    for row in rows:
        a, b, c, d, e, f, g, h, i, j = (uc.gummy(v, 0.01) for v in row)
        (a * uc.exp(-b / c) + uc.sqrt(d) * uc.sin(e) / f**2 - uc.log(g) + h * i / j).u  # noqa: B018


def by_suncal(rows: list[list[float]]) -> Any:
    import suncal

    for row in rows:
        # e and i are constants there
        model = suncal.Model("Y = x0*exp(-x1/x2) + sqrt(x3)*sin(x4)/x5**2 - log(x6) + x7*x8/x9")
        for number, value in enumerate(row):
            model.var(f"x{number}").measure(value).typeb(std=0.01)
        model.calculate_gum()


BUDGETS = {"uncertainties": (by_uncertainties, 2000), "GTC": (by_gtc, 2000), "MetroloPy": (by_metrolopy, 500), "suncal": (by_suncal, 20)}  # fmt: skip


def timed(work: Callable[[], Any], repeat: int = 3) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            work()
        best = min(best, time.process_time() - start)
    return best


def said(error: BaseException) -> str:
    return f"not run: {error}"[:120]


def monte_carlo(trials: int) -> dict[str, dict[str, float | str]]:
    found: dict[str, dict[str, float | str]] = {}
    for peer, case_of in MONTE_CARLO.items():
        found[peer] = {}
        # one Python call for each trial: a hundredth of them tells enough
        part = trials // 100 if peer == "PyDynamic" else trials
        for case in ("9.2", "9.3", "9.5"):
            try:
                found[peer][case] = round(timed(case_of(case, part)) * trials / part, 3)
            except Exception as error:
                found[peer][case] = said(error)
    return found


def budgets(_count: int) -> dict[str, float | str]:
    random.seed(1)
    found: dict[str, float | str] = {}
    for peer, (work, few) in BUDGETS.items():
        rows = [[random.uniform(1, 3) for _ in range(10)] for _ in range(few)]
        try:
            found[peer] = round(timed(lambda work=work, rows=rows: work(rows)) / few * 1e6, 1)  # type: ignore[misc]
        except Exception as error:
            found[peer] = said(error)
    found["PyDynamic"] = "not run: has no propagation of formulas"
    return found


if __name__ == "__main__":
    print(json.dumps({"monte-carlo": monte_carlo, "budgets": budgets}[sys.argv[1]](int(sys.argv[2]))))
