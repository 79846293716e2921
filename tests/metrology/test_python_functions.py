"""A model written as a Python function is as good as one written as text: every order, every kind of output."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.distributions import Normal, Rectangular
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.joint import joint
from quanheng.metrology.monte_carlo import run
from quanheng.metrology.tasks.uncertainty import read_request
from quanheng.metrology.tasks.uncertainty_forms import _GAUGE_BLOCK, EXAMPLES
from quanheng.metrology.uncertain_number import Origin

IN = {"x": Normal(0.7, 0.02), "y": Normal(1.3, 0.05)}


def test_gum_h1_as_a_function_gives_the_printed_digits_of_both_orders() -> None:
    # JCGM 100:2008, H.1.6 and H.1.7: 32 nm, with the terms of second order 34 nm
    read = read_request(_GAUGE_BLOCK)

    def length(ls, d, d1, d2, d_alpha, theta, delta, alpha_s, d_theta):  # type: ignore[no-untyped-def]
        return ls + d + d1 + d2 - ls * (d_alpha * (theta + delta) + alpha_s * d_theta)

    first, second = (propagate_model(length, read.inputs, order=order).outputs["Y"] for order in (1, 2))
    assert (round(first.u), round(second.u)) == (32, 34)
    by_text = propagate_model(read.model, read.inputs, order=2).outputs["l"]
    assert second.u == pytest.approx(by_text.u, rel=1e-12)


@pytest.mark.parametrize("pair", [(), (("x", "y", 0.6),)])
@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x, y: np.sqrt(x) * np.sin(y) / (1 + x**2), "sqrt(x)*sin(y)/(1 + x**2)"),
        (lambda x, y: np.hypot(x, y), "sqrt(x**2 + y**2)"),
        (lambda x, y: np.maximum(x, y) - np.minimum(x, y), "max(x, y) - min(x, y)"),
        (lambda x, y: np.abs(x - y) ** 1.5, "abs(x - y)**1.5"),
        (lambda x, y: np.arctan2(y, x) + np.log1p(x), "arctan2(y, x) + log(1 + x)"),
        (lambda x, y: np.sum(np.array([x, y, 2.0]) ** 2), "x**2 + y**2 + 4"),
        (lambda x, y: np.array([x, y]) @ np.array([2.0, 3.0]), "2*x + 3*y"),
        (lambda x, y: np.exp(np.array([x, y])).mean(), "(exp(x) + exp(y))/2"),
        (lambda x, y: 2.0**x * np.tanh(y), "2**x*(1 - 2/(exp(2*y) + 1))"),
        (lambda x, y: np.square(x) + np.reciprocal(y), "x**2 + 1/y"),
        (lambda x, y: x if x < y else y, "x if x < y else y"),
    ],
)
def test_a_function_and_a_text_agree_in_every_digit(function, text, pair) -> None:  # type: ignore[no-untyped-def]
    for order in (1, 2):
        by_function, by_text = (
            propagate_model(m, IN, correlations=pair, order=order).outputs["Y"] for m in (function, text)
        )
        assert by_function.value == pytest.approx(by_text.value, rel=1e-14)
        assert by_function.u == pytest.approx(by_text.u, rel=1e-12)
        assert by_function.bias == pytest.approx(by_text.bias, rel=1e-9, abs=1e-18)


def test_a_complex_function_needs_no_second_form() -> None:
    # GUM H.2 as one complex number: R and X of the table
    known = read_request(EXAMPLES["gum-h2"])
    found = propagate_model(
        lambda V, I, phi: {"Z": V / I * np.exp(1j * phi)},  # noqa: E741
        known.inputs,
        correlations=known.correlations,
        k=2,
    )
    assert [round(found.outputs[n].value, 2) for n in ("Z.real", "Z.imag")] == [127.73, 219.85]
    assert [round(found.outputs[n].u, 2) for n in ("Z.real", "Z.imag")] == [0.07, 0.30]


@pytest.mark.parametrize(
    "answer", [lambda x, y: (x + y, x * y), lambda x, y: [x + y, x * y], lambda x, y: np.array([x + y, x * y])]
)
def test_a_vector_of_outputs_has_numbered_names(answer) -> None:  # type: ignore[no-untyped-def]
    found = propagate_model(answer, IN)
    assert list(found.outputs) == ["Y1", "Y2"]
    trials = run(joint(IN, ()).draw, FunctionModel(answer).on_arrays, seed=1, trials=50_000)
    for name, p in found.outputs.items():
        assert trials.values[name].std() == pytest.approx(p.u, rel=0.02)


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (lambda x, y: math.sqrt(x) + y, "np.sqrt"),
        (lambda x, y: x + "1", "cannot run"),
        (lambda x, y: "1", "no number"),
        (lambda x, y: None, "no number"),
        (lambda x, y: np.arcsinh(x), "arcsinh"),
        (lambda x, y: x.foo, "foo"),
        (lambda x, y: 1 / (x - 0.7), "zero"),
    ],
)
def test_a_function_that_cannot_be_differentiated_is_refused_in_words(function, word: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=word):
        propagate_model(function, IN)


def test_a_function_that_branches_runs_on_trials_by_where_only() -> None:
    def branch(x):  # type: ignore[no-untyped-def]
        return x if x > 0 else -x

    drawn = joint({"x": Rectangular(-1, 1)}, ())
    with pytest.raises(InputError, match=r"np\.where"):
        run(drawn.draw, FunctionModel(branch).on_arrays, seed=1, trials=1000)
    found = run(drawn.draw, FunctionModel(lambda x: np.where(x > 0, x, -x)).on_arrays, seed=1, trials=100_000)
    assert found.moments["Y"].mean == pytest.approx(0.5, abs=0.005)


def test_uncertain_numbers_live_in_arrays_are_ordered_and_print_themselves() -> None:
    lab = Origin("doc")
    a, b = lab.number(6.0, 0.36), lab.number(9.0, 0.1)
    assert (str(a), str(b), a < b, max(a, b) is b) == ("6.00(36)", "9.00(10)", True, True)
    roots = np.sqrt(np.array([a, b]))
    assert [round(r.value, 6) for r in roots] == [2.44949, 3.0]
    assert np.hypot(a, b).u == pytest.approx(math.hypot(6 * 0.36, 9 * 0.1) / math.hypot(6, 9))
    assert np.mean(np.array([a, b])).u == pytest.approx(math.hypot(0.36, 0.1) / 2)
    with pytest.raises(InputError, match="drop the uncertainty"):
        math.sqrt(a)
