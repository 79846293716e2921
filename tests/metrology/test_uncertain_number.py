"""Uncertain numbers: correlation survives computing and years in an archive."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.distributions import Normal
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.joint import joint
from quanheng.metrology.monte_carlo import run
from quanheng.metrology.number_archive import causes_of, read_archive, write_archive
from quanheng.metrology.tasks import find
from quanheng.metrology.uncertain_complex import UncertainComplex, exponential, polar
from quanheng.metrology.uncertain_number import Origin, Uncertain, arctan2, correlation, covariance, function
from quanheng.metrology.uncertainty import propagate

ARCHIVE = (Path(__file__).parent / "kept" / "number_archive_v1.json").read_text()


def impedance():
    values = {"V": (4.9990, 0.0032), "I": (0.019661, 0.0000095), "phi": (1.04446, 0.00075)}
    return Origin("H2").correlated(values, [("V", "I", -0.36), ("V", "phi", 0.86), ("I", "phi", -0.65)], dof=4)


def test_what_is_computed_from_the_same_numbers_stays_correlated():
    a, b, c = (Origin("doc").number(v, 0.1) for v in (2.0, 3.0, 4.0))
    lab = Origin("doc")
    a, b, c = lab.number(2.0, 0.1), lab.number(3.0, 0.1), lab.number(4.0, 0.1)
    y = a * b / c
    assert (y * c / b - a).u == pytest.approx(0, abs=1e-16)
    assert correlation(y, y) == pytest.approx(1)
    assert covariance(y, a) == pytest.approx(y.value / a.value * 0.01)


def test_gum_h2_in_three_lines():
    n = impedance()
    r, x, z = n["V"] / n["I"] * np.cos(n["phi"]), n["V"] / n["I"] * np.sin(n["phi"]), n["V"] / n["I"]
    assert [round(v.value, 3) for v in (r, x, z)] == [127.732, 219.847, 254.260]
    assert [round(v.u, 2) for v in (r, x, z)] == [0.07, 0.30, 0.24]
    assert correlation(r, x) == pytest.approx(-0.588, abs=0.02)  # printed from unrounded coefficients
    assert r.dof is None
    with pytest.raises(InputError, match="do not exist"):
        r.expanded()


def test_gum_g4_effective_degrees_of_freedom_are_19():
    lab = Origin("G41")
    parts = [lab.number(1, u, dof=d) for u, d in ((0.0025, 9), (0.0057, 4), (0.0082, 14))]
    y = parts[0] * parts[1] * parts[2]
    assert round(y.dof, 1) == 19.0
    assert round(100 * y.u, 2) == 1.03
    assert y.budget()[0][2] == pytest.approx(0.0082**2 / y.u**2)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.5, 5), st.floats(0.5, 5), st.floats(0.5, 5))
def test_operators_agree_with_the_propagation_of_formulas(a, b, c):
    lab = Origin("x")
    x, y, z = lab.number(a, 0.01), lab.number(b, 0.02), lab.number(c, 0.03)
    mine = (x**2 * function("exp", -y) + function("sqrt", z) / (1 + x)) ** 1.5 - 3 / z + arctan2(x, y)
    known = propagate(
        "(a**2*exp(-b) + sqrt(c)/(1 + a))**1.5 - 3/c + arctan2(a, b)",
        {"a": Normal(a, 0.01), "b": Normal(b, 0.02), "c": Normal(c, 0.03)}, k=2,
    )  # fmt: skip
    assert mine.value == pytest.approx(known.value, rel=1e-12)
    assert mine.u == pytest.approx(known.u, rel=1e-12)


def test_an_archive_of_2026_still_reads_and_still_correlates():
    # this file stays in the tests for ever: version 1 of the format must always be readable
    numbers = read_archive(ARCHIVE)
    assert set(numbers) == {"R", "X", "ls"}
    assert numbers["R"].value == 127.73216992810208
    assert numbers["R"].u == pytest.approx(0.0699787, rel=1e-6)
    # as the task `uncertainty` finds for the same inputs by the propagation of formulas
    known = find("uncertainty").compute(find("uncertainty").examples["gum-h2"]).to_dict()["correlation"][0][1]
    assert correlation(numbers["R"], numbers["X"]) == pytest.approx(known, rel=1e-9)
    assert numbers["ls"].dof == 18
    assert numbers["R"].dof is None
    assert write_archive(numbers) == ARCHIVE


def test_two_archives_correlate_through_the_cause_they_share():
    lab = Origin("NIM-2026-7")
    standard = lab.number(100.0, 0.3, label="standard")
    first = write_archive({"a": standard + Origin("A").number(0, 0.4)})
    second = write_archive({"b": standard * 2 + Origin("B").number(0, 0.8)})
    a = read_archive(first)
    b = read_archive(second, known=causes_of(a))
    assert correlation(a["a"], b["b"]) == pytest.approx(0.36)
    assert (b["b"] - 2 * a["a"]).u == pytest.approx(math.hypot(0.8, 0.8))


def test_an_archive_that_contradicts_another_is_refused():
    a = read_archive(write_archive({"a": Origin("X").number(1, 0.1, label="one")}))
    other = write_archive({"a": Origin("X").number(1, 0.1, label="another")})
    with pytest.raises(InputError) as caught:
        read_archive(other, known=causes_of(a))
    assert caught.value.code == "cause_conflict"
    with pytest.raises(InputError):
        write_archive({"a": Origin("X").number(1, 0.1, label="one"), "b": Origin("X").number(1, 0.1, label="two")})


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(version=2),
        lambda c: c.update(format="x"),
        lambda c: c.pop("causes"),
        lambda c: c["numbers"]["R"].update(value=1.5),
        lambda c: c["numbers"]["R"].update(value="nan"),
        lambda c: c["numbers"]["R"]["parts"].update({"nobody": "1.0"}),
        lambda c: next(iter(c["causes"].values())).update(dof="-1"),
        lambda c: next(iter(c["causes"].values())).pop("label"),
    ],
)
def test_a_damaged_archive_is_refused(change):
    content = json.loads(ARCHIVE)
    change(content)
    with pytest.raises(InputError):
        read_archive(json.dumps(content))


def test_complex_impedance_is_the_polar_form_of_gum_h2():
    n = impedance()
    z = polar(n["V"] / n["I"], n["phi"])
    assert (round(z.real.value, 3), round(z.imag.value, 3)) == (127.732, 219.847)
    assert abs(z).u == pytest.approx((n["V"] / n["I"]).u, rel=1e-9)
    assert z.phase().value == pytest.approx(1.04446)
    assert z.phase().u == pytest.approx(0.00075, rel=1e-9)
    assert round(z.regions().k_p, 2) == 2.45


def test_jcgm102_622_reflection_coefficient_of_a_reflectometer():
    # Γ = (aW + b)/(cW + 1): covariance by complex arithmetic against J·U·Jᵀ of the complex derivatives
    lab = Origin("vna")
    values = {"a": 0.9 + 0.1j, "b": 0.02 - 0.01j, "c": 0.05 + 0.03j, "W": 0.3 + 0.4j}
    u = {"a": 0.002, "b": 0.001, "c": 0.003, "W": 0.004}
    n = {k: UncertainComplex(lab.number(v.real, u[k]), lab.number(v.imag, u[k])) for k, v in values.items()}
    g = (n["a"] * n["W"] + n["b"]) / (n["c"] * n["W"] + 1)
    a, b, c, w = (values[k] for k in "abcW")
    below = c * w + 1
    derivatives = {"a": w / below, "b": 1 / below, "c": -w * (a * w + b) / below**2, "W": (a - b * c) / below**2}
    wanted = sum(
        u[k] ** 2 * np.array([[d.real, -d.imag], [d.imag, d.real]]) @ np.array([[d.real, d.imag], [-d.imag, d.real]])
        for k, d in derivatives.items()
    )
    assert g.value == pytest.approx((a * w + b) / below)
    assert g.covariance() == pytest.approx(wanted, rel=1e-10)
    assert exponential(g).value == pytest.approx(np.exp(g.value))


def test_a_python_function_is_a_model_for_the_gum_and_for_monte_carlo():
    model = FunctionModel(lambda V, R: {"P": V**2 / R, "I": V / R})
    inputs = {"V": Normal(10, 0.1), "R": Normal(50, 0.5)}
    gum = propagate_model(model, inputs)
    trials = run(joint(inputs, []).draw, model.on_arrays, seed=1, trials=400_000)
    assert gum.outputs["P"].u == pytest.approx(propagate("V**2/R", inputs).u, rel=1e-12)
    for name in ("P", "I"):
        assert trials.values[name].std() == pytest.approx(gum.outputs[name].u, rel=0.01)
    r = np.corrcoef(trials.values["P"], trials.values["I"])[0, 1]
    assert gum.covariance[0, 1] / (gum.outputs["P"].u * gum.outputs["I"].u) == pytest.approx(r, abs=0.01)


def test_a_complex_function_answers_real_and_imaginary_part():
    model = FunctionModel(lambda A, f: A * np.exp(1j * f) if not isinstance(A, Uncertain) else polar(A, f))
    found = propagate_model(model, {"A": Normal(2, 0.01), "f": Normal(0.5, 0.01)})
    assert set(found.outputs) == {"Y.real", "Y.imag"}
    trials = run(
        joint({"A": Normal(2, 0.01), "f": Normal(0.5, 0.01)}, []).draw, model.on_arrays, seed=2, trials=100_000
    )
    assert trials.values["Y.imag"].std() == pytest.approx(found.outputs["Y.imag"].u, rel=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x / 0,
        lambda x: function("log", x - 2),
        lambda x: function("abs", x - 2),
        lambda x: (x - 2) ** 0.5,
        lambda x: (x - 3) ** 0.5,
        lambda x: function("system", x),
        lambda x: arctan2(x - 2, 0),
        lambda x: Origin("n").number(float("nan"), 1),
        lambda x: Origin("n").number(1, -1),
        lambda x: Origin(""),
    ],
)
def test_what_has_no_value_or_no_derivative_is_refused(wrong):
    with pytest.raises(InputError):
        wrong(Origin("n").number(2.0, 0.1))
