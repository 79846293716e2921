"""Algorithm A (ISO 13528:2022 C.3.1; ISO 5725-5:1998 6.2), for one round or for all rounds at once.

The standard stops at the third significant figure, which can end some per cent from the fixed point of s*; so the
stopping rule is an argument and part of every result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError
from quanheng.metrology.checks import Floats, finite
from quanheng.metrology.results import Result, recorded

STOPS = ("converged", "third-figure")
_MOST = 1000
_FINE = 1e-13


@dataclass(frozen=True)
class Robust(Result):
    """A robust location and scale: mean x*, sd s*, u(x*) = 1.25 s*/sqrt(n), iterations and the rule that stopped."""

    method: str
    document: str
    mean: float
    sd: float
    u: float
    n: int
    iterations: int
    rule: str


@dataclass(frozen=True)
class Rounds(Result, cites="ISO 13528:2022, C.3.1"):
    """The same for many rounds: arrays (rounds,). `degenerate` marks rounds whose s* is zero; their sd is zero."""

    mean: Floats
    sd: Floats
    u: Floats
    n: npt.NDArray[np.intp]
    iterations: npt.NDArray[np.intp]
    degenerate: npt.NDArray[np.bool_]
    rule: str


@recorded
def algorithm_a(values: Any, *, stop: str = "converged", iterations: int | None = None) -> Robust:
    """x* and s* of one round.

    Parameters
    ----------
    values : array_like (n,)
        At least three results, n > 2.
    stop : {"converged", "third-figure"}
        ``converged``: changes below 1e-13 s*. ``third-figure``: no change in the third significant figure of s* and
        the equivalent figure of x* (ISO 13528).
    iterations : int, optional
        Stop after exactly that many.

    Raises
    ------
    InputError
        ``zero_variance`` where more than half of the results are equal: s* starts at zero and stays there.
    """
    found = finite(values, "values", at_least=1)
    if len(found) < 3:
        raise InputError("length", f"values has {len(found)}; Algorithm A needs at least 3", "values")
    rounds = algorithm_a_rounds(found[None, :], stop=stop, iterations=iterations)
    if rounds.degenerate[0]:
        text = "s* is zero because more than half of the values are equal; use q-hampel or look at the resolution"
        raise InputError("zero_variance", text, "values")
    mean, sd = float(rounds.mean[0]), float(rounds.sd[0])
    steps = int(rounds.iterations[0])
    document = "ISO 13528:2022 C.3.1"
    return Robust("algorithm-a", document, mean, sd, float(rounds.u[0]), len(found), steps, rounds.rule)


@recorded
def algorithm_a_rounds(values: Any, *, stop: str = "converged", iterations: int | None = None) -> Rounds:
    """x* and s* of every row of `values` (rounds, participants); NaN marks who did not report, three must have.

    All rows advance together; a row that has stopped leaves the working set.
    """
    if stop not in STOPS:
        raise InputError("choice", f"stop {stop!r} is not one of {', '.join(STOPS)}", "stop")
    if iterations is not None and not 1 <= iterations <= _MOST:
        raise InputError("range", f"iterations is {iterations}; it must be 1 to {_MOST}", "iterations")
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 2 or not data.size:
        raise InputError("shape", f"values must be rounds x participants, found shape {data.shape}", "values")
    if np.isinf(data).any():
        raise InputError("number", "values holds an infinity; every entry must be finite or NaN", "values")
    there = np.isfinite(data)
    count = there.sum(axis=1)
    if (count < 3).any():
        row = int(np.flatnonzero(count < 3)[0])
        raise InputError("length", f"values[{row}] has {count[row]} results; Algorithm A needs at least 3", "values")
    mean = _medians(data, there)
    sd = 1.483 * _medians(np.abs(data - mean[:, None]), there)
    steps = np.zeros(len(data), dtype=np.intp)
    degenerate = sd == 0
    _iterate(data, there, count, mean, sd, steps, degenerate, stop, iterations)
    rule = _rule(stop, iterations)
    return Rounds(mean, sd, 1.25 * sd / np.sqrt(count), count, steps, degenerate, rule)


def _iterate(
    data: Floats,
    there: npt.NDArray[np.bool_],
    count: npt.NDArray[np.intp],
    mean: Floats,
    sd: Floats,
    steps: npt.NDArray[np.intp],
    degenerate: npt.NDArray[np.bool_],
    stop: str,
    iterations: int | None,
) -> None:
    full = bool(there.all())
    active = np.flatnonzero(~degenerate)
    block = data[active]
    for _ in range(iterations or _MOST):
        if not len(active):
            break
        m, s, n = mean[active], sd[active], count[active]
        cut = np.clip(block, (m - 1.5 * s)[:, None], (m + 1.5 * s)[:, None])
        if full:
            new = cut.mean(axis=1)
            spread = np.einsum("ij,ij->i", cut - new[:, None], cut - new[:, None])
        else:
            held = there[active]
            new = np.where(held, cut, 0.0).sum(axis=1) / n
            spread = np.where(held, (cut - new[:, None]) ** 2, 0.0).sum(axis=1)
        wide = 1.134 * np.sqrt(spread / (n - 1))
        mean[active], sd[active] = new, wide
        steps[active] += 1
        going = np.ones(len(active), bool) if iterations else ~_settled(m, s, new, wide, stop)
        if not going.all():
            active, block = active[going], block[going]


def _settled(m: Floats, s: Floats, new: Floats, wide: Floats, stop: str) -> npt.NDArray[np.bool_]:
    if stop == "converged":
        return np.asarray((np.abs(new - m) <= _FINE * wide) & (np.abs(wide - s) <= _FINE * wide))
    with np.errstate(divide="ignore"):
        step = 10.0 ** (np.floor(np.log10(wide)) - 2)
    return np.asarray((np.rint(new / step) == np.rint(m / step)) & (np.rint(wide / step) == np.rint(s / step)))


def _rule(stop: str, iterations: int | None) -> str:
    if iterations is not None:
        return f"after {iterations} iteration(s)"
    if stop == "converged":
        return f"converged: change of x* and s* below {_FINE:g} s*"
    return "no change in the third significant figure of s* and the equivalent figure of x*"


def _medians(data: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    return np.asarray(np.median(data, axis=1) if there.all() else np.nanmedian(data, axis=1))


@recorded
def simple(values: Any, method: str) -> Robust:
    """Median with a scale: `median-mad` (1.483 MAD), `median-niqr` (0.7413 IQR), or `mean` with the ordinary s."""
    x = finite(values, "values")
    n = len(x)
    if n < 3:
        raise InputError("length", f"values has {n}; {method} needs at least 3", "values")
    if method == "mean":
        centre, sd, factor, document = float(x.mean()), float(x.std(ddof=1)), 1.0, "ISO 13528:2022 C.2"
    elif method == "median-mad":
        centre = float(np.median(x))
        sd, factor, document = 1.483 * float(np.median(np.abs(x - centre))), 1.25, "ISO 13528:2022 C.2.2"
    else:
        low, centre, high = (float(q) for q in np.quantile(x, (0.25, 0.5, 0.75)))
        sd, factor, document = 0.7413 * (high - low), 1.25, "ISO 13528:2022 C.2.3"
    if sd == 0:
        raise InputError("zero_variance", f"the scale of {method} is zero: the values hardly differ", "values")
    return Robust(method, document, centre, sd, factor * sd / math.sqrt(n), n, 0, "closed form")
