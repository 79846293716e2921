"""Monte Carlo against the digits printed in JCGM 101:2008, clause 9, and against analytical results."""

from __future__ import annotations

import json
import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.monte_carlo import coverage_interval, ranks, run, tolerance
from quanheng.metrology.tasks.uncertainty import compute
from quanheng.metrology.tasks.uncertainty_forms import EXAMPLES

WIDTH = math.sqrt(3)


def normal(mean, std, **more):
    return {"distribution": "normal", "mean": mean, "std": std, **more}


def rectangular(low, high):
    return {"distribution": "rectangular", "low": low, "high": high}


def additive(**inputs):
    return {"model": "Y = X1 + X2 + X3 + X4", "inputs": inputs, "method": "mc"}


NORMALS = additive(**{f"X{i}": normal(0, 1) for i in range(1, 5)})
RECTANGLES = additive(**{f"X{i}": rectangular(-WIDTH, WIDTH) for i in range(1, 5)})
WIDE = additive(**{f"X{i}": rectangular(-WIDTH, WIDTH) for i in range(1, 4)}, X4=rectangular(-10 * WIDTH, 10 * WIDTH))


def test_jcgm101_table_2_four_normals_give_the_printed_digits():
    answer = compute(NORMALS | {"trials": 1_000_000}).to_dict()
    y = answer["outputs"]["Y"]
    assert (round(y["value"], 1), round(y["u"], 2)) == (0.0, 2.00)
    assert y["interval"] == pytest.approx([-3.92, 3.92], abs=0.015)  # print varies by ±0.01 between its runs
    assert answer["gum_validated"] is True


def test_jcgm101_table_3_four_rectangles_give_the_analytical_interval():
    y = compute(RECTANGLES | {"trials": 1_000_000}).to_dict()["outputs"]["Y"]
    end = 2 * WIDTH * (2 - (3 / 5) ** 0.25)
    assert round(end, 2) == 3.88
    assert round(y["u"], 2) == 2.00
    assert y["interval"] == pytest.approx([-end, end], abs=0.012)


def test_jcgm101_table_4_one_wide_rectangle_is_not_validated():
    answer = compute(WIDE).to_dict()
    y = answer["outputs"]["Y"]
    check = answer["validation"]["Y"]
    assert round(y["u"], 1) in (10.1, 10.2)  # exact: √103 = 10.149
    assert [round(e, 1) for e in y["interval"]] == pytest.approx([-17.0, 17.0], abs=0.11)
    assert check["tolerance"] == 0.5
    # print and ours both stop at 2·s = δ/5 = 0.1: three deviations of their difference, and half a printed digit
    assert (check["d_low"], check["d_high"]) == pytest.approx((2.8, 2.8), abs=3 * 0.05 * math.sqrt(2) + 0.05)
    assert answer["gum_validated"] is False


@pytest.mark.parametrize(("request_", "least", "most"), [(NORMALS, 0.8e6, 1.6e6), (RECTANGLES, 0.7e6, 1.4e6),
                                                         (WIDE, 0.02e6, 0.2e6)])  # fmt: skip
def test_the_adaptive_procedure_takes_about_as_many_trials_as_printed(request_, least, most):
    # printed: 1.23 and 1.02, 1.02 and 0.86, 0.03 and 0.08 million
    assert least <= compute(request_).trials <= most


def test_jcgm101_table_6_mass_calibration_needs_the_second_order():
    mass = EXAMPLES["jcgm101-9.3"]
    first = compute(mass | {"method": "gum"}).to_dict()["outputs"]["dm"]
    second = compute(mass | {"method": "gum2"}).to_dict()["outputs"]["dm"]
    trials = compute(mass | {"method": "mc"}).to_dict()
    assert (round(first["value"], 4), round(first["u"], 4)) == (1.2340, 0.0539)
    assert [round(e, 4) for e in first["interval"]] == [1.1285, 1.3395]
    assert round(second["u"], 4) == 0.0750
    # printed 1.0870 and 1.3810, which is 1.2340 ± 1.96·0.0750 with u already rounded; exact: 1.0871 and 1.3809
    assert second["interval"] == pytest.approx([1.0870, 1.3810], abs=1.1e-4)
    found = trials["outputs"]["dm"]
    assert found["u"] == pytest.approx(0.0754, abs=0.0003)
    assert found["interval"] == pytest.approx([1.0834, 1.3825], abs=0.003)
    assert 0.4e6 <= trials["trials"] <= 1.0e6  # printed 0.72 million
    check = trials["validation"]["dm"]
    assert check["tolerance"] == 0.005
    # printed 0.0451 and 0.0430; each is the difference of a fixed end and one drawn as above
    assert (check["d_low"], check["d_high"]) == pytest.approx((0.0451, 0.0430), abs=0.003)
    assert trials["gum_validated"] is False


def test_auto_answers_with_the_gum_where_it_is_validated_and_with_monte_carlo_where_not():
    assert compute(NORMALS | {"method": "auto"}).to_dict()["method"] == "gum"
    answer = compute(EXAMPLES["jcgm101-9.3"] | {"method": "auto"}).to_dict()
    assert answer["method"] == "mc"
    assert any("not validated" in w for w in answer["warnings"])


def test_one_and_several_threads_agree_bit_for_bit():
    one = compute(RECTANGLES | {"threads": 1}).to_dict()
    many = compute(RECTANGLES | {"threads": 5}).to_dict()
    assert json.dumps(one) == json.dumps(many)


TWO_OUTPUTS = {
    "model": "A = X1*X2; B = X1 + X3",
    "inputs": {
        "X1": {"distribution": "normal", "mean": 3, "std": 1},
        "X2": {"distribution": "normal", "mean": 5, "std": 0.1},
        "X3": {"distribution": "rectangular", "low": 0, "high": 1},
    },
    "method": "mc",
    "digits": 1,
}


@pytest.mark.parametrize("interval", ["symmetric", "shortest"])
@pytest.mark.parametrize("trials", [1000, 123_456, "adaptive"])
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing_whatever_is_asked(interval, trials, threads):
    # a last group and a last block that are not full, two outputs, and the adaptive end inside a group (7.9.4)
    asked = TWO_OUTPUTS | {"interval": interval, "trials": trials}
    one, many = compute(asked | {"threads": 1}), compute(asked | {"threads": threads})
    assert json.dumps(one.to_dict()) == json.dumps(many.to_dict())
    assert all((one.values[name] == many.values[name]).all() for name in ("A", "B"))


def test_what_a_thread_meets_is_told_and_the_others_end():
    asked = {"model": "Y = 1/(X - 3)", "method": "mc", "trials": 400_000, "threads": 4}
    inputs = {"X": {"distribution": "sampled", "values": [1.0, 2.0, 3.0, 4.0]}}
    with pytest.raises(InputError) as refused:
        compute(asked | {"inputs": inputs})
    assert refused.value.code == "model_undefined"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def test_a_sequence_longer_than_the_limit_is_refused():
    # a million trials are one sequence at 99.99 % (7.9.4 b)
    with pytest.raises(InputError) as refused:
        compute(RECTANGLES | {"trials": "adaptive", "coverage": 0.9999, "most_trials": 100_000})
    assert refused.value.code == "not_stable"
    assert "100000 are too few" in refused.value.message


def test_another_seed_gives_other_trials_and_the_same_seed_the_same():
    first, again, other = (compute(NORMALS | {"trials": 20_000, "seed": s}).values["Y"] for s in (7, 7, 8))
    assert (first == again).all()
    assert not (first == other).any()


@pytest.mark.parametrize(
    ("u", "digits", "delta"),
    [(2.0, 2, 0.05), (10.1, 2, 0.5), (0.0754, 1, 0.005), (9.96, 2, 0.5), (9.94, 2, 0.05), (0.0, 2, 0.0), (36, 2, 0.5)],
)
def test_the_tolerance_follows_the_last_meaningful_digit_of_u(u, digits, delta):
    # 7.9.2; 9.96 rounds up to 10 and so gains a decade
    assert tolerance(u, digits) == delta


def test_ranks_follow_the_rule_of_7_7_2():
    assert ranks(100_000, 0.95) == (95_000, 2_500)
    assert ranks(101, 0.95) == (96, 3)  # q = int(95.95 + ½) = 96, r = int((5 + 1)/2) = 3


def test_the_shortest_interval_of_an_exponential_starts_at_its_lower_end():
    values = np.sort(np.random.default_rng(3).standard_exponential(200_000))
    low, high = coverage_interval(values, 0.95, "shortest")
    assert low < 0.01
    assert high == pytest.approx(-math.log(0.05), abs=0.05)


def test_a_model_with_a_pole_inside_the_inputs_is_refused():
    with pytest.raises(InputError) as log:
        compute({"model": "Y = log(X)", "inputs": {"X": normal(1, 1)}, "method": "mc"})
    assert log.value.code == "model_undefined"
    with pytest.raises(InputError) as pole:
        compute({"model": "Y = 1/X", "inputs": {"X": normal(0.5, 1)}, "method": "mc", "trials": 100_000})
    assert pole.value.code == "heavy_tails"


def test_an_adaptive_run_that_never_settles_is_refused_and_names_the_output():
    def draw(rng, size):
        return {"X": rng.standard_cauchy(size) if rng.random() < 2 else rng.random(size)}

    with pytest.raises(InputError) as caught:
        run(draw, lambda v: {"Y": np.tanh(v["X"])}, seed=1, digits=6, limit=50_000)
    assert caught.value.code == "not_stable"
    assert "Y" in caught.value.message


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 3)), min_size=2, max_size=4), st.floats(-0.3, 0.9))
def test_gum_equals_monte_carlo_on_linear_models_of_normal_inputs(data, r):
    inputs = {f"x{i}": normal(1, s) for i, (_, s) in enumerate(data)}
    model = "Y = " + " + ".join(f"({c:.9f})*x{i}" for i, (c, _) in enumerate(data))
    request = {"model": model, "inputs": inputs, "correlations": [{"a": "x0", "b": "x1", "r": r}], "trials": 200_000}
    gum = compute(request | {"method": "gum"}).outputs["Y"]
    trials = compute(request | {"method": "mc"}).outputs["Y"]
    assert trials.value == pytest.approx(gum.value, abs=5 * gum.u / math.sqrt(200_000) + 1e-12)
    assert trials.u == pytest.approx(gum.u, rel=0.02, abs=1e-12)


def test_correlated_rectangles_keep_their_shape_and_their_coefficient():
    request = {
        "model": "A = x; B = y",
        "inputs": {"x": rectangular(0, 1), "y": rectangular(0, 1)},
        "correlations": [{"a": "x", "b": "y", "r": 0.6}],
        "method": "mc",
        "trials": 400_000,
    }
    answer = compute(request)
    assert answer.to_dict()["correlation"][0][1] == pytest.approx(0.6, abs=0.004)
    assert answer.values["A"].min() >= 0
    assert answer.values["A"].max() <= 1
    assert answer.outputs["A"].u == pytest.approx(1 / math.sqrt(12), rel=0.005)
    assert any("copula" in w for w in answer.warnings)


def test_a_t_input_without_a_standard_deviation_is_refused_by_monte_carlo():
    request = {"model": "Y = x", "inputs": {"x": {"distribution": "observations", "values": [1, 2, 3]}}, "method": "mc"}
    with pytest.raises(InputError) as caught:
        compute(request)
    assert caught.value.code == "dof_too_few"


def test_a_fixed_number_of_trials_is_exactly_kept():
    assert len(compute(NORMALS | {"trials": 25_001}).values["Y"]) == 25_001


def test_an_uncertainty_at_a_decade_is_warned_of():
    request = {"model": "Y = X", "inputs": {"X": {"distribution": "normal", "mean": 0, "std": 0.998}}, "method": "mc",
               "trials": 200_000}  # fmt: skip
    assert any("next power of ten" in w for w in compute(request).warnings)
    below = {**request, "inputs": {"X": {"distribution": "normal", "mean": 0, "std": 0.95}}}
    assert not any("next power of ten" in w for w in compute(below).warnings)
