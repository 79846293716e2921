"""Reference values reproduce published comparisons and obey what any estimator must."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quanheng.errors import InputError
from quanheng.metrology.comparison import estimators, simulated, subset
from tests.metrology.comparison import published


def diagonal(u):
    return np.diag(np.square(u))


def arrays(x, u):
    return np.array(x, float), np.array(u, float)


def k30_in_use():
    kept = [i for i, lab in enumerate(published.K30_LABS) if lab not in published.K30_LEFT_OUT]
    return arrays([published.K30_X[i] for i in kept], [published.K30_U[i] for i in kept])


def test_ccqm_k30_reference_value_as_printed():
    # Metrologia 45 (2008) 08001: 2.99 ng/g with U = 0.06 ng/g; the mean and t(8) times s / sqrt(9)
    x, u = k30_in_use()
    found = estimators.mean_scatter(x, diagonal(u))
    assert f"{found.value:.2f}" == "2.99"
    assert f"{stats.t.ppf(0.975, 8) * found.u:.2f}" == "0.06"


def test_ccqm_k25_pcb28_dersimonian_laird_as_printed():
    # NIST Decision Tree and NIST Consensus Builder, worked example PCB28; metafor and metRology print the same digits
    found = estimators.dersimonian_laird(*arrays(published.K25_X, published.K25_U))
    assert f"{found.value:.7f}" == "33.6004326"
    assert f"{found.u:.7f}" == "0.7449979"
    assert f"{found.tau**2:.4f}" == "2.9289"
    assert f"{found.chi2:.4f}" == "68.2154"
    # printed 2.4092e-13 is 1 - pchisq and keeps only three digits; the tail computed as such is 2.4089e-13
    assert f"{found.p:.4e}" == "2.4089e-13"
    assert f"{1 - stats.chi2.cdf(found.chi2, 5):.4e}" == "2.4092e-13"
    assert not found.consistent


def test_ccqm_k25_pcb28_hierarchical_model_agrees_with_the_printed_one():
    # NICOB prints 33.6, u 0.798, [32, 35.2], tau 1.69 from chains that also count the degrees of freedom of each u; ours
    # takes u as known, so u and tau come out a little smaller
    found = simulated.hierarchical(*arrays(published.K25_X, published.K25_U))
    assert f"{found.value:.1f}" == "33.6"
    assert [f"{end:.3g}" for end in found.interval] == ["32", "35.2"]
    assert 0.78 < found.u < 0.798
    assert found.tau < 1.69 < found.extra["tau_mean"] + 0.1


def test_hierarchical_quadrature_equals_brute_integration():
    x, u = arrays(published.K25_X, published.K25_U)
    found = simulated.hierarchical(x, u, prior_scale=1.5)
    mu, tau = np.linspace(20, 47, 1501)[:, None], np.linspace(1e-4, 120, 6001)[None, :]
    log = sum(-0.5 * np.log(s**2 + tau**2) - 0.5 * (v - mu) ** 2 / (s**2 + tau**2) for v, s in zip(x, u, strict=True))
    mass = np.exp(log - log.max()) / (1 + (tau / 1.5) ** 2)
    mass /= mass.sum()
    mean = (mass * mu).sum()
    assert found.value == pytest.approx(mean, abs=1e-3)
    assert found.u == pytest.approx(math.sqrt((mass * (mu - mean) ** 2).sum()), rel=5e-3)


def test_mandel_paule_meets_its_own_equation_on_the_cadmium_data():
    x, u = arrays(published.CADMIUM_X, np.sqrt(published.CADMIUM_V))
    found = estimators.mandel_paule(x, u)
    w = 1 / (u**2 + found.tau**2)
    assert (w * (x - found.value) ** 2).sum() == pytest.approx(len(x) - 1, rel=1e-12)
    assert found.value == pytest.approx((w * x).sum() / w.sum(), rel=1e-14)


def test_metrology_and_gconsensus_read_one_column_differently():
    # numerics.md §4: CCQM-K25 taken as u or as U with k = 2 leaves out different laboratories, so u must be named
    x, u = arrays(published.K25_X, published.K25_U)
    as_u = subset.largest_consistent_subset(x, u)
    as_expanded = subset.largest_consistent_subset(x, u / 2)
    assert as_u.excluded != as_expanded.excluded


def test_largest_consistent_subset_of_ccqm_k30():
    found = subset.largest_consistent_subset(*arrays(published.K30_X, published.K30_U))
    assert [published.K30_LABS[i] for i in found.excluded] == ["INMETRO", "LNE", "INM"]
    assert found.consistent
    assert found.dof == 7


def by_enumeration(x, u):
    """The definition: every subset, largest that passes, then least chi-squared."""
    best = None
    for size in range(len(x), 0, -1):
        for chosen in itertools.combinations(range(len(x)), size):
            w = u[list(chosen)] ** -2
            part = x[list(chosen)]
            chi2 = (w * (part - (w @ part) / w.sum()) ** 2).sum()
            if (size == 1 or chi2 <= stats.chi2.ppf(0.95, size - 1)) and (best is None or chi2 < best[0]):
                best = (chi2, chosen)
        if best is not None:
            return size, best[0]
    raise AssertionError("one result is always consistent")


results = st.lists(
    st.tuples(st.integers(-400, 400), st.integers(1, 60)), min_size=2, max_size=10
)  # integers give ties in x, in u and in both


@settings(max_examples=150, deadline=None)
@given(results)
def test_the_sweep_finds_what_enumeration_finds(rows):
    x, u = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], float)
    size, chi2 = by_enumeration(x, u)
    if size == 1:
        with pytest.raises(InputError, match="no two results agree"):
            subset.largest_consistent_subset(x, u)
        return
    found = subset.largest_consistent_subset(x, u)
    assert len(x) - len(found.excluded) == size
    assert found.chi2 == pytest.approx(chi2, rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(results)
def test_the_sweep_is_optimal_at_every_size(rows):
    x, u = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], float)
    chi2, members = subset.best_subsets(x, u)
    for m in range(1, len(x) + 1):
        assert len(members[m - 1]) == m
        least = min(
            float((u[list(c)] ** -2) @ (x[list(c)] - np.average(x[list(c)], weights=u[list(c)] ** -2)) ** 2)
            for c in itertools.combinations(range(len(x)), m)
        )
        assert chi2[m - 1] == pytest.approx(least, rel=1e-9, abs=1e-9)


def test_procedure_b_of_consistent_results_is_near_their_median():
    rng = np.random.default_rng(5)
    x, u = k30_in_use()
    found = simulated.procedure_b(x, diagonal(u), rng, 200_000)
    assert found.consensus.value == pytest.approx(np.median(x), abs=0.02)
    assert found.d + found.consensus.value == pytest.approx(x, abs=2e-3)
    assert (found.low < found.high).all()


def test_procedure_b_is_the_same_again_with_the_same_seed():
    x, u = k30_in_use()
    first, second = (simulated.procedure_b(x, diagonal(u), np.random.default_rng(3), 20_000) for _ in range(2))
    assert first.consensus.value == second.consensus.value


def test_birge_widens_only_what_is_inconsistent():
    x, u = arrays(published.K25_X, published.K25_U)
    plain, wide = estimators.weighted_mean(x, diagonal(u)), estimators.weighted_mean(x, diagonal(u), birge=True)
    assert wide.u == pytest.approx(plain.u * math.sqrt(plain.chi2 / plain.dof))
    calm = estimators.weighted_mean(x, diagonal(u * 20), birge=True)
    assert calm.u == pytest.approx(estimators.weighted_mean(x, diagonal(u * 20)).u)


METHODS = {
    "weighted-mean": lambda x, u: estimators.weighted_mean(x, diagonal(u)),
    "birge": lambda x, u: estimators.weighted_mean(x, diagonal(u), birge=True),
    "mean": lambda x, u: estimators.mean(x, diagonal(u)),
    "median": lambda x, u: estimators.median(x, diagonal(u)),
    "dersimonian-laird": estimators.dersimonian_laird,
    "mandel-paule": estimators.mandel_paule,
    "subset": subset.largest_consistent_subset,
    "bayes": simulated.hierarchical,
}


@pytest.mark.parametrize("name", METHODS)
def test_another_unit_and_another_zero_change_nothing_but_the_unit_and_the_zero(name):
    x, u = arrays(published.K25_X, published.K25_U)
    plain, moved = METHODS[name](x, u), METHODS[name](1e-6 * (x - 33) + 7e-4, 1e-6 * u)
    assert (moved.value - 7e-4) * 1e6 + 33 == pytest.approx(plain.value, rel=1e-9)
    assert moved.u * 1e6 == pytest.approx(plain.u, rel=1e-7)
    assert moved.chi2 == pytest.approx(plain.chi2, rel=1e-7)
    assert moved.excluded == plain.excluded


@pytest.mark.parametrize("name", METHODS)
def test_the_order_of_participants_does_not_matter(name):
    x, u = arrays(published.K25_X, published.K25_U)
    order = np.array([3, 0, 5, 2, 4, 1])
    plain, mixed = METHODS[name](x, u), METHODS[name](x[order], u[order])
    assert mixed.value == pytest.approx(plain.value, rel=1e-12)
    assert mixed.u == pytest.approx(plain.u, rel=1e-10)


@pytest.mark.parametrize("name", ["dersimonian-laird", "mandel-paule"])
def test_random_effects_fall_back_to_the_weighted_mean_where_results_agree(name):
    x, u = arrays([10.0, 10.1, 9.9, 10.0], [0.3, 0.2, 0.4, 0.3])
    found, plain = METHODS[name](x, u), estimators.weighted_mean(x, diagonal(u))
    assert found.tau == 0
    assert found.value == pytest.approx(plain.value, rel=1e-14)
    assert found.u == pytest.approx(plain.u, rel=1e-14)


def test_weighted_mean_counts_correlation():
    v = np.array([[1.0, 0.9], [0.9, 1.0]])
    assert estimators.weighted_mean(np.array([1.0, 2.0]), v).u == pytest.approx(math.sqrt(0.95))


def test_the_weighted_mean_covers_as_often_as_it_says():
    rng = np.random.default_rng(11)
    u = np.array([0.5, 1.0, 2.0, 0.8])
    hits = 0
    for _ in range(2000):
        found = estimators.weighted_mean(rng.normal(5.0, u), diagonal(u))
        hits += abs(found.value - 5.0) <= 1.959964 * found.u
    assert hits / 2000 == pytest.approx(0.95, abs=0.016)  # three standard errors


@pytest.mark.parametrize(
    ("x", "u", "code"),
    [
        ([1.0], [0.1], "participants"),
        ([1.0, 2.0], [0.1], "length"),
        ([1.0, float("nan")], [0.1, 0.1], "number"),
        ([1.0, 2.0], [0.1, -0.1], "range"),
        ([1.0, 2.0], [0.1, 0.0], "range"),
        ([1.0, 2.0], [0.1, float("inf")], "number"),
        ([[1.0, 2.0]], [0.1, 0.1], "shape"),
    ],
)
def test_bad_results_are_refused_by_name(x, u, code):
    with pytest.raises(InputError) as caught:
        estimators.read_results(x, u)
    assert caught.value.code == code
    assert caught.value.place in ("x", "u")


def test_a_median_of_mostly_equal_results_has_no_uncertainty_to_print():
    with pytest.raises(InputError, match="cannot be estimated"):
        estimators.median(np.array([1.0, 1.0, 1.0, 5.0]), np.eye(4))


def correlated_case(rng, n=8):
    u = rng.uniform(0.5, 1.5, n)
    root = rng.normal(size=(n, 3))
    v = root @ root.T + 2 * np.eye(n)
    scale = u / np.sqrt(np.diag(v))
    v *= np.outer(scale, scale)
    x = rng.multivariate_normal(np.zeros(n), v)
    x[:2] += rng.uniform(2, 9, 2)
    return x, v


@pytest.mark.parametrize("seed", range(12))
def test_the_subset_of_correlated_results_is_the_one_of_all_subsets(seed):
    x, v = correlated_case(np.random.default_rng(seed))
    found = subset.largest_consistent_subset(x, v)
    kept = tuple(i for i in range(len(x)) if i not in found.excluded)
    for size in range(len(x), 0, -1):
        chosen = list(itertools.combinations(range(len(x)), size))
        tried = [(estimators.chi_squared(x[list(c)], v[np.ix_(c, c)])[0], c) for c in chosen]
        if size == 1 or min(tried)[0] <= stats.chi2.ppf(0.95, size - 1):
            assert kept == min(tried)[1]
            return


def test_correlations_of_zero_give_the_subset_of_independent_results():
    x, u = arrays(published.K30_X, published.K30_U)
    assert (
        subset.largest_consistent_subset(x, np.diag(u**2)).excluded == subset.largest_consistent_subset(x, u).excluded
    )


def correlated_results(seed: int, n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 0.3, (n, n)) + np.diag(rng.uniform(0.5, 1.0, n))
    v = root @ root.T
    return rng.multivariate_normal(np.full(n, 5.0), v + 0.8**2 * np.eye(n)), v


def test_correlated_random_effects_solve_their_own_equations() -> None:
    x, v = correlated_results(3)
    found = estimators.mandel_paule(x, v)
    w = np.linalg.inv(v + found.tau**2 * np.eye(len(x)))
    y = (w.sum(axis=0) @ x) / w.sum()
    assert found.tau > 0
    assert found.value == pytest.approx(y, rel=1e-12)
    assert (x - y) @ w @ (x - y) == pytest.approx(len(x) - 1, rel=1e-9)
    assert found.u == pytest.approx(w.sum() ** -0.5, rel=1e-9)


def test_the_moment_of_correlated_results_is_unbiased() -> None:
    # E Q = n − 1 + τ²·(tr W − 1ᵀW²1/1ᵀW1), so that the mean of τ² without its floor at zero is τ² = 0.64
    _, v = correlated_results(3)
    rng, n = np.random.default_rng(9), 8
    w = np.linalg.inv(v)
    x = rng.multivariate_normal(np.full(n, 5.0), v + 0.64 * np.eye(n), 20_000)
    rest = x - (x @ w.sum(axis=0) / w.sum())[:, None]
    tau2 = (np.einsum("ki,ij,kj->k", rest, w, rest) - (n - 1)) / (np.trace(w) - (w @ w).sum() / w.sum())
    assert tau2.mean() == pytest.approx(0.64, abs=4 * tau2.std() / 141)
    first = estimators.dersimonian_laird(x[0], v)
    assert first.tau**2 == pytest.approx(max(tau2[0], 0.0), rel=1e-9)


def test_the_correlated_hierarchical_model_equals_brute_integration() -> None:
    x, v = correlated_results(5, 4)
    found = simulated.hierarchical(x, v, 1.0)
    tau = np.tan((np.arange(20_000) + 0.5) / 20_000 * np.pi / 2)
    logs, means = [], []
    for t in tau:
        w = np.linalg.inv(v + t * t * np.eye(4))
        y = (w.sum(axis=0) @ x) / w.sum()
        logs.append(0.5 * np.linalg.slogdet(w)[1] - 0.5 * np.log(w.sum()) - 0.5 * (x - y) @ w @ (x - y))
        means.append(y)
    mass = np.exp(np.array(logs) - max(logs))
    assert found.value == pytest.approx(float(mass @ means / mass.sum()), rel=1e-6)


@pytest.mark.parametrize("maker", [estimators.dersimonian_laird, estimators.mandel_paule, simulated.hierarchical])
def test_correlations_of_nearly_zero_change_nothing(maker) -> None:
    x, u = np.array([1.0, 2.0, 2.5, 4.0]), np.array([0.2, 0.3, 0.4, 0.5])
    v = np.diag(u**2)
    v[0, 1] = v[1, 0] = 1e-12
    assert maker(x, v).value == pytest.approx(maker(x, u).value, rel=1e-9)
    assert maker(x, v).tau == pytest.approx(maker(x, u).tau, rel=1e-6)


def test_no_result_is_called_a_consensus_where_no_two_agree():
    with pytest.raises(InputError, match="no two results agree"):
        subset.largest_consistent_subset([1.0, 9.0], [0.1, 0.1])


def test_two_subsets_that_agree_alike_are_said_to_be_two():
    found = subset.largest_consistent_subset([0.0, 1.0, 20.0, 21.0], [1.0, 1.0, 1.0, 1.0])
    assert any("another subset" in note for note in found.notes)
    alone = subset.largest_consistent_subset([0.0, 0.5, 20.0, 21.0], [1.0, 1.0, 1.0, 1.0])
    assert alone.excluded == (2, 3)
    assert not alone.notes
