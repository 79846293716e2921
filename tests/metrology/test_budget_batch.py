"""Many budgets at once agree with one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.budget_batch import budgets
from quanheng.metrology.distributions import Normal
from quanheng.metrology.framework import propagate_model
from quanheng.metrology.models import model_from

MODEL = model_from("Y = a*exp(-b/c) + sqrt(d)*sin(e)/f**2 - log(g); Z = arctan2(h, i) + abs(j)*a")


def make(n=200, seed=3):
    rng = np.random.default_rng(seed)
    values = {name: rng.uniform(1, 3, n) for name in "abcdefghij"}
    u = {name: rng.uniform(0.001, 0.1, n) for name in values}
    dof = {name: rng.integers(2, 30, n).astype(float) for name in values}
    return values, u, dof


@pytest.mark.parametrize("pairs", [[], [("a", "b", 0.5), ("c", "d", -0.3)]])
def test_a_batch_agrees_with_single_budgets(pairs):
    values, u, dof = make()
    found = budgets(MODEL, values, u, dof=dof, correlations=pairs)
    for i in (0, 57, 199):
        inputs = {n: Normal(values[n][i], u[n][i], dof=dof[n][i]) for n in values}
        single = propagate_model(MODEL, inputs, correlations=pairs)
        for name in ("Y", "Z"):
            one, many = single.outputs[name], found[name]
            assert many.value[i] == pytest.approx(one.value, rel=1e-13)
            assert many.u[i] == pytest.approx(one.u, rel=1e-12)
            assert np.isnan(many.dof[i]) if one.dof is None else many.dof[i] == pytest.approx(one.dof, rel=1e-10)


def test_ten_thousand_budgets_of_ten_inputs_come_in_one_call():
    values, u, _ = make(10_000)
    assert budgets(MODEL, values, u)["Y"].contributions.shape == (10, 10_000)


def test_a_budget_without_a_value_is_named():
    values, u, _ = make(50)
    values["d"][17] = -1.0
    with pytest.raises(InputError, match="budget 17"):
        budgets(MODEL, values, u)


def test_negative_uncertainties_are_refused():
    values, u, _ = make(5)
    u["a"][2] = -0.1
    with pytest.raises(InputError):
        budgets(MODEL, values, u)
