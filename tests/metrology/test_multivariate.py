"""Several outputs together against JCGM 102:2011 (tables 1 to 16), and JCGM 101:2008, 9.4 and 9.5."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.multivariate import gum_factors, smallest_area
from quanheng.metrology.tasks.uncertainty import compute
from quanheng.metrology.tasks.uncertainty_forms import EXAMPLES

WIDTH = math.sqrt(3)


def normal(mean, std, **more):
    return {"distribution": "normal", "mean": mean, "std": std, **more}


def rectangular(sd):
    return {"distribution": "rectangular", "low": -WIDTH * sd, "high": WIDTH * sd}


@pytest.mark.parametrize(
    ("m", "k_p", "k_q"),
    [(1, 1.96, 1.96), (2, 2.45, 2.24), (3, 2.80, 2.39), (4, 3.08, 2.50), (5, 3.33, 2.58), (6, 3.55, 2.64),
     (7, 3.75, 2.69), (8, 3.94, 2.73), (9, 4.11, 2.77), (10, 4.28, 2.81), (11, 4.44, 2.84), (12, 4.59, 2.87),
     (13, 4.73, 2.89), (14, 4.87, 2.91), (15, 5.00, 2.94), (20, 5.60, 3.02), (25, 6.14, 3.09), (30, 6.62, 3.14),
     (40, 7.47, 3.23), (50, 8.22, 3.29)],
)  # fmt: skip
def test_jcgm102_tables_1_and_2(m, k_p, k_q):
    assert [round(k, 2) for k in gum_factors(m, 0.95)] == [k_p, k_q]


def additive(third, **more):
    inputs = {"X1": normal(0, 1), "X2": normal(0, 1), "X3": third}
    return {"model": "Y1 = X1 + X3; Y2 = X2 + X3", "inputs": inputs, **more}


@pytest.mark.parametrize(
    ("third", "u", "r", "k_p", "k_q"),
    [
        (normal(0, 1), 1.414, 0.500, 2.45, 2.21),  # table 3
        (rectangular(1), 1.414, 0.500, 2.38, 2.15),  # table 4
        (rectangular(3), 3.162, 0.900, 2.28, 1.87),  # table 5
    ],
)
def test_jcgm102_92_additive_model(third, u, r, k_p, k_q):
    gum = compute(additive(third, method="gum")).to_dict()
    assert (round(gum["regions"]["k_p"], 2), round(gum["regions"]["k_q"], 2)) == (2.45, 2.24)
    assert round(gum["correlation"][0][1], 3) == r
    trials = compute(additive(third, method="mc", trials=1_000_000)).to_dict()
    assert trials["outputs"]["Y1"]["u"] == pytest.approx(u, abs=0.004)
    assert trials["correlation"][0][1] == pytest.approx(r, abs=0.002)
    assert trials["regions"]["k_p"] == pytest.approx(k_p, abs=0.007)
    assert trials["regions"]["k_q"] == pytest.approx(k_q, abs=0.007)


def test_jcgm102_783_the_adaptive_procedure_watches_the_joint_distribution_too():
    found = compute(additive(normal(0, 1), method="mc"))
    assert 100_000 <= found.trials <= 3_000_000  # printed 0.35 and 0.45 million for three digits


def test_jcgm102_774_the_smallest_region_of_two_normals_has_the_area_of_the_ellipse():
    # area π·k_p²·√det U for a normal; a mesh of 10⁶ points comes within some per cent
    y = np.random.default_rng(4).standard_normal((2, 1_000_000))
    area = smallest_area(y[0], y[1], 0.95)
    assert area == pytest.approx(math.pi * 2.4477**2, rel=0.05)


POLAR = "Y1 = sqrt(X1**2 + X2**2); Y2 = arctan2(X2, X1)"


@pytest.mark.parametrize(
    ("x1", "r", "gum", "trials"),
    [
        (0.001, 0.0, (0.010, 10.000), (0.013, 0.000, 0.007, 1.744, 0.000)),
        (0.010, 0.0, (0.010, 1.000), (0.015, 0.000, 0.008, 1.118, 0.000)),
        (0.100, 0.0, (0.010, 0.100), (0.101, 0.000, 0.010, 0.101, 0.000)),
        (0.001, 0.9, (0.010, 10.000), (0.012, -0.556, 0.008, 1.599, -0.070)),
        (0.010, 0.9, (0.010, 1.000), (0.015, -0.343, 0.008, 0.903, 0.352)),
        (0.100, 0.9, (0.010, 0.100), (0.101, -0.009, 0.010, 0.102, 0.882)),
    ],
)
def test_jcgm102_tables_6_and_7_cartesian_to_polar(x1, r, gum, trials):
    request = {
        "model": POLAR,
        "inputs": {"X1": normal(x1, 0.010), "X2": normal(0, 0.010)},
        "correlations": [{"a": "X1", "b": "X2", "r": r}] if r else [],
    }
    first = compute(request | {"method": "gum"})
    assert tuple(round(first.outputs[n].u, 3) for n in ("Y1", "Y2")) == gum
    found = compute(request | {"method": "mc", "trials": 1_000_000}).to_dict()
    y1, y2 = found["outputs"]["Y1"], found["outputs"]["Y2"]
    # the exact mean at x1 = 0.1 is 0.1005, on the edge of the printed digit
    assert (y1["value"], y1["u"]) == pytest.approx((trials[0], trials[2]), abs=0.0006)
    assert y2["value"] == pytest.approx(trials[1], abs=0.006)
    assert y2["u"] == pytest.approx(trials[3], abs=0.004)
    assert found["correlation"][0][1] == pytest.approx(trials[4], abs=0.004)


def test_jcgm102_94_impedance_by_multivariate_t():
    request = EXAMPLES["jcgm102-9.4"]
    gum = compute(request | {"method": "gum"}).to_dict()
    assert [round(gum["outputs"][n]["u"], 3) for n in "RXZ"] == [0.058, 0.241, 0.193]
    r = gum["correlation"]
    assert (round(r[0][1], 3), round(r[0][2], 3), round(1 - r[1][2], 5)) == (-0.588, -0.485, 0.00749)
    assert gum["regions"]["rank"] == 2
    assert math.isfinite(gum["regions"]["k_p"])
    found = compute(request).to_dict()
    # printed 0.130, 0.536, 0.429; exact by (n − 1)/(n − N − 2) = √5 times the first-order values: 0.130, 0.540, 0.431;
    # a t of 3 degrees of freedom has no fourth moment, so that u itself scatters by per cents
    assert [found["outputs"][n]["u"] for n in "RXZ"] == pytest.approx([0.130, 0.540, 0.431], rel=0.03)
    assert found["correlation"][0][1] == pytest.approx(-0.588, abs=0.02)


def test_jcgm102_94_fewer_than_six_sets_are_too_few_for_monte_carlo():
    request = EXAMPLES["jcgm102-9.4"]
    five = {n: d | {"values": d["values"][:5]} for n, d in request["inputs"].items()}
    with pytest.raises(InputError) as caught:
        compute(request | {"inputs": five})
    assert caught.value.code == "dof_too_few"


R_MINUS_1 = [53, 150054, 300055, 450056, 600056, 780057, 900058, 1050059, 1200060, 780057]


def thermometer():
    inputs = {
        "R0": normal(99.99610, 0.00050), "A": normal(0.0039096, 0.0000027), "B": normal(-6.0e-7, 1.1e-7),
        "RS": normal(99.99947, 0.00010),
    }  # fmt: skip
    inputs |= {f"r{j}": normal(1 + v * 1e-7, 50e-7) for j, v in enumerate(R_MINUS_1, 1)}
    # the root of (1 + Aθ + Bθ²)R0 = r·RS that does not cancel
    formulas = [f"t{j} = 2*(r{j}*RS/R0 - 1)/(A + sqrt(A**2 + 4*B*(r{j}*RS/R0 - 1)))" for j in range(1, 11)]
    pairs = [("R0", "A", -0.155), ("R0", "B", 0.092), ("A", "B", -0.959)]
    return {
        "model": "; ".join(formulas), "inputs": inputs, "method": "gum",
        "correlations": [{"a": a, "b": b, "r": r} for a, b, r in pairs],
    }  # fmt: skip


def test_jcgm102_tables_15_and_16_ten_temperatures():
    found = compute(thermometer()).to_dict()
    values = [round(found["outputs"][f"t{j}"]["value"], 4) for j in range(1, 11)]
    assert values == [0.0100, 3.8491, 7.6928, 11.5410, 15.3938, 20.0232, 23.1131, 26.9797, 30.8509, 20.0232]
    u = [found["outputs"][f"t{j}"]["u"] for j in range(1, 11)]
    # the third is 0.003999, printed 0.0040; all agree to the printed digit
    assert [round(v, 4) for v in u] == [0.0018, 0.0027, 0.0040, 0.0046, 0.0047, 0.0045, 0.0046, 0.0060, 0.0089, 0.0045]
    r = found["correlation"]
    first = [0.252, 0.127, 0.079, 0.059, 0.054, 0.056, 0.054, 0.050, 0.054]
    assert r[0][1:] == pytest.approx(first, abs=0.00051)
    assert r[1][2:] == pytest.approx([0.815, 0.800, 0.755, 0.580, 0.312, -0.092, -0.358, 0.580], abs=0.00051)
    assert r[5][9] == pytest.approx(0.918, abs=0.00051)


def test_jcgm102_952_one_temperature():
    request = thermometer()
    inputs = {name: data for name, data in request["inputs"].items() if not name[1:].isdecimal() or name == "R0"}
    model = "t = 2*(r*RS/R0 - 1)/(A + sqrt(A**2 + 4*B*(r*RS/R0 - 1)))"
    found = compute(request | {"model": model, "inputs": inputs | {"r": normal(1.0780057, 50e-7)}})
    assert (round(found.outputs["t"].value, 4), round(found.outputs["t"].u, 4)) == (20.0232, 0.0045)


def test_jcgm102_table_16_whole():
    r = compute(thermometer()).to_dict()["correlation"]
    printed = """0.252 0.127 0.079 0.059 0.054 0.056 0.054 0.050 0.054  0.815 0.800 0.755 0.580 0.312 -0.092 -0.358 0.580
        0.902 0.868 0.691 0.400 -0.057 -0.365 0.691  0.909 0.766 0.495 0.040 -0.281 0.766  0.847 0.629 0.208 -0.115 0.847
        0.841 0.549 0.264 0.918  0.812 0.613 0.841  0.909 0.549  0.264"""
    ours = [r[i][j] for i in range(10) for j in range(i + 1, 10)]
    assert ours == pytest.approx([float(v) for v in printed.split()], abs=0.00051)


def loss(x1, r=0.0, **more):
    inputs = {"X1": normal(x1, 0.005), "X2": normal(0, 0.005)}
    return {
        "model": "dY = X1**2 + X2**2", "inputs": inputs, "interval": "shortest",
        "correlations": [{"a": "X1", "b": "X2", "r": r}] if r else [], **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("x1", "first", "second", "trials", "ends"),
    [
        (0.000, 0, 50, (50, 50), (0, 150)),
        (0.010, 100, 112, (150, 112), (0, 367)),
        (0.050, 500, 502, (2550, 502), (1590, 3543)),
    ],
)
def test_jcgm101_table_8_comparison_loss_without_correlation(x1, first, second, trials, ends):
    gum = compute(loss(x1, method="gum"))
    assert round(gum.outputs["dY"].u * 1e6) == first
    by_order = [gum.outputs["dY"].interval, compute(loss(x1, method="gum2")).outputs["dY"].interval]
    shown = [None if i is None else tuple(round(e * 1e6) for e in i) for i in by_order]
    # at 0 the first order prints [0, 0] in table 8, which is no interval: none is given
    assert shown == {0.0: [None, (-98, 98)], 0.01: [(-96, 296), (-119, 319)], 0.05: [(1520, 3480), (1515, 3485)]}[x1]
    assert bool(gum.warnings) is (first == 0)
    higher = compute(loss(x1, method="gum2")).outputs["dY"]
    assert round(higher.u * 1e6) == second
    found = compute(loss(x1, method="mc", trials=1_000_000)).outputs["dY"]
    assert (found.value * 1e6, found.u * 1e6) == pytest.approx(trials, abs=1.2)
    assert [e * 1e6 for e in found.interval] == pytest.approx(ends, abs=12)


@pytest.mark.parametrize(("x1", "trials", "ends"), [(0.0, (50, 67), (0, 185)), (0.01, (150, 121), (13, 398)),
                                                    (0.05, (2551, 505), (1628, 3555))])  # fmt: skip
def test_jcgm101_table_9_comparison_loss_with_correlation(x1, trials, ends):
    found = compute(loss(x1, 0.9, method="mc", trials=1_000_000)).outputs["dY"]
    assert (found.value * 1e6, found.u * 1e6) == pytest.approx(trials, abs=2)  # 4 σ of a million trials
    assert [e * 1e6 for e in found.interval] == pytest.approx(ends, abs=12)
    # the second order on correlated normal inputs is exact here: x² of a normal has no terms beyond it
    assert compute(loss(x1, 0.9, method="gum2")).outputs["dY"].u * 1e6 == pytest.approx(trials[1], abs=1)


def gauge(**more):
    t = {"distribution": "t"}
    inputs = {
        "Ls": t | {"loc": 50_000_623, "scale": 25, "dof": 18}, "D": t | {"loc": 215, "scale": 6, "dof": 24},
        "d1": t | {"loc": 0, "scale": 4, "dof": 5}, "d2": t | {"loc": 0, "scale": 7, "dof": 8},
        "alpha": {"distribution": "rectangular", "low": 9.5e-6, "high": 13.5e-6},
        "theta": normal(-0.1, 0.2), "delta": {"distribution": "arcsine", "low": -0.5, "high": 0.5},
        "da": {"distribution": "curvilinear-trapezoidal", "low": -1e-6, "high": 1e-6, "d": 0.1e-6},
        "dt": {"distribution": "curvilinear-trapezoidal", "low": -0.050, "high": 0.050, "d": 0.025},
    }  # fmt: skip
    model = "dL = Ls + D + d1 + d2 - Ls*(da*(theta + delta) + alpha*dt) - 50000000"
    return {"model": model, "inputs": inputs, "coverage": 0.99, "interval": "shortest", **more}


def test_jcgm101_table_11_gauge_block():
    # numerics.md §4: a peer that takes the scale of t for its standard deviation gives 34 and [749, 929]
    found = compute(gauge(method="mc", trials=1_000_000)).outputs["dL"]
    assert round(found.value) == 838
    assert round(found.u) == 36
    assert [round(e) for e in found.interval] == pytest.approx([745, 932], abs=1.5)


@pytest.mark.parametrize(
    ("x1", "u2", "r"), [(x, u, r) for r in (0.0, 0.9) for x, u in ((0.001, 10), (0.01, 1), (0.1, 0.1))]
)
def test_jcgm102_tables_6_and_7_by_the_framework(x1, u2, r):
    found = compute({
        "model": POLAR, "inputs": {"X1": normal(x1, 0.010), "X2": normal(0, 0.010)}, "method": "gum",
        "correlations": [{"a": "X1", "b": "X2", "r": r}] if r else [],
    }).to_dict()  # fmt: skip
    y1, y2 = found["outputs"]["Y1"], found["outputs"]["Y2"]
    shown = [round(v, 3) for v in (y1["value"], y2["value"], y1["u"], y2["u"], found["correlation"][0][1])]
    assert shown == [x1, 0.0, 0.010, u2, r]


def test_jcgm102_tables_9_10_and_11_by_the_framework():
    request = EXAMPLES["jcgm102-9.4"]
    inputs = compute(request | {"model": "a = V; b = 1000*I; c = phi", "method": "gum"}).to_dict()
    assert [round(o["value"], 5) for o in inputs["outputs"].values()] == [4.999, 19.661, 1.04447]  # printed 1.04446
    u = [o["u"] for o in inputs["outputs"].values()]
    assert [round(u[0], 4), round(u[1], 4), round(u[2], 5)] == [0.0026, 0.0077, 0.00061]
    r = inputs["correlation"]
    assert [round(v, 3) for v in (r[0][1], r[0][2], r[1][2])] == [-0.355, 0.858, -0.645]
    outputs = compute(request | {"method": "gum"}).to_dict()["outputs"]
    # R is printed 127.732, from the phase rounded to 1.04446; the observations give 127.7307
    assert [round(outputs[name]["value"], 3) for name in "RXZ"] == [127.731, 219.847, 254.260]
    rounded = 4.999 / 0.019661 * math.cos(1.04446)
    assert round(rounded, 3) == 127.732


def test_jcgm101_table_11_gauge_block_by_the_framework():
    known = {"da": {"distribution": "rectangular", "low": -1e-6, "high": 1e-6, "dof": 50},
             "dt": {"distribution": "rectangular", "low": -0.05, "high": 0.05, "dof": 2}}  # fmt: skip
    request = gauge(method="gum")
    found = compute(request | {"inputs": request["inputs"] | known}).outputs["dL"]
    assert (round(found.value), round(found.u), int(found.dof)) == (838, 32, 16)
    assert [round(e) for e in found.interval] == pytest.approx([745, 931], abs=1)
