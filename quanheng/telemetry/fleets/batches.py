"""Batches: meters of one manufacturer, batch and year of installation, seen together across all areas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quanheng.metrology.energy_balance import ErrorPrior, grade, learn, tilt
from quanheng.telemetry.fleets.measure import Measured
from quanheng.telemetry.fleets.profiles import Profile

Array = NDArray[np.float64]
LIMITING_QUALITY = (
    0.05  # GB/T 2828.2 prefers 3.15, 5, 8 %: a lot with this share of wrong meters is not to be let through
)
LEAST = 20  # judged meters from which a batch is graded
_STRENGTHS = (50.0, 150.0, 500.0, 2000.0)  # meters that the fleet's prior may count for in a batch's own
_LEAST_GAIN = 2.0  # log score by which batches must foretell their own meters better than the fleet does
_MOST_TRIED = 300  # batches that decide about the strength
_INFORMATIVE = 0.02


def batch_key(manufacturer: str, batch: str, installed_on: str) -> str:
    """What meters share a prior; empty where nothing is known."""
    if not manufacturer and not batch:
        return ""
    return "/".join((manufacturer, batch, installed_on[:4]))


def keys_of(area: Measured) -> list[str]:
    """Batch of each meter of an area."""
    listed = area.listed
    return [
        batch_key(*triple)
        for triple in zip(listed["manufacturer"], listed["batch"], listed["installed_on"], strict=True)
    ]


def pooled(measured: list[Measured], prior: ErrorPrior) -> dict[str, ErrorPrior]:
    """A prior for each batch with enough informative meters, drawn towards the fleet's.

    How far is decided by how well half of a batch's meters foretells the other half; where batches do not differ
    beyond chance there is none, since a prior of forty meters would only pass one wrong meter's guilt on to the others.
    """
    means: dict[str, list[float]] = {}
    variances: dict[str, list[float]] = {}
    for area in measured:
        if area.cause != "ok" or area.cavity is None:
            continue
        for key, mean, variance in zip(keys_of(area), *area.cavity, strict=True):
            if key and variance < _INFORMATIVE**2:
                means.setdefault(key, []).append(float(mean))
                variances.setdefault(key, []).append(float(variance))
    groups = {key: (np.array(values), np.array(variances[key])) for key, values in sorted(means.items())
              if len(values) >= LEAST}  # fmt: skip
    strength = _strength(prior, list(groups.values())[:_MOST_TRIED])
    if strength is None:
        return {}
    return {key: learn(prior, *group, strength=strength, width=False) for key, group in groups.items()}


def _strength(prior: ErrorPrior, groups: list[tuple[Array, Array]]) -> float | None:
    """Strength under which one half of each batch foretells the other best; None where the fleet's prior does."""

    def foretold(strength: float) -> float:
        total = 0.0
        for mean, variance in groups:
            for seen, kept in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
                own = learn(prior, mean[seen], variance[seen], strength=strength, rounds=15, width=False)
                total += float(tilt(own, mean[kept], variance[kept]).log_mass.sum())
        return total

    scores = {strength: foretold(strength) for strength in _STRENGTHS}
    best = max(scores, key=lambda strength: scores[strength])
    fleet = sum(float(tilt(prior, *group).log_mass.sum()) for group in groups)
    return best if groups and scores[best] > fleet + _LEAST_GAIN else None


def prior_of(area: Measured, prior: ErrorPrior, batches: dict[str, ErrorPrior]) -> ErrorPrior:
    """The fleet's prior with the weights of each meter's own batch."""
    if area.cause != "ok" or not batches:
        return prior
    keys = keys_of(area)
    if not any(key in batches for key in keys):
        return prior
    weights = np.stack([batches[key].weights if key in batches else prior.weights for key in keys])
    return replace(prior, weights=weights)


def grade_batches(measured: list[Measured], prior: ErrorPrior, profile: Profile) -> list[dict[str, Any]]:
    """Grade of every batch with enough judged meters, worst first.

    Every meter enters with the prior of the fleet, not of its batch, so that a batch is not graded by itself twice.
    """
    chances: dict[str, list[float]] = {}
    for area in measured:
        if area.cause != "ok" or area.cavity is None:
            continue
        mean, variance = area.cavity
        p = tilt(prior, mean, variance).outside(profile.limit)
        for key, value, spread in zip(keys_of(area), p, variance, strict=True):
            if key and spread < (0.5 * profile.limit) ** 2:
                chances.setdefault(key, []).append(float(value))
    out = []
    for key, values in sorted(chances.items()):
        if len(values) < LEAST:
            continue
        graded = grade(np.array(values), limiting_quality=LIMITING_QUALITY)
        manufacturer, batch, year = key.split("/", 2) if key.count("/") == 2 else (key, "", "")
        out.append({"manufacturer": manufacturer, "batch": batch, "year": year, "meters": graded.meters,
                    "expected_wrong": round(graded.expected, 6), "upper90": round(graded.upper, 4),
                    "lower90": round(graded.lower, 4), "limiting_quality": LIMITING_QUALITY, "verdict": graded.verdict,
                    "method": "GB/T 2828.2 (isolated lot, LQ), counts by Poisson-binomial law"})  # fmt: skip
    return sorted(out, key=lambda item: (-item["expected_wrong"], item["manufacturer"], item["batch"]))
