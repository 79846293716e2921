"""Tasks `certified-value` and `quantity`: reference materials of laboratories or one method; units, rounding, text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quanheng.errors import InputError
from quanheng.metrology.reference_material.certified import one_method
from quanheng.metrology.tasks import find

LABS = find("certified-value").examples["laboratories"]


def certified(**changes: object) -> dict[str, object]:
    return find("certified-value").compute({**LABS, **changes}).to_dict()


def test_laboratories_give_the_mean_of_means_and_its_standard_deviation() -> None:
    found = certified()
    means = [np.mean(r) for r in LABS["results"]]
    assert found["value"] == pytest.approx(np.mean(means))
    assert found["u_char"] == pytest.approx(np.std(means, ddof=1) / math.sqrt(5))
    assert found["u"] == pytest.approx(math.hypot(float(str(found["u_char"])), 0.012, 0.02))
    assert sum(row["share"] for row in found["budget"]) == pytest.approx(1)  # type: ignore[attr-defined]


def test_one_method_adds_what_all_its_results_share() -> None:
    found = one_method([1.0, 1.2, 1.1, 1.3], {"calibrant": 0.05, "bias": 0.02})
    s = math.sqrt(0.05 / 3)  # squares about 1.15: 0.0225 + 0.0025 + 0.0025 + 0.0225
    assert (found.value, found.u) == (pytest.approx(1.15), pytest.approx(math.hypot(s / 2, 0.05, 0.02)))


def test_one_method_covers_the_truth_as_often_as_it_says() -> None:
    rng, inside = np.random.default_rng(4), 0
    for _ in range(2000):
        found = one_method(10 + rng.normal(0, 0.03) + rng.normal(0, 0.05, 20), {"calibrant": 0.03})
        inside += abs(found.value - 10) <= 2 * found.u
    assert 0.93 < inside / 2000 < 0.97


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"results": []}, "numbers", "results"),
        ({"results": [[1], []]}, "length", "results[1]"),
        ({"results": [[1, 2]]}, "length", "results"),
        ({"method": "weighted-mean"}, "missing", "u"),
        ({"method": "weighted-mean", "u": [1, 1, 1, 1, -1]}, "range", "u"),
        ({"method": "one-method"}, "length", "results"),
        ({"method": "one-method", "results": [[1, 2, 3]], "names": ["A"]}, "missing", "systematic"),
        (
            {"method": "one-method", "results": [[1, 1]], "names": ["A"], "systematic": {"c": 1}},
            "zero_variance",
            "results",
        ),
        ({"components": {"bb": -1}}, "range", "components.bb"),
        ({"components": [1]}, "request", "components"),
        ({"k": 0}, "range", "k"),
    ],
)
def test_what_certifies_nothing_is_refused(changes: dict[str, object], code: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        certified(**{"names": None, **changes})
    assert (caught.value.code, caught.value.place) == (code, place)


def quantity(**request: object) -> dict[str, object]:
    return find("quantity").compute(request).to_dict()


@pytest.mark.parametrize(
    ("request_", "en"),
    [
        ({"value": "20.0147", "unit": "Cel", "U": "0.032", "to": "K"}, "(293.165 ± 0.032) K, k = 2"),
        ({"value": 1.25, "unit": "kW.h", "u": 0.0042, "to": r"\mega\joule"}, "(4.500 ± 0.031) MJ, k = 2"),
        ({"value": 100.02147, "unit": "g", "U": 0.00079, "digits": 1}, "(100.0215 ± 0.0008) g, k = 2"),
        ({"value": 10.2503, "unit": "mm", "step": "0.05"}, "10.25 mm"),
        ({"value": 60.25, "unit": "g", "step": "0.5"}, "60.0 g"),  # GB/T 8170, 3.3.1: to half a unit
        ({"value": 5, "unit": "km/h", "to": "m/s", "step": "0.01"}, "1.39 m/s"),
    ],
)
def test_a_result_is_converted_rounded_and_written(request_: dict[str, object], en: str) -> None:
    assert quantity(**request_)["written"]["en"] == en  # type: ignore[index]


def test_the_fields_of_a_dcc_come_with_it_and_illegal_units_are_said() -> None:
    found = quantity(value=1.5, unit="bar", U=0.012, k=2)
    assert found["dcc"] == {"value": "1.500", "unit": r"\bar", "valueExpandedMU": "0.012", "coverageFactor": "2"}
    assert "no legal unit" in found["warnings"][0]  # type: ignore[index]
    assert quantity(value=1.5, unit="Pa", U=0.012)["warnings"] == []


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"value": 1, "unit": "xyz"}, "unit"),
        ({"value": 1, "unit": "kg", "to": "m"}, ""),
        ({"value": 1, "unit": "kg", "u": -1}, "u"),
        ({"value": 1, "unit": "kg", "u": 1, "U": 2}, "u"),
        ({"value": 1, "unit": "kg", "u": 1, "step": 1}, "step"),
        ({"value": "NaN", "unit": "kg"}, "value"),
        ({"value": 1, "unit": ""}, "unit"),
        ({"value": 1, "unit": "kg", "digits": 3}, "digits"),
    ],
)
def test_what_is_no_quantity_is_refused(request_: dict[str, object], place: str) -> None:
    with pytest.raises(InputError) as caught:
        quantity(**request_)
    assert caught.value.place.startswith(place)


def test_a_quantity_beyond_double_precision_is_refused() -> None:
    task = find("quantity")
    with pytest.raises(InputError, match="double precision"):
        task.compute({**task.examples["celsius"], "value": "1e308"})
