"""First-order GUM against the digits printed in JCGM 100:2008."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.metrology.distributions import (
    Arcsine,
    Constant,
    Normal,
    Observations,
    Rectangular,
    StudentT,
    Trapezoidal,
    Triangular,
    distribution_from,
)
from quanheng.metrology.uncertainty import coverage_factor, propagate


def gauge_block() -> dict[str, Normal | Rectangular | Arcsine]:
    """GUM H.1, end-gauge calibration, lengths in nm."""
    return {
        "ls": Normal(50_000_623, 25, dof=18),
        "d": Normal(215, 5.8, dof=24),
        "d1": Normal(0, 3.9, dof=5),
        "d2": Normal(0, 6.7, dof=8),
        "alpha_s": Rectangular(9.5e-6, 13.5e-6),
        "theta": Normal(-0.1, 0.2),
        "delta": Arcsine(-0.5, 0.5),
        "d_alpha": Rectangular(-1e-6, 1e-6, dof=50),
        "d_theta": Rectangular(-0.05, 0.05, dof=2),
    }


def test_gum_h1_end_gauge_gives_the_printed_digits() -> None:
    result = propagate(
        "ls + d + d1 + d2 - ls*(d_alpha*(theta + delta) + alpha_s*d_theta)", gauge_block(), coverage=0.99
    )
    parts = {line.input: line.contribution for line in result.budget}
    assert result.value == 50_000_838
    assert round(result.u) == 32
    assert math.floor(result.dof or 0) == 16
    assert round(result.k, 2) == 2.92
    assert math.ceil(result.U) == 93
    assert round(parts["d_alpha"], 1) == 2.9
    assert round(parts["d_theta"], 1) == 16.6
    assert math.hypot(parts["d"], parts["d1"], parts["d2"]) == pytest.approx(9.7, abs=0.05)
    assert sum(line.share for line in result.budget) == pytest.approx(1)


H2 = {"V": Normal(4.9990, 0.0032), "I": Normal(19.661e-3, 0.0095e-3), "phi": Normal(1.04446, 0.00075)}
R2 = [("V", "I", -0.36), ("V", "phi", 0.86), ("I", "phi", -0.65)]


@pytest.mark.parametrize(
    ("model", "value", "u", "within"),
    [
        ("V/I*cos(phi)", 127.732, 0.071, 0.0015),
        ("V/I*sin(phi)", 219.847, 0.295, 0.002),
        ("V/I", 254.260, 0.236, 0.0015),
    ],
)
def test_gum_h2_correlated_inputs_give_the_printed_digits(model: str, value: float, u: float, within: float) -> None:
    inputs = {name: H2[name] for name in ("V", "I", "phi") if name in model}
    pairs = [pair for pair in R2 if pair[0] in inputs and pair[1] in inputs]
    result = propagate(model, inputs, correlations=pairs, k=2)
    assert result.value == pytest.approx(value, abs=0.01)
    assert result.u == pytest.approx(u, abs=within)


def test_gum_g41_example_effective_degrees_of_freedom_are_19() -> None:
    inputs = {"x1": Normal(1, 0.0025, dof=9), "x2": Normal(1, 0.0057, dof=4), "x3": Normal(1, 0.0082, dof=14)}
    result = propagate("x1*x2*x3", inputs, coverage=0.95)
    assert round(100 * result.u, 2) == 1.03
    assert round(result.dof or 0, 1) == 19.0


def test_gum_522_ten_resistors_add_linearly_where_correlated_and_in_quadrature_where_not() -> None:
    inputs = {f"r{i}": Normal(1000, 0.1) for i in range(10)}
    pairs = [(a, b, 1.0) for a, b in itertools.combinations(inputs, 2)]
    model = " + ".join(inputs)
    assert propagate(model, inputs, correlations=pairs, k=2).u == pytest.approx(1.0)
    assert round(propagate(model, inputs, k=2).u, 2) == 0.32


@pytest.mark.parametrize(
    ("dof", "p", "t"),
    [(1, 0.95, 12.71), (2, 0.99, 9.92), (5, 0.95, 2.57), (16, 0.99, 2.92), (20, 0.9545, 2.13),
     (50, 0.95, 2.01), (math.inf, 0.95, 1.96)],
)  # fmt: skip
def test_gum_table_g2_coverage_factors(dof: float, p: float, t: float) -> None:
    assert round(coverage_factor(dof, p), 2) == t


@pytest.mark.parametrize(
    ("distribution", "u"),
    [
        (Rectangular(16.40, 16.92), 0.15),  # GUM 4.3.7
        (Rectangular(96, 104), 2.3),  # GUM 4.4.5
        (Triangular(96, 104), 1.6),  # GUM 4.4.6
        (Arcsine(-0.5, 0.5), 0.35),  # GUM H.1.3.4
        (Trapezoidal(-1, 1, 1), 0.58),
        (Trapezoidal(-1, 1, 0), 0.41),
        (Constant(3), 0.0),
        (StudentT(0, 25, dof=18), 25.0),
    ],
)
def test_distributions_have_the_printed_standard_uncertainty(distribution: object, u: float) -> None:
    digits = 1 if u > 1 else 2
    assert round(distribution.estimate().u, digits) == u  # type: ignore[attr-defined]


def test_gum_445_observations_give_mean_and_standard_deviation_of_the_mean() -> None:
    values = (
        96.90, 98.18, 98.25, 98.61, 99.03, 99.49, 99.56, 99.74,
        99.89, 100.07, 100.33, 100.42, 100.68, 100.95, 101.11, 101.20,
        101.57, 101.84, 102.36, 102.72,
    )  # fmt: skip
    estimate = Observations(values).estimate()
    assert estimate.value == pytest.approx(100.145)  # printed as 100.14
    assert round(estimate.u, 2) == 0.33
    assert estimate.dof == 19


VALUES = st.floats(min_value=0.5, max_value=50)


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=3), st.permutations(["a", "b", "c"]))
def test_the_order_of_inputs_does_not_matter(data: list[tuple[float, float]], order: list[str]) -> None:
    # at most 10 % of the value: a wider divisor has a pole among its values
    inputs = {name: Normal(m, 0.002 * s * m, dof=5) for name, (m, s) in zip("abc", data, strict=True)}
    first = propagate("a*b/c", inputs)
    second = propagate("a*b/c", {name: inputs[name] for name in order})
    assert second.u == pytest.approx(first.u, rel=1e-12)
    assert second.dof == pytest.approx(first.dof, rel=1e-9)


@settings(deadline=None)
@given(VALUES, VALUES, st.floats(min_value=1e-3, max_value=1e3))
def test_a_change_of_unit_scales_value_and_uncertainty_alike(a: float, b: float, scale: float) -> None:
    plain = propagate("a + 2*b", {"a": Normal(a, 0.1), "b": Normal(b, 0.2)}, k=2)
    scaled = propagate("a + 2*b", {"a": Normal(a * scale, 0.1 * scale), "b": Normal(b * scale, 0.2 * scale)}, k=2)
    assert scaled.value == pytest.approx(plain.value * scale)
    assert pytest.approx(plain.U * scale) == scaled.U


def test_correlated_inputs_of_finite_dof_are_refused_without_a_given_k() -> None:
    inputs = {"a": Normal(1, 0.1, dof=4), "b": Normal(1, 0.1, dof=4)}
    with pytest.raises(InputError) as caught:
        propagate("a + b", inputs, correlations=[("a", "b", 0.5)])
    assert caught.value.code == "dof_correlated"
    assert propagate("a + b", inputs, correlations=[("a", "b", 0.5)], k=2).dof is None


def test_a_first_order_that_vanishes_is_said_aloud() -> None:
    assert propagate("a**2", {"a": Normal(0, 0.1)}, k=2).warnings


@pytest.mark.parametrize(
    "data",
    [
        {}, {"distribution": "cauchy"}, {"distribution": "normal", "mean": 1},
        {"distribution": "normal", "mean": 1, "std": -1},
        {"distribution": "normal", "mean": "x", "std": 1}, {"distribution": "normal", "mean": 1, "std": 1, "extra": 1},
        {"distribution": "rectangular", "low": 2, "high": 1}, {"distribution": "observations", "values": [1]},
        {"distribution": "observations", "values": 3}, {"distribution": "t", "loc": 0, "dof": 2, "std": 1},
        {"distribution": "t", "loc": 0, "dof": 5}, {"distribution": "normal", "mean": float("nan"), "std": 1},
        {"distribution": "normal", "mean": True, "std": 1},
        {"distribution": "trapezoidal", "low": 0, "high": 1, "beta": 2},
        {"distribution": "normal", "mean": 1, "std": 1, "dof": 0},
    ],
)  # fmt: skip
def test_a_distribution_that_makes_no_sense_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InputError):
        distribution_from(data).estimate()


def test_a_t_distribution_given_by_its_standard_deviation_has_the_smaller_scale() -> None:
    by_std = distribution_from({"distribution": "t", "loc": "0", "std": "1", "dof": 4}).estimate()
    assert by_std.u == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize(
    "pairs", [[("a", "c", 0.1)], [("a", "a", 0.1)], [("a", "b", 1.1)], [("a", "b", 0.1), ("b", "a", 0.1)]]
)
def test_correlations_are_checked(pairs: list[tuple[str, str, float]]) -> None:
    with pytest.raises(InputError):
        propagate("a + b", {"a": Normal(1, 1), "b": Normal(1, 1)}, correlations=pairs, k=2)
