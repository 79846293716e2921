"""Stability and certified values: eCerto's example, trends, shelf life, Arrhenius, budgets."""

import datetime as dt
import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.reference_material import certified, stability
from quanheng.metrology.tasks import find

# eCerto (J. Lisec, BAM), Stability_Testdata.xlsx, sheet Si: date and mass fraction
SI = [
    "2011-04-05",
    ".2340",
    "2011-04-06",
    ".2350",
    "2011-04-27",
    ".2340",
    "2011-10-10",
    ".2341",
    "2011-10-12",
    ".2338",
    "2011-10-13",
    ".2344",
    "2011-10-14",
    ".2338",
    "2011-11-25",
    ".2348",
    "2011-12-09",
    ".2337",
    "2012-01-13",
    ".2334",
    "2012-04-12",
    ".2344",
    "2012-06-22",
    ".2351",
    "2012-08-23",
    ".2347",
    "2012-10-29",
    ".2346",
    "2012-12-14",
    ".2344",
    "2013-02-05",
    ".2319",
    "2013-06-11",
    ".2337",
    "2013-06-13",
    ".2340",
    "2013-07-19",
    ".2340",
    "2013-09-26",
    ".2338",
    "2013-10-15",
    ".2340",
    "2013-11-01",
    ".2340",
    "2014-01-07",
    ".2340",
    "2014-01-31",
    ".2340",
    "2014-04-29",
    ".2349",
    "2014-05-12",
    ".2342",
    "2014-07-23",
    ".2338",
    "2014-09-03",
    ".2342",
    "2014-11-11",
    ".2327",
    "2014-11-21",
    ".2343",
    "2015-03-17",
    ".2336",
    "2015-05-13",
    ".2330",
    "2015-06-04",
    ".2328",
    "2015-06-24",
    ".2341",
    "2015-09-21",
    ".2360",
    "2016-01-05",
    ".2342",
    "2016-03-10",
    ".2337",
    "2016-04-04",
    ".2335",
    "2016-07-04",
    ".2348",
    "2016-09-21",
    ".2333",
    "2016-11-07",
    ".2334",
    "2016-11-15",
    ".2324",
    "2017-01-03",
    ".2347",
    "2017-02-14",
    ".2326",
    "2017-08-03",
    ".2358",
    "2017-08-25",
    ".2320",
    "2017-12-01",
    ".2321",
    "2018-02-13",
    ".2319",
    "2018-03-13",
    ".2319",
    "2018-05-02",
    ".2321",
    "2018-07-09",
    ".2311",
    "2018-08-13",
    ".2324",
]


def silicon():
    days = [dt.date.fromisoformat(d) for d in SI[::2]]
    return np.array([(d - days[0]).days for d in days]) / 30.42, np.array([float(v) for v in SI[1::2]])


def test_ecerto_silicon_has_a_trend_and_gets_no_stability_uncertainty():
    # printed: slope -1.9587e-05 per month, SE 4.7382e-06, P 0.000136, mean 0.23371346
    t, y = silicon()
    found = stability.stability(t, y, 60)
    assert found.line.b == pytest.approx(-1.95873570319798e-05, rel=2e-3)  # months of 30.42 days against their own
    assert found.line.u_b == pytest.approx(4.73816331290521e-06, rel=2e-3)
    assert found.line.p == pytest.approx(0.000135937, rel=1e-3)
    assert f"{y.mean():.8f}" == "0.23371346"
    assert not found.stable
    assert found.u is None


def test_without_a_trend_the_uncertainty_is_the_slope_s_times_the_shelf_life():
    t = np.repeat([0.0, 3, 6, 12, 24], 2)
    y = 50 + np.array([0.1, -0.1, 0.05, -0.05, 0.1, -0.12, 0.02, 0.04, -0.08, 0.05])
    found = stability.stability(t, y, 36, u_max=0.1)
    assert found.stable
    assert found.u == pytest.approx(36 * found.line.u_b)
    assert found.longest == pytest.approx(0.1 / found.line.u_b)


def test_the_line_is_that_of_least_squares():
    rng = np.random.default_rng(1)
    t, y = rng.uniform(0, 40, 12), rng.normal(7, 1, 12)
    found = stability.fit(t, y)
    design = np.vstack([np.ones(12), t]).T
    (a, b), rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    cov = np.linalg.inv(design.T @ design) * rss[0] / 10
    assert (found.a, found.b) == (pytest.approx(a), pytest.approx(b))
    assert (found.u_a**2, found.u_b**2, found.cov_ab) == tuple(
        pytest.approx(v) for v in (cov[0, 0], cov[1, 1], cov[0, 1])
    )


def test_shelf_life_ends_where_the_band_leaves_the_limits():
    t, y = np.arange(10.0), 100 - 0.5 * np.arange(10.0) + np.tile([0.05, -0.05], 5)
    line = stability.fit(t, y)
    end = stability.crossing(line, 90, 110, horizon=100)
    value, u = line.value(end)
    assert value - stability.quantiles.t_ppf(0.95, line.dof) * u == pytest.approx(90)
    assert stability.crossing(line, -1e6, 1e6, horizon=100) is None
    assert stability.crossing(line, 101, 110, horizon=100) == 0


def test_arrhenius_recovers_the_activation_energy():
    kelvin = np.array([313.15, 323.15, 333.15, 343.15])
    rate = 1e9 * np.exp(-80_000 / (8.31446261815324 * kelvin)) * np.array([1.01, 0.99, 1.0, 1.005])
    found = stability.arrhenius(kelvin, rate, 277.15, 0.02)
    assert found.activation_energy == pytest.approx(80_000, rel=0.02)
    assert found.shelf_life < -math.log(0.98) / found.rate  # the upper rate counts


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: stability.stability([0, 1], [1, 2], 5), "length"),
        (lambda: stability.stability([1, 1, 1], [1, 2, 3], 5), "zero_variance"),
        (lambda: stability.stability([0, 1, 2], [1, 2, 3], 5), "zero_variance"),
        (lambda: stability.stability([0, 1, 2], [1, 2, 4], 0), "range"),
        (lambda: stability.stability([0, 1, 2], [1, 2, 4], 5, u=[1, 1, -1]), "range"),
        (lambda: stability.stability([0, 1, 2], [1, 2, 4], 5, u_max=-1), "range"),
        (lambda: stability.arrhenius([300, 310, 320], [0.1, 0.0, 0.2], 280, 0.1), "range"),
        (lambda: certified.certify(1.0, {}), "missing"),
        (lambda: certified.certify(1.0, {"char": -0.1}), "range"),
        (lambda: certified.certify(1.0, {"char": 0.0}), "zero_variance"),
        (lambda: certified.laboratories([[1.0], [2.0]]), "length"),
        (lambda: certified.laboratories([[1.0], [2.0], [3.0]], "mandel-paule"), "missing"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code


def test_a_certified_value_adds_its_components_in_squares():
    found = certified.certify(97.74, {"char": 0.3, "bb": 0.4})
    assert found.u == pytest.approx(0.5)
    assert pytest.approx(1.0) == found.U
    assert [share for _, _, share in found.budget] == [pytest.approx(0.36), pytest.approx(0.64)]


def test_characterisation_names_an_outlying_laboratory_and_keeps_it():
    results = [[10.0, 10.1], [10.1, 10.0], [9.9, 10.0], [10.0, 10.05], [10.05, 10.0], [12.0, 12.1]]
    found = certified.laboratories(results)
    assert found.value == pytest.approx(np.mean([np.mean(r) for r in results]))
    assert any("laboratory 6" in note for note in found.outlying)
    assert found.dof == 5


def test_arrhenius_is_asked_for_with_the_task():
    task = find("stability")
    given = {
        "kelvin": [313, 323, 333, 343],
        "rate": [0.0010, 0.0024, 0.0055, 0.0118],
        "store_at": 293,
        "tolerated": 0.02,
    }
    answer = task.compute({**task.examples["trend"], "arrhenius": given})
    found = stability.arrhenius(given["kelvin"], given["rate"], 293, 0.02)
    assert answer.to_dict()["arrhenius"]["shelf_life"] == found.shelf_life
    assert "Arrhenius shelf life" in answer.table()
    with pytest.raises(InputError):
        task.compute({**task.examples["trend"], "arrhenius": {**given, "rate": [0.1, -1, 1, 1]}})
