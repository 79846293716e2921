"""Degrees of equivalence count every covariance; scores follow ISO 13528."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.comparison import degrees, estimators, scores, subset
from quanheng.metrology.tasks import find
from tests.metrology.comparison import published


def test_a_participant_of_a_weighted_mean_is_correlated_with_it():
    # Cox 2002, 5.3: u²(d) = u² - u²(x_ref), with a minus, for every participant of the weighted mean
    x, u = np.array(published.K25_X), np.array(published.K25_U)
    found = estimators.weighted_mean(x, np.diag(u**2))
    d = degrees.unilateral(x, np.diag(u**2), found)
    assert d.u == pytest.approx(np.sqrt(u**2 - found.u**2))


def test_an_excluded_participant_is_not_correlated_with_the_reference():
    x, u = np.array(published.K30_X), np.array(published.K30_U)
    found = subset.largest_consistent_subset(x, u)
    d = degrees.unilateral(x, np.diag(u**2), found)
    for i in found.excluded:
        assert d.u[i] == pytest.approx(np.hypot(u[i], found.u))


def test_degrees_of_random_effects_name_their_rule_because_the_rules_differ_by_a_factor():
    # numerics.md §8: NICOB's "predictive" and the MRA's claim differ; PCB 28 by a factor of about four for NIST
    x, u = np.array(published.K25_X), np.array(published.K25_U)
    found = estimators.dersimonian_laird(x, u)
    claim = degrees.unilateral(x, np.diag(u**2), found, rule="mra")
    wide = degrees.unilateral(x, np.diag(u**2), found, rule="predictive")
    assert (wide.u > 1.5 * claim.u).all()
    assert wide.d == pytest.approx(claim.d)


def test_random_effects_degrees_have_the_variance_simulation_finds():
    rng = np.random.default_rng(2)
    u, tau = np.array([0.3, 0.5, 0.4, 1.0]), 0.7
    consensus = estimators._random_effects("m", "d", np.zeros(4), np.diag(u**2), tau**2)
    draws = rng.normal(0, np.sqrt(u**2 + tau**2), (200_000, 4))
    spread = (draws - (draws @ consensus.weights)[:, None]).std(axis=0)
    found = degrees.unilateral(np.zeros(4), np.diag(u**2), consensus, rule="predictive")
    assert found.u == pytest.approx(spread, rel=0.01)


def test_the_pilot_has_no_score_against_itself():
    x, v = np.array([1.0, 2.0, 3.0]), np.eye(3)
    found = degrees.unilateral(x, v, estimators.single(x, v, 1))
    assert found.d[1] == 0
    assert np.isnan(found.en[1])
    assert found.u[0] == pytest.approx(np.sqrt(2))


def test_bilateral_degrees_do_not_depend_on_the_reference_and_count_correlation():
    x = np.array([1.0, 4.0])
    v = np.array([[1.0, 0.8], [0.8, 1.0]])
    d, u, en = degrees.bilateral(x, v)
    assert d[1, 0] == 3
    assert u[0, 1] == pytest.approx(np.sqrt(0.4))
    assert en[0, 1] == pytest.approx(-3 / (2 * np.sqrt(0.4)))
    assert np.isnan(en[0, 0])


def test_en_of_a_million_results_is_one_call_and_equals_the_formula():
    rng = np.random.default_rng(1)
    x = rng.normal(10, 1, (50_000, 20))
    found = scores.en(x, 2.0, 10.0, 0.5)
    assert found.shape == x.shape
    assert found[7, 3] == pytest.approx((x[7, 3] - 10) / np.hypot(2.0, 0.5))


@given(st.floats(-1e3, 1e3), st.floats(0.01, 100), st.floats(0.01, 100), st.floats(1e-6, 1e6))
def test_scores_do_not_know_the_unit(x, u, ref_u, factor):
    for score in (scores.en, lambda a, b, c, d: scores.zeta(a, b, c, d)):
        plain = float(score(x, u, 1.0, ref_u))
        assert float(score(x * factor, u * factor, factor, ref_u * factor)) == pytest.approx(plain, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("size", "word"), [(2.0, "satisfactory"), (2.01, "questionable"), (3.0, "unsatisfactory")])
def test_verdicts_change_where_iso_13528_says(size, word):
    assert scores.verdict(size) == scores.verdict(-size) == word


def test_scores_without_any_uncertainty_are_refused():
    with pytest.raises(InputError, match="both zero"):
        scores.en(1.0, 0.0, 2.0, 0.0)
    with pytest.raises(InputError, match="sigma_pt is 0"):
        scores.z(1.0, 2.0, 0.0)
    with pytest.raises(InputError, match="not finite"):
        scores.z(float("nan"), 2.0, 1.0)


def test_without_one_result_the_weighted_mean_gives_the_same_score():
    # (x_i - y)/(1 - w_i) over u_i²/(1 - w_i): the normalised error is that of the inclusive degree, the degree is larger
    task = find("comparison")
    request = task.examples["ccqm-k25-pcb28"] | {"method": "weighted-mean"}
    inclusive = task.compute(request).to_dict()
    without = task.compute({**request, "leave_one_out": True}).to_dict()
    for a, b in zip(inclusive["degrees"], without["degrees"], strict=True):
        assert b["en"] == pytest.approx(a["en"], rel=1e-12)
        assert b["d"] == pytest.approx(a["d"] / (1 - a["weight"]), rel=1e-12)


def test_without_one_result_a_random_effects_model_is_fitted_to_all_others():
    task = find("comparison")
    request = task.examples["ccqm-k25-pcb28"]
    without = task.compute({**request, "leave_one_out": True}).to_dict()["degrees"]
    x, u = (np.array(request[key], float) for key in ("x", "u"))
    others = estimators.dersimonian_laird(x[1:], u[1:])
    assert without[0]["d"] == pytest.approx(x[0] - others.value, rel=1e-12)
    assert without[0]["U"] == pytest.approx(2 * np.hypot(u[0], others.u), rel=1e-12)


@pytest.mark.parametrize("method", ["pilot", "given", "procedure-b"])
def test_a_reference_value_that_is_not_of_the_results_cannot_leave_one_out(method):
    more = {"pilot": "IRMM", "given": {"value": 33, "u": 1}, "leave_one_out": True, "method": method}
    with pytest.raises(InputError) as refused:
        find("comparison").compute(find("comparison").examples["ccqm-k25-pcb28"] | more)
    assert refused.value.code == "leave_one_out"
