"""Conditions and complex numbers in text models, long sums, and runs that reach their limit."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology import monte_carlo
from quanheng.metrology.distributions import Normal
from quanheng.metrology.joint import joint
from quanheng.metrology.models import model_from
from quanheng.metrology.multivariate import smallest_content
from quanheng.metrology.tasks import find


def normal(mean: float, std: float, **more: float) -> dict[str, object]:
    return {"distribution": "normal", "mean": mean, "std": std, **more}


def compute(request: dict[str, object]) -> dict:
    return find("uncertainty").compute(request).to_dict()


def test_each_trial_takes_its_own_branch() -> None:
    y = model_from("Y = sqrt(X) if X > 0 and not X >= 9 else -1").on_arrays({"X": np.array([-4.0, 4.0, 9.0, 0.0])})["Y"]
    assert y.tolist() == [-1.0, 2.0, -1.0, -1.0]
    chain = model_from("Y = 1 if 0 < X < 2 or X == 5 else 0").on_arrays({"X": np.array([-1.0, 1.0, 3.0, 5.0])})["Y"]
    assert chain.tolist() == [0.0, 1.0, 0.0, 1.0]


def test_monte_carlo_of_a_rectified_normal() -> None:
    found = compute(
        {"model": "Y = X if X > 0 else 0*X", "inputs": {"X": normal(0, 1)}, "method": "mc", "trials": 400_000}
    )
    y = found["outputs"]["Y"]
    # E max(X, 0) = 1/√(2π), variance 1/2 − 1/(2π); the tolerance is four standard deviations of the mean
    assert y["value"] == pytest.approx(1 / math.sqrt(2 * math.pi), abs=4 * 0.584 / math.sqrt(400_000))
    assert y["u"] == pytest.approx(math.sqrt(0.5 - 0.5 / math.pi), rel=0.01)


@pytest.mark.parametrize("text", ["Y = X > 0", "Y = 'a'"])
def test_an_output_that_is_no_number_is_refused(text: str) -> None:
    inputs = {"X": normal(0, 1)} if "X" in text else {}
    for method in ("gum", "mc", "auto"):
        with pytest.raises(InputError):
            compute({"model": text, "inputs": inputs, "method": method})


H2 = find("uncertainty").examples["gum-h2"]


def test_gum_h2_as_one_complex_output() -> None:
    # GUM H.2, table H.4: R = 127.732, u 0.071; X = 219.847, u 0.295; r(R, X) = −0.588 from rounded correlations
    complex_model = compute({**H2, "model": "Z = V/I*exp(complex(0, 1)*phi)"})
    pair = compute({**H2, "model": "R = V/I*cos(phi); X = V/I*sin(phi)"})
    assert list(complex_model["outputs"]) == ["Z.real", "Z.imag"]
    assert np.allclose(complex_model["covariance"], pair["covariance"], rtol=1e-12)
    assert complex_model["outputs"]["Z.real"]["texts"]["value"] == "127.73"
    trials = compute({**H2, "model": "Z = V/I*exp(complex(0, 1)*phi)", "method": "mc", "trials": 100_000})
    assert trials["outputs"]["Z.imag"]["u"] == pytest.approx(pair["outputs"]["X"]["u"], rel=0.02)


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("abs(complex(a, b))", "sqrt(a**2 + b**2)"),
        ("angle(complex(a, b))", "arctan2(b, a)"),
        ("real(complex(a, b)**3)", "a**3 - 3*a*b**2"),
        ("imag(conj(complex(a, b))*complex(b, a))", "a**2 - b**2"),
        ("real(log(complex(a, b)))", "log(sqrt(a**2 + b**2))"),
        ("imag(1/complex(a, b))", "-b/(a**2 + b**2)"),
        ("real(sqrt(complex(a, 0)*complex(a, 0)))", "a"),
    ],
)
def test_complex_arithmetic_agrees_with_the_real_formula(text: str, real: str) -> None:
    at = {"a": 1.3, "b": 0.7}
    (value, slopes), (expected, gradient) = (model_from(t + "+ 0*a*b").gradients(at)["Y"] for t in (text, real))
    assert value == pytest.approx(expected, rel=1e-14)
    assert slopes == pytest.approx(gradient, rel=1e-12, abs=1e-14)
    many = {n: np.full(3, v) for n, v in at.items()}
    assert model_from(text).on_arrays(many)["Y"] == pytest.approx([expected] * 3)


def test_complex_numbers_have_no_order() -> None:
    for text in ("Y = max(complex(a, 1), 2)", "Y = 1 if complex(a, 1) > 2 else 0*a"):
        with pytest.raises(InputError):
            model_from(text).gradients({"a": 1.0})
    with pytest.raises(InputError):
        model_from("Y = max(complex(a, 1), 2)").on_arrays({"a": np.ones(2)})


def test_a_sum_of_a_hundred_inputs() -> None:
    names = [f"X{i}" for i in range(100)]
    found = compute({"model": "Y = " + "+".join(names), "inputs": {n: normal(1, 0.1) for n in names}, "method": "gum"})
    assert found["outputs"]["Y"]["u"] == pytest.approx(1.0, rel=1e-12)


def test_a_run_that_ends_stable_to_its_digits_is_answered_and_one_that_does_not_is_refused() -> None:
    # u = 0.99 asks for endpoints to 0.001, which is thirty million trials; they are stable to 0.005 long before
    draw, evaluate = joint({"X": Normal(0.0, 0.99)}, ()).draw, model_from("Y = X").on_arrays
    found = monte_carlo.run(draw, evaluate, seed=1, limit=1_500_000)
    assert found.coarse
    assert found.count == 1_500_000
    with pytest.raises(InputError, match="not stable"):
        monte_carlo.run(draw, evaluate, seed=1, limit=100_000)


def test_a_pole_is_refused_before_the_limit() -> None:
    with pytest.raises(InputError) as refused:
        compute({"model": "Y = 1/X", "inputs": {"X": normal(0, 1)}, "method": "mc"})
    assert refused.value.code == "heavy_tails"


def test_the_smallest_region_of_three_normal_outputs_is_their_ellipsoid() -> None:
    y = np.random.default_rng(3).normal(size=(3, 1_000_000)) * np.array([[1.0], [2.0], [0.5]])
    k = 2.7955  # χ² of three degrees of freedom at 95 %, JCGM 102 table 1
    ellipsoid = 4 / 3 * math.pi * k**3 * 1.0 * 2.0 * 0.5
    # cells of the mesh that hold few trials: within 6 %
    assert smallest_content(y, 0.95) == pytest.approx(ellipsoid, rel=0.06)


SHELL = {
    "observations": ({"values": ["10.1", "10.2", "9.9", "10.0", "10.3"]}, 10.1, math.sqrt(0.025 / 5)),
    "arcsine": ({"low": -0.5, "high": 0.5}, 0.0, 0.5 / math.sqrt(2)),
    "curvilinear-trapezoidal": ({"low": -1, "high": 1, "d": 0.1}, 0.0, math.sqrt(1 / 3 + 0.01 / 9)),
    "specification": ({"value": 0, "at": "V", "relative": 0.01, "of_range": 0.0005, "range": 20}, 0.0, 0.11 / math.sqrt(3)),
    "sampled": ({"values": [1, 2, 3, 4]}, 2.5, math.sqrt(5 / 3)),
    "curve": ({"x": [0, 1, 2], "density": [0, 1, 0]}, 1.0, math.sqrt(1 / 6)),
    "poisson": ({"count": 8}, 9.0, 3.0),
    "binomial": ({"successes": 3, "trials": 8}, 0.4, math.sqrt(4 * 6 / 100 / 11)),
    "gamma": ({"shape": 4, "scale": 0.5}, 2.0, 1.0),
    "exponential": ({"mean": 2}, 2.0, 2.0),
    "triangular": ({"low": -1, "high": 1}, 0.0, 1 / math.sqrt(6)),
    "trapezoidal": ({"low": -1, "high": 1, "beta": 0.5}, 0.0, math.sqrt(1.25 / 6)),
    "t": ({"loc": 5, "scale": 2, "dof": 10}, 5.0, 2.0),  # the GUM takes s with its degrees of freedom
}  # fmt: skip


@pytest.mark.parametrize("name", SHELL)
def test_every_kind_of_input_is_reached_from_the_shell(name, tmp_path, capsys) -> None:
    from quanheng.cli.main import main

    parameters, value, u = SHELL[name]
    request = {
        "model": "Y = X + 0*V", "inputs": {"X": {"distribution": name, **parameters}, "V": normal(10, 0)}, "method": "gum",
    }  # fmt: skip
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    assert main(["compute", "uncertainty", str(file), "--json"]) == 0
    y = json.loads(capsys.readouterr().out)["outputs"]["Y"]
    assert (y["value"], y["u"]) == pytest.approx((value, u), rel=1e-9, abs=1e-12)


def test_no_warning_of_numpy_reaches_the_shell(tmp_path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"model": "Y = X*1e300*1e300", "inputs": {"X": normal(1, 1)}}), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "quanheng.cli", "compute", "uncertainty", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
