"""Tails and quantiles of our own against the library that is too slow to load for every command."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from quanheng.metrology import quantiles

CHANCES = [1e-6, 1e-3, 0.05, 0.5, 0.95]


@pytest.mark.parametrize("q", CHANCES)
@pytest.mark.parametrize("dof", [1.0, 2.5, 40.0, 3000.0])
def test_chi_squared_and_normal_are_exceeded_with_the_probability_asked_for(q, dof):
    assert quantiles.chi2_isf(q, dof) == pytest.approx(stats.chi2.isf(q, dof), rel=1e-12)
    assert quantiles.normal_isf(q) == pytest.approx(stats.norm.isf(q), rel=1e-12, abs=1e-12)


def test_beta_has_the_same_tails_for_arrays():
    x, a, b = np.linspace(0, 1, 51), np.array([[0.5], [3.5], [40.5]]), np.array([[60.5], [3.5], [0.5]])
    np.testing.assert_allclose(quantiles.beta_cdf(x, a, b), stats.beta.cdf(x, a, b), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(quantiles.beta_sf(x, a, b), stats.beta.sf(x, a, b), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize(("wrong", "meters"), [(0, 0), (0, 40), (5, 40), (40, 40)])
def test_as_many_wrong_ones_come_by_chance(wrong, meters):
    assert quantiles.binomial_sf(wrong - 1, meters, 0.1) == pytest.approx(stats.binom.sf(wrong - 1, meters, 0.1))


def test_a_command_starts_without_loading_them():
    code = "import sys, django; django.setup(); print(*sys.modules)"
    env = {"DJANGO_SETTINGS_MODULE": "quanheng.platform.project.settings_test"}
    loaded = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert "quanheng.telemetry.fleets.diagnose" in loaded.split()
    assert not {"scipy.stats", "pypinyin"} & set(loaded.split())
