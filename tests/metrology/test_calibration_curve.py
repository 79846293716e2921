"""Calibration functions against ISO/TS 28037:2010, ISO 6143:2001 and the NIST reference data sets.

The data and printed values of ISO/TS 28037 (clauses 6, 7, 9, 10, annex E) and of ISO 6143 (annex B) are taken from
public open-source tests and documentation that quote them; the texts themselves were not at hand. Clause 8 prints no
results; its numerical example is that of the NPL's software and is tested against an independent optimiser.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from quanheng.errors import InputError
from quanheng.metrology.calibration_curve import Errors, fit
from quanheng.metrology.curve_families import Polynomial
from quanheng.metrology.curve_prediction import x_at, y_at
from quanheng.metrology.tasks.calibration_line import compute
from quanheng.metrology.tasks.calibration_line_forms import EXAMPLES

STRD = json.loads((Path(__file__).parent / "kept" / "strd_polynomials.json").read_text())["sets"]


def line(x, y, errors):
    x, y = np.array(x, float), np.array(y, float)
    return fit(Polynomial.over(1, x), x, y, errors)


def answer(name, **changes):
    return compute(EXAMPLES[name] | changes).to_dict()


def rounded(found, places):
    return [round(found[key], places) for key in ("a", "u_a", "b", "u_b", "cov_ab")]


def test_iso28037_63_equal_weights():
    found = answer("iso28037-6.3-equal")
    assert rounded(found, 3) == [1.867, 0.465, 1.757, 0.120, -0.050]
    assert (round(found["chi2"], 3), found["dof"]) == (1.665, 4)
    back, forward = found["predictions"]
    assert (round(back["value"], 3), round(back["u"], 3)) == (4.913, 0.322)
    assert (round(forward["value"], 3), round(forward["u"], 3)) == (8.017, 0.406)


def test_iso28037_63_unequal_weights():
    found = answer("iso28037-6.3-unequal")
    assert rounded(found, 3) == [0.885, 0.530, 2.057, 0.178, -0.082]
    assert round(found["chi2"], 3) == 4.131
    assert (round(found["predictions"][0]["value"], 3), round(found["predictions"][0]["u"], 3)) == (4.674, 0.533)


def test_iso28037_74_errors_in_both_axes_reach_the_optimum():
    # numerics.md §4: a peer stops early at u(a) = 0.48036, u(b) = 0.13625
    found = answer("iso28037-7.4")
    assert rounded(found, 4) == [0.5788, 0.4764, 2.1597, 0.1355, -0.0577]
    assert round(found["chi2"], 3) == 2.743


def test_iso28037_9_correlated_responses():
    # printed 2.2014, −0.6456, 0.2015, 1.2726
    found = answer("iso28037-9")
    assert rounded(found, 4) == [-0.6456, 1.2726, 2.2014, 0.2015, -0.1669]
    assert (round(found["chi2"], 3), found["dof"]) == (2.074, 8)


def test_iso28037_8_pairs_of_correlated_errors_reach_the_optimum():
    # data of the NPL's software to support the specification
    found = answer("iso28037-8")
    x, y = (np.array(EXAMPLES["iso28037-8"][key], float) for key in ("x", "y"))
    u_y = np.array(EXAMPLES["iso28037-8"]["u_y"])

    def square(p):  # the errors of a point can be eliminated: var(y − a − b·x) = u²(y) − 2b·u(x, y) + b²·u²(x)
        return float(np.sum((y - p[0] - p[1] * x) ** 2 / (u_y**2 - 2 * p[1] * 0.036 + p[1] ** 2 * 0.04)))

    best = optimize.minimize(square, [0.6, 2.2], method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-14})
    assert [found["a"], found["b"]] == pytest.approx(best.x, abs=1e-7)
    assert found["chi2"] == pytest.approx(best.fun, rel=1e-12)
    assert rounded(found, 4) == [0.5816, 0.2856, 2.1700, 0.0902, -0.0228]


def test_numbers_that_overflow_are_refused_without_a_word_on_the_standard_output(capfd):
    for y in ([1, 2, 3, 4, 5, 1e308], [1e308, -1e308, 1e308, -1e308, 1e308, 1]):
        for model in ("line", "exponential", "power", "auto"):
            with pytest.raises(InputError):
                compute({"x": [1, 2, 3, 4, 5, 6], "y": y, "u_y": 1e-3, "u_x": 0.1, "model": model})
    assert capfd.readouterr() == ("", "")


def test_iso28037_10_correlated_errors():
    found = answer("iso28037-10")
    assert rounded(found, 4) == [0.3424, 2.0569, 1.0012, 0.0090, -0.0129]
    assert (round(found["chi2"], 3), found["dof"]) == (1.772, 5)


def test_iso28037_annex_e_unknown_uncertainties_come_from_the_residuals():
    found = answer("iso28037-e")
    assert rounded(found, 3) == [1.172, 0.159, 1.964, 0.041, -0.006]
    assert found["p_value"] is None
    use = found["predictions"][0]
    assert (round(use["value"], 3), round(use["u"], 3), round(use["k"], 2)) == (4.751, 0.097, 2.78)


def test_iso6143_b21_line_with_three_gases():
    # printed −0.35747, 24.612, 0.15716, 0.48048, −0.056921, 0.6743, 0.568 and 5.9923, 14.409, 43.943; the printed
    # uncertainties come from an iterate, the optimum has 0.15713, 0.48036 and −0.056890
    found = answer("iso6143-b.2.1")
    assert (round(found["a"], 5), round(found["b"], 3)) == (-0.35747, 24.612)
    assert (round(found["u_a"], 5), round(found["u_b"], 5)) == (0.15713, 0.48036)
    assert found["u_a"] == pytest.approx(0.15716, abs=5e-5)
    assert found["u_b"] == pytest.approx(0.48048, abs=1.5e-4)
    assert round(found["cov_ab"], 6) == -0.056890
    assert (round(found["chi2"], 4), round(found["goodness"], 3)) == (0.6743, 0.568)
    values = [(p["value"], p["u"]) for p in found["predictions"]]
    assert [round(v, 3) for v, _ in values] == [5.992, 14.409, 43.943]
    assert [round(u, 5) for _, u in values] == [0.16377, 0.35597, 1.16297]  # printed 0.16377, 0.35599, 1.1631
    shared = found["prediction_covariance"]
    assert [round(shared[0][1], 4), round(shared[0][2], 4), round(shared[1][2], 3)] == [0.0116, 0.0148, 0.137]


def test_iso6143_b22_parabola_beats_the_line_and_the_printed_chi_square():
    # printed 6.1697 for the line and 1.4687 for the parabola: the optima are lower, 6.0444 and 1.3963
    assert round(answer("iso6143-b.2.2", model="line")["chi2"], 4) == 6.0445
    found = answer("iso6143-b.2.2")
    assert (round(found["chi2"], 4), round(found["goodness"], 4)) == (1.3964, 0.8664)
    b = [c["value"] for c in found["coefficients"]]
    assert b == pytest.approx([-1.3110e-4, 2.4401e-5, -4.0865e-13], rel=1e-4)
    u = [c["u"] for c in found["coefficients"]]
    assert u == pytest.approx([1.175e-3, 5.901e-8, 1.895e-13], rel=5e-4)  # as printed
    values = [(p["value"], p["u"]) for p in found["predictions"]]
    assert [round(v, 4) for v, _ in values] == [1.7059, 8.9723]
    assert [round(u, 6) for _, u in values] == [0.003291, 0.011763]  # printed 3.2910e-3, 1.1762e-2


def test_iso6143_b23_power_and_exponential():
    power = answer("iso6143-b.2.3", model="power")
    b = [c["value"] for c in power["coefficients"]]
    assert b == pytest.approx([1.2128e-1, 5.1213e-4, 8.4986e-2], rel=2e-4)  # as printed
    assert (round(power["chi2"], 4), round(power["goodness"], 4)) == (8.3804, 1.1594)
    assert round(power["predictions"][0]["value"], 4) == 5.3456
    assert round(power["predictions"][0]["u"], 6) == 0.014181  # printed 0.014141, from an iterate
    exponential = answer("iso6143-b.2.3", model="exponential")
    # printed −48.019, 48.024, 2.1261e-5, χ² = 0.6581; the optimum is lower
    assert round(exponential["chi2"], 4) == 0.6572
    assert round(exponential["predictions"][0]["value"], 4) == 5.3357
    assert round(answer("iso6143-b.2.3", model="line")["chi2"], 3) == 272.639


def test_auto_chooses_among_the_models_and_says_how():
    found = answer("iso6143-b.2.3")
    assert found["model"] == "exponential"
    assert [c["model"] for c in found["selection"]][:2] == ["exponential", "polynomial-2"]
    assert found["selection"][0]["aicc"] < found["selection"][1]["aicc"]


CERTIFIED = {
    "norris": (1, [-0.262323073774029, 1.00211681802045], [0.232818234301152, 0.429796848199937e-3],
               0.884796396144373),
    "pontius": (2, [0.673565789473684e-3, 0.732059160401003e-6, -0.316081871345029e-14],
                [0.107938612033077e-3, 0.157817399981659e-9, 0.486652849992036e-16], 0.205177424076185e-3),
    "filip": (10, [-1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349,
                   -75.1242017393757, -10.8753180355343, -1.06221498588947, -0.670191154593408e-1,
                   -0.246781078275479e-2, -0.402962525080404e-4],
              [298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927,
               15.2897178747400, 2.23691159816033, 0.221624321934227, 0.142363763154724e-1, 0.535617408889821e-3,
               0.896632837373868e-5], 0.334801051324544e-2),
    "wampler1": (5, [1.0] * 6, None, 0.0),
    "wampler2": (5, [1.0, 0.1, 0.01, 0.001, 0.0001, 0.00001], None, 0.0),
    "wampler3": (5, [1.0] * 6, [2152.32624678170, 2363.55173469681, 779.343524331583, 101.475507550350,
                                5.64566512170752, 0.112324854679312], 2360.14502379268),
    "wampler4": (5, [1.0] * 6, [215232.624678170, 236355.173469681, 77934.3524331583, 10147.5507550350,
                                564.566512170752, 11.2324854679312], 236014.502379268),
    "wampler5": (5, [1.0] * 6, [21523262.4678170, 23635517.3469681, 7793435.24331583, 1014755.07550350,
                                56456.6512170752, 1123.24854679312], 23601450.2379268),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFIED)
def test_nist_reference_data_sets_are_met_to_seven_digits_or_more(name):
    degree, wanted, spread, deviation = CERTIFIED[name]
    x, y = np.array(STRD[name]["x"], float), np.array(STRD[name]["y"], float)
    found = fit(Polynomial.over(degree, x), x, y, None)
    values, covariance = found.coefficients
    assert values == pytest.approx(wanted, rel=1e-7)
    if spread is None:
        assert found.deviation < 1e-9
    else:
        assert np.sqrt(np.diag(covariance)) == pytest.approx(spread, rel=1e-7)
        assert found.deviation == pytest.approx(deviation, rel=1e-7)


def correlated(seed):
    rng = np.random.default_rng(seed)
    m = 7
    x = np.linspace(0, 10, m) + rng.normal(0, 0.1, m)
    y = 2 + 0.7 * np.linspace(0, 10, m) + rng.normal(0, 0.1, m)
    root = rng.normal(0, 0.05, (2 * m, 2 * m))
    whole = root @ root.T + 0.01 * np.eye(2 * m)
    return x, y, whole[:m, :m], whole[m:, m:], whole[:m, m:]


def smallest_chi_square(x, y, whole):
    """Independent: for a line the errors can be eliminated, χ² = rᵀ(T·U·Tᵀ)⁻¹r with T = (−b·I, I)."""
    m = len(x)

    def square(p):
        t = np.hstack([-p[1] * np.eye(m), np.eye(m)])
        r = y - p[0] - p[1] * x
        return float(r @ np.linalg.solve(t @ whole @ t.T, r))

    found = optimize.minimize(square, [1.0, 1.0], method="Nelder-Mead",
                              options={"xatol": 1e-11, "fatol": 1e-13, "maxiter": 4000})  # fmt: skip
    return found.x, found.fun


@pytest.mark.parametrize("case", ["y only (clause 9)", "pairs (clause 8)", "everything (clause 10)"])
def test_correlated_cases_agree_with_an_independent_optimiser(case):
    x, y, cx, cy, cxy = correlated(3)
    if case.startswith("y"):
        cx, cxy = np.zeros_like(cx), np.zeros_like(cxy)
    elif case.startswith("pairs"):
        cx, cy, cxy = (np.diag(np.diag(c)) for c in (cx, cy, cxy))
    whole = np.block([[cx, cxy], [cxy.T, cy]])
    p, chi2 = smallest_chi_square(x, y, whole)
    found = line(x, y, Errors(cy, cx, cxy))
    assert found.coefficients[0] == pytest.approx(p, abs=1e-6)
    assert found.chi2 == pytest.approx(chi2, rel=1e-9)
    assert found.chi2 <= chi2 * (1 + 1e-12)


def test_some_points_may_have_an_exact_x():
    u = np.array([0.2, 0, 0.2, 0, 0.2, 0])
    base = EXAMPLES["iso28037-7.4"]
    tiny = compute(base | {"u_x": np.where(u == 0, 1e-9, u).tolist()})
    exact = compute(base | {"u_x": u.tolist()})
    assert exact.fit.coefficients[0] == pytest.approx(tiny.fit.coefficients[0], rel=1e-9)


def test_the_stated_uncertainty_is_what_repeated_calibrations_scatter_by():
    rng = np.random.default_rng(11)
    x0 = np.linspace(1, 6, 8)
    ux, uy = np.full(8, 0.05), np.full(8, 0.08)
    fits = [line(x0 + rng.normal(0, ux), 1 + 2 * x0 + rng.normal(0, uy), Errors(uy**2, ux**2)) for _ in range(600)]
    values = np.array([f.coefficients[0] for f in fits])
    stated = np.mean([np.sqrt(np.diag(f.coefficients[1])) for f in fits], axis=0)
    assert values.std(axis=0) == pytest.approx(stated, rel=0.1)
    inside = np.mean(np.abs(values - [1, 2]) <= 1.96 * stated, axis=0)
    assert (np.abs(inside - 0.95) < 0.03).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.floats(0.01, 100), st.permutations(range(6)))
def test_units_origin_and_order_do_not_matter(scale, shift, high, order):
    base = EXAMPLES["iso28037-7.4"]
    x, y = np.array(base["x"])[list(order)], np.array(base["y"])[list(order)]
    u_y = np.array(base["u_y"])[list(order)]
    first = compute(base)
    moved = compute(
        {"x": (x * scale + shift).tolist(), "y": (y * high).tolist(), "u_x": 0.2 * scale, "u_y": (u_y * high).tolist()}
    )
    assert moved.to_dict()["b"] == pytest.approx(first.to_dict()["b"] * high / scale, rel=1e-8)
    assert moved.to_dict()["u_b"] == pytest.approx(first.to_dict()["u_b"] * high / scale, rel=1e-7)
    assert moved.fit.chi2 == pytest.approx(first.fit.chi2, rel=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.floats(1.3, 5.8))
def test_predicting_forth_and_back_returns(x):
    found = compute(EXAMPLES["iso28037-7.4"]).fit
    there = y_at(found, x, 0.0)
    assert x_at(found, there.y, 0.0).x == pytest.approx(x, rel=1e-12)


def test_data_that_no_line_fits_are_said_to_disagree():
    found = compute({"x": [1, 2, 3, 4], "y": [1, 4, 9, 16], "u_y": 0.1}).to_dict()
    assert found["consistent"] is False
    assert any("χ²" in w for w in found["warnings"])


def test_a_curve_that_turns_cannot_be_read_backwards():
    request = {"x": [0, 1, 2, 3, 4], "y": [0, 3, 4, 3, 0], "u_y": 0.1, "model": "polynomial-2", "predict": [{"y": 2}]}
    with pytest.raises(InputError) as caught:
        compute(request)
    assert "2 values" in caught.value.message


@pytest.mark.parametrize(
    "request_",
    [
        {"x": [1, 2, 3], "y": [1, 2]},
        {"x": [1, 2], "y": [1, 2]},
        {"x": [1, 1, 1], "y": [1, 2, 3], "u_y": 1},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": 0},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": [1, 1, -1]},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_x": 0.1},
        {"x": [1, 2, 3], "y": [1, 2, "x"], "u_y": 1},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": 1, "cov_y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
        {"x": [1, 2, 3], "y": [1, 2, 3], "cov_y": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]},
        {"x": [1, 2, 3], "y": [1, 2, 3], "cov_y": [[1, 2, 0], [0, 1, 0], [0, 0, 1]]},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": 1, "model": "spline"},
        {"x": [-1, 2, 3, 4], "y": [1, 2, 3, 4], "u_y": 1, "model": "power"},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": 1, "predict": [{"x": 1, "y": 2}]},
        {"x": [1, 2, 3], "y": [2, 2, 2], "u_y": 1, "predict": [{"y": 2}]},
        {"x": [1, 2, 3], "y": [0.1, 0.1, 0.1], "u_y": 1, "predict": [{"y": 0.1}]},
        {"x": [1, 2, 3, 4], "y": [0.3, 0.3, 0.3, 0.3], "u_y": [1, 2, 3, 4], "u_x": 0.1, "predict": [{"y": 0.3}]},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_y": 1, "coverage": 1},
        {"x": [1, 2, 3], "y": [1, 2, 3], "u_x": 1, "u_y": 1, "cov_xy": [[2, 0, 0], [0, 2, 0], [0, 0, 2]]},
    ],
)
def test_requests_that_make_no_sense_are_refused(request_):
    with pytest.raises(InputError):
        compute(request_)


def test_every_example_answers_with_a_table_and_figures():
    for example in EXAMPLES.values():
        result = compute(example)
        assert result.table()
        assert len(result.figures()) == 2
        assert math.isfinite(result.to_dict()["chi2"])
