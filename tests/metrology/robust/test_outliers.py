"""Mandel, Grubbs, Cochran and Youden: critical values as printed, statistics by definition."""

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.robust import outliers


@pytest.mark.parametrize(("p", "h1", "h5"), [(3, "1.15", "1.15"), (8, "2.06", "1.75")])
def test_critical_h_as_printed_in_iso_5725_2(p, h1, h5):
    assert f"{outliers.mandel_h_critical(p, 0.01):.2f}" == h1
    assert f"{outliers.mandel_h_critical(p, 0.05):.2f}" == h5


@pytest.mark.parametrize(
    ("p", "n", "k1", "k5"), [(3, 2, "1.71", "1.65"), (3, 3, "1.64", "1.53"), (8, 2, "2.26", "1.88")]
)
def test_critical_k_as_printed_in_iso_5725_2(p, n, k1, k5):
    # the standard prints 2,25 for p = 8, n = 2 at 1 %; exact arithmetic gives 2,2562
    assert f"{outliers.mandel_k_critical(p, n, 0.01):.2f}" == k1
    assert f"{outliers.mandel_k_critical(p, n, 0.05):.2f}" == k5


@pytest.mark.parametrize(("n", "five", "one"), [(3, "1.155", "1.155"), (8, "2.126", "2.274"), (10, "2.290", "2.482")])
def test_critical_grubbs_as_printed_in_iso_5725_2(n, five, one):
    # the standard's 5 % column is one unit off in places: exact 1,1543 and 2,1266 where it prints 1,155 and 2,126
    assert outliers.grubbs_critical(n, 0.05) == pytest.approx(float(five), abs=0.001)
    assert f"{outliers.grubbs_critical(n, 0.01):.3f}" == one


@pytest.mark.parametrize(
    ("p", "n", "five", "one"), [(8, 2, "0.680", "0.794"), (6, 3, "0.616", "0.722"), (3, 2, "0.967", "0.993")]
)
def test_critical_cochran_as_printed_in_iso_5725_2(p, n, five, one):
    assert f"{outliers.cochran_critical(p, n, 0.05):.3f}" == five
    assert f"{outliers.cochran_critical(p, n, 0.01):.3f}" == one


def test_grubbs_finds_the_outlier_and_only_it():
    found = outliers.grubbs([10.1, 10.2, 10.0, 10.1, 14.0, 9.9, 10.2])
    assert (found.index, found.verdict) == (4, "outlier")
    assert outliers.grubbs([10.1, 10.2, 10.0, 10.1, 10.3, 9.9, 10.2]).verdict == "accepted"


def test_grubbs_rejects_good_data_as_rarely_as_it_says():
    rng = np.random.default_rng(6)
    data = rng.normal(size=(4000, 10))
    size = np.abs(data - data.mean(axis=1, keepdims=True)).max(axis=1) / data.std(axis=1, ddof=1)
    assert (size > outliers.grubbs_critical(10, 0.05)).mean() == pytest.approx(0.05, abs=0.011)


def test_mandel_statistics_have_their_defining_moments():
    rng = np.random.default_rng(7)
    groups = rng.normal(5, 1, (9, 4))
    found = outliers.mandel(list(groups))
    assert found.h.mean() == pytest.approx(0, abs=1e-12)
    assert found.h.std(ddof=1) == pytest.approx(1)
    assert (found.k**2).mean() == pytest.approx(1)


def test_youden_tells_random_from_systematic():
    rng = np.random.default_rng(8)
    bias = rng.normal(0, 3, 4000)
    found = outliers.youden(bias + rng.normal(0, 1, 4000), 20 + bias + rng.normal(0, 1, 4000))
    assert found.s_random == pytest.approx(1, rel=0.05)
    assert found.s_systematic == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: outliers.grubbs([1.0, 1.0, 1.0]), "zero_variance"),
        (lambda: outliers.grubbs([1.0, 2.0]), "length"),
        (lambda: outliers.cochran([[1.0, 2.0], [1.0, 2.0, 3.0]]), "shape"),
        (lambda: outliers.cochran([[1.0], [2.0]]), "length"),
        (lambda: outliers.cochran([[1.0, 1.0], [2.0, 2.0]]), "zero_variance"),
        (lambda: outliers.mandel([[1.0, 2.0], [1.0, 2.0]]), "length"),
        (lambda: outliers.mandel([[], [1.0], [2.0]]), "length"),
        (lambda: outliers.youden([1.0, 2.0, 3.0], [1.0, 2.0]), "length"),
    ],
)
def test_what_has_no_answer_is_refused(call, code):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.code == code
