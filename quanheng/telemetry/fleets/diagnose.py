"""From the figures of a fit to a cause: is the area fit to be judged, and if not, what is wrong with it?

The bars come from simulated areas with one fault each (docs/fleets-benchmark.md), half of them kept back for checking.
"""

from __future__ import annotations

from typing import Any

from quanheng.metrology.energy_balance import Criticism

LAG = 0.22  # autocorrelation of residuals above which something is missing from the model
CLOCK, CLOCK_MOST = 2.8, 60.0
HEAVY_TAIL = 2.5
CHANGE, CHANGE_MOST = 3.5, 28.0
LOCATION_GAIN = 500.0  # log evidence for losses by location where feeders are unknown
MOST_WRONG = 0.1  # no fleet is that bad: look at the model first
NORMAL_SIGMA = 0.0013
FILLED = 0.004
_THEFT_STEP, _THEFT_TAIL, _THEFT_DAYS = 0.07, 6.0, 30.0
_WHITE = 0.1  # imputed gaps leave no memory in the residuals


def diagnose(
    figures: Criticism, *, filled: float, located: bool, location_gain: float = 0.0, wrong: float = 0.0
) -> list[dict[str, Any]]:
    """Suspected causes with their evidence (1 is the bar), strongest first; empty where the model holds.

    filled : share of readings that are copies; located : the fit has loss slopes; location_gain : log evidence for
    them; wrong : share of meters that the fit would call wrong
    """
    found: dict[str, float] = {}
    noisy = figures.sigma / NORMAL_SIGMA

    def say(cause: str, strength: float) -> None:
        found[cause] = max(found.get(cause, 0.0), strength)

    if filled > FILLED:
        say("imputation", 3 + filled / FILLED)
    clock = max(figures.clock / CLOCK, figures.clock_most / CLOCK_MOST)
    correlated = figures.lag1 / LAG
    if clock > 1 and correlated < 1.6:
        say("clock_skew", 1.5 * clock)
    tail = figures.kurtosis / HEAVY_TAIL
    if tail > 1 and noisy > 1.3 and correlated < 1:
        if located:
            say("location_loss", tail)
        elif figures.lag1 < _WHITE:
            say("imputation", tail)
        else:
            say("theft" if figures.kurtosis > 2 * _THEFT_TAIL else "unlisted_consumer", min(tail, 3.0))
    change = max(figures.change / CHANGE, figures.change_most / CHANGE_MOST)
    if change > 1:
        theft = figures.step > _THEFT_STEP
        say("theft" if theft else "non_stationary", change if theft or noisy < 1.6 else change / 3)
    if correlated > 1:
        bursts = max(figures.kurtosis / _THEFT_TAIL, figures.day_contrast / _THEFT_DAYS)
        if figures.dip_by_day > 0.8 and figures.skew < -0.3:
            say("pv_backfeed", correlated)
        elif bursts > 1 and figures.skew > 0:
            say("theft", correlated * min(bursts, 2.0))
        elif noisy > 1:
            say("unlisted_consumer", correlated)
        else:
            say("model_misfit", correlated)
    if location_gain > LOCATION_GAIN:
        say("location_loss", min(location_gain / LOCATION_GAIN, 1.5) if found else location_gain / LOCATION_GAIN)
    if wrong > MOST_WRONG and not found:
        say("model_misfit", wrong / MOST_WRONG)
    return [
        {"cause": cause, "evidence": round(strength, 3)}
        for cause, strength in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        if strength > 1
    ]
