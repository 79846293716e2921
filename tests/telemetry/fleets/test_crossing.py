"""The judgement on areas that another generator made, and EP against a long run of Gibbs."""

from __future__ import annotations

import functools

import numpy as np
import polars as pl
import pytest
from scipy import special

from quanheng.metrology.energy_balance import Balance, accumulate, row_variance, solve, weighted_rows
from quanheng.telemetry.fleets import evaluate
from quanheng.telemetry.fleets.profiles import load_profile
from quanheng.telemetry.fleets.score import score
from tests.telemetry.fleets.crossing import LAWS, make_crossing


@functools.cache
def judge(law: str, *, tree: bool = False):
    fleet = make_crossing(31, areas=3, days=75, meters=(45, 75), law=law, tree=tree)
    return fleet, evaluate(fleet.readings, fleet.areas, limit=0.02)


def together(*, tree: bool = False) -> pl.DataFrame:
    parts = [judge(law, tree=tree) for law in LAWS]
    tables = [result.verdicts.join(fleet.truth.rename({"error": "true"}), on=["area_id", "meter_id"])
              for fleet, result in parts]  # fmt: skip
    return pl.concat(tables).filter(pl.col("u").is_not_null())


@pytest.mark.parametrize("law", LAWS)
def test_areas_of_another_maker_are_judged_and_no_right_meter_is_sent_for_a_check(law):
    fleet, result = judge(law)
    assert [area.fit for area in result.areas] == ["ok"] * 3
    assert [area.model for area in result.areas] == ["lumped"] * 3
    assert score(result.verdicts, fleet.truth)["overall"]["check"]["false"] == 0


def test_precision_recall_and_intervals_hold_over_all_laws_of_errors():
    table = together()
    wrong, called = table["true"].abs() > 0.02, table["p_exceed"] > 0.5
    assert wrong.sum() >= 25
    assert (wrong & called).sum() / called.sum() >= 0.9
    assert (wrong & called).sum() / wrong.sum() >= 0.65
    inside = ((table["error"] - table["true"]).abs() <= 1.96 * table["u"]).mean()
    assert 0.93 <= inside <= 0.985


def test_large_errors_are_neither_shrunk_nor_blown_up():
    """A kilowatt-hour that is not registered brings its own loss to the master; left out, this slope is 1.06."""
    table = together().filter(pl.col("true").abs().is_between(0.025, 0.2) & (pl.col("u") < 0.006))
    true, found = table["true"].to_numpy(), table["error"].to_numpy()
    assert true.size >= 15
    assert true @ found / (true @ true) == pytest.approx(1.0, abs=0.03)


def test_on_a_tree_with_feeders_on_file_nobody_is_accused_in_error():
    fleet, result = judge("gray", tree=True)
    figures = score(result.verdicts, fleet.truth)["overall"]
    assert {area.fit for area in result.areas} == {"ok"}
    assert figures["check"]["false"] == 0
    assert figures["p>0.9"]["precision"] in (None, 1.0)


def test_ep_agrees_with_a_long_run_of_gibbs_on_an_area():
    fleet = make_crossing(5, areas=1, days=14, meters=(16, 16), prevalence=0.3)
    wide = fleet.readings.pivot(on="meter_id", index="ts", values="kwh").sort("ts").drop("ts")
    master, imports = wide["M"].to_numpy(), wide.drop("M").to_numpy()
    balance = Balance(imports, master, np.zeros((master.size, 0)), np.zeros(0, int), 0.0, float(imports.sum(1).mean()))
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    prior, sigma = load_profile().prior, 4e-3
    answer = solve(accumulate(rows, variance, layout), prior, sigma=sigma, tolerance=1e-5, sweeps=200)
    exact = gibbs(rows / sigma, prior, meters=16, sweeps=600, rng=np.random.default_rng(12))
    p = answer.tilted.outside(0.02)
    assert ((p > 0.05) & (p < 0.95)).sum() >= 4
    np.testing.assert_allclose(p, exact, atol=0.03)


def gibbs(rows: np.ndarray, prior, *, meters: int, sweeps: int, rng) -> np.ndarray:
    """P(|e| > 2 %) by drawing every meter's component in turn, errors and losses integrated out."""
    a, b = reduced(rows, meters)
    low, high = 1 / 1.02 - 1, 1 / 0.98 - 1
    own, pull = np.full(meters, 1 / prior.sds[0] ** 2), np.zeros(meters)
    beyond = np.zeros((sweeps, meters))
    for sweep in range(sweeps):
        covariance = np.linalg.inv(a + np.diag(own))
        mean = covariance @ (b + pull)
        for i in rng.permutation(meters):
            v = 1 / (1 / covariance[i, i] - own[i])
            m = v * (mean[i] / covariance[i, i] - pull[i])
            whole = v + prior.sds**2
            weight = prior.weights * np.exp(-0.5 * (m - prior.means) ** 2 / whole) / np.sqrt(whole)
            weight /= weight.sum()
            centre, sd = m - v / whole * (m - prior.means), np.sqrt(v * prior.sds**2 / whole + prior.common**2)
            beyond[sweep, i] = weight @ (special.ndtr((low - centre) / sd) + special.ndtr((centre - high) / sd))
            k = rng.choice(weight.size, p=weight)
            step, push = 1 / prior.sds[k] ** 2 - own[i], prior.means[k] / prior.sds[k] ** 2 - pull[i]
            column = covariance[:, i] / (1 + step * covariance[i, i])
            mean = mean + column * (push - step * mean[i])
            covariance = covariance - step * np.outer(column, covariance[i])
            own[i] += step
            pull[i] += push
    return beyond[sweeps // 10 :].mean(axis=0)


def reduced(rows: np.ndarray, meters: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision and shift of the errors, common mode and losses integrated out."""
    design, y = rows[:, :-1], rows[:, -1]
    a, b = design.T @ design, design.T @ y
    a[meters:, meters:] += np.diag(1 / np.array([0.02, 0.1, 0.05]) ** 2)
    back = a[:meters, meters:] @ np.linalg.inv(a[meters:, meters:])
    return a[:meters, :meters] - back @ a[meters:, :meters], b[:meters] - back @ b[meters:]
