"""Drift of the travelling standard and links between comparisons."""

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.comparison import estimators, linking, travelling


def test_a_drift_is_found_and_taken_out():
    t = np.array([0.0, 2, 4, 6, 8])
    line = travelling.drift(t, 10 + 0.5 * t + np.array([0.01, -0.01, 0.0, 0.01, -0.01]), np.full(5, 0.02))
    assert line.slope == pytest.approx(0.5, abs=0.01)
    assert line.significant
    x = np.array([10.5, 11.5, 13.5])
    fixed = travelling.correct(x, np.eye(3) * 1e-4, np.array([1.0, 3.0, 7.0]), line)
    assert fixed.applied
    assert fixed.x == pytest.approx([12, 12, 12], abs=0.05)


def test_a_shared_drift_correction_correlates_the_participants():
    line = travelling.drift([0, 4, 8], [1.0, 1.4, 2.0], [0.05] * 3)
    fixed = travelling.correct(np.zeros(2), np.eye(2), np.array([0.0, 8.0]), line, "always", u_transfer=0.5)
    assert fixed.v[0, 1] == pytest.approx(-16 * line.u_slope**2)
    assert fixed.v[0, 0] == pytest.approx(1 + 16 * line.u_slope**2 + 0.25)


def test_no_correction_is_made_for_a_drift_that_is_not_there():
    line = travelling.drift([0, 3, 6, 9], [1.00, 1.02, 0.99, 1.01], [0.02] * 4)
    fixed = travelling.correct(np.array([1.0, 2.0]), np.eye(2), np.array([0.0, 5.0]), line)
    assert not fixed.applied
    assert (fixed.x == [1.0, 2.0]).all()
    assert fixed.stable  # the change is below a third of the smallest U


@pytest.mark.parametrize(
    ("t", "y", "u", "code"),
    [
        ([0, 1], [1, 2], None, "length"),
        ([1, 1, 1], [1, 2, 3], None, "zero_variance"),
        ([0, 1, 2], [1, 2], [1, 1, 1], "length"),
        ([0, 1, 2], [1, 2, 3], [1, 1, -1], "range"),
    ],
)
def test_bad_checks_are_refused(t, y, u, code):
    with pytest.raises(InputError) as caught:
        travelling.drift(t, y, u)
    assert caught.value.code == code


def test_a_link_carries_regional_results_onto_the_key_comparison():
    # two linking laboratories are 0.3 above the key reference in both; the regional zero is shifted by 5
    x, u = np.array([5.3, 5.3, 5.0, 6.0]), np.full(4, 0.2)
    found = linking.link(x, u, [0, 1], [0.3, 0.3], [0.05, 0.05], u_key=0.1)
    assert found.d == pytest.approx([0.3, 0.3, 0.0, 1.0])
    assert found.shift == pytest.approx(-5.0)
    assert found.u[3] == pytest.approx(np.sqrt(0.2**2 + 0.05**2 / 2 + 0.1**2))
    assert found.consistent


def test_links_that_disagree_are_called_inconsistent():
    x = np.array([1.0, 2.0, 3.0])
    found = linking.link(x, np.ones(3), [0, 1], [0.0, 0.0], [0.1, 0.1])
    assert not found.consistent


def test_linking_does_not_depend_on_the_regional_reference():
    x, u = np.array([5.3, 5.2, 5.0, 6.0]), np.full(4, 0.2)
    plain = linking.link(x, u, [0, 1], [0.3, 0.1], [0.05, 0.1])
    moved = linking.link(x - 77.0, u, [0, 1], [0.3, 0.1], [0.05, 0.1])
    assert moved.d == pytest.approx(plain.d)
    assert estimators.weighted_mean(x, np.diag(u**2)).value != pytest.approx(0)
