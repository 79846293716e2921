"""Homogeneity: NIST's certified analyses of variance, eCerto's example material, floors and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.reference_material.homogeneity import anova, homogeneity

# NIST StRD, SiRstv: resistivity of silicon wafers, five instruments
SIRSTV = [
    [196.3052, 196.1240, 196.1890, 196.2569, 196.3403],
    [196.3042, 196.3825, 196.1669, 196.3257, 196.0422],
    [196.1303, 196.2005, 196.2889, 196.0343, 196.1811],
    [196.2795, 196.1748, 196.1494, 196.1485, 195.9885],
    [196.2119, 196.1051, 196.1850, 196.0052, 196.2090],
]
# NIST StRD, AtmWtAg: atomic weight of silver less 107.868, in 1e-7
SILVER = [
    [
        1568,
        1465,
        1572,
        1785,
        1446,
        1903,
        1526,
        1494,
        1616,
        1587,
        1519,
        1486,
        1419,
        1569,
        1508,
        1672,
        1385,
        1518,
        1662,
        1424,
        1360,
        1333,
        1610,
        1477,
    ],
    [
        1079,
        1344,
        1513,
        1197,
        1604,
        1385,
        1642,
        1365,
        1151,
        1082,
        1517,
        1448,
        1198,
        1482,
        1334,
        1609,
        1101,
        1512,
        1469,
        1360,
        1254,
        1261,
        1450,
        1368,
    ],
]
# eCerto (J. Lisec, BAM), CRM001
CRM_X = [
    [0.0022, 0.0044, 0.0075, 0.0064, 0.0040, 0.0032],
    [0.0073, 0.0039, 0.0049, 0.0051, 0.0077, 0.0079],
    [0.0059, 0.0040, 0.0032, 0.0028, 0.0039, 0.0030],
]
CRM_Z = [
    [1.234, 1.285, 1.255],
    [1.255, 1.265, 1.265],
    [1.255, 1.285, 1.234],
    [1.228, 1.198, 1.228],
    [1.208, 1.228, 1.198],
    [1.198, 1.208, 1.218],
]


def digits(value, certified):
    """Correct significant digits."""
    return 16.0 if value == certified else -math.log10(abs(value - certified) / abs(certified))


def simon_lesage(replicates, base):
    """SmLs01 to SmLs09: nine treatments, `replicates` odd, readings alternate around base + 0.4 … (NIST StRD)."""
    centres = [0.4, 0.3, 0.2, 0.5, 0.4, 0.3, 0.2, 0.4, 0.5]
    offsets = [0.1, -0.1]
    return [
        [base + c, *(base + c + offsets[(i + 1) % 2] for i in range(replicates - 1))]
        for c in [1.0 + x - 1.0 for x in centres]
    ]


def test_nist_strd_silicon_resistivity():
    found = anova(SIRSTV)
    assert digits(found.f, 1.18046237440255) > 12.5
    assert digits(found.ss_between, 5.11462616000000e-2) > 12.5
    assert digits(found.ss_within, 2.16636560000000e-1) > 12.5
    assert digits(found.r_squared, 1.90999039051129e-1) > 12.5


def test_nist_strd_atomic_weight_of_silver():
    # readings carry nine constant digits: as binary floats they are known to some 9 digits of what varies
    found = anova([[107.868 + v * 1e-7 for v in group] for group in SILVER])
    assert digits(found.f, 1.59467335677930e1) > 8.5
    assert digits(anova(SILVER).f, 1.59467335677930e1) > 14


@pytest.mark.parametrize(("base", "least"), [(1.0, 13), (1e6, 8.5), (1e12, 2)])
def test_leading_digits_cost_no_more_than_the_readings_already_lost(base, least):
    plain = anova(simon_lesage(21, 0.0)).f
    assert digits(anova(simon_lesage(21, base)).f, plain) > least


def test_ecerto_crm001_as_printed():
    # eCerto 0.8, table H1: s_bb and s_bb,min relative to the mean
    z, x = homogeneity(CRM_Z), homogeneity(CRM_X)
    assert f"{z.anova.ms_between:.6f}" == "0.002006"
    assert f"{z.anova.ms_within:.6f}" == "0.000330"
    assert f"{z.anova.p:.6f}" == "0.004983"
    assert f"{z.s_bb / z.anova.mean:.6f}" == "0.019124"
    assert f"{z.u_bb_min / z.anova.mean:.6f}" == "0.005423"
    assert f"{x.s_bb / x.anova.mean:.6f}" == "0.200886"
    assert f"{x.u_bb_min / x.anova.mean:.6f}" == "0.083828"
    assert f"{x.anova.p:.6f}" == "0.074835"
    assert not z.homogeneous
    assert x.homogeneous


def test_repeatability_sets_a_floor_where_units_seem_equal():
    found = homogeneity([[10.0, 10.2], [10.2, 10.0], [10.1, 10.1]])
    assert found.s_bb == 0
    assert found.u_bb == found.u_bb_min > 0
    assert found.rule.startswith("floor")


def test_unbalanced_units_use_the_effective_number():
    found = anova([[1.0, 2.0], [3.0, 4.0, 5.0], [6.0]])
    assert found.n0 == pytest.approx((6 - (4 + 9 + 1) / 6) / 2)


def test_between_unit_variance_is_found_on_average():
    rng = np.random.default_rng(10)
    variances = []
    for _ in range(600):
        groups = rng.normal(0, 0.5, (12, 1)) + rng.normal(0, 1, (12, 3))
        a = anova(list(groups))
        variances.append((a.ms_between - a.ms_within) / a.n0)
    assert np.mean(variances) == pytest.approx(0.25, abs=0.04)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(-50, 50), min_size=2, max_size=4), min_size=2, max_size=5),
    st.floats(0.001, 1000),
    st.integers(-1000, 1000),
)
def test_f_knows_neither_unit_nor_zero(groups, factor, shift):
    if len({v for g in groups for v in g}) < 3:
        return
    plain, moved = anova(groups), anova([[factor * (v + shift) for v in g] for g in groups])
    if plain.ss_within == 0:
        return
    assert moved.f == pytest.approx(plain.f, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        ([[1.0, 2.0]], "length"),
        ([[1.0], [2.0]], "length"),
        ([[1.0, 2.0], []], "length"),
        ([[1.0, 2.0], [1.0, float("nan")]], "number"),
        ([[1.0, 1.0], [1.0, 1.0]], "zero_variance"),
    ],
)
def test_what_has_no_answer_is_refused(groups, code):
    with pytest.raises(InputError) as caught:
        homogeneity(groups)
    assert caught.value.code == code


def test_adequacy_for_a_proficiency_test_follows_iso_13528():
    groups = [[10.0, 10.1], [10.2, 10.1], [10.1, 10.3]]
    assert homogeneity(groups, sigma=1.0).adequate
    assert not homogeneity(CRM_Z, sigma=0.01).adequate
    with pytest.raises(InputError, match="s_r is 0"):
        homogeneity(groups, s_r=0.0)
