"""Second pass: with the prior learned from all areas, the posterior of each meter, its verdict and the reason."""

from __future__ import annotations

from typing import Any

import numpy as np

from quanheng.metrology.energy_balance import ErrorPrior, Posterior, solve
from quanheng.telemetry.fleets.causes import cause_text, reason_text
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile
from quanheng.telemetry.fleets.result import AreaReport

LIGHT = 0.1  # of the area's mean: below it a meter's error is another quantity (starting current) and cannot be told
STRANGE = -0.5  # of θ: less than half of the energy reaches the master, which is no error of a meter
_ROUND = 9


def conclude(
    measured: Measured, prior: ErrorPrior, profile: Profile, language: str = "zh"
) -> tuple[list[tuple[Any, ...]], AreaReport]:
    """Rows of verdicts (VERDICT_COLUMNS) and the report of one area."""
    rows = _judged(measured, prior, profile, language) if measured.cause == "ok" else _unjudged(measured, language)
    for meter, reason in sorted(measured.left_out.items()):
        rows.append((measured.area_id, meter, None, None, None, 0.0, "undeterminable", reason_text(reason, language)))
    rows.sort(key=lambda row: row[1])
    fit = "ok" if measured.cause == "ok" else "unfit"
    model = f"located-{measured.slope_sd:g}" if measured.slope_sd else "lumped"
    report = AreaReport(
        area_id=measured.area_id, fit=fit, cause=measured.cause, rows_used=measured.rows_used,
        sigma=_number(measured.sigma), meters=len(rows), loss_rate=_number(measured.loss_rate),
        acquisition=_number(measured.acquisition), model=model, cause_zh=cause_text(measured.cause, "zh"),
        cause_en=cause_text(measured.cause, "en"), suspected=measured.suspected, findings=measured.findings,
        figures=measured.figures,
    )  # fmt: skip
    return rows, report


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_ROUND}g}")


def _unjudged(measured: Measured, language: str) -> list[tuple[Any, ...]]:
    text = reason_text("unfit_area", language, cause=cause_text(measured.cause, language))
    return [(measured.area_id, meter, None, None, None, 0.0, "undeterminable", text)
            for meter in measured.meters if meter not in measured.left_out]  # fmt: skip


def _judged(measured: Measured, prior: ErrorPrior, profile: Profile, language: str) -> list[tuple[Any, ...]]:
    if measured.halves is None or measured.share is None:
        raise ValueError("a judged area must carry its sums")
    first, second = measured.halves
    sigma = measured.sigma
    whole = solve(
        first + second,
        prior,
        measured.slope_sd,
        sigma=sigma,
        gain=measured.gain,
        within=measured.within,
        start=measured.sites,
    )
    limits = [profile.limit_for(name) for name in measured.listed["accuracy_class"]]
    spread2 = prior.spread() ** 2
    information = spread2 / (spread2 + whole.cavity_variance)
    p = exceedance(whole, limits)
    both = np.ones(p.size, bool)
    if (p > profile.check_above).any():
        for half in (first, second):
            posterior = solve(
                half,
                prior,
                measured.slope_sd,
                sigma=sigma,
                gain=measured.gain,
                within=measured.within,
                start=whole.sites,
            )
            both &= exceedance(posterior, limits) > profile.check_above
    error, u = whole.error, whole.u
    light = measured.share < LIGHT / len(measured.meters)
    rows = []
    for i, meter in enumerate(measured.meters):
        if whole.theta[i] < STRANGE:
            verdict, reason = "undeterminable", "foreign"
        elif light[i]:
            verdict, reason = "undeterminable", "light_load"
        elif p[i] > profile.check_above and both[i]:
            verdict, reason = "check", "beyond_twice"
        elif p[i] > profile.suspect_above:
            verdict, reason = "suspect", "beyond"
        elif p[i] < profile.pass_below:
            verdict, reason = "pass", "within"
        else:
            verdict, reason = "undeterminable", "uncertain" if information[i] > 0.5 else "little_information"
        text = reason_text(reason, language, error=error[i], expanded=2 * u[i], p=p[i], limit=limits[i],
                           share=measured.share[i], info=information[i])  # fmt: skip
        rows.append((measured.area_id, meter, _number(float(error[i])), _number(float(u[i])), _number(float(p[i])),
                     _number(float(information[i])), verdict, text))  # fmt: skip
    return rows


def exceedance(posterior: Posterior, limits: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """P(|e| > limit) where each meter has its own limit."""
    out = np.zeros(len(limits))
    for limit in sorted(set(limits)):
        own = np.array([value == limit for value in limits])
        out[own] = posterior.tilted.outside(limit)[own]
    return out
