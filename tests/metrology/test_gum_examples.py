"""The examples of JCGM 100:2008, annex H, through the tasks that people use."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quanheng.metrology.tasks.calibration_line import compute as calibrate
from quanheng.metrology.tasks.uncertainty import compute
from quanheng.metrology.tasks.uncertainty_forms import EXAMPLES


def outputs(request):
    return compute(request).to_dict()["outputs"]


def normal(mean, std, **more):
    return {"distribution": "normal", "mean": mean, "std": std, **more}


def test_h1_gauge_block_first_and_second_order():
    first = outputs(EXAMPLES["gum-h1"])["l"]
    assert (round(first["u"]), math.floor(first["dof"]), round(first["k"], 2)) == (32, 16, 2.92)
    assert first["value"] == 50_000_838
    assert math.ceil(first["U"]) == 93  # printed 93 = 2.92 · 32 nm, rounded up
    second = outputs(EXAMPLES["gum-h1"] | {"method": "gum2"})["l"]
    assert round(second["u"]) == 34  # H.1.7


H2 = {
    "model": "R = V/I*cos(phi); X = V/I*sin(phi); Z = V/I",
    "inputs": {
        "V": {"distribution": "observations", "values": ["5.007", "4.994", "5.005", "4.990", "4.999"]},
        "I": {"distribution": "observations", "values": [0.019663, 0.019639, 0.019640, 0.019685, 0.019678]},
        "phi": {"distribution": "observations", "values": [1.0456, 1.0438, 1.0468, 1.0428, 1.0433]},
    },
    "simultaneous": [["V", "I", "phi"]],
    "method": "gum",
}


def test_h2_resistance_and_reactance_from_the_raw_observations():
    answer = compute(H2).to_dict()
    found = [answer["outputs"][name] for name in ("R", "X", "Z")]
    assert [round(o["value"], 3) for o in found] == [127.732, 219.847, 254.260]
    assert [round(o["u"], 3) for o in found] == [0.071, 0.296, 0.236]  # X printed 0.295, exact 0.29558
    u = [row["u"] for row in found[0]["budget"]]
    assert (round(u[0], 4), round(u[1], 7), round(u[2], 5)) == (0.0032, 0.0000095, 0.00075)
    r = answer["correlation"]
    # exact −0.588, −0.485, 0.993 from unrounded inputs, as printed
    assert [round(r[0][1], 3), round(r[0][2], 3), round(r[1][2], 3)] == [-0.588, -0.485, 0.993]


def test_h2_gives_no_effective_degrees_of_freedom_and_says_why():
    # JCGM 102, 9.4.2.8: the inputs are correlated and of finite degrees of freedom
    answer = compute(H2).to_dict()
    for found in answer["outputs"].values():
        assert (found["dof"], found["dof_status"], found["k"], found["U"], found["interval"]) == (
            None, "refused", None, None, None)  # fmt: skip
    assert any("Welch-Satterthwaite" in w for w in answer["warnings"])
    assert outputs(H2 | {"k": 2})["R"]["U"] == pytest.approx(2 * 0.0711, abs=2e-4)


def test_h3_thermometer_calibration_line():
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    request = {"x": [v - 20 for v in t], "y": b, "predict": [{"x": 10}]}
    found = calibrate(request).to_dict()
    assert (round(found["a"], 4), round(found["u_a"], 4)) == (-0.1712, 0.0029)
    assert (round(found["b"], 5), round(found["u_b"], 5)) == (0.00218, 0.00067)
    assert round(found["cov_ab"] / (found["u_a"] * found["u_b"]), 3) == -0.930
    assert round(found["deviation"], 4) == 0.0035
    assert (round(found["predictions"][0]["value"], 4), round(found["predictions"][0]["u"], 4)) == (-0.1494, 0.0041)


def test_h4_radon_activity_both_ways():
    rx = [652.46, 666.48, 665.80, 655.68, 651.87, 623.31]
    rs = [194.65, 208.58, 211.08, 214.17, 213.92, 194.13]
    ratio = [3.3520, 3.1953, 3.1543, 3.0615, 3.0473, 3.2107]
    known = {"As": normal(0.1368, 0.0018), "ms": normal(5.0192, 0.0050), "mx": normal(5.0571, 0.0010)}
    one = {
        "model": "A = As*ms/mx*Rx/Rs",
        "inputs": known | {"Rx": {"distribution": "observations", "values": rx},
                           "Rs": {"distribution": "observations", "values": rs}},
        "simultaneous": [["Rx", "Rs"]], "method": "gum",
    }  # fmt: skip
    found = compute(one)
    assert (round(found.outputs["A"].value, 4), round(found.outputs["A"].u, 4)) == (0.4299, 0.0083)  # printed 0.4300
    assert [round(row.u, 2) for row in found.outputs["A"].budget][3:] == [6.42, 3.79]
    two = {
        "model": "A = As*ms/mx*R",
        "inputs": known | {"R": {"distribution": "observations", "values": ratio}},
        "method": "gum",
    }
    second = outputs(two)["A"]
    assert (round(second["value"], 4), round(second["u"], 4)) == (0.4304, 0.0084)
    assert second["budget"][3]["u"] == pytest.approx(0.046, abs=5e-4)


def test_h5_daily_means_give_18_microvolts_with_nine_degrees_of_freedom():
    means = [0.172, 0.116, 0.013, 0.144, 0.106, 0.031, 0.060, 0.125, 0.163, 0.041]  # mV above 10 V
    found = outputs(
        {"model": "V = v", "inputs": {"v": {"distribution": "observations", "values": means}}, "method": "gum"}
    )["V"]
    assert round(10 + found["value"] / 1000, 6) == 10.000097
    assert (round(1000 * found["u"]), found["dof"]) == (18, 9)
    within = np.sqrt(np.mean(np.square([60, 77, 111, 101, 67, 93, 80, 73, 88, 86])))
    assert round(float(within)) == 85


def test_h6_rockwell_hardness():
    request = {
        "model": "h = 100 - d - c - b - s",
        "inputs": {
            "d": normal(36.0, math.sqrt(0.45**2 / 5 + 0.1**2 / 12)),
            "c": normal(0, math.sqrt(0.10**2 / 6 + 0.11**2 / 6)),
            "b": normal(0, 0.015 * 36.0 / math.sqrt(24)),
            "s": normal(0, 0.5),
        },
        "method": "gum",
    }
    found = outputs(request)["h"]
    assert (found["value"], round(found["u"], 2)) == (64.0, 0.55)
    assert round(found["u"] ** 2, 3) == 0.307


def test_g41_shared_causes_are_as_good_as_coefficients():
    # GUM F.1.2.3: x1 and x2 share one cause; the model of the cause and the coefficient agree
    by_model = {
        "model": "x1 = e + a; x2 = e + b; Y = x1 + x2",
        "inputs": {"e": normal(0, 0.3), "a": normal(1, 0.4), "b": normal(2, 0.4)},
        "outputs": ["Y"], "method": "gum",
    }  # fmt: skip
    by_shared = {
        "model": "Y = x1 + x2",
        "inputs": {"x1": normal(1, 0.5), "x2": normal(2, 0.5)},
        "correlations": [{"a": "x1", "b": "x2", "shared": 0.3}],
        "method": "gum",
    }
    assert outputs(by_model)["Y"]["u"] == pytest.approx(outputs(by_shared)["Y"]["u"], rel=1e-12)
