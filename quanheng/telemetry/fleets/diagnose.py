"""From the figures of a fit to a cause: is the area fit to be judged, and if not, what is wrong with it?

The bars come from simulated areas with one fault each (docs/fleets-benchmark.md), half of them kept back for checking.
None lies below what chance brings a sound area over with probability LEVEL, shared out over the tests.
"""

from __future__ import annotations

import math
from typing import Any

from quanheng.metrology import quantiles
from quanheng.metrology.energy_balance import Criticism

LAG = 0.22  # autocorrelation of residuals above which something is missing from the model
CLOCK, CLOCK_MOST = 2.8, 60.0
HEAVY_TAIL = 2.5
CHANGE, CHANGE_MOST = 3.5, 28.0
MOST_WRONG = 0.1  # no fleet is that bad: look at the model first
NORMAL_SIGMA = 0.0013
FILLED = 0.004
LEVEL = 1e-3  # chance that a sound area is called unfit by any of the tests
_TESTS, _BREAKS = 6, 3
FEW = 50  # meters below which loads that move within the interval leave heavy tails in a sound area
IMMATERIAL = 0.3  # of the limit: errors that change by less do not decide about a meter, they widen its interval
_THEFT_STEP, _THEFT_DAYS = 0.07, 18.5
_BYPASS, _BYPASS_SIGMAS = 0.35, 40.0  # step of one meter's error that a bypass leaves, alone and in units of σ
_BYPASS_SCORE = 12.0  # mean score of such a change
_ALWAYS = 1.15  # noise of the quietest days over the normal one, from which something is missing every day
_WHITE = 0.1  # imputed gaps leave no memory in the residuals


def diagnose(
    figures: Criticism, *, filled: float, located: bool, rows: int, meters: int, limit: float, wrong: int = 0,
) -> list[dict[str, Any]]:  # fmt: skip
    """Suspected causes with their evidence (1 is the bar), strongest first; empty where the model holds.

    filled : share of readings that are copies; located : the fit has losses by location; wrong : how many of the meters
    the fit would call wrong
    """
    found: dict[str, float] = {}
    chance = LEVEL / _TESTS
    noisy = figures.sigma / NORMAL_SIGMA

    def say(cause: str, strength: float) -> None:
        found[cause] = max(found.get(cause, 0.0), strength)

    if filled > FILLED:
        say("imputation", 3 + filled / FILLED)
    clock = max(
        figures.clock / max(CLOCK, _mean_score(chance, figures.clock_independent)), figures.clock_most / CLOCK_MOST
    )
    correlated = figures.lag1 / max(LAG, quantiles.normal_isf(chance) / math.sqrt(max(rows, 1)))
    if clock > 1 and correlated < 1.6:
        say("clock_skew", 1.5 * clock)
    tail = figures.kurtosis / (HEAVY_TAIL * max(1.0, FEW / max(meters, 1)) ** 1.5)
    bypass = _bypass(figures)
    bursts, always = (
        max(bypass, figures.day_contrast / _THEFT_DAYS),
        noisy > 1.6 and figures.quiet > _ALWAYS * NORMAL_SIGMA,
    )
    if tail > 1 and noisy > 1.3 and correlated < 1:
        if located:
            say("location_loss", tail)
        elif figures.lag1 < _WHITE:
            say("imputation", tail)
        else:
            say("theft" if bursts > 1 else "unlisted_consumer", min(tail, 3.0))
    change = max(
        figures.change / max(CHANGE, _mean_score(chance / _BREAKS, figures.independent)),
        figures.change_most / max(CHANGE_MOST, quantiles.chi2_isf(chance / (_BREAKS * max(meters, 1)), 1)),
    )
    if change > 1 and figures.step > IMMATERIAL * limit:
        theft = figures.step > _THEFT_STEP and (bypass > 1 or not always)
        say("theft" if theft else "non_stationary", change if theft or noisy < 1.6 else min(change / 3, 1.1))
    if correlated > 1:
        if figures.dip_by_day > 0.8 and figures.skew < -0.3:
            say("pv_backfeed", correlated)
        elif bursts > 1 and figures.skew > 0 and noisy > 1:
            say("theft", correlated * min(bursts, 2.0))
        elif noisy > 1:
            say("unlisted_consumer", correlated)
        else:
            say("model_misfit", correlated)
    if not found and quantiles.binomial_sf(wrong - 1, meters, MOST_WRONG) < chance:
        say("model_misfit", wrong / (MOST_WRONG * meters))
    return [
        {"cause": cause, "evidence": round(strength, 3)}
        for cause, strength in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        if strength > 1
    ]


def _bypass(figures: Criticism) -> float:
    """How far one meter stands out by a step of its error, 1 is the bar: who is bypassed from a day on does, who is not
    listed moves many meters a little. What neither this nor loud days tell is laid to nobody on the list.
    """
    far = figures.step / _BYPASS * math.sqrt(figures.step / max(figures.sigma, 1e-9) / _BYPASS_SIGMAS)
    return far * min(1.0, figures.change / _BYPASS_SCORE)


def _mean_score(chance: float, independent: float) -> float:
    """What the mean of so many independent squared normal scores exceeds with this probability."""
    return quantiles.chi2_isf(chance, independent) / independent
