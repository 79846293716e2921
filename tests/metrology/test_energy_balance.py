"""Errors of meters from the balance of an area: against brute force, exact algebra and the published law."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from quanheng.metrology.energy_balance import (
    Balance,
    ErrorPrior,
    Lines,
    accumulate,
    behind_each_other,
    bursts,
    foretell,
    grade,
    learn,
    locate,
    row_variance,
    slope_columns,
    solve,
    tilt,
    weighted_rows,
)
from quanheng.metrology.energy_balance.batches import count_law
from quanheng.metrology.energy_balance.criticism import filled, resolution

SPIKE = ErrorPrior(np.array([0.95, 0.05]), np.zeros(2), np.array([0.003, 0.05]))
PLAIN = ErrorPrior(np.array([1.0]), np.zeros(1), np.array([0.01]))


def make_area(rng, steps=1500, meters=20, *, errors=None, noise=0.001, loss=0.03) -> tuple[Balance, np.ndarray]:
    true = rng.gamma(1.2, 0.8, (steps, meters))
    errors = rng.normal(0, 0.003, meters) if errors is None else errors
    total = true.sum(axis=1)
    fed = total + loss * total**2 / total.mean()
    master = fed * (1 + noise * rng.standard_normal(steps))
    seen = true * (1 + errors)
    return Balance(seen, master, np.zeros((steps, 0)), np.zeros(0, int), 0.0, float(seen.sum(axis=1).mean())), errors


def make_sums(balance):
    variance = row_variance(balance)
    rows, layout = weighted_rows(balance, variance)
    return accumulate(rows, variance, layout), rows, variance, layout


def test_sums_of_days_add_up_to_the_sums_of_all():
    balance, _ = make_area(np.random.default_rng(1))
    sums, rows, variance, layout = make_sums(balance)
    parts = [accumulate(rows[a : a + 300], variance[a : a + 300], layout) for a in range(0, 1500, 300)]
    added = parts[0] + parts[1] + parts[2] + parts[3] + parts[4]
    np.testing.assert_allclose(added.gram, sums.gram, rtol=1e-12)
    assert added.rows == sums.rows
    assert added.log_weight == pytest.approx(sums.log_weight, rel=1e-12)


def test_sums_of_different_meters_are_not_added():
    one, *_ = make_sums(make_area(np.random.default_rng(1))[0])
    other, *_ = make_sums(make_area(np.random.default_rng(1), meters=21)[0])
    with pytest.raises(ValueError, match="new epoch"):
        one + other


def test_with_a_normal_prior_the_posterior_is_the_exact_one():
    """One component: EP is exact, so mean, variance and evidence follow from linear algebra alone."""
    balance, _ = make_area(np.random.default_rng(2), steps=400, meters=6)
    sums, rows, variance, _ = make_sums(balance)
    sigma = 0.0011
    answer = solve(sums, PLAIN, sigma=sigma, within=np.zeros(6))
    design, y = rows[:, :-1], rows[:, -1]
    precision = np.diag([1 / 0.01**2] * 6 + [1 / 0.02**2, 1 / 0.1**2, 1 / 0.05**2])
    covariance = np.linalg.inv(design.T @ design / sigma**2 + precision)
    mean = covariance @ design.T @ y / sigma**2
    np.testing.assert_allclose(answer.theta, mean[:6], rtol=1e-6)
    np.testing.assert_allclose(answer.variance, np.diag(covariance)[:6], rtol=1e-6)
    np.testing.assert_allclose(answer.nuisance, mean[6:], rtol=1e-6)
    whole = sigma**2 * np.eye(400) + design @ np.linalg.inv(precision) @ design.T
    log_density = stats.multivariate_normal(np.zeros(400), whole).logpdf(y) - 0.5 * np.log(variance).sum()
    assert answer.evidence == pytest.approx(log_density, abs=1e-4)


def test_ep_agrees_with_the_sum_over_all_spikes_and_slabs():
    """Five meters have 2^5 combinations; EP's P(|e| > 2 %) matches their exact sum to 0.02."""
    errors = np.array([0.0, 0.03, -0.002, -0.022, 0.004])
    balance, _ = make_area(np.random.default_rng(3), steps=250, meters=5, errors=errors, noise=0.004)
    sums, rows, _, _ = make_sums(balance)
    sigma = 0.004
    answer = solve(sums, SPIKE, sigma=sigma, tolerance=1e-6, sweeps=200, within=np.zeros(5))
    design, y = rows[:, :-1], rows[:, -1]
    low, high = 1 / 1.02 - 1, 1 / 0.98 - 1
    logs, tails = [], []
    for slabs in itertools.product((0, 1), repeat=5):
        sds = np.append(SPIKE.sds[list(slabs)], [0.02, 0.1, 0.05])
        cov = np.linalg.inv(design.T @ design / sigma**2 + np.diag(1 / sds**2))
        mean = cov @ design.T @ y / sigma**2
        logs.append(
            np.log(SPIKE.weights[list(slabs)]).sum() - np.log(sds).sum() + 0.5 * np.linalg.slogdet(cov)[1]
            + 0.5 * mean @ np.linalg.solve(cov, mean)
        )  # fmt: skip
        sd = np.sqrt(np.diag(cov)[:5])
        tails.append(stats.norm.cdf((low - mean[:5]) / sd) + stats.norm.sf((high - mean[:5]) / sd))
    weight = np.exp(np.array(logs) - max(logs))
    exact = (weight[:, None] * np.array(tails)).sum(axis=0) / weight.sum()
    np.testing.assert_allclose(answer.tilted.outside(0.02), exact, atol=0.02)


def test_a_wrong_meter_is_found_and_the_noise_is_told():
    errors = np.zeros(20)
    errors[7] = -0.05
    balance, _ = make_area(np.random.default_rng(4), errors=errors)
    answer = solve(make_sums(balance)[0], SPIKE)
    p = answer.tilted.outside(0.02)
    assert p[7] > 0.999
    assert np.delete(p, 7).max() < 0.05
    assert answer.error[7] == pytest.approx(-0.05, abs=3 * answer.u[7])
    assert answer.sigma == pytest.approx(0.001, rel=0.1)


def test_a_later_solve_starts_from_the_sites_of_an_earlier_one():
    sums, *_ = make_sums(make_area(np.random.default_rng(5))[0])
    first = solve(sums, SPIKE, tolerance=1e-6, sweeps=100)
    again = solve(sums, SPIKE, sigma=first.sigma, gain=first.gain, start=first.sites, tolerance=1e-4)
    assert again.sweeps <= 3
    np.testing.assert_allclose(again.theta, first.theta, atol=1e-6)


def test_the_known_order_makes_the_loss_of_a_feeder_exactly_linear():
    """Σ ρ_i J_i with the true order is the I²R of the chain, segment by segment, to rounding."""
    rng = np.random.default_rng(6)
    energy, place = rng.gamma(2, 1, (50, 8)), rng.permutation(8) + rng.uniform(0, 0.5, 8)
    behind = (place[None, :] > place[:, None]).astype(float)
    lines = Lines(np.zeros(8, int), np.zeros(8, int))
    columns = slope_columns(energy, lines, behind, -2 / 3)
    order = np.argsort(place)
    flow = np.cumsum(energy[:, order][:, ::-1], axis=1)[:, ::-1]
    loss = (flow**2) @ np.diff(place[order], prepend=0.0)
    ratio = loss / (columns @ place)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-10)


def test_two_meters_share_the_way_to_the_nearer_one():
    """Σ over both of b ρ is the mean of min(ρ_i, ρ_k), here beside a million draws."""
    place, sd, mean = np.array([-0.004, 0.003, 0.012]), np.array([0.004, 0.006, 0.003]), 0.03
    b = behind_each_other(place, sd**2, np.full(3, mean))
    drawn = mean + place + sd * np.random.default_rng(4).standard_normal((1_000_000, 3))
    for i, k in ((0, 1), (0, 2), (1, 2)):
        said = b[i, k] * (mean + place[i]) + b[k, i] * (mean + place[k])
        assert said == pytest.approx(np.minimum(drawn[:, i], drawn[:, k]).mean(), abs=3e-5)
    assert b[0, 2] > 0.95 > 0.05 > b[2, 0]


def test_loads_that_move_within_an_interval_widen_what_the_data_say():
    balance, _ = make_area(np.random.default_rng(12), meters=8)
    sums, *_ = make_sums(balance)
    still = solve(sums, SPIKE, within=np.zeros(8))
    moving = still.moving(np.full(8, 0.004), SPIKE)
    np.testing.assert_allclose(moving.cavity_variance, still.cavity_variance + 0.004**2)
    np.testing.assert_allclose(moving.fitted, still.fitted)
    again = moving.moving(np.zeros(8), SPIKE)
    np.testing.assert_allclose(again.variance, still.variance)
    assert np.all(moving.variance > still.variance)


def test_a_feeder_whose_loads_move_within_the_hour_is_given_less_weight():
    """What loads lose that jump up and down is noise to hourly readings: rows with bursts count for less."""
    rng = np.random.default_rng(21)
    energy = rng.gamma(1.0, 0.5, (1800, 24)) * (1 + 4 * (rng.random((1800, 1)) < 0.2))
    feeder, place = np.repeat([0, 1, 2], 8), np.tile(np.linspace(0.2, 1.0, 8), 3)
    lines, level = Lines(feeder, np.zeros(24, int)), energy.sum(axis=1).mean()
    behind = (place[None, :] > place[:, None]).astype(float)
    loss = slope_columns(energy, lines, behind, -2 / 3) @ (0.05 * place)
    wild = np.sqrt(bursts(energy, feeder))
    noise = 1e-3 * level * rng.standard_normal(1800)

    def found(swing: float):
        master = energy.sum(axis=1) + loss + noise + swing * wild * rng.standard_normal(1800)
        balance = Balance(energy, master, np.zeros((1800, 0)), np.zeros(0, int), 0.0, float(level))
        variance = row_variance(balance)
        rows, layout = weighted_rows(balance, variance)
        plain = solve(accumulate(rows, variance, layout), SPIKE)
        return locate(balance, variance, lines, SPIKE, plain), variance

    calm, variance = found(0.0)
    np.testing.assert_allclose(calm.variance, variance, rtol=0.5)
    rough, variance = found(0.01)
    loud = wild > np.quantile(wild, 0.9)
    assert np.median(rough.variance[loud] / variance[loud]) > 3 * np.median(rough.variance[~loud] / variance[~loud])


def test_tilting_gives_the_moments_of_the_product():
    mean, variance = np.array([0.012, -0.03]), np.array([0.006**2, 0.01**2])
    tilted = tilt(SPIKE, mean, variance)
    grid = np.linspace(-0.3, 0.3, 600_001)
    for i in range(2):
        density = stats.norm.pdf(grid, mean[i], np.sqrt(variance[i])) * sum(
            w * stats.norm.pdf(grid, 0, sd) for w, sd in zip(SPIKE.weights, SPIKE.sds, strict=True)
        )
        mass = density.sum()
        assert tilted.mean[i] == pytest.approx((grid * density).sum() / mass, rel=1e-6)
        assert tilted.log_mass[i] == pytest.approx(np.log(mass * (grid[1] - grid[0])), abs=1e-6)
        assert tilted.quantile(0.9)[i] == pytest.approx(grid[np.searchsorted(np.cumsum(density) / mass, 0.9)], abs=2e-6)


def test_the_population_is_learned_from_many_meters():
    rng = np.random.default_rng(7)
    wrong = rng.random(20_000) < 0.10
    theta = np.where(wrong, rng.normal(0, 0.05, 20_000), rng.normal(0, 0.003, 20_000))
    variance = np.full(20_000, 0.004**2)
    learned = learn(SPIKE, theta + rng.normal(0, 0.004, 20_000), variance, strength=100, rounds=200)
    assert learned.weights[1] == pytest.approx(0.10, abs=0.01)
    assert learned.sds[0] == pytest.approx(0.003, rel=0.05)


def test_the_identifiability_law_gives_the_published_shares():
    """u ≤ 0.7 %: hourly 90 days needs a share of 0.7 %, daily 365 days 5.5 % (CV 0.75 and 0.27), κ 1.7, σ 0.11 %."""
    for share, variation, rows in ((0.007, 0.75, 2160), (0.055, 0.27, 365)):
        u = 1.7 * 0.0011 / (share * variation * np.sqrt(rows))
        assert u == pytest.approx(0.007, rel=0.12)


def test_the_law_foretells_the_uncertainty_that_the_fit_then_has():
    balance, _ = make_area(np.random.default_rng(8), meters=40)
    told = foretell(balance.imports, 1500, limit=0.02)
    wide = ErrorPrior(np.array([1.0]), np.zeros(1), np.array([0.5]))
    centre = np.eye(40) - 1 / 40  # only errors relative to the common mode are told by the data
    fitted = np.sqrt(np.diag(centre @ solve(make_sums(balance)[0], wide).covariance @ centre))
    ratio = fitted / told.u
    assert 0.4 < np.median(ratio) < 1.7
    assert told.complete_expected == 1.0


def test_an_area_without_energy_has_nothing_to_tell():
    with pytest.raises(ValueError, match="without energy"):
        foretell(np.zeros((10, 3)), 10, limit=0.02)


def test_the_count_of_wrong_meters_is_poisson_binomial():
    np.testing.assert_allclose(count_law(np.full(9, 0.2)), stats.binom.pmf(np.arange(10), 9, 0.2), rtol=1e-12)


def test_batches_are_accepted_rejected_or_left_open():
    assert grade(np.full(200, 0.001), limiting_quality=0.05).verdict == "accept"
    assert grade(np.append(np.full(150, 0.001), np.full(50, 0.999)), limiting_quality=0.05).verdict == "reject"
    assert grade(np.full(20, 0.001), limiting_quality=0.05).verdict == "undecided"
    with pytest.raises(ValueError, match="limiting quality"):
        grade(np.zeros(0), limiting_quality=0.05)


def test_copied_readings_are_seen_and_honest_ones_are_not():
    rng = np.random.default_rng(9)
    values = np.round(rng.gamma(2, 0.5, (2000, 10)), 6)
    assert filled(values) < 0.001
    lost = rng.random(values.shape) < 0.02
    assert filled(np.where(lost, values.mean(axis=0), values)) == pytest.approx(0.02, abs=0.006)


def test_the_step_of_a_register_is_found():
    rng = np.random.default_rng(10)
    fine = rng.gamma(2, 20, 2000)
    steps = resolution(np.stack([fine, np.round(fine / 0.8) * 0.8], axis=1))
    assert steps == pytest.approx([0.0, 0.8])
