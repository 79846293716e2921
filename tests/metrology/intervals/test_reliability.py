"""Reliability models by likelihood: RP-1's data, known truths recovered, S3 against brute force."""

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.intervals import reliability

# NCSLI RP-1, table D-1 (weeks, calibrations, reliability observed)
RP1 = ([4, 7, 10, 13, 21, 28, 40, 48], [4, 6, 14, 13, 22, 49, 18, 6], [4, 5, 9, 8, 12, 20, 9, 2])


def test_rp1_table_d1_is_a_random_walk():
    # RP-1 appendix D chooses the random walk for this record
    found = reliability.reliability(reliability.counts(*RP1), 0.75)
    assert found.best.model == "random-walk"
    assert found.low < found.interval < found.high
    assert found.p > 0.05
    assert float(found.best.reliability(np.array([found.interval]))[0]) == pytest.approx(0.75)


def test_the_exponential_has_its_closed_form_at_one_time():
    data = reliability.counts([12.0], [50], [45])
    found = reliability.reliability(data, 0.95, models=["exponential"])
    rate = -math.log(0.9) / 12
    assert found.best.parameters[0] == pytest.approx(rate, rel=1e-6)
    assert found.interval == pytest.approx(-math.log(0.95) / rate, rel=1e-6)
    # u(R) = sqrt(R (1 - R) / n) at the time observed
    assert found.best.standard_error(12.0) == pytest.approx(math.sqrt(0.9 * 0.1 / 50), rel=1e-3)


@pytest.mark.parametrize("name", ["exponential", "weibull", "mortality-drift", "warranty", "random-walk"])
def test_a_known_truth_is_recovered(name):
    rng = np.random.default_rng(12)
    truth = {
        "exponential": [0.02],
        "weibull": [0.02, 2.0],
        "mortality-drift": [0.005, 0.0005],
        "warranty": [0.15, 35.0],
        "random-walk": [0.05, 0.03],
    }[name]
    t = np.linspace(5, 60, 12)
    model = reliability.MODELS[name][0](t, np.array(truth))
    data = reliability.counts(t, np.full(12, 20_000), rng.binomial(20_000, model))
    found = reliability.fit(data, name)
    assert found.reliability(t) == pytest.approx(model, abs=0.006)


def test_another_unit_of_time_changes_only_the_unit():
    weeks = reliability.reliability(reliability.counts(*RP1), 0.8, models=["weibull", "mortality-drift", "warranty"])
    days = reliability.reliability(
        reliability.counts([7 * t for t in RP1[0]], RP1[1], RP1[2]),
        0.8,
        models=["weibull", "mortality-drift", "warranty"],
    )
    assert days.best.model == weeks.best.model
    assert days.interval == pytest.approx(7 * weeks.interval, rel=1e-5)


def test_every_model_falls_with_time():
    t = np.linspace(0.1, 100, 200)
    for model, size in reliability.MODELS.values():
        values = model(t, np.array([0.05, 1.3][:size]))
        assert (np.diff(values) <= 1e-12).all()
        assert ((values >= 0) & (values <= 1)).all()


def test_time_runs_on_through_passes_where_only_failures_are_renewed():
    # exponential, one instrument passing at 10, 20 and failing by 30: l = exp(-20a) (1 - exp(-10a)) in both readings
    history = [([10.0, 10.0, 10.0], [True, True, False])]
    rate = reliability.fit(reliability.sequences(history, False), "exponential").parameters[0]
    assert rate == pytest.approx(math.log(1.5) / 10, rel=1e-5)
    # with wear-out the two policies must differ
    worn = [([10.0, 10.0, 10.0], [True, True, False])] * 5 + [([10.0, 10.0], [True, True])] * 2
    kept = reliability.fit(reliability.sequences(worn, False), "weibull")
    renewed = reliability.fit(reliability.sequences(worn, True), "weibull")
    assert kept.log_likelihood > renewed.log_likelihood


def test_least_cost_balances_calibration_against_time_out_of_tolerance():
    best = reliability.fit(reliability.counts([12.0], [100], [90]), "exponential")
    found = reliability.least_cost(best, 100.0, 10.0, 200.0)
    assert found.cost == pytest.approx(found.curve.min())
    dear = reliability.least_cost(best, 400.0, 10.0, 200.0)
    assert dear.interval > found.interval
    # d/dt of c/t + k (1/t) integral(1 - R) is zero: c = k (t (1 - R(t)) - integral)
    rate, t = best.parameters[0], found.interval
    lost = t - (1 - math.exp(-rate * t)) / rate
    assert pytest.approx(10.0 * (t * (1 - math.exp(-rate * t)) - lost), rel=0.02) == 100.0


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: reliability.counts([1, 2], [5, 5], [5, 5]), "no_failure"),
        (lambda: reliability.counts([1, 2], [5, 5], [0, 0]), "no_pass"),
        (lambda: reliability.counts([0, 2], [5, 5], [4, 5]), "range"),
        (lambda: reliability.counts([1, 2], [5, 5], [6, 5]), "range"),
        (lambda: reliability.counts([1, 2], [5.5, 5], [4, 5]), "range"),
        (lambda: reliability.counts([1, 2], [5], [4, 5]), "length"),
        (lambda: reliability.sequences([], True), "length"),
        (lambda: reliability.sequences([([1.0], [True])], True), "no_failure"),
        (lambda: reliability.reliability(reliability.counts(*RP1), 1.0), "range"),
        (lambda: reliability.reliability(reliability.counts(*RP1), 0.9, models=["magic"]), "choice"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code


def test_the_records_of_many_instruments_are_fitted_together():
    # one instrument at a time took minutes; the truth is an exponential of rate 0.02
    rng = np.random.default_rng(11)
    times = rng.integers(6, 24, (400, 8)).astype(float)
    passed = rng.random((400, 8)) < np.exp(-0.02 * times)
    data = reliability.sequences([(t, p.tolist()) for t, p in zip(times, passed, strict=True)], renew_all=True)
    found = reliability.fit(data, "exponential")
    assert found.parameters[0] == pytest.approx(0.02, rel=0.1)
    rate = found.parameters[0]
    each = np.where(passed, -rate * times, np.log1p(-np.exp(-rate * times)))
    assert found.log_likelihood == pytest.approx(float(each.sum()), rel=1e-12)
