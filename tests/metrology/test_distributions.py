"""Every distribution: what it draws has the estimate, the uncertainty and the quantiles that it states."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.distributions_more import NAMES, distribution_from
from quanheng.metrology.draws import draw, quantile, standard_uncertainty
from quanheng.metrology.tasks.uncertainty import compute

SPECS = {
    "normal": {"mean": 3, "std": 2},
    "normal with dof": {"distribution": "normal", "mean": 3, "std": 2, "dof": 9},
    "constant": {"value": 4},
    "rectangular": {"low": -1, "high": 3},
    "triangular": {"low": -1, "high": 3},
    "trapezoidal": {"low": -1, "high": 3, "beta": 0.3},
    "curvilinear-trapezoidal": {"low": -1, "high": 1, "d": 0.1},
    "curvilinear-trapezoidal to the full": {"distribution": "curvilinear-trapezoidal", "low": -1, "high": 1, "d": 1},
    "arcsine": {"low": -1, "high": 3},
    "t": {"loc": 1, "scale": 2, "dof": 8},
    "t by its deviation": {"distribution": "t", "loc": 1, "std": 2, "dof": 8},
    "observations": {"values": [1, 2, 4, 7, 9, 11, 11, 12]},
    "exponential": {"mean": 2},
    "gamma": {"shape": 4, "scale": 0.5},
    "beta": {"a": 2, "b": 5},
    "poisson": {"count": 12},
    "binomial": {"successes": 3, "trials": 20},
    "sampled": {"values": [1.0, 2.0, 2.5, 9.0, 4.0, 3.0] * 50},
    "curve": {"x": [0, 1, 2, 5], "density": [0, 2, 1, 0]},
    "specification": {"value": 10, "relative": 0.01, "range": 20, "of_range": 0.005, "absolute": 0.1},
}


def make(name: str):
    return distribution_from({"distribution": name, **SPECS[name]}, name)


def test_every_distribution_is_tried_here():
    assert {s.get("distribution", name) for name, s in SPECS.items()} == set(NAMES)


@pytest.mark.parametrize("name", SPECS)
def test_draws_have_the_stated_mean_and_standard_deviation(name):
    distribution = make(name)
    n = 400_000
    values = draw(distribution, np.random.default_rng(5), n)
    u = standard_uncertainty(distribution)
    kurtosis = float(np.mean((values - values.mean()) ** 4)) / max(values.std() ** 4, 1e-300)
    assert values.mean() == pytest.approx(distribution.estimate().value, abs=5 * u / math.sqrt(n) + 1e-12)
    assert values.std() == pytest.approx(u, abs=5 * u * math.sqrt(max(kurtosis - 1, 0) / 4 / n) + 1e-12)


@pytest.mark.parametrize("name", [n for n in SPECS if n not in ("constant", "sampled")])
def test_quantiles_agree_with_what_is_drawn(name):
    distribution = make(name)
    n = 400_000
    values = np.sort(draw(distribution, np.random.default_rng(6), n))
    for p in (0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999):
        below = np.searchsorted(values, quantile(distribution, np.array([p]))[0]) / n
        assert below == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / n))


def test_a_curvilinear_trapezoid_on_minus_one_to_one_with_d_a_tenth_has_u_of_0_578():
    # numerics.md §4: a peer draws 0.033 where 0.578 is right
    assert round(standard_uncertainty(make("curvilinear-trapezoidal")), 3) == 0.578
    values = draw(make("curvilinear-trapezoidal"), np.random.default_rng(1), 200_000)
    assert round(float(values.std()), 2) == 0.58


def test_scale_and_standard_deviation_of_t_are_told_apart():
    # numerics.md §4: JCGM t_ν(μ, s²) means the scale
    assert standard_uncertainty(make("t")) == pytest.approx(2 * math.sqrt(8 / 6))
    assert standard_uncertainty(make("t by its deviation")) == pytest.approx(2)


def test_a_specification_is_evaluated_at_the_reading_where_it_applies():
    assert make("specification").low == pytest.approx(9.7)  # 0.01·10 + 0.005·20 + 0.1 = 0.3
    normal = distribution_from({"distribution": "specification", "at": -50, "relative": 0.02, "shape": "normal"}, "e")
    assert (normal.mean, normal.std) == (0, 0.5)
    request = {
        "model": "Y = V + e",
        "inputs": {"V": {"distribution": "observations", "values": [9.9, 10.1, 10.0]},
                   "e": {"distribution": "specification", "at": "V", "relative": 0.03}},
        "method": "gum",
    }  # fmt: skip
    rows = compute(request).outputs["Y"].budget
    assert rows[1].u == pytest.approx(0.3 / math.sqrt(3))


def test_poisson_counts_are_gamma_with_one_more_than_the_count():
    # JCGM 101, 6.4.11.2: q = count: expectation and variance are both q + 1
    known = make("poisson").estimate()
    assert (known.value, known.u) == (13, math.sqrt(13))


@pytest.mark.parametrize(
    "spec",
    [
        {"distribution": "curvilinear-trapezoidal", "low": 0, "high": 1, "d": 0.6},
        {"distribution": "curvilinear-trapezoidal", "low": 1, "high": 0, "d": 0.1},
        {"distribution": "exponential", "mean": 0},
        {"distribution": "gamma", "shape": -1, "scale": 1},
        {"distribution": "poisson", "count": 1.5},
        {"distribution": "binomial", "successes": 5, "trials": 3},
        {"distribution": "sampled", "values": [1]},
        {"distribution": "curve", "x": [0, 0], "density": [1, 1]},
        {"distribution": "curve", "x": [0, 1], "density": [-1, 1]},
        {"distribution": "curve", "x": [0, 1, 2], "density": [1, 1]},
        {"distribution": "gamma", "shape": 1},
        {"distribution": "specification", "value": 1},
        {"distribution": "specification", "value": 1, "relative": -1},
        {"distribution": "specification", "value": 1, "relative": 1, "shape": "odd"},
        {"distribution": "specification", "value": 1, "relative": 1, "percent": 1},
        {"distribution": "cauchy"},
        {"distribution": ["normal"]},
        3,
    ],
)
def test_what_makes_no_distribution_is_refused(spec):
    with pytest.raises(InputError):
        distribution_from(spec, "X").estimate()
