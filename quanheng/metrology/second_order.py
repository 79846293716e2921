"""Terms of the next order in the propagation of uncertainty (JCGM 100:2008, 5.1.2, note).

For independent inputs the note adds to u² the sum over i, j of [½·f_ij² + f_i·f_ijj]·u_i²·u_j². Correlated inputs are
first written as combinations of independent ones of unit variance, in which the same sum holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError
from quanheng.metrology.correlation import factor
from quanheng.metrology.distributions import Estimate
from quanheng.metrology.function_models import FunctionModel
from quanheng.metrology.jets import INDEX, JETS, Jet
from quanheng.metrology.models import Model
from quanheng.metrology.vectors import Floats

MAX_INPUTS = 200


def second_order_terms(
    model: Model | FunctionModel, estimates: Mapping[str, Estimate], correlation: Floats
) -> dict[str, tuple[float, float]]:
    """For each output what the next order adds to u², and the shift ½·Σ f_ii·u_i² of the estimate."""
    directions = _directions(list(estimates.values()), correlation)
    if not directions.shape[1]:
        return {}
    if directions.shape[1] > MAX_INPUTS:
        raise InputError("too_large", f"second order takes at most {MAX_INPUTS} uncertain inputs; use mc", "method")
    count = directions.shape[1]
    first, second = np.triu_indices(count)
    inputs = {}
    for row, (name, estimate) in enumerate(estimates.items()):
        c = np.zeros((10, len(first)))
        c[0] = estimate.value
        c[INDEX[(1, 0)]] = directions[row, first]
        c[INDEX[(0, 1)]] = np.where(first == second, 0.0, directions[row, second])
        inputs[name] = Jet(c)
    answers = {}
    for name, jet in model.evaluate(inputs, JETS).items():
        answers[name] = _terms(np.broadcast_to(jet.c, (10, len(first))), first == second)
        if not all(math.isfinite(part) for part in answers[name]):
            raise InputError("model_undefined", "a derivative of second or third order is not finite", name)
    return answers


def _directions(estimates: list[Estimate], correlation: Floats) -> Floats:
    """Inputs as combinations of independent quantities of unit variance, shape (inputs, directions)."""
    u = np.array([e.u for e in estimates])
    root = factor(correlation) if np.count_nonzero(correlation) > len(u) else np.eye(len(u))
    found: Floats = u[:, None] * root
    return found[:, found.any(axis=0)]


def _terms(c: Floats, same: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Derivatives from the coefficients: f_ij = c11, f_ii = 2·c20, f_ijj = 2·c12, f_iii = 6·c30."""
    diagonal, cross = c[:, same], c[:, ~same]
    slope, bend, third = diagonal[INDEX[(1, 0)]], 2 * diagonal[INDEX[(2, 0)]], 6 * diagonal[INDEX[(3, 0)]]
    own = np.sum(bend**2 / 2 + slope * third)
    # each unordered pair stands for (i, j) and (j, i)
    mixed = np.sum(
        cross[INDEX[(1, 1)]] ** 2
        + cross[INDEX[(1, 0)]] * 2 * cross[INDEX[(1, 2)]]
        + cross[INDEX[(0, 1)]] * 2 * cross[INDEX[(2, 1)]]
    )
    return float(own + mixed), float(np.sum(bend) / 2)
