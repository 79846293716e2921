"""Control charts: published factors, the NIST handbook's charts, and one test for each rule."""

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.standard_check import charts

# NIST/SEMATECH e-Handbook 6.3.2.4 and 6.3.2.2
EWMA = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5]
EWMA += [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
SMOOTH = "50.60 49.52 50.56 50.18 50.16 49.21 49.75 49.85 50.26 50.33 50.11 49.36 49.52 50.05 49.38 49.92 50.73 51.23 51.94 51.99"
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


@pytest.mark.parametrize(
    ("n", "c4", "d2", "d3"),
    [
        (2, "0.7979", "1.128", "0.853"),
        (3, "0.8862", "1.693", "0.888"),
        (5, "0.9400", "2.326", "0.864"),
        (10, "0.9727", "3.078", "0.797"),
    ],
)
def test_factors_as_printed_in_gb_t_17989_2(n, c4, d2, d3):
    assert f"{charts.c4(n):.4f}" == c4
    assert f"{charts.d2(n):.3f}" == d2
    assert f"{charts.d3(n):.3f}" == d3


def test_nist_ewma_as_printed():
    found = charts.ewma(EWMA, weight=0.3, centre=50, sigma=2.0539)
    assert [f"{v:.2f}" for v in found.values] == SMOOTH.split()
    assert f"{found.upper[-1]:.4f}" == "52.5884"
    # the handbook prints 47.4115, the steady limit with sqrt(0.3/1.7) rounded to 0.4201; exactly 47.4116
    assert f"{found.lower[-1]:.4f}" == "47.4116"
    assert found.signals == ()


def test_nist_individuals_chart_as_printed():
    i, mr = charts.i_mr(FLOW)
    assert f"{i.centre:.2f}" == "50.81"
    assert f"{mr.centre:.4f}" == "1.8778"
    # the handbook prints 55.8041 and 45.8159 with d2 = 1.128; d2 is 2/sqrt(pi) = 1.12838
    assert i.upper[0] == pytest.approx(55.8041, abs=0.002)
    assert 50.81 + 3 * mr.centre / 1.128 == pytest.approx(55.8041, abs=1e-4)
    assert i.upper[0] == pytest.approx(50.81 + 3 * mr.centre / (2 / np.sqrt(np.pi)), abs=1e-9)


def test_limits_of_means_as_a2_and_a3_give_them():
    rng = np.random.default_rng(1)
    groups = list(rng.normal(10, 1, (20, 5)))
    x, r = charts.xbar_r(groups)
    assert x.upper[0] - x.centre == pytest.approx(0.577 * r.centre, rel=1e-3)
    assert r.upper[0] == pytest.approx(2.114 * r.centre, rel=1e-3)
    x, s = charts.xbar_s(groups)
    assert x.upper[0] - x.centre == pytest.approx(1.427 * s.centre, rel=1e-3)
    assert s.upper[0] == pytest.approx(2.089 * s.centre, rel=1e-3)


RULES = {
    "beyond": [0, 0, 3.1],
    "nine": [0.5, 0.2] * 4 + [0.5],
    "trend": [-1.5, -1.0, -0.4, 0.1, 0.7, 1.2],
    "alternating": [0.5, -0.5] * 7,
    "two_of_three": [0.1, 2.1, 0.2, 2.2],
    "four_of_five": [1.1, 1.2, 0.5, 1.3, 1.4],
    "fifteen": [0.5, -0.5, 0.6, -0.2, 0.1] * 3,
    "eight": [1.5, -1.5, 1.2, 1.3, -1.4, 1.6, -1.2, 1.1],
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_fires_at_the_last_point_of_its_pattern(rule):
    z = np.array(RULES[rule], float)
    assert (rule, len(z) - 1) in charts.signals(z, [rule])
    assert charts.signals(z[:-1], [rule]) == ()


def test_a_chart_in_control_seldom_cries():
    rng = np.random.default_rng(5)
    z = rng.normal(size=200_000)
    assert len(charts.signals(z, ["beyond"])) / len(z) == pytest.approx(0.0027, abs=0.0005)
    assert len(charts.signals(z, ["nine"])) / len(z) == pytest.approx(2 * 0.5**9, abs=0.0006)


def test_ewma_of_weight_one_is_the_chart_of_readings():
    found = charts.ewma(FLOW, weight=1.0, centre=50, sigma=1)
    assert found.values == pytest.approx(FLOW)
    assert found.upper == pytest.approx(np.full(10, 53.0))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: charts.xbar_s([[1.0, 2.0], [1.0]]), "shape"),
        (lambda: charts.xbar_r([[1.0], [2.0]]), "shape"),
        (lambda: charts.xbar_s([[1.0, 1.0], [2.0, 2.0]]), "zero_variance"),
        (lambda: charts.i_mr([1.0, 1.0, 1.0]), "zero_variance"),
        (lambda: charts.i_mr([1.0, 2.0]), "length"),
        (lambda: charts.ewma([1.0, 2.0], weight=0), "range"),
        (lambda: charts.ewma([1.0, 1.0]), "zero_variance"),
        (lambda: charts.signals(np.zeros(3), ["tenth"]), "choice"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
